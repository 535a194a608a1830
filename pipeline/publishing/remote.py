"""The outbox on shared storage: exactly once, though its answers may be lost. Source: reliability §3.3, D6 to D9.

The token stays in the spool of this machine, and its name says how far its emission has come:

    name of the token   what it proves                                    what a run does with it
    ─────────────────   ──────────────                                    ───────────────────────
    <nom>               the act was not begun                             bring all the rest, ``begin``, then the act
    <nom>.engage        the act may have been done                        look: LEFT → ``left``, READY → the act; else it waits
    <nom>.emis          its answer came: it has left                      garbage: swept
    gone                it has left, and the ledger does not say so yet   marked PUBLISHED

That a token is gone proves this only where it has been: ``spool.was_here``. One that another machine staged in the same ledger,
or that a restored spool never had, is looked for in its place; where it is not, it waits, and is said.

``begin`` is durable before the act, ``left`` before the ledger is told. So an act is done at most once unless it is proved not to
have happened: by the store's own answer, by a person (``dsf run --retry``), or, on SFTP, by the token that is still there. An act
that happened is found: its place holds our bytes, or, on SFTP, the token is gone. What is neither is *in doubt*, said, and not
done again: a line completed twice is lost for good, one that is late is not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from pipeline.bilingual import Text
from pipeline.errors import StateHalt, StoreHalt
from pipeline.ledger import Publication
from pipeline.publishing import spool
from pipeline.publishing.place import CLOSED_THERE, NOT_YET, OCCUPIED, TAKEN, Emission
from pipeline.storage.store import REFUSED, Fate, Parcel, Store
from pipeline.workspace import Workspace

BATCH = 16
"""Tokens that are begun at once: they share their flushes, and a death on the way may leave as many in doubt."""

KEYS = ("rapport.json", "run.json")
"""Files that receivers act on, beside ``<numero>.json``."""


@dataclass
class _Batch:
    """What became of some tokens. ``past``: of ``left``, those that an earlier run had emitted."""

    left: list[Publication] = field(default_factory=list)
    past: list[Publication] = field(default_factory=list)
    taken: list[Publication] = field(default_factory=list)


@dataclass(frozen=True)
class StoreOutbox:
    """The outbox of a workspace on a store, as a ``Outbox``."""

    workspace: Workspace
    store: Store

    def check(self) -> None:
        """The store can do what an outbox needs. Raises ``StoreHalt``."""
        self.store.probe(begun=any(self.workspace.spool.glob(f"*{spool.BEGUN}")))

    def emit(self, staged: Sequence[Publication]) -> Emission:
        """Let every token leave whose place is free, some at a time, in order."""
        emitted: list[Publication] = []
        absent: list[Publication] = []
        for low in range(0, len(staged), BATCH):
            done = self._some(staged[low : low + BATCH])
            spool.left(self.workspace, [p.nom for p in done.left])
            emitted += done.left
            absent += done.past
            for publication in done.taken:
                self._refuse_other_complement(publication)
        if emitted:
            self.store.settle()
        return Emission(emitted, absent)

    def _some(self, staged: Sequence[Publication]) -> _Batch:
        done = _Batch()
        begun, fresh = [], []
        for publication in staged:
            if spool.is_begun(self.workspace, publication.nom):
                begun.append(publication)
            elif (self.workspace.spool / publication.nom).exists():
                fresh.append(publication)
            elif not self.is_elsewhere(publication):
                done.left.append(publication)
                done.past.append(publication)
        parcels = {p.id: self._parcel(p) for p in (*begun, *fresh)}
        act = []
        for publications, ask in ((begun, self.store.look), (fresh, self.store.ready)):
            fates = ask([parcels[p.id] for p in publications]) if publications else []
            for publication, fate in zip(publications, fates, strict=True):
                if fate is Fate.READY:
                    act.append(publication)
                elif fate is Fate.LEFT:
                    done.left.append(publication)
                    done.past.append(publication)
                elif fate is Fate.OCCUPIED:
                    done.taken.append(publication)
        spool.begin(self.workspace, [p.nom for p in act if p in fresh])
        self._act(act, [parcels[p.id] for p in act], done)
        return done

    def _act(self, publications: Sequence[Publication], parcels: Sequence[Parcel], done: _Batch) -> None:
        fates = self.store.leave(parcels) if parcels else []
        for publication, fate in zip(publications, fates, strict=True):
            if fate is Fate.LEFT:
                done.left.append(publication)
            elif fate is not Fate.UNSURE:
                spool.not_begun(self.workspace, publication.nom)
                done.taken += [publication] if fate is Fate.OCCUPIED else []

    def _parcel(self, publication: Publication) -> Parcel:
        place = spool.standing(self.workspace, publication.nom)
        files = {path.name: path.read_bytes() for path in sorted(place.iterdir())}
        return Parcel(publication.nom, publication.cible, files, key_of(publication.cible, files))

    def _refuse_other_complement(self, publication: Publication) -> None:
        """Raise ``StateHalt`` where a complement was issued under this number: by a ledger that ours knows nothing of."""
        name = f"{PurePosixPath(publication.cible).name}.json"
        if publication.genre == "dsf" and name in (self.store.folder(publication.cible) or {}):
            raise StateHalt(TAKEN.fill(cible=publication.cible))

    def obstacle(self, publication: Publication) -> str:
        """What keeps a token in the spool, as its place is now."""
        parcel = self._parcel(publication)
        found = self.store.folder(publication.cible)
        # What was brought before the act stands there already, as ours; nothing of ours is an empty folder.
        ours = spool.content_hashes(parcel.files)
        taken = found is not None and (not found or not found.items() <= ours.items())
        return OCCUPIED if taken else NOT_YET

    def is_elsewhere(self, publication: Publication) -> bool:
        """Its token never lay in this spool, and its place does not hold it: the machine that has it is to emit it."""
        if spool.was_here(self.workspace, publication.nom):
            return False
        return spool.hashes_sha256(self.store.folder(publication.cible) or {}) != publication.sha256

    def holds(self, cible: str) -> bool:
        """Something stands there."""
        return self.store.folder(cible) is not None

    def sha256(self, cible: str) -> str:
        """As ``spool.folder_sha256``: raises ``FileNotFoundError`` when nothing stands there."""
        found = self.store.folder(cible)
        if found is None:
            raise FileNotFoundError(cible)
        return spool.hashes_sha256(found)

    def places(self, kinds: Sequence[str]) -> Iterator[str]:
        """Every ``<folder>/<kind>/<name>`` that stands there."""
        yield from self.store.places(kinds)

    def read(self, name: str, most: int | None = None) -> bytes | None:
        """The bytes of a file, at most so many from its start; None when there is none."""
        return self.store.get(name, most)

    def replace(self, name: str, data: bytes, fence: int) -> None:
        """Put a file there in one step. Raises ``StoreHalt``."""
        del fence
        if not self.store.put(name, data):
            raise StoreHalt(REFUSED.fill(where=self.store.shown, why=Text("écriture", "writing")))

    def put(self, name: str, data: bytes, fence: int) -> str:
        """``replace``, unless it is there as it is; why it could not be, or ""."""
        del fence
        return "" if self.store.get(name) == data or self.store.put(name, data) else CLOSED_THERE

    def erase(self, publication: Publication) -> bool:
        """Remove a folder that was emitted."""
        try:
            if self.sha256(publication.cible) != publication.sha256:
                return False
        except FileNotFoundError:
            return True
        self.store.erase(publication.cible)
        return True

    def sweep(self, kept: frozenset[str], fence: int) -> None:
        """Remove what older runs brought there and no token of ``kept`` needs."""
        for name in self.store.prepared():
            if name not in kept and spool.fence_of(name) < fence:
                self.store.discard(name)


def key_of(cible: str, files: Sequence[str] | dict[str, bytes]) -> str:
    """The file of a folder whose appearance is its emission, where files appear one by one."""
    wanted = (f"{PurePosixPath(cible).name}.json", *KEYS)
    return next((name for name in wanted if name in files), max(files))
