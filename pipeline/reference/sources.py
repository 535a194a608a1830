"""Which files make one extract: found, recognised by content, grouped by the rest of their names."""

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.bilingual import Text
from pipeline.reference.model import ExtractSet, Waiting
from schemas.extracts import TABLES
from schemas.folding import unspaced

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_NO_TABLE = (b"%PDF", b"{\\rtf")
"""Texts, by their first bytes, that hold no table."""
HEAD = 4096
"""Bytes that show whether a file is a text."""

EMPTY = Text("fichier vide", "empty file")
UNREADABLE = Text("illisible pour le moment", "cannot be read for now")
STRANGE = Text(
    "n'est pas un extrait : ni classeur, ni CSV, ni Parquet", "is no extract: neither workbook, nor CSV, nor Parquet"
)
UNNAMED = Text(
    "le nom ne commence pas par dsf, sequences ou absences", "its name does not begin with dsf, sequences or absences"
)
DOUBLE = Text("deux fichiers pour la table {table} : {file} est pris", "two files for table {table}: {file} is taken")


def kind_of(path: Path) -> tuple[str, str]:
    """ "classeur", "parquet" or "csv" by the content, whatever the name; else "" and why it is no extract."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
        if not head:
            return "", EMPTY
        if head.startswith(_OLE) or (head.startswith(_ZIP) and _may_be_workbook(path)):
            return "classeur", ""
    except OSError:
        return "", UNREADABLE
    if head.startswith(b"PAR1"):
        return "parquet", ""
    is_text = head.startswith(_UTF16) or (b"\0" not in head and not head.startswith((*_NO_TABLE, _ZIP)))
    return ("csv", "") if is_text else ("", STRANGE)


def _may_be_workbook(path: Path) -> bool:
    """False for a zip of other things (a text document, three csv…); a damaged one is for the reader to refuse."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return True
    return any(name == "content.xml" or name.startswith("xl/") for name in names)


def _table(path: Path) -> str | None:
    return next((table for table in TABLES if unspaced(path.stem).startswith(table)), None)


def _rest(path: Path, table: str) -> str:
    return unspaced(path.stem)[len(table) :].strip("-_ .")


def _grouped(paths: Sequence[Path]) -> tuple[list[ExtractSet], list[tuple[Path, str]]]:
    groups: dict[tuple[str, str, str], dict[str, Path]] = {}
    sets: list[ExtractSet] = []
    left: list[tuple[Path, str]] = []
    for path in paths:
        (kind, why), table = kind_of(path), _table(path)
        if not kind:
            left.append((path, why))
        elif kind == "classeur":
            sets.append(ExtractSet(path.name, kind, dict.fromkeys(TABLES, path)))
        elif table is None:
            left.append((path, UNNAMED))
        else:
            group = groups.setdefault((str(path.parent), kind, _rest(path, table)), {})
            if table in group:
                left.append((path, DOUBLE.fill(table=table, file=group[table].name)))
            else:
                group[table] = path
    return sets + _complete(groups), left


def _in_order(group: dict[str, Path]) -> dict[str, Path]:
    return {table: group[table] for table in TABLES}


def _complete(groups: dict[tuple[str, str, str], dict[str, Path]]) -> list[ExtractSet]:
    """Sets of three; what is left over of one folder and kind makes one when it is exactly one file a table."""
    sets: list[ExtractSet] = []
    partial: dict[tuple[str, str], list[tuple[str, dict[str, Path]]]] = {}
    for (folder, kind, rest), group in groups.items():
        if len(group) == len(TABLES):
            sets.append(ExtractSet(rest or Path(folder).name, kind, _in_order(group)))
        else:
            partial.setdefault((folder, kind), []).append((rest, group))
    for (_, kind), rests in partial.items():
        tables = [table for _, group in rests for table in group]
        if sorted(tables) == sorted(TABLES):
            merged = {table: path for _, group in rests for table, path in group.items()}
            sets.append(ExtractSet(" + ".join(rest for rest, _ in rests), kind, _in_order(merged)))
            continue
        for rest, group in rests:
            sets.append(ExtractSet(rest or "extrait", kind, group))
    return sets


def _newest(extract: ExtractSet) -> tuple[int, str]:
    return max(path.stat().st_mtime_ns for path in extract.paths()), str(min(extract.paths()))


def find(files: Iterable[Path], arriving: Iterable[Path] = ()) -> Waiting:
    """The sets that ``files`` make, by time then name; one of whose files is still ``arriving`` is not ready."""
    late = frozenset(arriving)
    sets, left = _grouped([*files, *late])
    ordered = [replace(extract, arriving=not late.isdisjoint(extract.paths())) for extract in sorted(sets, key=_newest)]
    return Waiting(tuple(ordered), tuple(left))
