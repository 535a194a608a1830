"""The folder that backups lie in.

    fichiers/<sha256>                    a content, whole, once, however many backups have it
    000012-2026-11-30-1a2b3c4d.json      one backup: which files it has, each with its hash; its own hash ends its name

A content appears by one rename once it is durable, a backup by that of its list once all its contents are: half a backup is
nothing but contents that no list names yet. Rank comes first in a name: the order does not depend on clocks.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from pipeline import disk, lock
from pipeline.bilingual import Text
from pipeline.errors import Busy, StateHalt
from pipeline.publishing.witness import Witness

LABEL = "sauvegarde"
VERSION = 1
DRAFT = ".tmp"
_LOCK = ".verrou"

BUSY = Text(
    "Une autre sauvegarde est en cours dans ce dossier : attendez qu'elle se termine, puis relancez.",
    "Another backup is on in this folder: wait until it ends, then try again.",
)
NONE = Text("Il n'y a pas de sauvegarde dans {folder}.", "There is no backup in {folder}.")
DAMAGED = Text(
    "La sauvegarde {name} est abîmée : {what}. Rien n'est restauré. Donnez une sauvegarde plus ancienne du même dossier "
    "({older}), ou la même depuis une autre copie de ce dossier.",
    "Backup {name} is damaged: {what}. Nothing is restored. Give an older backup of the same folder ({older}), or the same one "
    "from another copy of that folder.",
)
_LIST = Text("sa liste n'est plus celle qui a été écrite", "its list is no longer what was written")
_GONE = Text("le contenu de {path} ({place}) manque", "the content of {path} ({place}) is missing")
_CHANGED = Text(
    "le contenu de {path} ({place}) n'est plus celui qui a été sauvegardé",
    "the content of {path} ({place}) is no longer what was backed up",
)
_NO_OTHER = Text("il n'y en a pas ici", "there is none here")
NEWER = Text(
    "La sauvegarde {name} vient d'une version plus récente du programme : installez-la d'abord.",
    "Backup {name} comes from a newer version of the program: install that one first.",
)
NONE_DROPPED = Text(
    "La liste de la sauvegarde {name} est abîmée : aucune ancienne sauvegarde n'est supprimée. Retirez {name}.json de ce "
    "dossier, puis relancez la même commande.",
    "The list of backup {name} is damaged: no old backup is deleted. Take {name}.json out of this folder, then run the same "
    "command again.",
)
ABSENT = Text("absent", "missing")
ALTERED = Text("n'a plus son contenu d'origine", "no longer has its original content")


@dataclass(frozen=True)
class ToKeep:
    """A file to keep. ``chemin``: in the workspace. ``hashes``: it must have one of them; empty: whatever it has."""

    chemin: str
    path: Path
    hashes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Kept:
    """A content that is kept. ``mtime_ns``: of its source, which tells the next backup that it is still the same."""

    sha256: str
    octets: int
    mtime_ns: int


@dataclass(frozen=True)
class Backup:
    """One backup. ``le``: instant of its view of the ledger, ISO, UTC; ``temoin``: how far that one had come.

    ``doute``: numbers of complements that may have left after it. ``cles``: files that were left out because they are secret.
    """

    le: str
    programme: str
    temoin: Witness
    doute: tuple[str, ...]
    cles: tuple[str, ...]
    fichiers: Mapping[str, Kept]


class Shelf:
    """A folder of backups."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pool = folder / "fichiers"

    @contextmanager
    def opened(self) -> Iterator["Shelf"]:
        """Make it where it is missing, and hold it for one backup. Raises ``Busy``. Drafts are gone afterwards."""
        with disk.refusals_as_halts(LABEL):
            self.folder.mkdir(0o700, parents=True, exist_ok=True)
            self._pool.mkdir(0o700, exist_ok=True)
        with lock.alone(self.folder / _LOCK, LABEL) as mine:
            if not mine:
                raise Busy(BUSY)
            self._sweep()
            try:
                yield self
            finally:
                self._sweep()

    def _sweep(self) -> None:
        for draft in (*self.folder.glob(f"*{DRAFT}"), *self._pool.glob(f"*{DRAFT}")):
            with suppress(OSError):
                draft.unlink()

    # --- backups ------------------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """Every backup, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(path.stem for path in self.folder.glob("[0-9]*-*.json"))

    def read(self, name: str) -> Backup:
        """One backup. Raises ``StateHalt`` where its list is not what was written."""
        try:
            data = (self.folder / f"{name}.json").read_bytes()
            if not name.endswith(f"-{hashlib.sha256(data).hexdigest()[:8]}"):
                raise ValueError
            value = json.loads(data)
            if value["version"] > VERSION:
                raise StateHalt(NEWER.fill(name=name))
            return Backup(
                le=value["le"],
                programme=value["programme"],
                temoin=Witness(**value["temoin"]),
                doute=tuple(value["doute"]),
                cles=tuple(value["cles"]),
                fichiers={_inside(path): Kept(*kept) for path, kept in value["fichiers"].items()},
            )
        except (OSError, ValueError, KeyError, TypeError):
            raise self._damaged(name, _LIST) from None

    def write(self, backup: Backup) -> str:
        """Let a backup be there, all of whose contents are; its name."""
        value = {
            **{name: getattr(backup, name) for name in ("le", "programme", "doute", "cles")},
            "version": VERSION,
            "temoin": asdict(backup.temoin),
            "fichiers": {path: [kept.sha256, kept.octets, kept.mtime_ns] for path, kept in backup.fichiers.items()},
        }
        data = json.dumps(value, sort_keys=True, indent=0).encode() + b"\n"  # a name need not be UTF-8: escapes
        rank = int(self.names()[-1].partition("-")[0]) + 1 if self.names() else 1
        name = f"{rank:06d}-{backup.le[:10]}-{hashlib.sha256(data).hexdigest()[:8]}"
        draft = self.folder / f"{name}{DRAFT}"
        disk.write_new(draft, data, LABEL)
        disk.flush([draft, self._pool], LABEL)
        disk.rename(draft, self.folder / f"{name}.json", LABEL)
        disk.flush([self.folder], LABEL)
        return name

    def drop(self, most: int) -> int:
        """Keep the ``most`` newest backups and what they hold; how many went. Raises ``StateHalt`` for one that is damaged."""
        names = self.names()
        gone, left = names[:-most], names[-most:]
        needed = {kept.sha256 for name in left for kept in self._listed(name)}
        for name in gone:
            disk.unlink(self.folder / f"{name}.json", LABEL)
        disk.flush([self.folder], LABEL)  # a list may not come back without its contents
        with disk.refusals_as_halts(LABEL):
            unnamed = sorted(path for path in self._pool.iterdir() if path.name not in needed)
        for path in unnamed:
            disk.unlink(path, LABEL)
        return len(gone)

    def _listed(self, name: str) -> Iterable[Kept]:
        try:
            return self.read(name).fichiers.values()
        except StateHalt:
            raise StateHalt(NONE_DROPPED.fill(name=name)) from None

    # --- contents -----------------------------------------------------------------------------------------------------

    def has(self, kept: Kept) -> bool:
        """The content is here, by its size: what it is worth is seen when it is restored."""
        with suppress(OSError):
            return (self._pool / kept.sha256).stat().st_size == kept.octets
        return False

    def add(self, sources: Sequence[ToKeep]) -> list[Kept | Text]:
        """Keep some files at the price of one flush; in the place of one that cannot be kept, why not."""
        drafts = [self._draft(source, n) for n, source in enumerate(sources)]
        fresh = [made for made in drafts if not isinstance(made, Text)]
        disk.flush([draft for draft, _ in fresh], LABEL)
        for draft, kept in fresh:
            disk.rename(draft, self._pool / kept.sha256, LABEL)
        return [made if isinstance(made, Text) else made[1] for made in drafts]

    def _draft(self, source: ToKeep, n: int) -> tuple[Path, Kept] | Text:
        draft = self._pool / f"copie-{n}{DRAFT}"
        disk.unlink(draft, LABEL)
        try:
            handle = os.open(source.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return ABSENT
        try:
            seen = os.fstat(handle)
            sha = disk.copy(handle, draft, LABEL)
            same = (seen.st_size, seen.st_mtime_ns) == ((now := os.fstat(handle)).st_size, now.st_mtime_ns)
        except OSError:
            same = False
        finally:
            os.close(handle)
        if not same or (source.hashes and sha not in source.hashes):
            return ALTERED
        return draft, Kept(sha, seen.st_size, seen.st_mtime_ns)

    def bring(self, name: str, chemin: str, kept: Kept, target: Path) -> None:
        """Write a content of a backup to the new file ``target``, not yet durably. Raises ``StateHalt`` where it is damaged."""
        place = f"fichiers/{kept.sha256}"
        try:
            handle = os.open(self._pool / kept.sha256, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            raise self._damaged(name, _GONE.fill(path=chemin, place=place)) from None
        try:
            sha = disk.copy(handle, target, "restauration")
        except OSError:
            sha = ""
        finally:
            os.close(handle)
        if sha != kept.sha256:
            raise self._damaged(name, _CHANGED.fill(path=chemin, place=place))
        os.utime(target, ns=(kept.mtime_ns, kept.mtime_ns))

    def _damaged(self, name: str, what: Text) -> StateHalt:
        older = [other for other in self.names() if other < name]
        return StateHalt(DAMAGED.fill(name=name, what=what, older=older[-1] if older else _NO_OTHER))


def chosen(given: Path) -> tuple[Shelf, str]:
    """The backup that a path names: a list, or the newest one of a folder. Raises ``StateHalt`` where there is none."""
    if given.suffix == ".json" and given.is_file():
        return Shelf(given.parent), given.stem
    shelf = Shelf(given)
    if not shelf.names():
        raise StateHalt(NONE.fill(folder=given))
    return shelf, shelf.names()[-1]


def _inside(path: str) -> str:
    """``path``, if it is a plain one inside a workspace; whoever can write a list must not write elsewhere."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise ValueError(path)
    return path


def portions(sources: Iterable[ToKeep], size: int = 64) -> Iterator[list[ToKeep]]:
    """Some at a time."""
    some: list[ToKeep] = []
    for source in sources:
        some.append(source)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some
