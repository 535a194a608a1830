"""An outbox, wherever it lies: what ``outbox`` and ``witness`` ask of it. ``local`` is a folder, ``remote`` shared storage."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.bilingual import Text
from pipeline.ledger import Publication

TAKEN = Text(
    "La place d'une DSF complémentaire à émettre (outbox/{cible}) est déjà prise par une autre du même numéro ; rien n'est "
    "jamais écrasé. Lancez `dsf verify`, déplacez ce qui s'y trouve, puis relancez la même commande.",
    "The place of a complementary DSF to be emitted (outbox/{cible}) is taken by another of the same number; nothing is ever "
    "written over. Run `dsf verify`, move away what is there, then run the same command again.",
)
LINK = Text("est un lien symbolique", "is a symbolic link")
NO_FOLDER = Text("n'est pas un dossier", "is not a folder")
CLOSED = Text("est fermé au programme", "is closed to the program")
CLOSED_THERE = Text("sa place est fermée au programme", "its place is closed to the program")
OCCUPIED = Text(
    "sa place est prise par autre chose : déplacez ce qui s'y trouve",
    "its place is taken by something else: move that away",
)
NOT_YET = Text("il n'a pas encore pu être émis", "it could not be emitted yet")

MISSING = Text(
    "Le dossier {where} est absent. Est-ce le bon espace de travail (-w) ? S'il est sur un partage ou un disque, remontez-le ; "
    "pour un espace de travail neuf, lancez `dsf init`.",
    "The folder {where} is missing. Is this the right workspace (-w)? If it is on a share or a disk, mount it; for a new "
    "workspace, run `dsf init`.",
)


@dataclass(frozen=True)
class Emission:
    """What has left, and which of it had left before; ``durable``: the ledger may say so."""

    emitted: Sequence[Publication] = ()
    absent: Sequence[Publication] = ()
    durable: bool = field(default=True, kw_only=True)


class Outbox(Protocol):
    """An outbox. Names and targets are relative to it."""

    def check(self) -> None:
        """It takes what a run will give it; raises ``Halt`` before anything is decided."""

    def emit(self, staged: Sequence[Publication]) -> Emission:
        """Let every token leave whose place is free, in order. Raises ``StateHalt`` over another complement of its number."""

    def obstacle(self, publication: Publication) -> str:
        """What keeps a token from leaving, as its place is now."""

    def is_elsewhere(self, publication: Publication) -> bool:
        """Its token is gone from this spool and has not left: it never lay here."""

    def holds(self, cible: str) -> bool:
        """Something stands there."""

    def sha256(self, cible: str) -> str:
        """As ``spool.folder_sha256``: raises ``FileNotFoundError`` when nothing stands there."""

    def places(self, kinds: Sequence[str]) -> Iterator[str]:
        """Every ``<folder>/<kind>/<name>`` that stands there."""

    def read(self, name: str, most: int | None = None) -> bytes | None:
        """The bytes of a file, at most so many from its start; None when there is none."""

    def replace(self, name: str, data: bytes, fence: int) -> None:
        """Put a file there in one step, over what stands there. Raises ``Halt``."""

    def put(self, name: str, data: bytes, fence: int) -> str:
        """``replace`` in an organisation's own folder, unless it is there as it is; why it could not be, or ""."""

    def erase(self, publication: Publication) -> bool:
        """Remove a folder that was emitted, as it was; gone already is well. False where something else stands there."""

    def sweep(self, kept: frozenset[str], fence: int) -> None:
        """Remove what older runs prepared there and no token of ``kept`` needs."""
