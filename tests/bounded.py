"""How much of the long tests a run of the suite takes. `SWEEP_STEP=1` takes all of them (`make sweep`), n every n-th point."""

import os
from collections.abc import Sequence
from typing import TypeVar

import pytest

_T = TypeVar("_T")

STEP = int(os.environ.get("SWEEP_STEP", "0"))
LONG = STEP == 1
only_long = pytest.mark.skipif(not LONG, reason="it takes long: SWEEP_STEP=1, as in make sweep")


def every(usual: int) -> int:
    """Every how manieth point of a sweep is taken; ``usual`` where nobody asked."""
    return STEP or usual


def some(values: Sequence[_T], usual: int = 1) -> list[_T]:
    """The first of ``values``, so many as usual; all of them where everything was asked for."""
    return list(values) if LONG else list(values[:usual])
