"""Which part of an xlsx or xlsb is what, as its relations say; and the same workbook packed plainly. Source: [OPC].

Programs write part names and relations in many ways, all of them right. Ours are resolved here, once; the fast reader knows
the usual way alone, so a workbook that is written in another is packed again for it.
"""

import io
import re
import zipfile
from dataclasses import dataclass, field
from functools import cached_property
from posixpath import normpath
from urllib.parse import unquote
from xml.sax.saxutils import quoteattr

from pipeline.reading.archive import Archive
from pipeline.reading.sheets import unreadable
from pipeline.reading.xmlscan import parse

_WORKSHEET = "/worksheet"
_OTHER_SHEETS = ("/chartsheet", "/dialogsheet", "/xlMacrosheet", "/xlIntlMacrosheet")
"""How the types of relations to sheets end: those without lines are left out."""

_USUAL = ("xl/workbook.xml", "xl/workbook.bin")
_STYLES, _STRINGS = "xl/styles.xml", "xl/sharedStrings.xml"
_ROOT = re.compile(rb"<(?:\w+:)?workbook[\s>]")
_HEAD = 4096
_TABLE = re.compile(rb"<(?:\w+:)?sheetData\b[^>]*>")
_MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\s[^<>]*\bref=["']([A-Za-z]{1,3}[0-9]{1,7}:[A-Za-z]{1,3}[0-9]{1,7})["']""")
_SHEET = re.compile(rb"<((?:\w+:)?)worksheet\b[^>]*[^>/]>")

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml"


@dataclass(frozen=True)
class Relation:
    """What a part says of another. ``part``: its name in the archive, None where there is none; ``target``: as written."""

    type: str
    part: str | None
    target: str


@dataclass(frozen=True)
class SheetEntry:
    """One sheet as a workbook lists it; ``part``: name of the part that holds it, empty where it is no worksheet."""

    name: str
    part: str
    hidden: bool


@dataclass
class Listed:
    """What the main part of an xlsx says: its sheets in order, the relation of each, what its dates count from."""

    sheets: list[SheetEntry] = field(default_factory=list)
    relations: list[str] = field(default_factory=list)
    epoch_1904: bool = False


@dataclass(frozen=True)
class Package:
    """An xlsx or xlsb; ``workbook``: name of its main part."""

    archive: Archive
    workbook: str

    @property
    def binary(self) -> bool:
        """Whether it is an xlsb."""
        return self.workbook.lower().endswith(".bin")

    @cached_property
    def relations(self) -> dict[str, Relation]:
        """The relations of the workbook by their ids. Raises ``RefusedError`` where they are not there."""
        found = _relations(self.archive, self.workbook)
        if found is None:
            raise unreadable("damaged_file")
        return found

    @property
    def styles(self) -> str | None:
        """The part with the styles, where there is one."""
        return self._shared("styles")

    @property
    def strings(self) -> str | None:
        """The part with the texts that cells share, where there is one."""
        return self._shared("sharedStrings")

    def _shared(self, kind: str) -> str | None:
        """The part to which a relation of this kind leads; without any, the one that stands where it usually does."""
        related = (one.part for one in self.relations.values() if one.type.endswith(f"/{kind}") and one.part)
        return next(related, None) or self.archive.named(f"xl/{kind}.{'bin' if self.binary else 'xml'}")

    def entry(self, name: str, relation: str, *, hidden: bool) -> SheetEntry:
        """Return the sheet ``name`` with its part. Raises ``RefusedError`` for one without a part or of an unknown kind."""
        found = self.relations.get(relation)
        if found is not None and found.type.endswith(_OTHER_SHEETS):
            return SheetEntry(name, "", hidden)
        if found is None or found.part is None or not found.type.endswith(_WORKSHEET):
            raise unreadable("damaged_workbook")
        return SheetEntry(name, found.part, hidden)

    @cached_property
    def listed(self) -> Listed:
        """What the main part of an xlsx says. Raises ``RefusedError``."""
        found = Listed()

        def element(name: str, attributes: dict[str, str]) -> None:
            local = name.rpartition(":")[2]
            if local == "sheet":
                relation = next((v for k, v in attributes.items() if k.rpartition(":")[2] == "id" and ":" in k), "")
                hidden = attributes.get("state", "visible") != "visible"
                found.sheets.append(self.entry(attributes.get("name", ""), relation, hidden=hidden))
                found.relations.append(relation)
            elif local == "workbookPr":
                found.epoch_1904 = attributes.get("date1904") in ("1", "true")

        parse(self.archive.pieces(self.workbook), element)
        return found

    @property
    def plain(self) -> bool:
        """Whether every part of an xlsx stands, and is named, in the usual way."""
        named = all(
            found.target in (f"/{found.part}", (found.part or "").removeprefix("xl/"))
            for found in map(self.relations.__getitem__, self.listed.relations)
        )
        usual = self.styles in (None, _STYLES) and self.strings in (None, _STRINGS)
        return named and usual and self.workbook == _USUAL[0] and not self.archive.respelled

    def packed(self, *, styles: bool = True) -> bytes:
        """Return an xlsx of the same worksheets, written in the usual way, without anything but their cells."""
        listed, sheets = self.listed, []
        parts: dict[str, bytes] = {}
        for number, entry in enumerate(listed.sheets, 1):
            path = f"worksheets/sheet{number}.xml" if entry.part else f"chartsheets/sheet{number}.xml"
            sheets.append((entry, f"rId{number}", path))
            if entry.part:
                parts[f"xl/{path}"] = _cells_alone(self.archive.content(entry.part))
        related = [(key, "worksheet" if entry.part else "chartsheet", path) for entry, key, path in sheets]
        for name, part, wanted in ((_STYLES, self.styles, styles), (_STRINGS, self.strings, True)):
            if part and wanted:
                kind = name.removeprefix("xl/").removesuffix(".xml")
                parts[name] = self.archive.content(part)
                related.append((kind, kind, name.removeprefix("xl/")))
        parts["[Content_Types].xml"] = _content_types(parts)
        parts["_rels/.rels"] = _written_relations([("rId1", "officeDocument", _USUAL[0])])
        parts["xl/_rels/workbook.xml.rels"] = _written_relations(related)
        parts[_USUAL[0]] = _written_list(sheets, epoch_1904=listed.epoch_1904)
        return _zipped(parts)


def find_package(archive: Archive) -> Package | None:
    """Return the xlsx or xlsb of which ``archive`` says that it is one, else the one that stands where they usually do."""
    said = [found.part for found in (_relations(archive, "") or {}).values() if found.type.endswith("/officeDocument")]
    for part in said:
        if part and (part.lower().endswith(".bin") or _ROOT.search(next(archive.pieces(part), b"")[:_HEAD])):
            return Package(archive, part)
    usual = [part for part in map(archive.named, _USUAL) if part]
    return Package(archive, usual[0]) if len(usual) == 1 else None


def _relations(archive: Archive, part: str) -> dict[str, Relation] | None:
    """The relations of ``part``, of the whole package where it is empty, by their ids; None where they are not there."""
    folder, _, name = part.rpartition("/")
    source = archive.named(f"{folder}/_rels/{name}.rels".lstrip("/"))
    if source is None:
        return None
    found: dict[str, Relation] = {}

    def relation(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            found[attributes.get("Id", "")] = Relation(
                attributes.get("Type", ""), _resolved(archive, folder, target), target
            )

    parse(archive.pieces(source), relation)
    return found


def _resolved(archive: Archive, folder: str, target: str) -> str | None:
    """The part at ``target``, from ``folder`` or, where none stands there, from the root: some programs forget the slash."""
    for written in dict.fromkeys((target, unquote(target))):
        path = written.replace("\\", "/")
        tried = [path] if path.startswith("/") else [f"{folder}/{path}", path]
        for one in tried:
            part = archive.named(normpath(f"/{one}").lstrip("/"))
            if part is not None:
                return part
    return None


# --- packed plainly ---------------------------------------------------------------------------------------------------


def _cells_alone(sheet: bytes) -> bytes:
    """The XML of a sheet with its cells, what is merged of them, and nothing else; as it is where they are not found (UTF-16)."""
    root, table = _SHEET.search(sheet), _TABLE.search(sheet)
    if root is None or table is None:
        return sheet
    prefix, closing = root[1], b"</%ssheetData>" % root[1]
    end = max(table.end(), sheet.rfind(closing) + len(closing))
    merged = b"".join(b'<%smergeCell ref="%s"/>' % (prefix, found) for found in _MERGED.findall(sheet, end))
    after = b"<%smergeCells>%s</%smergeCells>" % (prefix, merged, prefix) if merged else b""
    return sheet[: root.end()] + sheet[table.start() : end] + after + b"</%sworksheet>" % prefix


def _written_list(sheets: list[tuple[SheetEntry, str, str]], *, epoch_1904: bool) -> bytes:
    entries = "".join(
        f"<sheet name={quoteattr(entry.name)} sheetId={quoteattr(str(number))} "
        f'state="{"hidden" if entry.hidden else "visible"}" r:id="{key}"/>'
        for number, (entry, key, _) in enumerate(sheets, 1)
    )
    epoch = f'<workbookPr date1904="{int(epoch_1904)}"/>'
    return f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{epoch}<sheets>{entries}</sheets></workbook>'.encode()


def _written_relations(related: list[tuple[str, str, str]]) -> bytes:
    rows = "".join(f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{to}"/>' for key, kind, to in related)
    return f'<Relationships xmlns="{_RELATIONS}">{rows}</Relationships>'.encode()


def _content_types(parts: dict[str, bytes]) -> bytes:
    kinds = {_USUAL[0]: "sheet.main", _STYLES: "styles", _STRINGS: "sharedStrings"}
    rows = "".join(
        f'<Override PartName="/{name}" ContentType="{_CONTENT}.{kinds.get(name, "worksheet")}+xml"/>'
        for name in (_USUAL[0], *parts)
    )
    rels = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    return f'<Types xmlns="{_TYPES}">{rels}{rows}</Types>'.encode()


def _zipped(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return buffer.getvalue()
