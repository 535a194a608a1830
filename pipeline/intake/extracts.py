"""Files in the operator's folders, initial DSF extracts first of all: which have settled. Source: contract §3, §9.

They settle as deposits do: two looks, our own clock. The folders are the operator's, so they are walked without the care that
upload folders need; a link is not followed all the same.
"""

import errno
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.intake import names
from pipeline.intake.arrival import Arrival, Said
from pipeline.intake.settled import Clock, Settling
from pipeline.intake.walk import FILE, LINK, STRANGE, UPLOADING
from pipeline.ledger import Ledger
from pipeline.settings import Settings
from pipeline.workspace import Workspace

_EXPLAIN = ("readme", "lisezmoi")
"""How the names of files start that explain a folder."""


@dataclass(frozen=True)
class OperatorFiles:
    """What a folder holds: ``settled`` and ``arriving`` files by time then path, ``waiting`` and ``left`` with the reason."""

    settled: tuple[Path, ...] = ()
    arriving: tuple[Path, ...] = ()
    waiting: tuple[Said, ...] = ()
    left: tuple[Said, ...] = ()


def scan_extracts(
    workspace: Workspace, settings: Settings, ledger: Ledger, *, clock: Clock | None = None, sleep: bool = True
) -> OperatorFiles:
    """Look at ``inbox/extraits`` twice; ``sleep=False`` (`dsf status`) neither waits nor notes anything."""
    return scan_folder(workspace, workspace.extracts, settings, ledger, clock=clock, sleep=sleep)


def scan_folder(
    workspace: Workspace,
    folder: Path,
    settings: Settings,
    ledger: Ledger,
    *,
    clock: Clock | None = None,
    sleep: bool = True,
) -> OperatorFiles:
    """Look twice at one of the operator's folders, as ``scan_extracts`` does."""
    found, waiting, left = _walk(workspace, folder)
    settling = Settling(ledger, settings.delai_stabilite, clock or Clock(), workspace.relative(folder))
    ready, still = settling.settle(
        found, partial(_is_still, workspace.root), partial(_part, workspace.root), sleep=sleep
    )
    settled = {arrival.chemin for arrival in ready}
    ordered = sorted(found, key=lambda a: (a.mtime_ns, a.chemin))
    return OperatorFiles(
        tuple(workspace.root / a.chemin for a in ordered if a.chemin in settled),
        tuple(workspace.root / a.chemin for a in ordered if a.chemin not in settled),
        tuple(sorted(waiting + still)),
        tuple(sorted(left)),
    )


def files_by_now(
    workspace: Workspace, folder: Path, settings: Settings, ledger: Ledger, *, clock: Clock | None = None
) -> list[Arrival]:
    """The files of one of the operator's folders that have settled: one look, which counts for the next ones."""
    if not folder.is_dir():
        return []
    settling = Settling(ledger, settings.delai_stabilite, clock or Clock(), workspace.relative(folder))
    found = _walk(workspace, folder)[0]
    return settling.by_now(found, partial(_is_still, workspace.root), partial(_part, workspace.root))


def _walk(workspace: Workspace, folder: Path) -> tuple[list[Arrival], list[Said], list[Said]]:
    """Files that may be taken, what is on its way, what is left alone."""
    found: list[Arrival] = []
    waiting: list[Said] = []
    left: list[Said] = []
    for path in _under([folder]):
        chemin = str(path.relative_to(workspace.root))
        why = names.left_alone(path.name) or _no_plain_file(path)
        if names.is_uploading(path.name):
            waiting.append((chemin, UPLOADING))
        elif why:
            left.append((chemin, why))
        else:
            found.append(Arrival.of(chemin, "", path.name, path.lstat()))
    return found, waiting, left


def files_under(paths: Iterable[Path]) -> list[Path]:
    """Every file at ``paths`` or below them that may be an extract, as an operator names them: nothing is waited for.

    Raises ``FileNotFoundError`` for a path that is not there.
    """
    given = list(paths)
    for path in given:
        if not path.exists():
            raise FileNotFoundError(errno.ENOENT, str(path))
    found = _under(given)
    return [p for p in found if not (names.left_alone(p.name) or names.is_uploading(p.name) or _no_plain_file(p))]


def _under(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        inner = sorted(p for p in path.rglob("*") if p.is_symlink() or not p.is_dir()) if path.is_dir() else [path]
        found += [p for p in inner if p.name not in names.PLACEHOLDERS and not p.name.lower().startswith(_EXPLAIN)]
    return list(dict.fromkeys(found))


def _no_plain_file(path: Path) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return LINK
    return "" if stat.S_ISREG(mode) else STRANGE


def _is_still(root: Path, seen: Arrival) -> bool:
    try:
        return Arrival.of(seen.chemin, "", seen.fichier, (root / seen.chemin).lstat()) == seen
    except OSError:
        return False


def _part(root: Path, seen: Arrival, start: int, length: int) -> bytes:
    handle = os.open(root / seen.chemin, FILE)
    try:
        return os.pread(handle, length, start)
    finally:
        os.close(handle)
