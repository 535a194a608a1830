"""What a line is about, as one short key: a later line with the same key is about the same thing, whatever it says of it."""

from hashlib import blake2b

import pandas as pd

from schemas.fields import ABSENCES

_SIZE = 16  # bytes: two of ten billion lines with one key are less likely than a broken disk


def keys(lines: pd.DataFrame) -> "pd.Series[bytes]":
    """A hash for each line, None where what it is about cannot be read.

    Of an absence its identifier, the one of the absence that was found first of all, else its dates; of hours their dates.
    """
    who = lines[["cle_dsf", "cle_de", "cle_sequence"]]
    named = lines["cle_absence_trouvee"].fillna(lines["cle_absence"])
    first, last = (lines[name].dt.strftime("%Y-%m-%d") for name in ("date_debut", "date_fin_lue"))
    absence = lines["nature"] == ABSENCES
    what = (first + " " + last).mask(absence & named.notna(), named)
    known = (who.notna().all(axis=1) & what.notna()).tolist()
    parts = zip(lines["nature"], *(who[name] for name in who.columns), what, strict=True)
    made = [_hashed(*part) if readable else None for part, readable in zip(parts, known, strict=True)]
    return pd.Series(made, index=lines.index, dtype="object")


def _hashed(*parts: str) -> bytes:
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=_SIZE).digest()
