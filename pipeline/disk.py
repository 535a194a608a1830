"""Every call to the system that must survive a crash, each with a label. Source: reliability §3, contract §9.

``label`` names the step for the reader of a halt and for the tests: each function announces ``reached(label, …)`` *before* it
acts, so killing the process at the n-th announcement leaves the disk as if the power of the process had ended there. Refusals
of the system become ``DiskHalt`` (a sentence, no path); ``FileExistsError`` and ``FileNotFoundError`` pass where they are
answers. A failed fsync is never tried again on the same file: the system may have dropped the data and would say yes.
"""

import ctypes
import errno
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from io import BufferedReader
from pathlib import Path

from pipeline import errors

FILE_MODE = 0o640
FOLDER_MODE = 0o750

BLOCK = 1 << 20
"""Bytes copied at a time."""

MANY = 8
"""From this many paths on, one flush of the file system costs less than one fsync each."""

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_RENAME_EXCHANGE = 2
_UNSUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)
_LOCAL = frozenset({0xEF53, 0x58465342, 0x9123683E, 0xF2F52010, 0x01021994})  # ext, xfs, btrfs, f2fs, tmpfs
REMOTE = frozenset({0x6969, 0x517B, 0xFF534D42, 0xFE534D42, 0x564C, 0x01021997})  # nfs, smb, cifs, smb2, ncp, 9p

_libc = ctypes.CDLL(None, use_errno=True)


def _nothing(label: str, *paths: Path) -> None:
    """What ``reached`` does in production."""


reached: Callable[..., None] = _nothing
"""Called before each step with its label and paths. Only a test replaces it, in a child process of its own."""


@contextmanager
def refusals_as_halts(label: str, *answers: type[OSError]) -> Iterator[None]:
    """Convert ``OSError`` to ``DiskHalt``, except the types in ``answers``."""
    try:
        yield
    except answers:
        raise
    except OSError as error:
        raise errors.disk_halt(error, label) from None


def write_new(path: Path, data: bytes, label: str) -> None:
    """Create ``path`` with ``data``; raises ``FileExistsError``. Not durable until ``flush``."""
    reached(f"{label}: write", path)
    with refusals_as_halts(label, FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
        try:
            write_all(handle, data)
        finally:
            os.close(handle)


def write_all(handle: int, data: bytes | memoryview) -> None:
    """Write the whole of ``data``: the system may take less than it is given."""
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def make_folder(path: Path, label: str) -> bool:
    """Create one folder whose parent exists; False when it is there already."""
    reached(f"{label}: mkdir", path)
    with refusals_as_halts(label):
        try:
            path.mkdir(FOLDER_MODE)
        except FileExistsError:
            if path.is_dir():
                return False
            raise
    return True


def flush(paths: Iterable[Path], label: str) -> None:
    """Make files (their bytes) and folders (their entries) durable. Many at once share one flush of the file system."""
    wanted = list(dict.fromkeys(paths))
    with refusals_as_halts(label):
        if len(wanted) >= MANY and _flush_whole(wanted, label):
            return
    for path in wanted:
        reached(f"{label}: fsync", path)
        with refusals_as_halts(label):
            _fsync(path)


def _flush_whole(paths: list[Path], label: str) -> bool:
    """One ``syncfs`` in the place of many fsyncs, where all paths share a local file system whose errors it reports."""
    parents = {path.parent for path in paths}
    if not hasattr(_libc, "syncfs") or len({parent.stat().st_dev for parent in parents}) != 1:
        return False
    if not _reports_errors() or file_system(paths[0].parent) not in _LOCAL:
        return False
    reached(f"{label}: syncfs", *paths)
    handle = os.open(paths[0].parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if _libc.syncfs(handle) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(handle)
    return True


def _reports_errors() -> bool:
    """Linux says through ``syncfs`` that a write failed since 5.8; before, it said yes to everything."""
    system, release = os.uname().sysname, os.uname().release
    numbers = [int("".join(c for c in part if c.isdigit()) or 0) for part in release.split(".")[:2]]
    return system == "Linux" and numbers >= [5, 8]


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)  # outbox/ itself may be a link to another disk
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems cannot fsync a folder; nothing better exists there. EIO and all others are real.
        if error.errno != errno.EINVAL or not path.is_dir():
            raise
    finally:
        os.close(handle)


def rename(source: Path, target: Path, label: str) -> None:
    """Move ``source`` over ``target`` (replaced when it is a file): for our own files only."""
    reached(f"{label}: rename", source, target)
    with refusals_as_halts(label):
        source.rename(target)


def rename_new(source: Path, target: Path, label: str) -> None:
    """Move ``source`` to ``target``, which must not exist: ``FileExistsError``; ``FileNotFoundError`` without ``source``."""
    reached(f"{label}: rename", source, target)
    with refusals_as_halts(label, FileExistsError, FileNotFoundError):
        number = _renameat2(source, target)
        if number in _UNSUPPORTED:
            # NFS and some others know no NOREPLACE: look, then rename, under the run lock (reliability B11).
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, "exists")
            source.rename(target)
        elif number:
            raise OSError(number, os.strerror(number))


def rename_inside(folder: int, name: str, new: str, label: str) -> None:
    """Give a file of an open folder another name there, which must be free (``FileExistsError``). Refusals stay ``OSError``."""
    reached(f"{label}: rename", Path(name), Path(new))
    number = _renameat2(name, new, folder)
    if number in _UNSUPPORTED:
        here = Path(f"/proc/self/fd/{folder}")
        if os.path.lexists(here / new):
            raise FileExistsError(errno.EEXIST, "exists")
        (here / name).rename(here / new)
    elif number:
        raise OSError(number, os.strerror(number))


def exchange(one: Path, other: Path, label: str) -> None:
    """Two folders of one file system change places, in one step. Only local file systems can."""
    reached(f"{label}: exchange", one, other)
    with refusals_as_halts(label):
        if number := _renameat2(one, other, flags=_RENAME_EXCHANGE):
            raise OSError(number, os.strerror(number))


def _renameat2(source: Path | str, target: Path | str, folder: int = _AT_FDCWD, flags: int = _RENAME_NOREPLACE) -> int:
    """0, or the errno."""
    if not hasattr(_libc, "renameat2"):
        return errno.ENOSYS
    done = _libc.renameat2(folder, os.fsencode(source), folder, os.fsencode(target), flags)
    return 0 if done == 0 else ctypes.get_errno()


def move(source: Path, target: Path, label: str) -> None:
    """Move one file to ``target``, which is not there yet, across file systems too; durable when it returns."""
    reached(f"{label}: move", source, target)
    with refusals_as_halts(label):
        try:
            source.rename(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            with source.open("rb") as file:
                copy(file.fileno(), target, label)
            flush([target], label)
            source.unlink()
    flush([target.parent], label)


def unlink(path: Path, label: str) -> bool:
    """Remove one file; False when it is gone already."""
    reached(f"{label}: unlink", path)
    with refusals_as_halts(label):
        try:
            path.unlink()
        except FileNotFoundError:
            return False
    return True


def remove_folder(path: Path, label: str) -> None:
    """Remove a folder of ours and the files in it (one level: that is all a token has). Gone already is well."""
    with refusals_as_halts(label), suppress(FileNotFoundError):
        for entry in sorted(path.iterdir()):
            unlink(entry, label)
        reached(f"{label}: rmdir", path)
        path.rmdir()


def room(folder: Path) -> int:
    """Bytes that the file system of ``folder`` still takes from us."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def file_system(path: Path) -> int:
    """The kind of file system, as ``statfs`` numbers it (0 when unknown): see ``man 2 statfs``."""
    buffer = ctypes.create_string_buffer(256)
    if not hasattr(_libc, "statfs") or _libc.statfs(os.fsencode(path), buffer) != 0:
        return 0
    return int.from_bytes(buffer.raw[:8], "little") & 0xFFFFFFFF


def copy(handle: int, target: Path, label: str) -> str:
    """Copy an open file to the new file ``target``; the sha256 of what was copied. Not durable until ``flush``.

    What the source refuses stays an ``OSError`` (it is the sender's share), what the target refuses is a ``DiskHalt``.
    """
    return write_blocks(iter(partial(os.read, handle, BLOCK), b""), target, label)


def write_blocks(blocks: Iterable[bytes], target: Path, label: str) -> str:
    """``copy`` of what comes block by block, from wherever."""
    digest = hashlib.sha256()
    reached(f"{label}: copy", target)
    with refusals_as_halts(label):
        out = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
    try:
        for block in blocks:
            digest.update(block)
            with refusals_as_halts(label):
                write_all(out, block)
    finally:
        os.close(out)
    return digest.hexdigest()


def digest(file: BufferedReader) -> str:
    """SHA-256 of an open file, in bounded memory."""
    return hashlib.file_digest(file, "sha256").hexdigest()


def hash_of(path: Path) -> str:
    """SHA-256 of a file of ours, "" when it is not there."""
    try:
        with path.open("rb") as file:
            return digest(file)
    except FileNotFoundError:
        return ""
