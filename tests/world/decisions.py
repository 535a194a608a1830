"""Small true decisions put straight into the ledger: no reading, no rules."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from hashlib import sha256 as digest
from typing import Any

from pipeline import ledger
from pipeline.intake import retire
from pipeline.ledger import Ledger
from pipeline.ledger.records import (
    AbsenceTaken,
    Complement,
    Counts,
    Decision,
    DepositRecord,
    DsfCount,
    Folder,
    HoursIssued,
    RuleCount,
)
from pipeline.publishing import outbox, preflight, spool
from pipeline.settings import Settings
from pipeline.workspace import Workspace
from schemas.folding import key
from tests.world import DAY, SETTINGS, TITULAIRE, extracts


@contextmanager
def opened(space: Workspace, settings: Settings = SETTINGS) -> Iterator[Ledger]:
    """The ledger after the checks and the recovery of a run's start."""
    with ledger.open(space, settings) as book:
        preflight.check(space, book)
        outbox.recover(space, book)
        retire.retire(space, book)
        yield book


def begin(book: Ledger, day: date = DAY) -> str:
    """Start a run, or go on with the one of this day; its name."""
    return book.start_run(day, versions={"programme": "1", "regles": "1"}, reglages={})


def absence(name: str = "A1", dsf: str = "DSF-1", hours: int = 700, person: str = "1234567A") -> AbsenceTaken:
    """An absence turned by a complement."""
    keys = (key(dsf), key(person), "s1", key(name))
    return AbsenceTaken(*keys, date(2025, 2, 3), date(2025, 2, 4), hours, "Absences", 2)


def hours(day: int = 10, dsf: str = "DSF-1", amount: int = 700, person: str = "1234567A") -> HoursIssued:
    """Hours added by a complement, on that day of February 2025."""
    when = date(2025, 2, day)
    return HoursIssued(key(dsf), key(person), "s1", when, when, amount, "conv-1", "pif-1", "Heures", 3)


def complement(
    numero: str, depot: str, entries: tuple[AbsenceTaken | HoursIssued, ...], *, siret: str = TITULAIRE, **changes: Any
) -> Complement:
    """A complement whose payload tells its entries, in the shape of contract §6 as far as `dsf verify` reads it."""
    dsf, _, rank = numero.rpartition("-C")
    people: dict[str, Any] = {}
    for entry in entries:
        person = people.setdefault(entry.cle_de, {"identifiant_de": entry.cle_de.upper(), "sequences": []})
        both: dict[str, Any] = {"code": entry.cle_sequence.upper(), "lignes": [], "absences": []}
        if isinstance(entry, AbsenceTaken):
            both["absences"].append({"id_absence": entry.cle_absence.upper(), "heures_valorisees": entry.heures / 100})
        else:
            days = {"date_debut": entry.date_debut.isoformat(), "date_fin": entry.date_fin.isoformat()}
            both["lignes"].append(days | {"heures": entry.heures / 100})
        person["sequences"].append(both)
    payload = json.dumps({"numero": numero, "demandeurs": list(people.values())}, sort_keys=True).encode()
    made = Complement(
        *(numero, key(dsf), int(rank), depot, siret, payload),
        tuple(e for e in entries if isinstance(e, AbsenceTaken)),
        tuple(e for e in entries if isinstance(e, HoursIssued)),
    )
    return replace(made, **changes)


def deposit(numero: str, *, siret: str = TITULAIRE, sha256: str = "", **changes: Any) -> DepositRecord:
    """One deposit with one accepted line and one warning."""
    some = Counts(1)
    made = DepositRecord(
        *(
            numero,
            siret,
            f"inbox/depots/{siret}/{numero}.csv",
            f"{numero}.csv",
            sha256 or digest(numero.encode()).hexdigest(),
        ),
        *(4, 0, "csv", "traite", some, Counts(700)),
        (RuleCount("AVT-01", 1, 700),),
        (DsfCount("dsf-1", "DSF-1", some, Counts(700)),),
        f"{numero},row\n".encode(),
    )
    return replace(made, **changes)


def stage(
    space: Workspace, book: Ledger, *items: Complement, returns: tuple[DepositRecord, ...] = ()
) -> tuple[Any, ...]:
    """Tokens of complements and of returns, as a wave writes them."""
    folders = [Folder("dsf", f"{c.siret}/dsf/{c.numero}", {f"{c.numero}.json": c.payload}) for c in items]
    folders += [Folder("retour", f"{d.siret}/retours/{d.numero}", {"rapport.json": b"{}\n"}) for d in returns]
    return tuple(spool.stage(space, folder, book.fence) for folder in folders)


def decide(
    space: Workspace,
    book: Ledger,
    run: str,
    numero: str,
    *entries: AbsenceTaken | HoursIssued,
    **changes: Any,
) -> None:
    """One deposit ``D<numero>`` with one complement, committed; not yet released."""
    given = deposit(f"D-{numero}", **changes)
    item = complement(numero, given.numero, entries or (absence(),), siret=given.siret)
    extract = {"nom": "extrait-1", "date_extraction": "2025-06-01", "sha256": "0" * 64}
    if not any(space.reference.iterdir()):
        extracts.stored(space, extract["sha256"])
    tokens = stage(space, book, item, returns=(given,))
    book.commit(Decision(run, (given,), (item,), tokens, (extract,)), book.head())
