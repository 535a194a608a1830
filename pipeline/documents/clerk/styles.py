"""How the cells of the clerk's sheet look. Nothing is said by colour alone: the sheet is printed in black and white."""

from typing import Literal, NamedTuple

Stroke = Literal["hair", "thin", "medium"]
"""Thickness of a border."""


class CellStyle(NamedTuple):
    """How one cell looks. ``size``: points. ``frame``: a border all round. ``middle``: centred in the row's height."""

    size: float = 10.5
    bold: bool = False
    italic: bool = False
    fill: str = ""
    align: Literal["left", "center", "right"] = "left"
    top: Stroke | None = None
    bottom: Stroke | None = None
    frame: Stroke | None = None
    indent: int = 0
    middle: bool = False


BODY = CellStyle()
BOLD = CellStyle(bold=True)
TITLE = CellStyle(size=15, bold=True, bottom="medium")
SECTION = CellStyle(size=12.5, bold=True, fill="#D9D9D9", top="medium", bottom="thin", middle=True)
NOTE = CellStyle(size=9.5)
WARNING = CellStyle(bold=True, frame="medium", middle=True)
WARNED = CellStyle(size=10, bold=True, indent=1)
LABELLED = CellStyle(size=11, bold=True)
LABELLED_NUMBER = LABELLED._replace(align="right", indent=1)
ASKED = CellStyle(middle=True)
TO_FILL = CellStyle(size=12, bold=True, frame="medium", middle=True)
PERSON = CellStyle(size=12, bold=True, fill="#EDEDED", top="medium", bottom="thin", middle=True)
PERSON_IDS = PERSON._replace(size=10)
SEQUENCE = CellStyle(size=11, bold=True, top="thin", middle=True)
HEAD = CellStyle(size=9)
HEAD_FIRST = HEAD._replace(bold=True)
HEAD_NUMBER = HEAD._replace(align="right", indent=1)
ABSENCE_TYPE = CellStyle(size=10, italic=True)
SUBTOTAL = ABSENCE_TYPE._replace(align="right", indent=1)
TICK = CellStyle(size=15, align="center", top="hair", middle=True)
ENTRY = CellStyle(top="hair", middle=True)
NAME = ENTRY._replace(bold=True)
NUMBER = CellStyle(align="right", top="hair", middle=True, indent=1)
TO_TYPE = CellStyle(size=12, bold=True, align="right", frame="medium", middle=True, indent=1)
DETAIL = CellStyle(size=9.5)
LOST = DETAIL._replace(bold=True)
SUM = CellStyle(bold=True, top="thin", bottom="thin", middle=True)
SUM_NUMBER = SUM._replace(align="right", indent=1)
