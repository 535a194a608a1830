"""Lines of one deposit that share a key: what the rules across lines look at."""

import pandas as pd


def groups(lines: pd.DataFrame, key: list[str], counted: "pd.Series[bool]") -> "pd.Series[int]":
    """A number for each group of ``counted`` lines of one deposit with the same ``key``, -1 elsewhere."""
    number = pd.Series(-1, index=lines.index)
    number[counted] = lines[counted].groupby(["depot", *key], sort=False).ngroup()
    return number
