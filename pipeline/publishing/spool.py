"""Writing into the spool: whole folders as tokens, and single files that are replaced in one step."""

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from pipeline import disk
from pipeline.ledger.records import Folder, Token
from pipeline.storage import store_of
from pipeline.workspace import Workspace

HERE = ".ici."
"""Begins the name of a note, which ends with a fence."""
BEGUN, LEFT = ".engage", ".emis"
"""Added to the name of a token on its way to shared storage: from just before the act on; once its answer has come."""


def stage(workspace: Workspace, folder: Folder, fence: int | str) -> Token:
    """Write one folder into the spool, durably. ``fence``: ``ledger.fence``."""
    token = write(workspace, folder, fence)
    harden(workspace, [token])
    return token


def write(workspace: Workspace, folder: Folder, fence: int | str) -> Token:
    """Write one folder into the spool, not yet durably: ``harden`` before the commit. Any process may do it."""
    _check_target(folder.cible)
    token = Token(folder.genre, folder.cible, _name(folder.cible, fence), content_sha256(folder.fichiers.items()))
    place = workspace.spool / token.nom
    if not disk.make_folder(place, "spool"):
        # Only the run that holds this fence writes such a name: what stands here is its own first try.
        disk.remove_folder(place, "spool")
        disk.make_folder(place, "spool")
    for name, data in sorted(folder.fichiers.items()):
        disk.write_new(place / _plain(name), data, "spool")
    return token


def harden(workspace: Workspace, tokens: Sequence[Token]) -> None:
    """Make tokens durable, files first, then their folders, then the spool: from here on a commit may refer to them."""
    places = [workspace.spool / token.nom for token in tokens]
    with disk.refusals_as_halts("spool"):
        files = [entry for place in places for entry in sorted(place.iterdir())]
    files += _noted(workspace, {fence_of(token.nom) for token in tokens})
    if tokens:
        disk.flush([*files, *places, workspace.spool], "spool")


def content_sha256(files: Iterable[tuple[str, bytes]]) -> str:
    """Over the sorted (sha256, name) of the files: the same for the same names and bytes, and for no others."""
    return _of_hashes((hashlib.sha256(data).hexdigest(), name) for name, data in files)


def content_hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-256 of each file."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def hashes_sha256(hashes: Mapping[str, str]) -> str:
    """``content_sha256`` of files of which the hashes are known, by name."""
    return _of_hashes((sha, name) for name, sha in hashes.items())


def folder_sha256(place: Path) -> str:
    """``content_sha256`` of a folder on disk; raises ``FileNotFoundError`` when it is gone.

    In the outbox others may write: nothing but plain files is opened (else ``OSError``), and none is held in memory.
    """
    return _of_hashes((_hash(entry), entry.name) for entry in place.iterdir())


def _hash(path: Path) -> str:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "not a plain file")
        return disk.digest(file)


def _of_hashes(files: Iterable[tuple[str, str]]) -> str:
    lines = sorted(f"{sha}  {name}\n" for sha, name in files)
    return hashlib.sha256("".join(lines).encode(errors="surrogateescape")).hexdigest()


def _name(cible: str, fence: int | str) -> str:
    """A name that says what it is to ``ls``, is unique to the target and the fence, and is short whatever the target."""
    return f"{PurePosixPath(cible).name[:80]}.{hashlib.sha256(cible.encode()).hexdigest()[:12]}.{fence}"


def fence_of(name: str) -> int:
    """The fence at the end of a name; 0 where there is none."""
    last = name.removesuffix(BEGUN).removesuffix(LEFT).rpartition(".")[2]
    return int(last) if last.isascii() and last.isdigit() else 0


def _noted(workspace: Workspace, fences: Iterable[int]) -> list[Path]:
    """For an outbox on shared storage, which several machines may reach: that tokens of these fences lay in this spool."""
    if store_of(workspace, "outbox") is None:
        return []
    notes = [workspace.spool / f"{HERE}{fence}" for fence in fences]
    for note in notes:
        with suppress(FileExistsError):
            disk.write_new(note, b"", "spool")
    return notes


def was_here(workspace: Workspace, nom: str) -> bool:
    """The token lay in this very spool: if it is gone, it has left. A restored spool, or another machine's, knows nothing."""
    return (workspace.spool / f"{HERE}{fence_of(nom)}").exists()


def forget(workspace: Workspace, needed: Iterable[str], fence: int) -> None:
    """Remove the notes of fences up to ``fence`` that no token of ``needed`` has."""
    kept = {fence_of(nom) for nom in needed}
    for note in sorted(workspace.spool.glob(f"{HERE}*")):
        if fence_of(note.name) not in kept and fence_of(note.name) <= fence:
            disk.unlink(note, "spool")


def is_begun(workspace: Workspace, nom: str) -> bool:
    """Its act was begun, and no answer has been noted."""
    return os.path.lexists(workspace.spool / f"{nom}{BEGUN}")


def standing(workspace: Workspace, nom: str) -> Path:
    """Where a token is, begun or not."""
    return workspace.spool / (f"{nom}{BEGUN}" if is_begun(workspace, nom) else nom)


def begin(workspace: Workspace, noms: Sequence[str]) -> None:
    """Note durably that these are about to leave: from here on that one is not at its place proves nothing."""
    _renamed(workspace, {nom: f"{nom}{BEGUN}" for nom in noms})


def not_begun(workspace: Workspace, nom: str) -> None:
    """It has certainly not left: the name of the token again."""
    _renamed(workspace, {f"{nom}{BEGUN}": nom})


def left(workspace: Workspace, noms: Sequence[str]) -> None:
    """Note durably that these have left; their tokens are removed."""
    _renamed(workspace, {standing(workspace, nom).name: f"{nom}{LEFT}" for nom in noms})
    for nom in noms:
        disk.remove_folder(workspace.spool / f"{nom}{LEFT}", "spool")


def _renamed(workspace: Workspace, names: Mapping[str, str]) -> None:
    """Give tokens their next names, durably. One that is gone was another run's, which has taken over from this one."""
    for old, new in names.items():
        with suppress(FileNotFoundError, FileExistsError):
            disk.rename_new(workspace.spool / old, workspace.spool / new, "spool")
    if names:
        disk.flush([workspace.spool], "spool")


def probe(first: Path, then: Path, label: str) -> None:
    """Write here, flush, rename to there, remove. The name says it is ours, and starts with a dot."""
    source, target = first / f".essai.{os.getpid()}.0", then / f".essai.{os.getpid()}.1"
    try:
        for old in (source, target):
            disk.unlink(old, label)
        disk.write_new(source, b"essai\n" * 700, label)
        disk.flush([source], label)
        disk.rename(source, target, label)
        disk.flush([then], label)
        disk.unlink(target, label)
    except BaseException:
        for left_over in (source, target):
            if left_over.exists():
                left_over.unlink()
        raise


def _check_target(cible: str) -> None:
    path = PurePosixPath(cible)
    if path.is_absolute() or not path.parts or any(part.startswith(".") or "\\" in part for part in path.parts):
        raise ValueError("a target must be a plain path inside the outbox")


def _plain(name: str) -> str:
    if not name or name.startswith(".") or "/" in name or "\\" in name:
        raise ValueError("a file of a folder must have a plain name")
    return name


def replace_file(workspace: Workspace, path: Path, data: bytes, fence: int | str) -> None:
    """Write in the spool, flush, rename over ``path``: the outbox never shows half of it."""
    draft = workspace.spool / f"{path.name.lstrip('.')}.{os.getpid()}.{fence}"
    disk.unlink(draft, "remplacement")
    disk.write_new(draft, data, "remplacement")
    disk.flush([draft], "remplacement")
    disk.rename(draft, path, "remplacement")
    disk.flush([path.parent], "remplacement")
