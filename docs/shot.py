"""One picture of docs/images."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Shot:
    """One picture of a page or workbook. ``make`` gives its bytes.

    A page is shown in a window of ``width`` pixels, as a whole or cut at ``height`` pixels; ``paper`` prints it instead. A
    ``workbook`` is always printed. ``page``: which page of the print; a negative one counts from the end.
    """

    name: str
    make: Callable[[], bytes]
    workbook: bool = False
    width: int = 1280
    height: int = 0
    paper: bool = False
    page: int = 1
