"""Files no honest program writes, made from raw parts so that no library tidies them up. Bytes in, bytes out."""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from schemas.fields import HEURES, fields_of

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEADINGS = [field.headings[HEURES] for field in fields_of(HEURES)]
LINE = ["DSF-1", "1234567A", "NOM", "Prénom", "S1", "05/03/2024", "", "7,5", "FE-1", ""]

TYPES = (
    f'<?xml version="1.0"?><Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)
ROOT = (
    f'<?xml version="1.0"?><Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)


def zipped(parts: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def cell(reference: str, value: object) -> str:
    """One cell: a text or a number."""
    if isinstance(value, int | float):
        return f'<c r="{reference}"><v>{value}</v></c>'
    return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'


def row(number: int, values: Sequence[object], first: int = 0) -> str:
    """One row; a text that starts with ``<c`` stands for itself."""
    cells = []
    for i, value in enumerate(values, first):
        if isinstance(value, str) and value.startswith("<c"):
            cells.append(value)
        elif value not in ("", None):
            cells.append(cell(f"{chr(65 + i)}{number}", value))
    return f'<row r="{number}">{"".join(cells)}</row>'


def sheet(rows: str, *, before: str = "", after: str = "") -> str:
    """The XML of a sheet from its rows."""
    return f'<?xml version="1.0"?>{before}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{after}</worksheet>'


def parts(
    *sheets: str | bytes, properties: str = "", states: Mapping[int, str] | None = None
) -> dict[str, bytes | str]:
    """The parts of an xlsx with these sheets, named ``Feuille1``…; ``states``: number of the sheet → its visibility."""
    states = states or {}
    names = "".join(
        f'<sheet name="Feuille{i}" sheetId="{i}" r:id="rId{i}" state="{states.get(i, "visible")}"/>'
        for i in range(1, len(sheets) + 1)
    )
    targets = "".join(
        f'<Relationship Id="rId{i}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i in range(1, len(sheets) + 1)
    )
    return {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": ROOT,
        "xl/workbook.xml": f'<?xml version="1.0"?><workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">{properties}'
        f"<sheets>{names}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<?xml version="1.0"?><Relationships xmlns="{PACKAGE}/relationships">{targets}'
        "</Relationships>",
        **{f"xl/worksheets/sheet{i}.xml": content for i, content in enumerate(sheets, 1)},
    }


def xlsx(*sheets: str | bytes, extra: Mapping[str, bytes | str] | None = None, **options: object) -> bytes:
    """An xlsx with these sheets; ``extra`` adds parts or replaces them."""
    return zipped({**parts(*sheets, **options), **(extra or {})})  # type: ignore[arg-type]


def table(*lines: Sequence[object], start: int = 1) -> str:
    """A sheet with the headings of hours on row ``start`` and these lines below."""
    rows = [row(start, list(HEADINGS)), *(row(start + i, line) for i, line in enumerate(lines, 1))]
    return sheet("".join(rows))


def line(**changes: object) -> list[object]:
    """A good line of hours; ``changes``: 0-based column as ``c7=…``."""
    values: list[object] = list(LINE)
    for name, value in changes.items():
        values[int(name[1:])] = value
    return values


_ODF = {
    "office": "office",
    "table": "table",
    "text": "text",
    "style": "style",
    "number": "datastyle",
    "draw": "drawing",
}
ODF_SPACES = " ".join(f'xmlns:{p}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for p, n in _ODF.items()) + (
    ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
)


def ods(
    rows: str,
    *,
    manifest: str = "",
    styles: str = "",
    shared: str = "",
    before: str = "",
    after: str = "",
    top: str = "",
) -> bytes:
    """An ods with one sheet made of these table rows.

    ``styles``: automatic ones; ``shared``: those of styles.xml; ``before``, ``after``: what stands around the sheet;
    ``top``: what stands in it above its rows.
    """
    content = (
        f'<?xml version="1.0"?><office:document-content {ODF_SPACES}>'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body><office:spreadsheet>{before}"
        f'<table:table table:name="Feuille1">{top}{rows}</table:table>{after}</office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    parts = {
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "content.xml": content,
        "META-INF/manifest.xml": f"<manifest>{manifest}</manifest>",
    }
    if shared:
        parts["styles.xml"] = (
            f'<?xml version="1.0"?><office:document-styles {ODF_SPACES}><office:styles>{shared}</office:styles>'
            "</office:document-styles>"
        )
    return zipped(parts)


def ods_row(values: Sequence[object], attributes: str = "") -> str:
    """One row of an ods; a text that starts with ``<table:`` stands for itself."""
    cells = "".join(
        "<table:table-cell/>"
        if v in ("", None)
        else v
        if isinstance(v, str) and v.startswith("<table:")
        else f'<table:table-cell office:value-type="string"><text:p>{escape(str(v))}</text:p></table:table-cell>'
        for v in values
    )
    return f"<table:table-row {attributes}>{cells}</table:table-row>"


def csv_text(*lines: Sequence[object], separator: str = ";", end: str = "\r\n") -> str:
    """A csv of the headings of hours and these lines, nothing quoted."""
    rows: list[Sequence[object]] = [HEADINGS, *lines]
    return "".join(separator.join(map(str, values)) + end for values in rows)


def patched(data: bytes, offset: int, value: int) -> bytes:
    """``data`` with the little-endian 32-bit ``value`` at ``offset``."""
    return data[:offset] + struct.pack("<I", value) + data[offset + 4 :]
