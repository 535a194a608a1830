"""S3, by obstore: its conditional put is the emission. Source: reliability §3.3 (S3), A22, A23, D6 to D8.

The other files of a parcel are put first; then *one* put of its key file, with ``If-None-Match: *``, makes it appear: receivers
act on that file alone. Of two such puts one wins, so nothing is ever written over. A put whose answer was lost is looked up and
never repeated: if its place is empty, a receiver may have taken it away, and only a person can tell (``Fate.UNSURE``). An answer
that says no (``412``, ``409``, a refused account, a server that asks for a pause) is an answer: it has not left.
"""

import errno
import hashlib
import itertools
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

from pipeline import disk
from pipeline.bilingual import Text
from pipeline.errors import StoreHalt
from pipeline.storage.store import CLOSED, REFUSED, SILENT, WORKERS, Changed, Entry, Fate, Parcel, Stands, not_installed

try:
    import obstore
    from obstore.exceptions import (
        AlreadyExistsError,
        BaseError,
        InvalidPathError,
        PermissionDeniedError,
        PreconditionError,
        UnauthenticatedError,
    )
    from obstore.store import S3Store
except ImportError:
    raise not_installed("s3") from None

PROBE = ".dsf-essai-{name}"
BLOCK = 1 << 20
SLASHES = "/"

NO_CONDITION = Text(
    "il accepte deux dépôts du même nom malgré « If-None-Match: * » : rien n'y serait émis une seule fois",
    "it takes two puts of one name in spite of “If-None-Match: *”: nothing would be emitted once only there",
)
BAD_KEY = Text("une clé à la racine a un nom impossible", "a key at the root has an impossible name")

_STATUS = re.compile(r"status code: (\d{3})")
_NEVER_SENT = re.compile(
    r"client error \(Connect\)|error trying to connect|Connection refused|dns error", re.IGNORECASE
)
_SAID_NO = frozenset({"400", "403", "404", "405", "409", "411", "429", "501"})
_PAUSE = re.compile(r"<Code>(SlowDown|ServiceUnavailable|RequestLimitExceeded|Throttling\w*)</Code>")
_T = TypeVar("_T")
_U = TypeVar("_U")


class S3:
    """One prefix of one bucket. Region, endpoint and account come from the environment (``AWS_…``)."""

    def __init__(self, address: str, authority: str = "") -> None:
        """``authority``: PEM file of the authority that signed the server's certificate; "": those of the system."""
        self._given = address, authority
        self.shown = address
        parts = urlsplit(address)
        self._bucket, self._prefix = parts.netloc, parts.path.strip("/")
        self._stores: dict[bool, S3Store] = {}

    def __reduce__(self) -> tuple[type["S3"], tuple[str, str]]:
        """A copy connects for itself."""
        return S3, self._given

    def close(self) -> None:
        """Nothing to end: connections are those of the library."""
        self._stores.clear()

    def _store(self, *, once: bool = False) -> S3Store:
        """``once``: a request is sent a single time, for what must not be repeated unseen."""
        if once not in self._stores:
            options: Any = {"connect_timeout": "10s", "read_timeout": "60s", "timeout": "10m"}
            options["allow_http"] = os.environ.get("AWS_ALLOW_HTTP", "").lower() == "true"
            if self._given[1]:
                options["root_certificate"] = Path(self._given[1]).read_bytes()
            given: dict[str, Any] = {} if "AWS_CHECKSUM_ALGORITHM" in os.environ else {"checksum_algorithm": "SHA256"}
            self._stores[once] = S3Store(
                self._bucket,
                prefix=self._prefix or None,
                client_options=options,
                retry_config={"max_retries": 0 if once else 4, "retry_timeout": timedelta(seconds=60)},
                disable_bulk_delete=True,
                **given,
            )
        return self._stores[once]

    def _halt(self, error: Exception) -> StoreHalt:
        """The texts of the library quote keys, which may hold names: ours do not."""
        if isinstance(error, (PermissionDeniedError, UnauthenticatedError)):
            return StoreHalt(CLOSED.fill(where=self.shown))
        if isinstance(error, OSError):
            return StoreHalt(REFUSED.fill(where=self.shown, why=type(error).__name__))
        status = _STATUS.search(str(error))
        if status and status[1] == "403":
            return StoreHalt(CLOSED.fill(where=self.shown))
        if status and not status[1].startswith("5"):
            return StoreHalt(REFUSED.fill(where=self.shown, why=status[1]))
        return StoreHalt(SILENT.fill(where=self.shown))

    def _do(self, act: Callable[..., _T], path: str, *answers: type[Exception], **options: Any) -> _T:
        """One act of the library that may be repeated; its refusals are halts, except ``answers``."""
        try:
            return act(self._store(), path, **options)
        except answers:
            raise
        except (BaseError, OSError, ValueError) as error:
            raise self._halt(error) from None

    def probe(self, begun: bool = False) -> None:
        """The second put of one name must be refused, or nothing could leave once only. Raises ``StoreHalt``."""
        del begun
        disk.reached("s3: probe")
        name = PROBE.format(name=uuid4().hex)
        try:
            for data in (b"1", b"2"):
                obstore.put(self._store(), name, data, mode="create", use_multipart=False)
            raise StoreHalt(REFUSED.fill(where=self.shown, why=NO_CONDITION))
        except AlreadyExistsError:
            return
        except (BaseError, OSError, ValueError) as error:
            raise self._halt(error) from None
        finally:
            with suppress(BaseError, OSError, ValueError):
                obstore.delete(self._store(), name)

    # --- files that others put there ----------------------------------------------------------------------------------

    def walk(self, depth: int) -> Iterator[Entry]:
        """Every object, by key. A folder that holds a key of an impossible name (``//``, ``..``) is one that cannot be read."""
        try:
            found = self._listed()
        except InvalidPathError:
            # One listing of all is quick and all or nothing; folder by folder, the others are read.
            found = self._by_folder("", depth)
        for entry in sorted(found, key=lambda entry: entry.path):
            if entry.path.count(SLASHES) > depth:
                yield Entry(SLASHES.join(entry.path.split(SLASHES)[: depth + 1]), Stands.DEEP)
            elif entry.octets or entry.stands is not Stands.FILE or not self._is_marker(entry.path):
                yield entry

    def _listed(self) -> list[Entry]:
        try:
            return [_entry(found) for chunk in obstore.list(self._store()) for found in chunk]
        except InvalidPathError:
            raise
        except (BaseError, OSError, ValueError) as error:
            raise self._halt(error) from None

    def _by_folder(self, path: str, depth: int) -> list[Entry]:
        try:
            found = obstore.list_with_delimiter(self._store(), path or None)
        except InvalidPathError:
            if not path:
                raise StoreHalt(REFUSED.fill(where=self.shown, why=BAD_KEY)) from None
            return [Entry(path, Stands.UNREADABLE)]
        except (BaseError, OSError, ValueError) as error:
            raise self._halt(error) from None
        entries = [_entry(one) for one in found["objects"]]
        if depth >= 0:
            for inner in found["common_prefixes"]:
                entries += self._by_folder(inner, depth - 1)
        return entries

    def _is_marker(self, path: str) -> bool:
        """An empty object whose key ends with a slash: how consoles show an empty folder. The library hides the slash."""
        return self.stat(path) is None

    def stat(self, path: str) -> Entry | None:
        """What stands there now."""
        try:
            return _entry(self._do(obstore.head, path, FileNotFoundError))
        except FileNotFoundError:
            return None

    def part(self, entry: Entry, start: int, length: int) -> bytes:
        """Some bytes of the version that was seen. Raises ``Changed``."""
        stop = min(start + length, entry.octets)
        if start >= stop:
            return b""
        options = {"if_match": entry.identite, "range": (start, stop)}
        return b"".join(self._got(entry.path, options))

    def blocks(self, entry: Entry) -> Iterator[bytes]:
        """The version that was seen, by its entity tag. Raises ``Changed``."""
        size = 0
        for block in self._got(entry.path, {"if_match": entry.identite}):
            size += len(block)
            yield block
        if size != entry.octets:
            raise Changed

    def _got(self, path: str, options: dict[str, Any]) -> Iterator[bytes]:
        try:
            answer = self._do(obstore.get, path, FileNotFoundError, PreconditionError, options=options)
            yield from map(bytes, answer.stream(BLOCK))
        except (FileNotFoundError, PreconditionError):
            raise Changed from None
        except (BaseError, OSError) as error:
            raise self._halt(error) from None

    def is_bare(self) -> bool:
        """A bucket knows of no folders; one that is not there does not answer a listing."""
        return False

    def remove(self, entry: Entry, private: str, spare: str, sha256: str) -> bool:
        """Remove the object if it is still the version that was seen. In a bucket with versions nothing is ever lost by it."""
        del private, spare
        if not sha256:
            return False  # the entity tag is the content's, but the archive no longer has it
        found = self.stat(entry.path)
        if found is None or found.identite != entry.identite:
            return False
        disk.reached("s3: delete")
        try:
            self._do(obstore.delete, entry.path, FileNotFoundError, PermissionDeniedError)
        except PermissionDeniedError:
            raise PermissionError(errno.EACCES, "closed") from None
        except FileNotFoundError:
            return False
        return True

    # --- files of ours ------------------------------------------------------------------------------------------------

    def get(self, path: str, most: int | None = None) -> bytes | None:
        """The bytes of an object, at most so many from its start; None when there is none."""
        try:
            answer = self._do(obstore.get, path, FileNotFoundError)
            if most is None:
                return bytes(answer.bytes())
            return b"".join(itertools.islice(map(bytes, answer.stream(most)), 1))[:most]
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise self._halt(error) from None

    def put(self, path: str, data: bytes) -> bool:
        """Put an object in one step. False where we may not."""
        disk.reached("s3: replace")
        try:
            self._do(obstore.put, path, PermissionDeniedError, file=data, use_multipart=False)
        except PermissionDeniedError:
            return False
        return True

    def folder(self, path: str) -> dict[str, str] | None:
        """Names and sha256 of the objects right under a prefix; None when there is none."""
        try:
            found = self._do(obstore.list_with_delimiter, path, InvalidPathError)
        except InvalidPathError:
            return {"": ""}
        names = [one["path"] for one in found["objects"]]
        hashes = dict(zip(names, self._each(self._sha256, names), strict=True))
        return {name.rpartition("/")[2]: sha for name, sha in hashes.items() if sha} or None

    def erase(self, path: str) -> None:
        """Remove the objects right under a prefix; gone already is well."""
        found = self._do(obstore.list_with_delimiter, path)
        for one in found["objects"]:
            disk.reached("s3: delete")
            with suppress(FileNotFoundError):
                self._do(obstore.delete, one["path"], FileNotFoundError)

    def _sha256(self, path: str) -> str:
        digest = hashlib.sha256()
        try:
            for block in self._got(path, {}):
                digest.update(block)
        except Changed:
            return ""
        return digest.hexdigest()

    def _each(self, act: Callable[[_T], _U], items: Iterable[_T]) -> list[_U]:
        with ThreadPoolExecutor(WORKERS) as pool:
            return list(pool.map(act, items))

    def places(self, kinds: Sequence[str]) -> Iterator[str]:
        """Every ``<folder>/<kind>/<name>`` under which an object stands."""
        found = (entry.path.split(SLASHES) for entry in self.walk(1 << 10))
        yield from sorted({SLASHES.join(parts[:3]) for parts in found if len(parts) > 3 and parts[1] in kinds})

    # --- what leaves once ---------------------------------------------------------------------------------------------

    def ready(self, parcels: Sequence[Parcel]) -> list[Fate]:
        """Put all but the key files. Whatever stands in their places already must have the same bytes."""
        disk.reached("s3: ready")
        return self._each(self._prepared, parcels)

    def _prepared(self, parcel: Parcel) -> Fate:
        if (known := self._known(parcel, parcel.key)) is not None:
            return known
        for name in sorted(parcel.files.keys() - {parcel.key}):
            try:
                self._do(
                    obstore.put,
                    f"{parcel.cible}/{name}",
                    *(AlreadyExistsError, PermissionDeniedError),
                    file=parcel.files[name],
                    mode="create",
                    use_multipart=False,
                )
            except AlreadyExistsError:
                if self._known(parcel, name) is Fate.OCCUPIED:
                    return Fate.OCCUPIED
            except PermissionDeniedError:
                return Fate.REFUSED
        return Fate.READY

    def _known(self, parcel: Parcel, name: str) -> Fate | None:
        """LEFT where the object has the parcel's bytes, OCCUPIED where it has others, None where there is none."""
        data = self.get(f"{parcel.cible}/{name}")
        if data is None:
            return None
        return Fate.LEFT if data == parcel.files[name] else Fate.OCCUPIED

    def leave(self, parcels: Sequence[Parcel]) -> list[Fate]:
        """One conditional put each, sent once."""
        disk.reached("s3: put")
        return self._each(self._put_once, parcels)

    def _put_once(self, parcel: Parcel) -> Fate:
        try:
            obstore.put(
                self._store(once=True),
                f"{parcel.cible}/{parcel.key}",
                parcel.files[parcel.key],
                mode="create",
                use_multipart=False,
            )
        except AlreadyExistsError:
            return self._known(parcel, parcel.key) or Fate.REFUSED
        except PermissionDeniedError:
            return Fate.REFUSED
        except (BaseError, OSError, ValueError) as error:
            if _certainly_not(str(error)):
                return Fate.REFUSED
            return self._looked_up(parcel)
        return Fate.LEFT

    def _looked_up(self, parcel: Parcel) -> Fate:
        try:
            return self._known(parcel, parcel.key) or Fate.UNSURE
        except StoreHalt:
            return Fate.UNSURE  # it does not answer at all: the next run looks

    def look(self, parcels: Sequence[Parcel]) -> list[Fate]:
        """What stands there has left, or another's; an empty place tells nothing."""
        return self._each(lambda parcel: self._known(parcel, parcel.key) or Fate.UNSURE, parcels)

    def settle(self) -> None:
        """A put that was answered is durable."""

    def prepared(self) -> list[str]:
        """Nothing: tokens are local here."""
        return []

    def discard(self, nom: str) -> None:
        """Nothing to remove."""


def _certainly_not(text: str) -> bool:
    """The server has said no, or was never reached."""
    status = _STATUS.search(text)
    if status is None:
        return bool(_NEVER_SENT.search(text))
    return status[1] in _SAID_NO or bool(_PAUSE.search(text))


def _entry(found: Any) -> Entry:
    moment = int(found["last_modified"].timestamp()) * 1_000_000_000
    return Entry(found["path"], Stands.FILE, found["size"], moment, found["e_tag"] or "")
