"""`dsf verify`: ledger, archive, reference and outbox against each other.

Source: contract §8, §9. Nothing here changes the ledger or the outbox. Findings name numbers and places of ours, never a person.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pipeline import ledger, lock, reference, storage
from pipeline.bilingual import Text
from pipeline.commands import upkeep
from pipeline.commands.console import OTHERS, column, plain
from pipeline.disk import hash_of
from pipeline.errors import Halt
from pipeline.intake.names import depositor
from pipeline.ledger import Ledger, Publication, chain
from pipeline.ledger.records import COUNTS
from pipeline.publishing import spool, witness
from pipeline.publishing.place import Outbox
from pipeline.publishing.places import place_of
from pipeline.settings import Settings
from pipeline.wave import Progress, silent
from pipeline.workspace import Workspace
from schemas.folding import key

_SHOWN = 50

UNKNOWN = Text(
    "le témoin n'est pas refait : l'archive (var/originaux) contient des originaux que le registre n'a jamais connus "
    "({n} : {some}…). Le registre vient sans doute d'une sauvegarde ancienne : restaurez le plus récent. Si leurs fichiers sont "
    "encore dans la boîte, déplacez ces originaux ailleurs, puis relancez la même commande : ils seront archivés de nouveau.",
    "the witness is not renewed: the archive (var/originaux) holds originals that the ledger never knew ({n}: {some}…). The "
    "ledger comes from an old backup, no doubt: restore the most recent one. If their files are still in the inbox, move these "
    "originals elsewhere, then run the same command again: they will be archived again.",
)
"""What keeps a witness from being renewed."""
CHAIN = Text("chaîne", "chain")
ARCHIVE = Text("archive", "archive")
OUTBOX = Text("outbox", "outbox")
STEP = 256
"""The progress is told after as many."""
_COUNTED = {
    "absences": Text("absences complétées", "absences completed"),
    "complements": Text("DSF complémentaires", "complementary DSF"),
    "depots": Text("dépôts", "deposits"),
    "essais": Text("essais", "trials"),
    "fichiers de la référence": Text("fichiers de la référence", "files of the reference"),
    "heures": Text("lignes d'heures", "lines of hours"),
    "originaux": Text("originaux archivés", "archived originals"),
    "originaux effacés": Text("originaux effacés (dsf purge)", "erased originals (dsf purge)"),
    "publications": Text("publications", "publications"),
    "publications emportées": Text("publications emportées", "publications taken away"),
}
_FAULT = Text("ERREUR", "ERROR")
_REMARK = Text("remarque", "remark")
_SOUND = Text("Conforme.", "All agrees.")
_UNSOUND = Text(
    "{n} contradiction. Ne relancez pas `dsf run` avant de l'avoir comprise."
    "||{n} contradictions. Ne relancez pas `dsf run` avant de les avoir comprises.",
    "{n} contradiction. Do not run `dsf run` before you have understood it."
    "||{n} contradictions. Do not run `dsf run` before you have understood them.",
)
_COMPLEMENT = Text("la DSF complémentaire {numero} {why}", "complementary DSF {numero} {why}")
_EXPLAINED = Text(
    "{what} : le registre en a {known}, la chaîne en explique {found}",
    "{what}: the ledger has {known}, the chain explains {found}",
)
_REFUSED = Text(
    "le dépôt {numero} est refusé et a pourtant des lignes jugées",
    "deposit {numero} is refused and has lines judged all the same",
)
_ORIGINAL = Text("l'original archivé du dépôt {numero} {what}", "the archived original of deposit {numero} {what}")
_CHANGED = Text("n'a plus son contenu d'origine", "no longer has its original content")
_MISSING = Text("manque", "is missing")
_UNDECIDED = Text(
    "{n} original archivé sans dépôt décidé : repris par le prochain `dsf run`"
    "||{n} originaux archivés sans dépôt décidé : repris par le prochain `dsf run`",
    "{n} archived original without a decided deposit: the next `dsf run` takes it up"
    "||{n} archived originals without a decided deposit: the next `dsf run` takes them up",
)
_STILL_THERE = Text(
    "la source du dépôt {depot} est encore dans la boîte : retirée par le prochain `dsf run`",
    "the source of deposit {depot} is still in the inbox: the next `dsf run` takes it away",
)
_GONE = Text(
    "outbox/{cible} : émis par un passage interrompu, n'y est plus",
    "outbox/{cible}: emitted by a run that was stopped, and no longer there",
)
_OTHERWISE = Text(
    "{cible} n'est plus dans {where} ce que le registre a retenu",
    "{cible} is no longer in {where} what the ledger has noted",
)
_SPOOL = Text("le spool (prêt à être émis)", "the spool (ready to be emitted)")
_THE_OUTBOX = Text("l'outbox", "the outbox")
_WAITS = Text("{cible} attend d'être émis : `dsf run` le fera", "{cible} waits to be emitted: `dsf run` will do it")
_STRANGER = Text("outbox/{folder} n'est pas connu du registre", "outbox/{folder} is not known to the ledger")
_LINKS = {
    "suit": Text("ne suit pas la précédente", "does not follow the one before"),
    "contenu": _CHANGED,
    "chaine": Text("rompt la chaîne", "breaks the chain"),
    "rang": Text("a un rang qui ne suit pas celui de sa DSF", "has a rank that does not follow that of its DSF"),
    "lignes": Text(
        "n'a pas les mêmes lignes dans son contenu et dans le registre",
        "has not the same lines in its content and in the ledger",
    ),
}


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
            yield Text("{name}{count:>10}", "{name}{count:>10}").fill(name=column(_COUNTED[name], 38), count=count)
        line = Text("{title} : {text}", "{title}: {text}")
        for title, texts in ((_FAULT, self.erreurs), (_REMARK, self.remarques)):
            yield from (line.fill(title=title, text=text) for text in texts[:_SHOWN])
            if len(texts) > _SHOWN:
                yield line.fill(title=title, text=OTHERS.fill(n=len(texts) - _SHOWN))
        yield _SOUND if self.ok else _UNSOUND.fill(n=len(self.erreurs))


@storage.reaching
def verify(
    workspace: Workspace, settings: Settings, *, renew_witness: bool = False, progress: Progress = silent
) -> Verification:
    """Compare everything with everything. A folder that receivers took away is no error; a changed one is.

    ``renew_witness`` writes a lost witness again when nothing else contradicts, and the ledger knows every archived original:
    a person vouches that outbox and ledger belong together. One that is there and says otherwise is never touched.
    """
    found = Verification()
    if renew_witness and not witness.stands(workspace):
        _renew(workspace, settings, found)
    with ledger.open(workspace, settings) as book:
        try:
            book.check()
            witness.check(workspace, book, create=False)
        except Halt as halt:
            found.erreurs.append(halt.args[0])
        compare(workspace, book, found, progress)
    upkeep.note(workspace.last_verification, conforme=found.ok)
    return found


def compare(workspace: Workspace, book: Ledger, found: Verification, progress: Progress) -> None:
    """Add to ``found`` all that an open ledger, archive, reference and outbox say against each other."""
    _chain(book, found, progress)
    _archive(workspace, book, found, progress)
    _reference(workspace, book, found)
    _outbox(workspace, book.publications(), found, progress)


def _renew(workspace: Workspace, settings: Settings, said: Verification) -> None:
    """Renew where all agrees. ``said`` is told why not, where `verify` alone would only remark it."""
    found = Verification()
    with lock.locked(workspace), ledger.open(workspace, settings) as book:
        try:
            witness.check_second(workspace, book)
        except Halt as halt:
            found.erreurs.append(halt.args[0])
        compare(workspace, book, found, silent)
        if unknown := _unknown(workspace, book):
            said.erreurs.append(UNKNOWN.fill(n=len(unknown), some=", ".join(name[:12] for name in unknown[:5])))
        elif found.ok:
            witness.renew(workspace, book)


def _tell(progress: Progress, step: Text, done: int, total: int) -> None:
    if done % STEP == 1 or done == total:
        progress(step, done, total)


# --- the chain --------------------------------------------------------------------------------------------------------


def _chain(book: Ledger, found: Verification, progress: Progress) -> None:
    """Numbers 1..n, links, hashes; ranks of each DSF 1..k; the entries of each complement are those of its payload."""
    link, ranks = "", Counter[str]()
    total = book.counts()["complements"]
    for expected, row in enumerate(book.complements(), 1):
        _tell(progress, CHAIN, expected, total)
        sha = chain.sha256(row.payload)
        ranks[row.cle_dsf] += 1
        absences, hours = book.entries_of(row.seq, row.cle_dsf)
        checks = {
            "suit": row.seq == expected,
            "contenu": (row.efface_sha256 or row.sha256) == sha,
            "chaine": (row.prev_sha256, row.maillon) == (link, chain.link(link, row.seq, row.numero, row.sha256)),
            "rang": row.rang == ranks[row.cle_dsf],
            "lignes": _in_payload(row.payload) == (absences, hours),
        }
        found.erreurs += [
            _COMPLEMENT.fill(numero=row.numero, why=_LINKS[name]) for name, holds in checks.items() if not holds
        ]
        found.comptes += Counter({"complements": 1, "absences": len(absences), "heures": len(hours)})
        link = row.maillon
    known = book.counts()
    for name in ("complements", "absences", "heures"):
        if known[name] != found.comptes[name]:
            found.erreurs.append(_EXPLAINED.fill(what=_COUNTED[name], known=known[name], found=found.comptes[name]))


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


def _archive(workspace: Workspace, book: Ledger, found: Verification, progress: Progress) -> None:
    """The original of each deposit is there, with the bytes it is named after; a source left in the inbox is said."""
    wanted: dict[str, str] = {}
    deposits, trials = book.deposits(), book.trials()
    found.comptes.update(depots=len(deposits), essais=len(trials))
    for row in (*deposits, *trials):
        wanted.setdefault(row.sha256, row.numero)
        if sum(row._mapping[f"lignes_{name}"] for name in COUNTS) and row.etat == "refuse":
            found.erreurs.append(_REFUSED.fill(numero=row.numero))
    erased = book.gone_originals()
    for done, (sha, numero) in enumerate(wanted.items(), 1):
        _tell(progress, ARCHIVE, done, len(wanted))
        now = hash_of(workspace.originals / sha)
        if now != sha and (now or sha not in erased):
            found.erreurs.append(_ORIGINAL.fill(numero=numero, what=_CHANGED if now else _MISSING))
    found.comptes["originaux"] = len(wanted)
    if gone := len(erased & wanted.keys()):
        found.comptes["originaux effacés"] = gone
    unknown = _originals(workspace) - wanted.keys()
    if unknown:
        found.remarques.append(_UNDECIDED.fill(n=len(unknown)))
    for source in book.sources():
        found.remarques.append(_STILL_THERE.fill(depot=source.depot))


def _unknown(workspace: Workspace, book: Ledger) -> list[str]:
    """Archived originals that the ledger neither decided nor began: it may be one that has forgotten them."""
    known = {row.sha256 for row in (*book.deposits(), *book.trials())} | book.begun()
    return sorted(_originals(workspace) - known)


def _originals(workspace: Workspace) -> set[str]:
    """What the archive holds; what a run that was killed left there on its way, or to try the disk, is no original."""
    return {p.name for p in workspace.originals.iterdir() if p.suffix != ".tmp" and not p.name.startswith(".")}


# --- the reference ----------------------------------------------------------------------------------------------------


def _reference(workspace: Workspace, book: Ledger, found: Verification) -> None:
    """Each stored file of each load is what was loaded, and the newest load that the ledger was judged with is there."""
    found.comptes["fichiers de la référence"], faults = reference.audit(workspace, book.newest_extract())
    found.erreurs += faults


# --- the outbox -------------------------------------------------------------------------------------------------------


def _outbox(workspace: Workspace, publications: list[Publication], found: Verification, progress: Progress) -> None:
    """What stands in the outbox is what was emitted, unchanged; what waits in the spool is whole."""
    there = place_of(workspace)
    for done, item in enumerate(publications, 1):
        _tell(progress, OUTBOX, done, len(publications))
        staged = item.etat == "STAGED"
        found.comptes["publications"] += 1
        try:
            now = _content(workspace, there, item)
        except FileNotFoundError:
            found.comptes["publications emportées"] += 1
            if staged and not there.holds(item.cible):
                found.remarques.append(_GONE.fill(cible=item.cible))
            continue
        except OSError:
            now = ""
        if now != item.sha256:
            found.erreurs.append(_OTHERWISE.fill(cible=item.cible, where=_SPOOL if staged else _THE_OUTBOX))
        elif staged:
            found.remarques.append(_WAITS.fill(cible=item.cible))
    known = {item.cible for item in publications}
    for folder in there.places(("dsf", "retours", "essais")):
        if depositor(folder.partition("/")[0]) and folder not in known:
            found.erreurs.append(_STRANGER.fill(folder=plain(folder)))


def _content(workspace: Workspace, place: Outbox, item: Publication) -> str:
    """The hash of what waits in the spool, or of what has left. Raises ``FileNotFoundError``."""
    if item.etat == "STAGED":
        return spool.folder_sha256(spool.standing(workspace, item.nom))
    return place.sha256(item.cible)
