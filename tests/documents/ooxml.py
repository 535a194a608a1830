"""What can be checked of Excel's rules without Excel: the schema of its files, and the sizes that it allows."""

import tempfile
import zipfile
from io import BytesIO
from pathlib import Path

from lxml import etree
from openxml_audit import OpenXmlValidator

_NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def check(data: bytes) -> None:
    """Assert that a workbook follows the schema of Office Open XML, and has nothing longer than Excel allows."""
    assert faults(data) == []
    with zipfile.ZipFile(BytesIO(data)) as archive:
        book = etree.fromstring(archive.read("xl/workbook.xml"))
        names = [str(sheet.get("name")) for sheet in book.iter(f"{_NS}sheet")]
        assert len({name.casefold() for name in names}) == len(names)
        assert all(
            0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") and name.strip("'") == name for name in names
        )
        for part in archive.namelist():
            if part.startswith("xl/worksheets/sheet"):
                _check_sheet(etree.fromstring(archive.read(part)))


def faults(data: bytes) -> list[str]:
    """What Microsoft's own validation, ported, finds against the schema."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "classeur.xlsx"
        path.write_bytes(data)
        return [f"{one.part_uri} {one.description}" for one in OpenXmlValidator().validate(path).errors]


def _check_sheet(sheet: etree._Element) -> None:
    for rule in sheet.iter(f"{_NS}dataValidation"):
        for name, longest in (("promptTitle", 32), ("prompt", 255), ("errorTitle", 32), ("error", 255)):
            assert len(rule.get(name) or "") <= longest
        assert all(len(formula.text or "") <= 255 for formula in rule)
    for text in sheet.iter(f"{_NS}oddFooter"):
        assert len(text.text or "") <= 255
    assert not list(sheet.iter(f"{_NS}f"))
