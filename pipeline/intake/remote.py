"""Deposits on shared storage: listed anew at every look, fetched from one version, removed only as they were.

Source: reliability A19, A22, A23.

The rules of names are those of a folder. What the store calls a path is data, as a name is: it is kept, shown and compared, and
only ever given back to the store.
"""

import errno
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from pipeline import disk
from pipeline.bilingual import Text
from pipeline.intake import names
from pipeline.intake.arrival import FIRST, LAST, Arrival
from pipeline.intake.walk import (
    DEPTH,
    FOLDER_UNREADABLE,
    LINK,
    SECOND,
    STRANGE,
    TOO_DEEP,
    Walk,
    holds,
    largest,
)
from pipeline.ledger import Source
from pipeline.settings import Settings
from pipeline.storage.store import Changed, Entry, Stands, Store
from pipeline.workspace import Workspace

BACKSLASH = Text(
    "nom avec une barre oblique inverse : déposez-le sous un autre nom",
    "name with a backslash: drop it under another name",
)
PLACES = {Stands.LINK: LINK, Stands.STRANGE: STRANGE}


@dataclass(frozen=True)
class StoreInbox:
    """The inbox of a workspace on a store."""

    workspace: Workspace
    store: Store
    here: bool = False

    def walk(self, settings: Settings) -> Walk:
        """Look at everything once. Raises ``StoreHalt`` when the store does not answer."""
        seen = Walk(largest=largest(settings))
        entries = list(self.store.walk(DEPTH))
        written = {entry.path: entry.mtime_ns for entry in entries}
        said: set[str] = set()
        for entry in entries:
            self._sort(seen, entry, settings.organisme, written, said)
        return seen

    def _sort(self, seen: Walk, entry: Entry, organisme: str, written: Mapping[str, int], said: set[str]) -> None:
        """Keep an entry, or say why it waits or is left alone; a folder that is left alone is said once."""
        path = self._chemin / entry.path
        parts = PurePosixPath(entry.path).parts
        folders = parts if entry.stands in (Stands.DEEP, Stands.UNREADABLE) else parts[:-1]
        for number, folder in enumerate(folders):
            last = entry.stands is Stands.DEEP and number == len(folders) - 1
            if why := names.left_alone(folder) or (TOO_DEEP if last else ""):
                place = str(self._chemin.joinpath(*parts[: number + 1]))
                if place not in said:
                    said.add(place)
                    seen.left.append((place, why))
                return
        if entry.stands is Stands.UNREADABLE:
            seen.waiting.append((str(path), FOLDER_UNREADABLE))
        elif path.name not in names.PLACEHOLDERS:
            self._file(seen, entry, organisme, written)

    def _file(self, seen: Walk, entry: Entry, organisme: str, written: Mapping[str, int]) -> None:
        path, parts = self._chemin / entry.path, PurePosixPath(entry.path).parts
        inside = len(parts) > 1
        owner = names.depositor(parts[0]) if inside else ""
        siret = owner or ("" if inside and names.is_slip(parts[0]) else organisme)
        strange = PLACES.get(entry.stands, BACKSLASH if "\\" in entry.path else "")
        locks = names.locks_of(path.name)
        held = partial(_is_open_elsewhere, entry.path, locks, written)
        if seen.takes(path, siret, entry.octets, held, strange=strange):
            fichier = str(PurePosixPath(*parts[1:] if owner else parts))
            seen.found.append(_arrival(str(path), siret, fichier, entry))

    @property
    def _chemin(self) -> PurePosixPath:
        return PurePosixPath(self.workspace.relative(self.workspace.deposits))

    def is_bare(self) -> bool:
        """There is nothing at all, as far as the store knows of folders."""
        return self.store.is_bare()

    def same(self, seen: Arrival) -> bool:
        """The file is still at its place, and still what was seen."""
        return self.store.stat(self._entry(seen).path) == self._entry(seen)

    def part(self, seen: Arrival, start: int, length: int) -> bytes:
        """Some of its bytes."""
        with _changes_as_gone():
            return self.store.part(self._entry(seen), start, length)

    def copy(self, seen: Arrival, draft: Path) -> str:
        """Fetch it whole from one version."""
        with _changes_as_gone():
            return disk.write_blocks(self.store.blocks(self._entry(seen)), draft, "originaux")

    def remove(self, source: Source, private: str, spare: str) -> bool:
        """As the store can: under a private name, or by its version."""
        entry = self._entry(source)
        return self.store.remove(entry, private, spare, source.sha256)

    def _entry(self, seen: Arrival | Source) -> Entry:
        path = str(PurePosixPath(seen.chemin).relative_to(self._chemin))
        return Entry(path, Stands.FILE, seen.octets, seen.mtime_ns, seen.identite)


def _arrival(chemin: str, siret: str, fichier: str, entry: Entry) -> Arrival:
    moment = min(max(entry.mtime_ns, FIRST), LAST)
    return Arrival(chemin, siret, fichier, entry.identite, entry.octets, moment, entry.mtime_ns)


def _is_open_elsewhere(path: str, locks: Sequence[str], written: Mapping[str, int]) -> bool:
    """Somebody's spreadsheet program holds the file, as its lock file beside it says."""
    beside = (str(PurePosixPath(path).with_name(lock)) for lock in locks if len(lock) > 3)
    return any(holds(written[lock] / SECOND) for lock in beside if lock in written)


@contextmanager
def _changes_as_gone() -> Iterator[None]:
    """What is no longer there as it was is the sender's doing, like any ``OSError`` of a source."""
    try:
        yield
    except Changed:
        raise FileNotFoundError(errno.ENOENT, "changed") from None
