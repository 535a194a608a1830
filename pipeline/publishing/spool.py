"""Writing into the spool: whole folders as tokens, and single files that are replaced in one step."""

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from pipeline import disk
from pipeline.ledger.records import Folder, Token
from pipeline.workspace import Workspace


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
    if tokens:
        disk.flush([*files, *places, workspace.spool], "spool")


def content_sha256(files: Iterable[tuple[str, bytes]]) -> str:
    """Over the sorted (sha256, name) of the files: the same for the same names and bytes, and for no others."""
    return _of_hashes((hashlib.sha256(data).hexdigest(), name) for name, data in files)


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


def _check_target(cible: str) -> None:
    path = PurePosixPath(cible)
    if path.is_absolute() or not path.parts or any(part.startswith(".") or "\\" in part for part in path.parts):
        raise ValueError("a target must be a plain path inside the outbox")


def _plain(name: str) -> str:
    if not name or name.startswith(".") or "/" in name or "\\" in name:
        raise ValueError("a file of a folder must have a plain name")
    return name


def replace(workspace: Workspace, path: Path, data: bytes, fence: int | str) -> None:
    """Put ``data`` at ``path`` in the outbox in one step: for what is no emission (``rapports/index.html``)."""
    replace_file(workspace, path, data, fence)


def replace_file(workspace: Workspace, path: Path, data: bytes, fence: int | str) -> None:
    """Write in the spool, flush, rename over ``path``: the outbox never shows half of it."""
    draft = workspace.spool / f"{path.name.lstrip('.')}.{os.getpid()}.{fence}"
    disk.unlink(draft, "remplacement")
    disk.write_new(draft, data, "remplacement")
    disk.flush([draft], "remplacement")
    disk.rename(draft, path, "remplacement")
    disk.flush([path.parent], "remplacement")
