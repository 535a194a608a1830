"""The operator's files on shared storage: brought into their local folder, and taken away there once they are dealt with here.

``var/stockage-<part>.json`` says what was brought, with its hash. A file that has left the local folder and stands in the archive
was loaded or noted: then it goes there too, if it is still the same. One that has changed there, or is gone, is no longer ours.
Killed anywhere, the next run goes on: a file is noted as brought after it stands here, and forgotten after it is gone there.
"""

import glob
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from pipeline import disk
from pipeline.bilingual import Text
from pipeline.disk import hash_of
from pipeline.intake import names
from pipeline.intake.arrival import Arrival, Said
from pipeline.intake.entered import PRIVATE
from pipeline.intake.remote import PLACES
from pipeline.intake.settled import Clock, Part, Settling
from pipeline.intake.walk import UPLOADING
from pipeline.ledger import Ledger
from pipeline.settings import Settings
from pipeline.storage import store_of
from pipeline.storage.store import Changed, Entry, Stands, Store
from pipeline.workspace import Workspace

LABEL = "stockage"
DEPTH = 5

TAKEN = Text(
    "un autre fichier de ce nom est déjà dans le dossier de cette machine",
    "another file of this name is in the folder of this machine already",
)
ODD = Text("nom qui ne peut être repris ici : changez-le", "name that cannot be used here: change it")
TO_COME = Text("sera pris au prochain passage", "will be taken by the next run")


@dataclass(frozen=True)
class Brought:
    """What stands at a path there, as it was brought here."""

    octets: int
    mtime_ns: int
    identite: str
    sha256: str


class Mirror:
    """One of the operator's folders, ``part`` of the settings, and where it lies on a store."""

    def __init__(self, workspace: Workspace, part: str, store: Store) -> None:
        self._workspace, self._store, self._part = workspace, store, part
        self._folder = {"extraits": workspace.extracts, "saisies": workspace.entered}[part]
        self._archive = workspace.var / part
        self._notes = workspace.var / f"stockage-{part}.json"
        self._known = self._read()

    def _read(self) -> dict[str, Brought]:
        with suppress(FileNotFoundError):
            return {path: Brought(**one) for path, one in json.loads(self._notes.read_bytes()).items()}
        return {}

    def _write(self) -> None:
        data = json.dumps({path: asdict(one) for path, one in sorted(self._known.items())}, indent=1).encode()
        draft = self._notes.with_suffix(".tmp")
        disk.unlink(draft, LABEL)
        disk.write_new(draft, data, LABEL)
        disk.flush([draft], LABEL)
        disk.rename(draft, self._notes, LABEL)
        disk.flush([self._notes.parent], LABEL)

    def look(self) -> tuple[list[Entry], list[Said], list[Said]]:
        """What may be brought, and what waits or is left alone there, with the reason."""
        found: list[Entry] = []
        waiting: list[Said] = []
        left: list[Said] = []
        for entry in self._store.walk(DEPTH):
            name = PurePosixPath(entry.path).name
            shown = self._chemin(entry.path)
            why = next(filter(None, map(names.left_alone, PurePosixPath(entry.path).parts)), "")
            if name in names.PLACEHOLDERS:
                continue
            if entry.stands is not Stands.FILE:
                left.append((shown, PLACES.get(entry.stands, ODD)))
            elif names.is_uploading(name):
                waiting.append((shown, UPLOADING))
            elif why or "\\" in entry.path or not entry.path.isprintable():
                left.append((shown, why or ODD))
            else:
                found.append(entry)
        return found, waiting, left

    def bring(self, entries: Sequence[Entry]) -> list[Said]:
        """Bring those that are not here yet; those that cannot be, and why. Under the run lock."""
        left: list[Said] = []
        for entry in entries:
            if entry.path in self._known:
                continue
            place = self._folder / entry.path
            draft = self._workspace.var / f"{LABEL}.{os.getpid()}.tmp"
            disk.unlink(draft, LABEL)
            try:
                sha = disk.write_blocks(self._store.blocks(entry), draft, LABEL)
            except Changed:
                disk.unlink(draft, LABEL)
                continue  # the next run looks again
            if place.exists() and hash_of(place) != sha:
                disk.unlink(draft, LABEL)
                left.append((self._chemin(entry.path), TAKEN))
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            os.utime(draft, ns=(entry.mtime_ns, entry.mtime_ns))
            disk.flush([draft], LABEL)
            disk.rename(draft, place, LABEL)
            disk.flush([place.parent], LABEL)
            self._known[entry.path] = Brought(entry.octets, entry.mtime_ns, entry.identite, sha)
            self._write()
        return left

    def settle(self) -> None:
        """Take away there what was dealt with here; let go here of what is gone or another there. Under the run lock."""
        before = dict(self._known)
        for path, one in before.items():
            place = self._folder / path
            entry = Entry(path, Stands.FILE, one.octets, one.mtime_ns, one.identite)
            if not place.exists():
                if self._is_archived(place.name, one.sha256):
                    with suppress(PermissionError):
                        self._store.remove(entry, f"{PRIVATE}{place.name}", f"remis-{place.name}", one.sha256)
                del self._known[path]
            elif self._store.stat(path) != entry:
                if hash_of(place) == one.sha256:
                    disk.unlink(place, LABEL)
                del self._known[path]
        if self._known != before:
            self._write()

    def _is_archived(self, name: str, sha: str) -> bool:
        found = self._archive.rglob(f"{glob.escape(Path(name).stem)}*")
        return any(path.is_file() and hash_of(path) == sha for path in found)

    def arrivals(self, entries: Sequence[Entry]) -> Mapping[Arrival, Entry]:
        """As ``Settling`` knows files; not under the names that they have here, which it follows as well."""
        return {
            Arrival(f"{LABEL}/{self._part}/{e.path}", "", e.path, e.identite, e.octets, e.mtime_ns, e.mtime_ns): e
            for e in entries
            if e.path not in self._known
        }

    def settled(
        self, entries: Sequence[Entry], settings: Settings, ledger: Ledger, clock: Clock
    ) -> tuple[list[Entry], list[Said]]:
        """Those of ``entries`` that have not changed for a while, and why the others wait."""
        known = self.arrivals(entries)
        settling = Settling(ledger, settings.delai_stabilite, clock, f"{LABEL}/{self._part}")
        ready, waiting = settling.settle(list(known), *self._asked(known), sleep=True)
        prefix = f"{LABEL}/{self._part}/"
        return [known[seen] for seen in ready], [
            (self._chemin(path.removeprefix(prefix)), why) for path, why in waiting
        ]

    def by_now(self, settings: Settings, ledger: Ledger, clock: Clock) -> list[Arrival]:
        """What has settled there and is not here yet: one look, which counts for the next ones."""
        known = self.arrivals(self.look()[0])
        settling = Settling(ledger, settings.delai_stabilite, clock, f"{LABEL}/{self._part}")
        return settling.by_now(list(known), *self._asked(known))

    def _asked(self, known: Mapping[Arrival, Entry]) -> tuple[Callable[[Arrival], bool], Part]:
        """Whether an arrival is still what was seen, and some of its bytes, as ``Settling`` asks."""
        return (
            lambda seen: self._store.stat(seen.fichier) == known[seen],
            lambda seen, start, length: self._part_of(known[seen], start, length),
        )

    def _part_of(self, entry: Entry, start: int, length: int) -> bytes:
        try:
            return self._store.part(entry, start, length)
        except Changed:
            raise FileNotFoundError from None

    def still_there(self, entries: Sequence[Entry]) -> Iterator[Said]:
        """Those of ``entries`` that the next run will bring."""
        yield from ((self._chemin(entry.path), TO_COME) for entry in entries if entry.path not in self._known)

    def _chemin(self, path: str) -> str:
        return f"{self._workspace.relative(self._folder)}/{path}"


@dataclass(frozen=True)
class OnTheWay:
    """Of an operator's folder on shared storage: what is not here yet (``waiting``), what is ``left`` alone, with the reasons."""

    waiting: Sequence[Said] = ()
    left: Sequence[Said] = ()


def fetch(
    workspace: Workspace, part: str, settings: Settings, ledger: Ledger, *, clock: Clock | None = None
) -> OnTheWay:
    """Bring what has settled on the store of ``part`` into its local folder; nothing where it has none. Under the run lock."""
    store = store_of(workspace, part)
    if store is None:
        return OnTheWay()
    for draft in sorted(workspace.var.glob(f"{LABEL}*.tmp")):
        disk.unlink(draft, LABEL)  # of a run that was killed
    mirror = Mirror(workspace, part, store)
    mirror.settle()
    entries, waiting, left = mirror.look()
    ready, still = mirror.settled(entries, settings, ledger, clock or Clock())
    return OnTheWay([*waiting, *still], [*left, *mirror.bring(ready)])


def fetch_now(workspace: Workspace, part: str) -> None:
    """Bring what stands on the store of ``part`` as it is now: somebody asked for it. Under the run lock."""
    if store := store_of(workspace, part):
        mirror = Mirror(workspace, part, store)
        mirror.settle()
        mirror.bring(mirror.look()[0])


def dealt_with(workspace: Workspace, part: str) -> None:
    """What has been loaded or noted is taken away from the store of ``part``. Under the run lock."""
    if store := store_of(workspace, part):
        Mirror(workspace, part, store).settle()


def files_there_by_now(
    workspace: Workspace, part: str, settings: Settings, ledger: Ledger, *, clock: Clock | None = None
) -> list[Arrival]:
    """What has settled on the store of ``part`` and is not here yet; nothing where it has none. Brings nothing."""
    store = store_of(workspace, part)
    return Mirror(workspace, part, store).by_now(settings, ledger, clock or Clock()) if store else []


def waiting_there(workspace: Workspace, part: str) -> OnTheWay:
    """What stands on the store of ``part`` and not here; looks only."""
    store = store_of(workspace, part)
    if store is None:
        return OnTheWay()
    mirror = Mirror(workspace, part, store)
    entries, waiting, left = mirror.look()
    return OnTheWay([*waiting, *mirror.still_there(entries)], left)
