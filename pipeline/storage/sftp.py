"""SFTP, by asyncssh: plain SFTP version 3 and what OpenSSH adds to it. Source: reliability D9, B12, A19.

A token is uploaded into a private folder of ours inside the outbox (so that it lies on the same file system), made durable and
read back; then one *plain* rename of the folder is its emission: it refuses a place that is taken, where posix-rename would pass
in silence onto an empty folder. A token that is gone has therefore left, whatever became of it since, and every act here may be
done again after a lost reply: it looks first.
"""

import asyncio
import errno
import hashlib
import logging
import stat
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from pipeline import disk
from pipeline.bilingual import Text
from pipeline.errors import AGAIN, StoreHalt
from pipeline.settings import shown_address
from pipeline.storage.store import CLOSED, REFUSED, SILENT, Changed, Entry, Fate, Parcel, Stands, not_installed

try:
    import asyncssh
    from asyncssh import SFTPClient, SFTPConnectionLost, SFTPError, SFTPNoConnection, SFTPOpUnsupported
except ImportError:
    raise not_installed("sftp") from None
from pipeline.storage import sftp_acts as acts
from pipeline.storage.sftp_acts import ABSENT, BLOCK, NO

SPOOL = ".dsf-spool"
"""Where tokens wait, inside the outbox: receivers' programs do not show it, and it is closed to them (0700)."""
BEACON = ".ici"
"""Stands in there from its first day. Where it is missing, a token that is gone proves nothing: a mount may be lost."""
TRIES = 4
"""Connections tried before a server is said not to answer, with ``PAUSE`` seconds after the first, twice as many each time."""
PAUSE = 0.2
ANSWERS = 60
"""Seconds that one act may take to be answered, or a connection to stand."""

UNKNOWN_HOST = Text(
    "La clé du serveur {where} n'est pas connue, ou a changé. Vérifiez-la auprès de qui le tient, puis notez-la dans le fichier "
    "known_hosts (réglage stockage.hotes).",
    "The key of the server {where} is not known, or has changed. Check it with whoever runs it, then note it in the known_hosts "
    "file (setting stockage.hotes).",
).then(AGAIN)
NO_POSIX = Text("posix-rename@openssh.com manque", "posix-rename@openssh.com is missing")
DAMAGED = Text("un fichier envoyé n'est pas relu tel quel", "a file that was sent is not read back as it is")

_LOST = (
    asyncssh.DisconnectError,
    asyncssh.ChannelOpenError,
    SFTPConnectionLost,
    SFTPNoConnection,
    asyncssh.misc.ConnectionLost,
    OSError,
    TimeoutError,
)
_T = TypeVar("_T")
Work = Callable[["SFTPClient"], Awaitable[_T]]


class _Loop:
    """An event loop in a thread of its own: asyncssh needs one, the pipeline has none."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="sftp", daemon=True)
        self._thread.start()

    def do(self, work: Coroutine[Any, Any, _T]) -> _T:
        """The result of ``work``."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def end(self) -> None:
        """Stop it, whatever it was at: a command that was interrupted waits for nothing."""

        def stop() -> None:
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
            self.loop.call_soon(self.loop.stop)

        self.loop.call_soon_threadsafe(stop)
        self._thread.join()
        self.loop.close()


class Sftp:
    """One account on one server. Nothing is connected before it is needed."""

    def __init__(self, address: str, hosts: str = "", key: str = "") -> None:
        """``hosts``: known_hosts file, ``key``: private key file; "": those of the account that runs, and its agent."""
        self._given = address, hosts, key
        self.shown = shown_address(address)
        parts = urlsplit(address)
        path = unquote(parts.path)
        self._base = path.removeprefix("/~/") if path.startswith("/~/") else path
        self._options: dict[str, Any] = {"host": parts.hostname, "port": parts.port or 22}
        if parts.username:
            self._options["username"] = unquote(parts.username)
        if hosts:
            self._options["known_hosts"] = hosts
        if key:
            self._options["client_keys"] = [key]
        self._loop: _Loop | None = None
        self._connection: asyncssh.SSHClientConnection | None = None
        self._client: SFTPClient | None = None

    def __reduce__(self) -> tuple[type["Sftp"], tuple[str, str, str]]:
        """A copy connects for itself."""
        return Sftp, self._given

    # --- connection ---------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End the connection; it is made anew when needed."""
        if self._loop:
            self._loop.do(self._drop())
            self._loop.end()
            self._loop = None

    def _do(self, work: Work[_T], label: str = "") -> _T:
        """``work`` with a client, from its beginning after a connection was lost: whatever is given here may be done again."""
        if label:
            disk.reached(f"sftp: {label}")
        if self._loop is None:
            self._loop = _Loop()
        return self._loop.do(self._tried(work))

    async def _tried(self, work: Work[_T]) -> _T:
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(PAUSE * 2 ** (attempt - 1))
            try:
                return await work(await self._connected())
            except asyncssh.HostKeyNotVerifiable:
                raise StoreHalt(UNKNOWN_HOST.fill(where=self.shown)) from None
            except (asyncssh.PermissionDenied, asyncssh.KeyImportError):
                raise StoreHalt(CLOSED.fill(where=self.shown)) from None
            except _LOST:
                await self._drop()
            except SFTPError as error:
                raise StoreHalt(REFUSED.fill(where=self.shown, why=type(error).__name__)) from None
        raise StoreHalt(SILENT.fill(where=self.shown))

    async def _connected(self) -> "SFTPClient":
        if self._client is None:
            # Its records quote paths, and a path may hold a name.
            logging.getLogger("asyncssh").setLevel(logging.CRITICAL)
            self._connection = await asyncssh.connect(
                **self._options, config=(), connect_timeout=ANSWERS, login_timeout=ANSWERS, keepalive_interval=15
            )
            self._client = await self._connection.start_sftp_client(path_errors="surrogateescape")
        return self._client

    async def _drop(self) -> None:
        connection, self._connection, self._client = self._connection, None, None
        if connection:
            connection.abort()
            with suppress(*_LOST, asyncssh.Error):
                await asyncio.wait_for(connection.wait_closed(), ANSWERS)

    def _at(self, path: str) -> str:
        return f"{self._base}/{path}" if path else self._base

    def probe(self, begun: bool = False) -> None:
        """Write, flush, rename over, read, remove, in our own folder. Raises ``StoreHalt``."""

        async def work(client: SFTPClient) -> bool:
            await acts.make_folder(client, self._at(SPOOL), 0o700)
            if not begun:
                await acts.written(client, self._at(f"{SPOOL}/{BEACON}"), b"")
            first, second = (self._at(f"{SPOOL}/.essai.{number}") for number in (0, 1))
            for number in range(2):
                await acts.written(client, first, b"essai %d\n" % number)
                await client.posix_rename(first, second)
            data = await acts.bytes_of(client, second)
            await client.remove(second)
            return data == b"essai 1\n"

        async def known(client: SFTPClient) -> bool:
            try:
                return await work(client)
            except SFTPOpUnsupported:
                raise StoreHalt(REFUSED.fill(where=self.shown, why=NO_POSIX)) from None

        if not self._do(known, "probe"):
            raise StoreHalt(REFUSED.fill(where=self.shown, why=DAMAGED))

    # --- files that others put there ----------------------------------------------------------------------------------

    def walk(self, depth: int) -> Iterator[Entry]:
        """Everything but folders, by path; the root must be there."""

        async def work(client: SFTPClient) -> list[Entry]:
            return [entry async for entry in acts.walked(client, self._at(""), "", depth)]

        yield from sorted(self._do(work, "list"), key=lambda entry: entry.path)

    def stat(self, path: str) -> Entry | None:
        """What stands there now."""
        return self._do(lambda client: acts.stat_of(client, self._at(path), path))

    def part(self, entry: Entry, start: int, length: int) -> bytes:
        """Some bytes of a file that is still ``entry``. Raises ``Changed``."""

        async def work(client: SFTPClient) -> bytes:
            try:
                async with client.open(self._at(entry.path), "rb") as file:
                    if acts.entry_of(entry.path, await file.stat()) != entry:
                        raise Changed
                    return await file.read(length, start)
            except (*ABSENT, *NO):
                raise Changed from None

        return self._do(work)

    def blocks(self, entry: Entry) -> Iterator[bytes]:
        """The whole of a file, by its parts; ``Changed`` where its size or time is another before or after."""
        for start in range(0, entry.octets, BLOCK):
            block = self.part(entry, start, BLOCK)
            if len(block) != min(BLOCK, entry.octets - start):
                raise Changed
            yield block
        if self.stat(entry.path) != entry:
            raise Changed

    def is_bare(self) -> bool:
        """Not even a folder stands there."""
        return not self._do(lambda client: acts.names_in(client, self._at(""), hidden=True))

    def remove(self, entry: Entry, private: str, spare: str, sha256: str) -> bool:
        """Give the file a private name, read it back, then remove it; another content gets its own name again."""
        folder = self._at(entry.path).rpartition("/")[0]
        place, hidden = self._at(entry.path), f"{folder}/{private}"

        async def work(client: SFTPClient) -> bool:
            if not await acts.stat_of(client, hidden, ""):
                if await acts.stat_of(client, place, entry.path) != entry:
                    return False
                await client.rename(place, hidden)
            found = await acts.stat_of(client, hidden, entry.path)
            if found == entry and await acts.sha256_of(client, hidden) == sha256:
                await client.remove(hidden)
                return True
            await acts.give_back(client, hidden, place, f"{folder}/{spare}")
            return False

        async def known(client: SFTPClient) -> bool | None:
            try:
                return await work(client)
            except ABSENT:
                return False  # taken back meanwhile, or removed by us: the answer was lost
            except NO:
                return None

        if (done := self._do(known, "remove")) is None:
            raise PermissionError(errno.EACCES, "closed")
        return done

    # --- files of ours ------------------------------------------------------------------------------------------------

    def get(self, path: str, most: int | None = None) -> bytes | None:
        """The bytes of a file, at most so many from its start; None when there is no plain file."""

        async def work(client: SFTPClient) -> bytes | None:
            found = await acts.stat_of(client, self._at(path), path)
            if found is None or found.stands is not Stands.FILE:
                return None
            with suppress(*ABSENT):
                return await acts.bytes_of(client, self._at(path), most)
            return None

        return self._do(work)

    def put(self, path: str, data: bytes) -> bool:
        """Write in our own folder, flush, rename over. False where the place or a folder above it is not ours to write."""
        draft = self._at(f"{SPOOL}/{hashlib.sha256(path.encode()).hexdigest()[:16]}.remplacement")

        async def work(client: SFTPClient) -> bool:
            await acts.make_folder(client, self._at(SPOOL), 0o700)
            await acts.written(client, draft, data)
            try:
                if not await self._above(client, path):
                    return False
                await client.posix_rename(draft, self._at(path))
            except (*ABSENT, *NO):
                return False
            return True

        return self._do(work, "replace")

    def folder(self, path: str) -> dict[str, str] | None:
        """Names and sha256 of the files of a folder; what is no plain file has an empty one. None when there is none."""
        return self._do(lambda client: acts.folder_of(client, self._at(path)))

    def places(self, kinds: Sequence[str]) -> Iterator[str]:
        """Every ``<folder>/<kind>/<name>`` that stands there."""

        async def work(client: SFTPClient) -> list[str]:
            found = []
            for owner in await acts.names_in(client, self._at("")):
                for kind in kinds:
                    above = f"{owner}/{kind}"
                    found += [f"{above}/{name}" for name in await acts.names_in(client, self._at(above))]
            return found

        yield from self._do(work, "list")

    def erase(self, path: str) -> None:
        """Remove a folder of ours and the files in it; gone already is well."""
        self._do(lambda client: acts.discard(client, self._at(path)), "erase")

    # --- what leaves once ---------------------------------------------------------------------------------------------

    def ready(self, parcels: Sequence[Parcel]) -> list[Fate]:
        """Upload tokens into our own folder, durable and read back; those whose place is taken are told by their content."""

        async def one(client: SFTPClient, parcel: Parcel) -> Fate:
            if (known := await self._taken(client, parcel)) is not None:
                return known
            if not await self._above(client, parcel.cible):
                return Fate.REFUSED
            await self._upload(client, parcel)
            return Fate.READY

        async def work(client: SFTPClient) -> list[Fate]:
            await acts.make_folder(client, self._at(SPOOL), 0o700)
            return await acts.together(one, client, parcels)

        return self._do(work, "upload")

    def leave(self, parcels: Sequence[Parcel]) -> list[Fate]:
        """One plain rename each. A token that is gone has left, so a reply that was lost costs a look."""

        async def work(client: SFTPClient) -> list[Fate]:
            return await acts.together(self._renamed, client, parcels)

        return self._do(work, "rename")

    def look(self, parcels: Sequence[Parcel]) -> list[Fate]:
        """A token that is still there has not left, one that is gone has."""

        async def one(client: SFTPClient, parcel: Parcel) -> Fate:
            return await self._gone(client, parcel) or Fate.READY

        async def work(client: SFTPClient) -> list[Fate]:
            return await acts.together(one, client, parcels)

        return self._do(work, "look")

    async def _gone(self, client: SFTPClient, parcel: Parcel) -> Fate | None:
        """LEFT where the token is gone, None where it is still there."""
        if await acts.stat_of(client, self._at(f"{SPOOL}/{parcel.nom}"), "") is not None:
            return None
        return Fate.LEFT if await acts.stat_of(client, self._at(f"{SPOOL}/{BEACON}"), "") else Fate.UNSURE

    async def _renamed(self, client: SFTPClient, parcel: Parcel) -> Fate:
        token, place = self._at(f"{SPOOL}/{parcel.nom}"), self._at(parcel.cible)
        for _ in range(TRIES):
            if gone := await self._gone(client, parcel):
                return gone
            try:
                if await acts.stat_of(client, place, "") is not None:
                    known = await self._taken(client, parcel) or Fate.OCCUPIED
                    if known is Fate.LEFT:
                        await acts.discard(client, token)
                    return known
                await client.rename(token, place)
                return Fate.LEFT
            except ABSENT:
                # It had left (a server may say so of what it has done), or a folder above was tidied away just now.
                if not await self._above(client, parcel.cible):
                    return Fate.REFUSED
            except NO:
                continue  # its place was taken just now, or is closed to us: look again
        return Fate.REFUSED

    async def _taken(self, client: SFTPClient, parcel: Parcel) -> Fate | None:
        """LEFT where the place holds this very folder, OCCUPIED where something else does, None where it is free."""
        try:
            found = await acts.folder_of(client, self._at(parcel.cible))
        except NO:
            return Fate.OCCUPIED
        if found is None:
            return None
        ours = {name: hashlib.sha256(data).hexdigest() for name, data in parcel.files.items()}
        return Fate.LEFT if found == ours else Fate.OCCUPIED

    async def _above(self, client: SFTPClient, path: str) -> bool:
        """Make the folders above a place; False where one is no folder of the outbox. An organisation's own may be a link."""
        parts = path.split("/")[:-1]
        for number in range(len(parts)):
            folder = self._at("/".join(parts[: number + 1]))
            try:
                found = await client.lstat(folder)
                if number == 0 and stat.S_ISLNK(found.permissions or 0):
                    found = await client.stat(folder)
                if not stat.S_ISDIR(found.permissions or 0):
                    return False
            except ABSENT:
                try:
                    await acts.make_folder(client, folder, disk.FOLDER_MODE)
                except (*ABSENT, *NO):
                    return False
            except NO:
                return False
        return True

    async def _upload(self, client: SFTPClient, parcel: Parcel) -> None:
        token = self._at(f"{SPOOL}/{parcel.nom}")
        await acts.discard(client, token)
        await acts.make_folder(client, token, disk.FOLDER_MODE)
        for name, data in sorted(parcel.files.items()):
            await acts.written(client, f"{token}/{name}", data)
            if await acts.sha256_of(client, f"{token}/{name}") != hashlib.sha256(data).hexdigest():
                raise StoreHalt(REFUSED.fill(where=self.shown, why=DAMAGED))

    def settle(self) -> None:
        """Flush a file of ours: a file system that writes its journal in order has then written the renames before it."""

        async def work(client: SFTPClient) -> None:
            place = self._at(f"{SPOOL}/.journal")
            await acts.written(client, place, b"")
            await client.remove(place)

        self._do(work, "fsync")

    def prepared(self) -> list[str]:
        """Names in our own folder, but for the beacon."""
        return self._do(lambda client: acts.names_in(client, self._at(SPOOL)))

    def discard(self, nom: str) -> None:
        """Remove one of those; gone already is well."""
        self._do(lambda client: acts.discard(client, self._at(f"{SPOOL}/{nom}")), "discard")
