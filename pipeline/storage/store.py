"""What shared storage does for a run: an inbox that is listed and fetched, an outbox that things leave into, once.

Paths are relative to the store's address, "/" between. What a store cannot do at all for now (no answer after some tries, an
account that is refused) is a ``StoreHalt``: nothing is half done by it. What is one file's or one place's fault is an answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from pipeline.bilingual import Text
from pipeline.errors import AGAIN, NotInstalled

WORKERS = 16
"""Acts on one store at a time."""

SILENT = Text(
    "Le stockage {where} ne répond pas. Vérifiez le réseau et le serveur.",
    "The storage {where} does not answer. Check the network and the server.",
).then(AGAIN)
CLOSED = Text(
    "Le stockage {where} refuse notre compte. Vérifiez la clé et les droits.",
    "The storage {where} refuses our account. Check the key and the rights.",
).then(AGAIN)
REFUSED = Text(
    "Le stockage {where} refuse une opération ({why}).", "The storage {where} refuses an operation ({why})."
).then(AGAIN)
EXTRA = Text(
    "Le réglage {key} demande un composant de plus. Installez-le : pip install 'dsf-complementaire[{extra}]'",
    "The setting {key} needs one more component. Install it: pip install 'dsf-complementaire[{extra}]'",
)


class Changed(Exception):
    """A file is gone, or no longer what was seen."""


class Stands(Enum):
    """What stands at a path."""

    FILE = auto()
    LINK = auto()
    STRANGE = auto()
    UNREADABLE = auto()
    """A folder that cannot be listed."""
    DEEP = auto()
    """A folder deeper than was asked for."""


@dataclass(frozen=True)
class Entry:
    """One thing in a store. ``identite``: what tells its content from another at this path, as far as the store can tell.

    ``mtime_ns``: when the store got it (S3), or what its sender says (SFTP); whole seconds both.
    """

    path: str
    stands: Stands = Stands.FILE
    octets: int = 0
    mtime_ns: int = 0
    identite: str = ""


class Fate(Enum):
    """What became of a parcel."""

    READY = auto()
    """Nothing stands at its place, and all is prepared: it may leave."""
    LEFT = auto()
    """It has left, now or earlier: its place holds it, or the store proves that it did."""
    OCCUPIED = auto()
    """Something else stands at its place."""
    REFUSED = auto()
    """Its place cannot be written to; it has certainly not left."""
    UNSURE = auto()
    """It was given away, no answer came back, and its place is empty: it has left and was taken, or has never left."""


@dataclass(frozen=True)
class Parcel:
    """A folder that is to appear at ``cible``. ``nom``: of its token; ``key``: the file that a receiver waits for."""

    nom: str
    cible: str
    files: Mapping[str, bytes]
    key: str


class Store(Protocol):
    """SFTP or S3. Safe to pickle: a copy connects for itself."""

    shown: str
    """Its address without the account."""

    def close(self) -> None:
        """End the connection; it is made anew when needed."""

    def probe(self, begun: bool = False) -> None:
        """Write, replace and remove a file of ours; raises ``StoreHalt`` where the store cannot do what an outbox needs.

        ``begun``: parcels are on their way, so what was prepared for them must not be made anew.
        """

    # --- files that others put there ---

    def walk(self, depth: int) -> Iterator[Entry]:
        """Everything but folders, by path; links are not followed, folders deeper than ``depth`` are said."""

    def stat(self, path: str) -> Entry | None:
        """What stands there now."""

    def part(self, entry: Entry, start: int, length: int) -> bytes:
        """Some bytes of a file that is still ``entry``. Raises ``Changed``."""

    def blocks(self, entry: Entry) -> Iterator[bytes]:
        """The whole of one version of a file, which is still ``entry`` when it ends. Raises ``Changed``."""

    def is_bare(self) -> bool:
        """Not even a folder stands there; False where a store knows of none."""

    def remove(self, entry: Entry, private: str, spare: str, sha256: str) -> bool:
        """Remove a file if it still has these bytes; False when it is gone or another. Raises ``PermissionError``.

        ``private``: a name beside it while it is looked at; ``spare``: for what is put back where its own name is taken.
        """

    # --- files of ours ---

    def get(self, path: str, most: int | None = None) -> bytes | None:
        """The bytes of a file, at most so many from its start; None when there is none."""

    def put(self, path: str, data: bytes) -> bool:
        """Put a file in one step, over what stands there; False where that is not to be."""

    def folder(self, path: str) -> dict[str, str] | None:
        """Names and sha256 of the files of a folder; None when there is none."""

    def places(self, kinds: Sequence[str]) -> Iterator[str]:
        """Every ``<folder>/<kind>/<name>`` that stands there."""

    def erase(self, path: str) -> None:
        """Remove a folder of ours and the files in it; gone already is well."""

    # --- what leaves once ---

    def ready(self, parcels: Sequence[Parcel]) -> list[Fate]:
        """Bring all that may be brought any number of times: READY, LEFT, OCCUPIED or REFUSED, in the same order."""

    def leave(self, parcels: Sequence[Parcel]) -> list[Fate]:
        """The act: READY parcels appear at their places, each once. LEFT, OCCUPIED, REFUSED or UNSURE."""

    def look(self, parcels: Sequence[Parcel]) -> list[Fate]:
        """What became of parcels whose ``leave`` was begun and not heard of; READY where it certainly did not happen."""

    def settle(self) -> None:
        """What has left so far is durable."""

    def prepared(self) -> list[str]:
        """Names of the tokens that ``ready`` brought and that have not left."""

    def discard(self, nom: str) -> None:
        """Remove one of those; gone already is well."""


def not_installed(extra: str) -> NotInstalled:
    """The halt for an address whose library is not there."""
    return NotInstalled(EXTRA.fill(key="stockage", extra=extra))
