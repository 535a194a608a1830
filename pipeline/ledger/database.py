"""What a ledger wants of the database that it is in; ``sqlite`` and ``postgresql`` are the two that there are."""

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection

from pipeline.bilingual import Text
from pipeline.errors import AGAIN

WAIT = 30.0
"""Seconds to wait for another program that holds the ledger."""

HELD = Text(
    "Le registre est tenu par un autre programme depuis plus de {wait:g} s. Fermez-le.",
    "Another program has held the ledger for more than {wait:g} s. Close it.",
).then(AGAIN)
FULL = Text(
    "Plus de place sur le disque du registre. Libérez de la place.",
    "The disk of the ledger is full. Make room.",
).then(AGAIN)
DISK = Text(
    "Erreur d'entrée-sortie du disque en écrivant le registre. Vérifiez le disque.",
    "Input/output error of the disk while the ledger was written. Check the disk.",
).then(AGAIN)
CORRUPT = Text(
    "Le registre (base de données) est abîmé : {what}. Rien n'a été émis. Ne le recréez pas : restaurez la dernière sauvegarde, "
    "puis lancez `dsf verify`.",
    "The ledger (database) is damaged: {what}. Nothing was emitted. Do not make it anew: restore the last backup, then run "
    "`dsf verify`.",
)
PAGE = Text("page illisible", "a page cannot be read")
OTHER = Text("Le registre a refusé une opération.", "The ledger refused an operation.").then(AGAIN)


class Database(Protocol):
    """Where a ledger is. Its errors come out as halts: their own texts may quote values, ours do not.

    ``StateHalt`` for what contradicts the ledger, ``HeadMoved`` for what somebody else's transaction is in the way of,
    ``LedgerHalt`` for all else.
    """

    def connect(self) -> Connection:
        """The one connection of an open ledger. Raises ``LedgerHalt`` where it cannot be had, or would not be safe."""

    def reading(self, connection: Connection) -> AbstractContextManager[Connection]:
        """One consistent view, whatever others write meanwhile."""

    def writing(self, connection: Connection) -> AbstractContextManager[Connection]:
        """One transaction that holds the ledger from its start, and is durable once the context has ended."""

    def check(self, connection: Connection) -> None:
        """The database's own quick look at itself. Raises ``LedgerHalt``. Nothing is ever repaired or made anew."""
