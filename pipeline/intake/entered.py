"""What was typed into Kairos, as the operator's lists in ``inbox/saisies`` say it: read, noted, archived. Source: contract §6.

A list is a csv with the columns numero, numero_kairos, date_saisie. Its good rows are noted in the ledger in one transaction;
once none is left over it is archived unchanged in ``var/saisies`` and leaves the inbox. Every step may be done again: a word that
was said is known, bytes that are archived are not archived twice. A list leaves under a private name, is looked at again, then
removed: what somebody saves meanwhile under its own name is another list, and stays.
"""

import csv
import io
import itertools
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

from pipeline import disk
from pipeline.bilingual import Text, joined
from pipeline.cells.dates import read_date
from pipeline.errors import DiskHalt
from pipeline.intake.arrival import Said
from pipeline.intake.extracts import OperatorFiles, scan_folder
from pipeline.intake.settled import Clock
from pipeline.intake.walk import FILE
from pipeline.ledger import Followed, Ledger, Word
from pipeline.settings import Settings
from pipeline.workspace import Workspace
from schemas.folding import folded, tidy

COLUMNS = ("numero", "numero_kairos", "date_saisie")
LABEL = "saisies"
PRIVATE = ".retrait-"
"""How the name of a list begins while it is being removed."""
LONGEST = 100
"""Characters of a number of Kairos."""
NAMED = 5
"""Lines of a list that are named; the others are counted."""

UNREADABLE = Text(
    "ce n'est pas un csv en texte : enregistrez la liste en CSV", "it is no csv text: save the list as CSV"
)
HEADINGS = Text(
    "les colonnes attendues sont {columns}, en première ligne", "the columns expected are {columns}, in the first row"
).fill(columns=", ".join(COLUMNS))
CLOSED = Text("illisible pour le moment", "cannot be read for now")
TOO_LARGE = Text("plus de {limit} octets", "more than {limit} bytes")
MALFORMED = Text("csv mal formé, ligne {line}", "malformed csv, row {line}")
NOT_ARCHIVED = Text("noté, mais ne peut être archivé : {why}", "noted, but cannot be archived: {why}")
BAD_DAY = Text(
    "date_saisie illisible (attendu : 2025-06-30 ou 30/06/2025)",
    "date_saisie cannot be read (expected: 2025-06-30 or 30/06/2025)",
)
UNKNOWN = Text("numéro inconnu du registre", "number that the ledger does not know")
TO_COME = Text("date de saisie {typed} dans l'avenir", "day of typing {typed} in the future")
TOO_EARLY = Text(
    "date de saisie {typed} antérieure à l'émission, le {issued}",
    "day of typing {typed} before it was issued, on {issued}",
)
BAD_KAIROS = Text("numéro de Kairos trop long ou illisible", "number of Kairos too long or unreadable")
FAULTS = Text(
    "{named}. À corriger dans le fichier ; ses autres lignes n'attendent pas",
    "{named}. To be corrected in the file; its other rows do not wait",
)
FAULT = Text("ligne {line} : {why}", "row {line}: {why}")
OTHERS = Text("et {n} autre||et {n} autres", "and {n} other||and {n} others")


class NotAList(Exception):
    """A file that cannot be read as a list; the text says why."""


@dataclass(frozen=True)
class TypedRow:
    """A row as it stands in a list; ``line`` as a text editor counts."""

    line: int
    numero: str
    kairos: str
    day: str


def scan_entered(
    workspace: Workspace, settings: Settings, ledger: Ledger, *, clock: Clock | None = None, sleep: bool = True
) -> OperatorFiles:
    """Look at ``inbox/saisies`` twice; ``sleep=False`` (`dsf status`) neither waits nor notes anything."""
    if not workspace.entered.is_dir():
        return OperatorFiles()
    return scan_folder(workspace, workspace.entered, settings, ledger, clock=clock, sleep=sleep)


def note_entered(
    workspace: Workspace, settings: Settings, ledger: Ledger, lists: Sequence[Path], day: date
) -> list[Said]:
    """Note what the settled ``lists`` say as of ``day`` and archive those of which nothing is left; the others, and why."""
    left: list[Said] = []
    for path in lists:
        try:
            data = _bytes(path, settings.limites.octets)
            words, faults = _sorted_out(rows(data), ledger, day)
            ledger.enter_all(words)
            if faults:
                left.append((workspace.relative(path), said(faults)))
            else:
                _archive(workspace, path, data)
        except NotAList as why:
            left.append((workspace.relative(path), why.args[0]))
        except DiskHalt as halt:
            left.append((workspace.relative(path), NOT_ARCHIVED.fill(why=halt.args[0])))
    return left


def faults_of(workspace: Workspace, settings: Settings, ledger: Ledger, lists: Iterable[Path], day: date) -> list[Said]:
    """Those of ``lists`` that ``note_entered`` would leave in the inbox, and why. Notes nothing."""
    left: list[Said] = []
    for path in lists:
        try:
            faults = _sorted_out(rows(_bytes(path, settings.limites.octets)), ledger, day)[1]
            left += [(workspace.relative(path), said(faults))] if faults else []
        except NotAList as why:
            left.append((workspace.relative(path), why.args[0]))
    return left


# --- rows -------------------------------------------------------------------------------------------------------------


def _bytes(path: Path, limit: int) -> bytes:
    try:
        with os.fdopen(os.open(path, FILE), "rb") as file:
            data = file.read(limit + 1)
    except OSError:
        raise NotAList(CLOSED) from None
    if len(data) > limit:
        raise NotAList(TOO_LARGE.fill(limit=limit))
    return data


def rows(data: bytes) -> list[TypedRow]:
    """The rows of a list, blank ones left out. Raises ``NotAList``."""
    text = _text(data)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        headings = [folded(cell) for cell in next(reader, [])]
        wanted = [folded(name) for name in COLUMNS]
        if any(headings.count(name) != 1 for name in wanted):
            raise NotAList(HEADINGS)
        places = [headings.index(name) for name in wanted]
        found, line = [], reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append(TypedRow(line, *(tidy(cells[n]) if n < len(cells) else "" for n in places)))
            line = reader.line_num + 1
        return found
    except csv.Error:
        raise NotAList(MALFORMED.fill(line=reader.line_num)) from None


def _text(data: bytes) -> str:
    if b"\0" in data:
        raise NotAList(UNREADABLE)
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotAList(UNREADABLE)


def _delimiter(text: str) -> str:
    return max(",;", key=text.partition("\n")[0].count)


# --- what a row says --------------------------------------------------------------------------------------------------


def _sorted_out(given: Sequence[TypedRow], ledger: Ledger, day: date) -> tuple[list[Word], list[tuple[int, str]]]:
    """The words that hold, and (line, why) of the other rows."""
    words: list[Word] = []
    faults: list[tuple[int, str]] = []
    for row in given:
        typed = read_date(row.day)[0]
        if typed is None:
            faults.append((row.line, BAD_DAY))
        elif why := fault(ledger.follow(row.numero), row.kairos, typed, day):
            faults.append((row.line, why))
        else:
            words.append(Word(row.numero, row.kairos, typed))
    return words, faults


def fault(complement: Followed | None, kairos: str, typed: date, day: date) -> str:
    """Why nobody can have typed this complement on that date, as of ``day``; "" when somebody may have."""
    if complement is None:
        return UNKNOWN
    if typed > day:
        return TO_COME.fill(typed=f"{typed:%d/%m/%Y}")
    if typed < complement.emis_le:
        return TOO_EARLY.fill(typed=f"{typed:%d/%m/%Y}", issued=f"{complement.emis_le:%d/%m/%Y}")
    if len(kairos) > LONGEST or not kairos.isprintable():
        return BAD_KAIROS
    return ""


def said(faults: Sequence[tuple[int, str]]) -> Text:
    """The faults of a list in one sentence: the first ones by their line, the others counted."""
    named = [FAULT.fill(line=line, why=why) for line, why in faults[:NAMED]]
    rest = [OTHERS.fill(n=len(faults) - NAMED)] if len(faults) > NAMED else []
    return FAULTS.fill(named=joined([*named, *rest], " ; "))


# --- from the inbox to the archive ------------------------------------------------------------------------------------


def put_back(workspace: Workspace) -> None:
    """Undo what a run that was stopped had begun: a list under a private name gets its own again, a draft is removed."""
    for path in sorted(workspace.entered.rglob(f"{PRIVATE}*")):
        with suppress(DiskHalt, FileNotFoundError):  # it is named as what was left alone
            _give_back(path)
    for draft in sorted(workspace.entered_archive.glob("*.tmp")):
        disk.unlink(draft, LABEL)


def _give_back(path: Path) -> None:
    """Its own name, or one like it where somebody has saved another list under that."""
    name = path.name.removeprefix(PRIVATE)
    for place in itertools.chain([name], (f"remis-{n}-{name}" for n in itertools.count(1))):
        with suppress(FileExistsError):
            disk.rename_new(path, path.with_name(place), LABEL)
            return


def _archive(workspace: Workspace, path: Path, data: bytes) -> None:
    """Archive ``data``, the bytes that were read, and remove their list if it still has them."""
    target = _free(workspace.entered_archive, path.name, data)
    if not target.exists():
        draft = workspace.entered_archive / f"copie.{os.getpid()}.tmp"
        disk.write_new(draft, data, LABEL)
        disk.flush([draft], LABEL)
        disk.rename_new(draft, target, LABEL)
        disk.flush([target.parent], LABEL)
    private = path.with_name(PRIVATE + path.name)
    try:
        disk.rename_new(path, private, LABEL)
    except (FileNotFoundError, FileExistsError):
        return  # taken back meanwhile; the bytes that were noted are archived
    if _has(private, data):
        disk.unlink(private, LABEL)
    else:
        _give_back(private)
    disk.flush([path.parent], LABEL)


def _has(path: Path, data: bytes) -> bool:
    with suppress(OSError):
        return disk.hash_of(path) == sha256(data).hexdigest()
    return False


def _free(folder: Path, name: str, data: bytes) -> Path:
    """A place under ``name``, or ``name`` with -2, -3…, that is free or holds these bytes already."""
    place, n = folder / name, 1
    while place.exists() and not _has(place, data):
        n += 1
        place = folder / f"{Path(name).stem}-{n}{Path(name).suffix}"
    return place
