"""One picture of docs/images."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Shot:
    """One picture. ``make`` gives the bytes of the page or workbook.

    Of a page: ``width`` of the window; ``height`` cuts the picture; ``paper`` prints it. On paper: ``page`` of the print.
    """

    name: str
    make: Callable[[], bytes]
    workbook: bool = False
    width: int = 1280
    height: int = 0
    paper: bool = False
    page: int = 1
