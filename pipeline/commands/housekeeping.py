"""What `dsf status` says of the house rather than of the work: ledger, disk, returns that nobody takes, backups, checks.

Looks only. Whatever grows with the years is looked at up to a bound, and said to be more.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline import disk
from pipeline.bilingual import Text, joined
from pipeline.commands import upkeep
from pipeline.commands.console import OTHERS, SHOWN, ago, plain, size
from pipeline.errors import Halt
from pipeline.ledger import Ledger
from pipeline.ledger.base import place
from pipeline.publishing import witness
from pipeline.publishing.place import MISSING
from pipeline.reference import store
from pipeline.settings import Settings
from pipeline.storage import store_of
from pipeline.workspace import Workspace

Data = dict[str, Any]
MONTH = 30
"""Days over which growth is measured."""
RETURNS = (7, 90)
"""Days from which on a return that stands in the outbox was left there, and after which it is no longer looked for."""
MOST = 100_000
"""Files of a part that are counted; returns that are looked for."""
QUICK = 256_000_000
"""A ledger of more bytes is not read whole each morning: `dsf verify` does."""


def ledger_state(workspace: Workspace, settings: Settings, book: Ledger) -> Data:
    """``conforme``: the ledger goes with its outbox and, where it is small, each of its pages can be read; ``raison``: why not.

    ``lu``: it was read whole.
    """
    path = place(workspace, settings)
    small = path is None or path.stat().st_size <= QUICK
    try:
        if small:
            book.check()
        witness.check(workspace, book, create=False)
    except Halt as halt:
        return {"conforme": False, "lu": small, "raison": halt.args[0]}
    except OSError:
        return {"conforme": False, "lu": small, "raison": MISSING.fill(where="outbox")}
    return {"conforme": True, "lu": small, "raison": ""}


# --- disk -------------------------------------------------------------------------------------------------------------


@dataclass
class _Use:
    """Bytes of a part, those of files that came within a month, and whether all files were counted."""

    octets: int = 0
    recents: int = 0
    complet: bool = True


def disk_use(workspace: Workspace, settings: Settings, day: date) -> Data:
    """``libres``: bytes left on the disk of ``var/``; ``parties``: bytes of each part; ``croissance``: bytes in a month.

    ``jours``: how long what is left lasts at that rate, None where nothing grows. A part is not ``complet`` where it has more
    files than are counted; its bytes are those counted. What is remote is not a part.
    """
    parts = {name: _use(path, day) for name, path in _parts(workspace, settings)}
    free, grown = disk.room(workspace.var), sum(one.recents for one in parts.values())
    return {
        "libres": free,
        "parties": [{"partie": name, "octets": one.octets, "complet": one.complet} for name, one in parts.items()],
        "croissance": grown,
        "jours": free * MONTH // grown if grown else None,
    }


def _parts(workspace: Workspace, settings: Settings) -> Iterator[tuple[str, Path]]:
    if (path := place(workspace, settings)) is not None:
        yield "registre", path
    yield "originaux", workspace.originals
    yield "reference", workspace.reference
    yield "extraits", store.archive_of(workspace)
    if store_of(workspace, "outbox") is None:
        yield "outbox", workspace.outbox


def _use(path: Path, day: date) -> _Use:
    since = datetime.combine(day - timedelta(days=MONTH), datetime.min.time(), UTC).timestamp()
    use = _Use()
    if path.is_file():
        use.octets = path.stat().st_size
        return use
    for number, entry in enumerate(_entries(path)):
        if number == MOST:
            use.complet = False
            break
        with suppress(OSError):
            found = entry.stat(follow_symlinks=False)
            use.octets += found.st_size
            use.recents += found.st_size if found.st_mtime >= since else 0
    return use


def _entries(folder: Path) -> Iterator["os.DirEntry[str]"]:
    """The plain files under a folder, whatever can be read of it."""
    waiting = [str(folder)]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as inside:
            for entry in inside:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    yield entry


# --- returns that nobody takes ----------------------------------------------------------------------------------------


def left_returns(workspace: Workspace, book: Ledger, day: date) -> Data:
    """Organisations that take their returns away, and have left some for a week: {total, lignes}, the oldest first.

    Whoever reads them where they are takes none: of those nobody can tell. Nor can it be told of an outbox on shared storage,
    without asking it for each; there ``total`` is 0. A row: siret, retours, depuis (day), jours.
    """
    first, last = (day - timedelta(days=days) for days in reversed(RETURNS))
    if store_of(workspace, "outbox") is not None:
        return {"total": 0, "lignes": []}
    left: dict[str, list[date]] = {}
    takers = set()
    for cible, when in book.returns_since(first, MOST):
        siret = cible.partition("/")[0]
        if not os.path.lexists(workspace.outbox / cible):
            takers.add(siret)
        elif when <= last:
            left.setdefault(siret, []).append(when)
    rows: list[Data] = [
        {"siret": siret, "retours": len(days), "depuis": min(days).isoformat(), "jours": (day - min(days)).days}
        for siret, days in left.items()
        if siret in takers
    ]
    return {"total": len(rows), "lignes": sorted(rows, key=lambda row: (row["depuis"], row["siret"]))}


# --- care -------------------------------------------------------------------------------------------------------------


def care(workspace: Workspace, day: date) -> Data:
    """``sauvegarde`` and ``verification``: when the last one was (``le``, ``jours``) and what it said; None where none was."""
    return {
        "sauvegarde": _noted(workspace.last_backup, day, "dossier"),
        "verification": _noted(workspace.last_verification, day, "conforme"),
    }


def _noted(path: Path, day: date, what: str) -> Data | None:
    known = upkeep.noted(path)
    if not known:
        return None
    return {
        "le": known["le"],
        "jours": max(0, (day - date.fromisoformat(known["le"][:10])).days),
        what: known.get(what),
    }


# --- said -------------------------------------------------------------------------------------------------------------

_PARTS = {
    "registre": Text("registre {size}", "ledger {size}"),
    "originaux": Text("originaux {size}", "originals {size}"),
    "reference": Text("référence {size}", "reference {size}"),
    "extraits": Text("extraits {size}", "extracts {size}"),
    "outbox": Text("outbox {size}", "outbox {size}"),
}
_MORE = Text("plus de {size}", "more than {size}")
_DISK = Text(
    "Disque : {free} libres ; {parts} ; {grown} de plus en un mois",
    "Disk: {free} free; {parts}; {grown} more in a month",
)
_READ = Text(
    "Registre : va avec son outbox, et se lit en entier", "Ledger: goes with its outbox, and can be read whole"
)
_NOT_READ = Text(
    "Registre : va avec son outbox ; trop grand pour être lu chaque matin, dsf verify le lit",
    "Ledger: goes with its outbox; too large to be read each morning, dsf verify reads it",
)
_BACKUP = Text("Dernière sauvegarde : {ago}, dans {folder}", "Last backup: {ago}, in {folder}")
_NO_BACKUP = Text("Dernière sauvegarde : aucune par dsf backup", "Last backup: none by dsf backup")
_VERIFIED = Text("Dernière vérification : {ago}, {how}", "Last check: {ago}, {how}")
_NOT_VERIFIED = Text("Dernière vérification : aucune", "Last check: none")
_AGREED = {
    True: Text("tout concordait", "all agreed"),
    False: Text("avec des contradictions", "with contradictions"),
}
_LEFT = Text(
    "  retours non pris : {siret}, {n} retour, {ago}||  retours non pris : {siret}, {n} retours, le plus ancien {ago}",
    "  returns not taken: {siret}, {n} return, {ago}||  returns not taken: {siret}, {n} returns, the oldest {ago}",
)


def returns_lines(left: Data) -> Iterator[str]:
    """Who has left returns, at most as many as are listed."""
    for row in left["lignes"][:SHOWN]:
        yield _LEFT.fill(siret=row["siret"], n=row["retours"], ago=ago(row["jours"]))
    if left["total"] > SHOWN:
        yield OTHERS.fill(n=left["total"] - SHOWN)


def house_lines(state: Mapping[str, Any]) -> Iterator[str]:
    """Ledger, disk, backup and check, a line each."""
    if state["registre"]["conforme"]:
        yield _READ if state["registre"]["lu"] else _NOT_READ
    use = state["disque"]
    parts = joined(
        _PARTS[one["partie"]].fill(size=size(one["octets"]) if one["complet"] else _MORE.fill(size=size(one["octets"])))
        for one in use["parties"]
    )
    yield _DISK.fill(free=size(use["libres"]), parts=parts, grown=size(use["croissance"]))
    backup, verified = state["soins"]["sauvegarde"], state["soins"]["verification"]
    yield _BACKUP.fill(ago=ago(backup["jours"]), folder=plain(str(backup["dossier"]))) if backup else _NO_BACKUP
    yield (
        _VERIFIED.fill(ago=ago(verified["jours"]), how=_AGREED[bool(verified["conforme"])])
        if verified
        else _NOT_VERIFIED
    )
