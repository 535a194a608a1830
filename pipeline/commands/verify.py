"""Looking back: ledger, archive, reference and outbox against each other; a complement written again; the trail of what was done.

Source: contract §8 (verify, reissue, history), §9. Nothing here changes the ledger or the outbox. Findings name numbers and
places of
ours, never a person.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pipeline import ledger, lock, reference
from pipeline.disk import hash_of
from pipeline.errors import Halt
from pipeline.intake.names import depositor
from pipeline.ledger import Ledger, Publication, chain
from pipeline.ledger.records import COUNTS
from pipeline.publishing import spool, witness
from pipeline.settings import Settings
from pipeline.workspace import Workspace
from schemas.folding import key

_SHOWN = 50

UNKNOWN = (
    "le témoin n'est pas refait : l'archive (var/originaux) contient {n} original(aux) que le registre n'a jamais connu(s) "
    "({some}…). Le registre vient sans doute d'une sauvegarde ancienne : restaurez le plus récent. Si leurs fichiers sont "
    "encore dans la boîte, déplacez ces originaux ailleurs, puis relancez la même commande : ils seront archivés de nouveau."
)
"""What keeps a witness from being renewed."""


@dataclass
class Verification:
    """What was compared (``comptes``), what contradicts (``erreurs``), what is worth knowing (``remarques``)."""

    comptes: Counter[str] = field(default_factory=Counter)
    erreurs: list[str] = field(default_factory=list)
    remarques: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Nothing contradicts."""
        return not self.erreurs

    def data(self) -> dict[str, Any]:
        """As plain data, for ``--json``."""
        return {
            "conforme": self.ok,
            "comptes": dict(sorted(self.comptes.items())),
            "erreurs": self.erreurs,
            "remarques": self.remarques,
        }

    def lines(self) -> Iterator[str]:
        """As text: what was compared, then what contradicts, then the rest."""
        for name, count in sorted(self.comptes.items()):
            yield f"{name:<38}{count:>10}"
        for title, texts in (("ERREUR", self.erreurs), ("remarque", self.remarques)):
            yield from (f"{title} : {text}" for text in texts[:_SHOWN])
            if len(texts) > _SHOWN:
                yield f"{title} : et {len(texts) - _SHOWN} autres"
        yield (
            "Conforme."
            if self.ok
            else f"{len(self.erreurs)} contradiction(s). Ne relancez pas `dsf run` avant de les avoir comprises."
        )


def verify(workspace: Workspace, settings: Settings, *, renew_witness: bool = False) -> Verification:
    """Compare everything with everything. A folder that receivers took away is no error; a changed one is.

    ``renew_witness`` writes a lost witness again when nothing else contradicts, and the ledger knows every archived original:
    a person vouches that outbox and ledger belong together. One that is there and says otherwise is never touched.
    """
    found = Verification()
    if renew_witness and not workspace.witness.exists():
        _renew(workspace, settings, found)
    with ledger.open(workspace, settings) as book:
        try:
            book.check()
            witness.check(workspace, book, create=False)
        except Halt as halt:
            found.erreurs.append(str(halt))
        _chain(book, found)
        _archive(workspace, book, found)
        _reference(workspace, book, found)
        _outbox(workspace, book.publications(), found)
    return found


def _renew(workspace: Workspace, settings: Settings, said: Verification) -> None:
    """Renew where all agrees. ``said`` is told why not, where `verify` alone would only remark it."""
    found = Verification()
    with lock.locked(workspace), ledger.open(workspace, settings) as book:
        try:
            witness.check_second(workspace, book)
        except Halt as halt:
            found.erreurs.append(str(halt))
        _chain(book, found)
        _archive(workspace, book, found)
        _reference(workspace, book, found)
        _outbox(workspace, book.publications(), found)
        if unknown := _unknown(workspace, book):
            said.erreurs.append(UNKNOWN.format(n=len(unknown), some=", ".join(name[:12] for name in unknown[:5])))
        elif found.ok:
            witness.renew(workspace, book)


# --- the chain --------------------------------------------------------------------------------------------------------


def _chain(book: Ledger, found: Verification) -> None:
    """Numbers 1..n, links, hashes; ranks of each DSF 1..k; the entries of each complement are those of its payload."""
    link, ranks = "", Counter[str]()
    for expected, row in enumerate(book.complements(), 1):
        sha = chain.sha256(row.payload)
        ranks[row.cle_dsf] += 1
        absences, hours = book.entries_of(row.seq, row.cle_dsf)
        checks = {
            "ne suit pas la précédente": row.seq == expected,
            "n'a plus son contenu d'origine": row.sha256 == sha,
            "rompt la chaîne": (row.prev_sha256, row.maillon) == (link, chain.link(link, row.seq, row.numero, sha)),
            "a un rang qui ne suit pas celui de sa DSF": row.rang == ranks[row.cle_dsf],
            "n'a pas les mêmes lignes dans son contenu et dans le registre": _in_payload(row.payload)
            == (absences, hours),
        }
        found.erreurs += [f"la DSF complémentaire {row.numero} {why}" for why, holds in checks.items() if not holds]
        found.comptes += Counter({"complements": 1, "absences": len(absences), "heures": len(hours)})
        link = row.maillon
    known = book.counts()
    for name in ("complements", "absences", "heures"):
        if known[name] != found.comptes[name]:
            found.erreurs.append(f"le registre a {known[name]} {name}, la chaîne en explique {found.comptes[name]}")


def _in_payload(payload: bytes) -> tuple[set[tuple[str, ...]], set[tuple[str, ...]]]:
    """The keys and hours of what a payload completes, as ``Ledger.entries_of`` gives them."""
    absences: set[tuple[str, ...]] = set()
    hours: set[tuple[str, ...]] = set()
    with suppress(ValueError, KeyError, TypeError):  # another shape than ours is a difference, not a crash
        for person in json.loads(payload, parse_float=Decimal)["demandeurs"]:
            for sequence in person["sequences"]:
                place = (key(person["identifiant_de"]), key(sequence["code"]))
                absences |= {
                    (*place, key(a["id_absence"]), str(int(a["heures_valorisees"] * 100))) for a in sequence["absences"]
                }
                hours |= {
                    (*place, line["date_debut"], line["date_fin"], str(int(line["heures"] * 100)))
                    for line in sequence["lignes"]
                }
    return absences, hours


# --- the archive ------------------------------------------------------------------------------------------------------


def _archive(workspace: Workspace, book: Ledger, found: Verification) -> None:
    """The original of each deposit is there, with the bytes it is named after; a source left in the inbox is said."""
    wanted: dict[str, str] = {}
    deposits, trials = book.deposits(), book.trials()
    found.comptes.update(depots=len(deposits), essais=len(trials))
    for row in (*deposits, *trials):
        wanted.setdefault(row.sha256, row.numero)
        if sum(row._mapping[f"lignes_{name}"] for name in COUNTS) and row.etat == "refuse":
            found.erreurs.append(f"le dépôt {row.numero} est refusé et a pourtant des lignes jugées")
    for sha, numero in wanted.items():
        now = hash_of(workspace.originals / sha)
        if now != sha:
            what = "n'a plus son contenu d'origine" if now else "manque"
            found.erreurs.append(f"l'original archivé du dépôt {numero} {what}")
    found.comptes["originaux"] = len(wanted)
    unknown = {p.name for p in workspace.originals.iterdir() if p.suffix != ".tmp"} - wanted.keys()
    if unknown:
        found.remarques.append(
            f"{len(unknown)} original(aux) archivé(s) sans dépôt décidé : repris par le prochain `dsf run`"
        )
    for source in book.sources():
        found.remarques.append(
            f"la source du dépôt {source.depot} est encore dans la boîte : retirée par le prochain `dsf run`"
        )


def _unknown(workspace: Workspace, book: Ledger) -> list[str]:
    """Archived originals that the ledger neither decided nor began: it may be one that has forgotten them."""
    known = {row.sha256 for row in book.deposits()} | book.begun()
    return sorted(p.name for p in workspace.originals.iterdir() if p.suffix != ".tmp" and p.name not in known)


# --- the reference ----------------------------------------------------------------------------------------------------


def _reference(workspace: Workspace, book: Ledger, found: Verification) -> None:
    """Each stored file of each load is what was loaded, and the newest load that the ledger was judged with is there."""
    found.comptes["fichiers de la référence"], faults = reference.audit(workspace, book.newest_extract())
    found.erreurs += faults


# --- the outbox -------------------------------------------------------------------------------------------------------


def _outbox(workspace: Workspace, publications: list[Publication], found: Verification) -> None:
    """What stands in the outbox is what was emitted, unchanged; what waits in the spool is whole."""
    for item in publications:
        staged = item.etat == "STAGED"
        found.comptes["publications"] += 1
        place = workspace.spool / item.nom if staged else workspace.outbox / item.cible
        try:
            now = spool.folder_sha256(place)
        except FileNotFoundError:
            found.comptes["publications emportées"] += 1
            if staged and not (workspace.outbox / item.cible).exists():
                found.remarques.append(f"outbox/{item.cible} : émis par une exécution interrompue, n'y est plus")
            continue
        except OSError:
            now = ""
        if now != item.sha256:
            where = "le spool (prêt à être émis)" if staged else "l'outbox"
            found.erreurs.append(f"{item.cible} n'est plus dans {where} ce que le registre a retenu")
        elif staged:
            found.remarques.append(f"{item.cible} attend d'être émis : `dsf run` le fera")
    known = {item.cible for item in publications}
    for folder in _emitted_folders(workspace):
        if folder not in known:
            found.erreurs.append(f"outbox/{folder} n'est pas connu du registre")


def _emitted_folders(workspace: Workspace) -> Iterator[str]:
    """Folders of the outbox that only an emission can have made."""
    for organisation in sorted(workspace.outbox.iterdir()):
        if depositor(organisation.name):
            for kind in ("dsf", "retours", "essais"):
                yield from (str(p.relative_to(workspace.outbox)) for p in sorted(organisation.glob(f"{kind}/*")))


# --- reissue, history -------------------------------------------------------------------------------------------------
