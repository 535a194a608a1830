"""Small xlsb files for tests. No free program writes them, so a small one is made here record by record. Source: [MS-XLSB]."""

import struct
from collections.abc import Sequence

from pipeline.cells.model import Cell, ErrorCell, FormulaCell
from tests.hostile import build


def record(kind: int, content: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, length = b"", len(content)
    while True:
        size += bytes([length & 0x7F | (0x80 if length > 0x7F else 0)])
        length >>= 7
        if not length:
            return head + size + content


def wide(text: str) -> bytes:
    content = text.encode("utf-16-le")
    return struct.pack("<I", len(content) // 2) + content


def cell(column: int, value: Cell, style: int = 0) -> bytes:
    head = struct.pack("<II", column, style)
    match value:
        case str():
            return record(6, head + wide(value))
        case bool():
            return record(4, head + bytes([value]))
        case ErrorCell():
            return record(3, head + b"\x17")
        case FormulaCell(value=str() as text):
            return record(8, head + wide(text) + b"\0\0" + struct.pack("<I", 0))
        case FormulaCell(value=bool() as flag):
            return record(10, head + bytes([flag]) + b"\0\0" + struct.pack("<I", 0))
        case FormulaCell(value=int() | float() as number):
            return record(9, head + struct.pack("<d", number) + b"\0\0" + struct.pack("<I", 0))
        case int() | float():
            return record(5, head + struct.pack("<d", value))
    return b""


def rk(column: int, value: int, style: int = 0, *, hundredths: bool = False) -> bytes:
    """A whole number, or one in hundredths, in the short form that Excel prefers."""
    return record(2, struct.pack("<IIi", column, style, value << 2 | 2 | hundredths))


def short(kind: int, content: bytes = b"", style: int = 0) -> bytes:
    """A cell that stands beside the one before."""
    return record(kind, struct.pack("<I", style) + content)


def row(number: int, values: Sequence[Cell | bytes], *, hidden: bool = False) -> bytes:
    head = struct.pack("<IIH", number - 1, 0, 300) + bytes([0, 0x10 if hidden else 0, 0]) + struct.pack("<I", 0)
    made = (v if isinstance(v, bytes) else cell(i, v) for i, v in enumerate(values) if v not in ("", None))
    return record(0, head) + b"".join(made)


def styles(codes: Sequence[str]) -> bytes:
    """Style i + 1 is the i-th of ``codes``; style 0 is General."""
    written = b"".join(record(44, struct.pack("<H", 164 + i) + wide(code)) for i, code in enumerate(codes))
    used = b"".join(record(47, struct.pack("<HH", 0, i) + bytes(12)) for i in (0, *range(164, 164 + len(codes))))
    before = record(626, struct.pack("<I", 1)) + record(47, struct.pack("<HH", 0xFFFF, 14) + bytes(12)) + record(627)
    fonts = record(615, struct.pack("<I", len(codes))) + written + record(616)
    return (
        record(278) + fonts + before + record(617, struct.pack("<I", len(codes) + 1)) + used + record(618) + record(279)
    )


def xlsb(
    *lines: bytes,
    codes: Sequence[str] = (),
    strings: Sequence[str] = (),
    macros: bool = False,
    epoch_1904: bool = False,
    after: bytes = b"",
) -> bytes:
    """A workbook with one sheet of these rows, numbers shown through ``codes`` by their styles; ``after``: records behind."""
    sheet = (
        record(129)
        + record(148, struct.pack("<IIII", 0, 99, 0, 20))
        + record(145)
        + b"".join(lines)
        + record(146)
        + after
        + record(130)
    )
    book = record(131) + record(153, struct.pack("<III", epoch_1904, 0, 0)) + record(143)
    book += record(156, struct.pack("<II", 0, 2) + wide("rId7") + wide("Macro1")) if macros else b""
    book += record(156, struct.pack("<II", 0, 1) + wide("rId1") + wide("Heures")) + record(144) + record(132)
    made = build.parts(build.sheet(""))
    relations = str(made["xl/_rels/workbook.xml.rels"]).replace("sheet1.xml", "sheet1.bin")
    others = [("rId8", "styles", "styles.bin"), ("rId9", "sharedStrings", "sharedStrings.bin")]
    others += [("rId7", "xlMacrosheet", "macrosheets/sheet1.bin")] if macros else []
    added = "".join(f'<Relationship Id="{i}" Type="{build.RELATIONS}/{kind}" Target="{to}"/>' for i, kind, to in others)
    texts = b"".join(record(19, b"\0" + wide(text)) for text in strings)
    shared = record(159, struct.pack("<II", len(strings), len(strings))) + texts + record(160)
    return build.zipped(
        {
            "[Content_Types].xml": str(made["[Content_Types].xml"]).replace("workbook.xml", "workbook.bin"),
            "_rels/.rels": str(made["_rels/.rels"]).replace("workbook.xml", "workbook.bin"),
            "xl/workbook.bin": book,
            "xl/_rels/workbook.bin.rels": relations.replace("</Relationships>", f"{added}</Relationships>"),
            "xl/worksheets/sheet1.bin": sheet,
            "xl/styles.bin": styles(codes),
            "xl/sharedStrings.bin": shared,
            **({"xl/macrosheets/sheet1.bin": record(129) + record(130)} if macros else {}),
        }
    )
