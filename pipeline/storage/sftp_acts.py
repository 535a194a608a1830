"""Acts on an SFTP client, each of which may be done again: what ``sftp`` is made of."""

import asyncio
import hashlib
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress

import asyncssh
from asyncssh import (
    SFTPClient,
    SFTPFailure,
    SFTPFileAlreadyExists,
    SFTPNoSuchFile,
    SFTPNoSuchPath,
    SFTPOpUnsupported,
    SFTPPermissionDenied,
)

from pipeline import disk
from pipeline.storage.store import WORKERS, Entry, Fate, Parcel, Stands

ABSENT = (SFTPNoSuchFile, SFTPNoSuchPath)
NO = (SFTPFailure, SFTPPermissionDenied, SFTPFileAlreadyExists)
"""What a server says of a place that is taken, closed, or of another kind."""
BLOCK = 1 << 20
"""Bytes read at a time."""
IDENTITY = "sftp"
"""Version 3 has no inode and whole seconds: only the bytes tell a file from another."""


async def together(
    one: Callable[[SFTPClient, Parcel], Awaitable[Fate]], client: SFTPClient, parcels: Sequence[Parcel]
) -> list[Fate]:
    """``one`` of each, some at a time. All have ended when this does: a second try must not meet the first."""
    gate = asyncio.Semaphore(WORKERS)

    async def gated(parcel: Parcel) -> Fate:
        async with gate:
            return await one(client, parcel)

    done = await asyncio.gather(*map(gated, parcels), return_exceptions=True)
    for result in done:
        if isinstance(result, BaseException):
            raise result
    return [result for result in done if isinstance(result, Fate)]


def entry_of(path: str, found: asyncssh.SFTPAttrs) -> Entry:
    """What the server said of a path."""
    mode = found.permissions or 0
    kind = Stands.FILE if stat.S_ISREG(mode) else Stands.LINK if stat.S_ISLNK(mode) else Stands.STRANGE
    return Entry(path, kind, found.size or 0, (found.mtime or 0) * 1_000_000_000, IDENTITY)


async def stat_of(client: SFTPClient, place: str, path: str) -> Entry | None:
    """What stands at ``place``, named ``path``; None when nothing does."""
    try:
        return entry_of(path, await client.lstat(place))
    except ABSENT:
        return None


async def walked(client: SFTPClient, place: str, path: str, depth: int) -> AsyncIterator[Entry]:
    """Entries under a folder. One that is gone meanwhile is passed over, the root never."""
    try:
        names = await client.readdir(place)
    except ABSENT:
        if not path:
            raise
        return
    except NO:
        if not path:
            raise
        yield Entry(path, Stands.UNREADABLE)
        return
    for found in names:
        name = str(found.filename)
        if name in (".", "..") or "/" in name:
            continue
        inner = f"{path}/{name}" if path else name
        if not stat.S_ISDIR(found.attrs.permissions or 0):
            yield entry_of(inner, found.attrs)
        elif depth == 0:
            yield Entry(inner, Stands.DEEP)
        else:
            async for entry in walked(client, f"{place}/{name}", inner, depth - 1):
                yield entry


async def names_in(client: SFTPClient, place: str, *, hidden: bool = False) -> list[str]:
    """Names in a folder, none where it is no folder."""
    try:
        names = [str(found.filename) for found in await client.readdir(place)]
    except (*ABSENT, *NO):
        return []
    return sorted(name for name in names if name not in (".", "..") and (hidden or not name.startswith(".")))


async def folder_of(client: SFTPClient, place: str) -> dict[str, str] | None:
    """Names and sha256 of a folder's files: "" for what is no plain file, or a place that is no folder. None: nothing there."""
    found = await stat_of(client, place, "")
    if found is None:
        return None
    try:
        names = await client.readdir(place)
    except (*ABSENT, *NO):
        return {"": ""}  # no folder
    hashes = {}
    for one in names:
        if (name := str(one.filename)) not in (".", ".."):
            plain = stat.S_ISREG(one.attrs.permissions or 0)
            hashes[name] = await sha256_of(client, f"{place}/{name}") if plain else ""
    return hashes


async def make_folder(client: SFTPClient, folder: str, mode: int) -> None:
    """One folder whose parent is there."""
    try:
        await client.mkdir(folder, asyncssh.SFTPAttrs(permissions=mode))
    except NO:
        if not await client.isdir(folder):
            raise


async def written(client: SFTPClient, place: str, data: bytes) -> None:
    """A new file with these bytes, durable as far as the server has fsync@openssh.com."""
    with suppress(*ABSENT):
        await client.remove(place)
    async with client.open(place, "xb", asyncssh.SFTPAttrs(permissions=disk.FILE_MODE)) as file:
        await file.write(data)
        with suppress(SFTPOpUnsupported):
            await file.fsync()


async def bytes_of(client: SFTPClient, place: str, most: int | None = None) -> bytes:
    """The bytes of a file, at most so many from its start."""
    async with client.open(place, "rb") as file:
        return _raw(await file.read(-1 if most is None else most))


async def sha256_of(client: SFTPClient, place: str) -> str:
    """SHA-256 of a file, in bounded memory."""
    digest = hashlib.sha256()
    async with client.open(place, "rb") as file:
        while block := await file.read(BLOCK):
            digest.update(_raw(block))
    return digest.hexdigest()


def _raw(block: bytes | str) -> bytes:
    """What a file opened for bytes gives."""
    assert isinstance(block, bytes)
    return block


async def discard(client: SFTPClient, place: str) -> None:
    """Remove a file, or a folder with its files."""
    found = await stat_of(client, place, "")
    if found is None:
        return
    with suppress(*ABSENT):
        if found.stands is Stands.STRANGE:
            for name in await names_in(client, place, hidden=True):
                with suppress(*ABSENT):
                    await client.remove(f"{place}/{name}")
            await client.rmdir(place)
        else:
            await client.remove(place)


async def give_back(client: SFTPClient, hidden: str, place: str, spare: str) -> None:
    """Its own name again, or another one where its sender has saved a new file under it."""
    try:
        await client.rename(hidden, place)
    except NO:
        await client.rename(hidden, spare)
