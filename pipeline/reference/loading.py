"""Loading extracts: read, check, stage, replace. An extract is loaded whole or refused whole."""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from pipeline.bilingual import Text
from pipeline.pseudonyms import Pseudonyms
from pipeline.reference import crosscheck, history, lookup, store
from pipeline.reference.csvtext import Fingerprint, fingerprint
from pipeline.reference.engine import connect, literal
from pipeline.reference.model import (
    ExtractError,
    ExtractReport,
    ExtractSet,
    Load,
    LoadedFile,
    LoadResult,
    Problem,
    Problems,
    Waiting,
)
from pipeline.reference.staging import Staged, stage
from pipeline.reference.tables import Place
from pipeline.reference.upgrade import upgrade
from pipeline.workspace import Workspace
from schemas.extract_rules import FORCED
from schemas.extracts import DSF, TABLES

CHANGED = Text("le fichier a changé pendant la lecture", "the file changed while it was read")
GONE = Text("{gone} sur {had}", "{gone} of {had}")
STRUCTURE = frozenset({"EXT-01", "EXT-02", "EXT-03", "EXT-04", "EXT-05", "EXT-06", "EXT-18"})
"""With one of these, what the tables say together means nothing."""


@dataclass(frozen=True)
class _Terms:
    """What an extract is held to: the day of the load, and whether what ``--force`` lets pass may pass.

    ``pseudonyms``: of persons who were erased.
    """

    day: date
    force: bool
    pseudonyms: Pseudonyms | None


def load(
    workspace: Workspace,
    waiting: Waiting,
    day: date,
    pseudonyms: Pseudonyms | None = None,
    *,
    force: bool = False,
    named: bool = False,
) -> list[LoadResult]:
    """Load the sets of ``waiting`` that are at rest, in order, as of ``day``; one result a set.

    A refused set is a result with its ``error`` and changes nothing; the sets after it are loaded all the same. Files
    of the inbox move to ``var/extraits/<load>/`` once loaded, or once known to be loaded already; files elsewhere stay.
    ``pseudonyms``: of persons who were erased. ``force`` loads an extract in spite of the rules of ``FORCED``. ``named``: an
    operator named these files, so one that belongs to no set is refused. The caller holds the workspace's lock. Raises
    ``StoreError`` for a damaged store: nothing is built on it.
    """
    results = []
    if waiting:
        upgrade(workspace)
        lookup.open(workspace).check()
    for extract in waiting.sets:
        if extract.is_ready:
            results.append(_load_one(workspace, extract, _Terms(day, force, pseudonyms)))
        elif not extract.arriving:
            problems = [Problem("EXT-02", extract.name, detail=table) for table in extract.missing]
            results.append(LoadResult(extract.name, None, False, _refusal(extract.name, problems)))
    for path, reason in waiting.left if named else ():
        refusal = _refusal(path.name, [Problem("EXT-01", path.name, detail=reason)])
        results.append(LoadResult(path.name, None, False, refusal))
    return results


def _refusal(extract: str, problems: Sequence[Problem]) -> ExtractError:
    found = Problems()
    for problem in problems:
        found.add(problem)
    return ExtractError(_report(extract, found))


def _report(extract: str, problems: Problems) -> ExtractReport:
    """Problems by file and row: the order in which they are looked up and corrected."""
    order = list(TABLES)
    listed = sorted(
        problems.listed,
        key=lambda p: (order.index(p.feuille) if p.feuille in order else 0, p.fichier, p.ligne, p.code, p.colonne),
    )
    return ExtractReport(extract, tuple(listed), dict(sorted(problems.counts.items())))


def _state(paths: Sequence[Path]) -> list[tuple[int, int, int]]:
    return [(s.st_ino, s.st_size, s.st_mtime_ns) for s in (path.stat() for path in paths)]


def _load_one(workspace: Workspace, extract: ExtractSet, terms: _Terms) -> LoadResult:
    """Load one set; a refusal becomes the result's ``error``."""
    paths = extract.paths()
    known = store.loads(workspace)
    state = _state(paths)
    content = _content(extract)
    if same := next((load for load in known if load.sha256 == content.sha256), None):
        store.archive(workspace, same, paths)
        return LoadResult(extract.name, same, is_new=False)
    building = store.new_building(workspace)
    try:
        loaded, notes = _build(workspace.reference, extract, content, known, building, terms)
        if _state(paths) != state:
            raise _refusal(extract.name, [Problem("EXT-01", paths[0].name, detail=CHANGED)])
        store.publish(building, workspace.reference / loaded.nom)
    except ExtractError as refusal:
        return LoadResult(extract.name, None, is_new=False, error=refusal)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    store.archive(workspace, loaded, paths)
    return LoadResult(extract.name, loaded, is_new=True, notes=notes)


@dataclass(frozen=True)
class _Content:
    """What a set holds: its files' fingerprints, and the hash that names the whole."""

    files: dict[Path, Fingerprint]
    sha256: str


def _content(extract: ExtractSet) -> _Content:
    """The set is named by the hash of the file itself for a workbook, else by one over its three."""
    files = {path: fingerprint(path, text=extract.kind == "csv") for path in extract.paths()}
    if extract.kind == "classeur":
        return _Content(files, files[extract.files[DSF]].sha256)
    text = "".join(f"{table} {files[extract.files[table]].sha256}\n" for table in TABLES)
    return _Content(files, hashlib.sha256(text.encode()).hexdigest())


def _places(extract: ExtractSet) -> dict[str, Place]:
    sheets = extract.kind == "classeur"
    return {table: Place(table, extract.files[table], extract.kind, table if sheets else "") for table in TABLES}


def _build(
    root: Path, extract: ExtractSet, content: _Content, known: Sequence[Load], building: Path, terms: _Terms
) -> tuple[Load, ExtractReport]:
    """Make the folder of a load in ``building``, and what is to be said of it; raises ``ExtractError`` with everything found."""
    raw = building / "brut"
    raw.mkdir()
    staged = _staged(extract, content, raw, terms)
    files = {table: one.path for table, one in staged.items()}
    loaded = _describe(extract, content, known, staged, terms)
    notes = Problems()
    with connect(raw) as connection:
        if not terms.force:
            gone, had = history.removed(connection, root, known, files)
            if gone * 2 > had:
                raise _refusal(extract.name, [Problem("EXT-30", extract.name, detail=GONE.fill(gone=gone, had=had))])
        history.remark(connection, root, known, files, _places(extract), notes)
        for table, one in staged.items():
            target = building / f"{table}.parquet"
            if one.sorted_already:
                one.path.rename(target)
            else:
                history.write_sorted(connection, one.path, target)
        history.write_completed(connection, root, known, building, terms.pseudonyms)
        history.write_current(connection, root, known, loaded, building)
    shutil.rmtree(raw)
    loaded = replace(loaded, stockes=store.stored(building))
    store.write_manifest(building, loaded)
    return loaded, _report(extract.name, notes)


def _staged(extract: ExtractSet, content: _Content, raw: Path, terms: _Terms) -> dict[str, Staged]:
    """The tables of ``extract`` read, checked and staged in ``raw``; raises ``ExtractError`` with everything found."""
    problems, places = Problems(), _places(extract)
    staged = {
        table: stage(place, content.files[place.path], raw / f"{table}.parquet", problems, terms.day)
        for table, place in places.items()
    }
    if terms.force:
        problems.forgive(FORCED)
    if not problems and not staged[DSF].lignes:
        problems.add(Problem("EXT-06", places[DSF].fichier, places[DSF].feuille))
    if not problems.counts.keys() & STRUCTURE:
        crosscheck.check({table: one.path for table, one in staged.items()}, places, raw, problems)
    if problems:
        raise ExtractError(_report(extract.name, problems))
    return staged


def _describe(
    extract: ExtractSet, content: _Content, known: Sequence[Load], staged: dict[str, Staged], terms: _Terms
) -> Load:
    with connect() as connection:
        query = f"SELECT max(date_extraction) AS d FROM read_parquet({literal(staged[DSF].path)})"
        newest: datetime = connection.fetch(query).column("d")[0].as_py()
    order = len(known) + 1
    return Load(
        nom=store.name_of(order, newest.date(), content.sha256),
        ordre=order,
        jeu=extract.name,
        sha256=content.sha256,
        date_extraction=newest,
        fichiers=tuple(LoadedFile(path.name, one.sha256, one.octets) for path, one in content.files.items()),
        lignes={table: one.lignes for table, one in staged.items()},
        force=terms.force,
    )
