"""What can be checked of Excel's rules without Excel: the order of a sheet's parts, and the sizes it allows."""

import zipfile
from io import BytesIO

from lxml import etree

_NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
# The sequence of CT_Worksheet (ECMA-376, part 1, 18.3.1.99): another order makes Excel offer a repair.
_ORDER = (
    "sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection protectedRanges scenarios "
    "autoFilter sortState dataConsolidate customSheetViews mergeCells phoneticPr conditionalFormatting dataValidations "
    "hyperlinks printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks customProperties cellWatches "
    "ignoredErrors smartTags drawing legacyDrawing legacyDrawingHF picture oleObjects controls webPublishItems "
    "tableParts extLst"
).split()


def check_order(data: bytes) -> None:
    """Assert that every sheet of the workbook has its parts in order, and nothing longer than Excel allows."""
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
            elif part.endswith((".xml", ".rels", ".vml")):
                etree.fromstring(archive.read(part))


def _check_sheet(sheet: etree._Element) -> None:
    order = [_ORDER.index(child.tag.removeprefix(_NS)) for child in sheet]
    assert order == sorted(order)
    for rule in sheet.iter(f"{_NS}dataValidation"):
        for name, longest in (("promptTitle", 32), ("prompt", 255), ("errorTitle", 32), ("error", 255)):
            assert len(rule.get(name) or "") <= longest
        assert all(len(formula.text or "") <= 255 for formula in rule)
    for text in sheet.iter(f"{_NS}oddFooter"):
        assert len(text.text or "") <= 255
    assert not list(sheet.iter(f"{_NS}f"))
