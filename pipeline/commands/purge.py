"""`dsf purge`: personal data past its keeping time is erased; what was completed stays known, by keyed hash.

Source: contract §8, §10 ``[conservation]``. The ledger says first what is to go, then it goes: a purge that was stopped goes on
with the next one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from pipeline import disk, ledger, lock, pseudonyms, reference, storage
from pipeline.bilingual import Text
from pipeline.commands.template import context_of
from pipeline.documents.prefilled import template_beside, template_without_persons
from pipeline.judging.complement import file_name, without_persons
from pipeline.judging.context import Context
from pipeline.ledger import Ledger, Publication
from pipeline.pseudonyms import Pseudonyms
from pipeline.publishing import outbox, preflight
from pipeline.publishing.place import Outbox
from pipeline.publishing.places import place_of
from pipeline.reference import Forgotten
from pipeline.settings import Settings
from pipeline.wave import Progress, silent
from pipeline.workspace import Workspace

COMPLEMENTS = Text("DSF complémentaires", "complementary DSF")
FILES = Text("fichiers", "files")
PORTION = 500
"""Folders of the outbox looked at together."""

_NOTHING_SET = Text(
    "Rien n'est effacé : le réglage [conservation] ne donne aucun délai.",
    "Nothing is erased: the setting [conservation] gives no time.",
)
_NOTHING_PAST = Text("Rien n'a dépassé son délai de conservation.", "Nothing is past its keeping time.")
_WOULD = Text("Pour voir : rien n'est effacé.", "To see: nothing is erased.")
_COUNTED = {
    "originaux": Text(
        "{n} original effacé de l'archive||{n} originaux effacés de l'archive",
        "{n} original erased from the archive||{n} originals erased from the archive",
    ),
    "retours": Text(
        "{n} retour effacé de l'outbox||{n} retours effacés de l'outbox",
        "{n} return erased from the outbox||{n} returns erased from the outbox",
    ),
    "complements": Text(
        "{n} DSF complémentaire sans ses personnes||{n} DSF complémentaires sans leurs personnes",
        "{n} complementary DSF without its persons||{n} complementary DSF without their persons",
    ),
    "dossiers": Text(
        "{n} de leurs dossiers effacé de l'outbox||{n} de leurs dossiers effacés de l'outbox",
        "{n} of their folders erased from the outbox",
    ),
    "lignes": Text(
        "{n} ligne qui ne dit plus de qui elle parle||{n} lignes qui ne disent plus de qui elles parlent",
        "{n} line that no longer tells whom it is about||{n} lines that no longer tell whom they are about",
    ),
    "dsf": Text(
        "{n} DSF oubliée par la référence||{n} DSF oubliées par la référence", "{n} DSF forgotten by the reference"
    ),
    "extraits": Text(
        "{n} extrait archivé effacé||{n} extraits archivés effacés",
        "{n} archived extract erased||{n} archived extracts erased",
    ),
}
_KEPT = Text(
    "{n} DSF complémentaire de cet âge est gardée : aucun extrait ne l'a encore montrée||{n} DSF complémentaires de cet âge sont "
    "gardées : aucun extrait ne les a encore montrées",
    "{n} complementary DSF of that age is kept: no extract has shown it yet||{n} complementary DSF of that age are kept: no "
    "extract has shown them yet",
)
_CHANGED = Text(
    "{n} dossier de l'outbox est resté : son contenu est autre||{n} dossiers de l'outbox sont restés : leur contenu est autre",
    "{n} folder of the outbox has stayed: its content is another||{n} folders of the outbox stay: their content is another",
)
_APART = Text(
    "Gardez {file} à part, hors des sauvegardes de var/ : avec ce fichier, et lui seul, ce qui a été complété pour les personnes "
    "effacées reste reconnu. Perdu, plus rien n'est décidé.",
    "Keep {file} apart, outside the backups of var/: by that file alone, what was completed for persons who were erased stays "
    "known. Once it is lost, nothing is decided any more.",
)


@dataclass
class Purge:
    """What was erased, by what (``comptes``); complements kept because no extract has shown them; folders that stayed."""

    comptes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTED, 0))
    gardees: int = 0
    restes: int = 0
    essai: bool = False
    cle: str = ""
    delais: bool = True

    def data(self) -> dict[str, object]:
        """As plain data, for ``--json``."""
        return {"essai": self.essai, "comptes": self.comptes, "gardees": self.gardees, "restes": self.restes}

    def lines(self) -> Iterator[Text]:
        """For a person."""
        if not self.delais:
            yield _NOTHING_SET
            return
        if self.essai:
            yield _WOULD
        if not any(self.comptes.values()):
            yield _NOTHING_PAST
        yield from (_COUNTED[name].fill(n=count) for name, count in self.comptes.items() if count)
        if self.gardees:
            yield _KEPT.fill(n=self.gardees)
        if self.restes:
            yield _CHANGED.fill(n=self.restes)
        if self.cle:
            yield _APART.fill(file=self.cle)


@storage.reaching
def purge(
    workspace: Workspace, settings: Settings, day: date, progress: Progress = silent, *, dry_run: bool = False
) -> Purge:
    """Erase what is older, on ``day``, than ``[conservation]`` keeps it. ``dry_run``: only count it.

    Holds the lock of the run. Raises ``Halt``.
    """
    times = settings.conservation
    done = Purge(essai=dry_run, delais=bool(times.originaux or times.retours or times.noms))
    with lock.locked(workspace), ledger.open(workspace, settings) as book:
        preflight.check(workspace, book)
        work = _Purging(workspace, settings, book, day, done, progress)
        if times.noms:
            work.persons(day - timedelta(days=times.noms))
        if times.retours:
            work.returns(day - timedelta(days=times.retours))
        if times.originaux:
            work.originals(day - timedelta(days=times.originaux))
    return done


@dataclass(frozen=True)
class _Purging:
    workspace: Workspace
    settings: Settings
    book: Ledger
    day: date
    done: Purge
    progress: Progress

    def persons(self, before: date) -> None:
        """Persons in the ledger, then in what it gave away, then in the reference."""
        book, done = self.book, self.done
        erasable, done.gardees = book.erasable(before)
        if done.essai:
            done.comptes["complements"] = erasable
            self._forget(before, None)
            return
        secret = self._secret()
        for past in book.past(before):
            self.progress(COMPLEMENTS, done.comptes["complements"], erasable)
            book.erase_persons(past, [without_persons(one.payload, secret) for one in past], secret, self.day)
            done.comptes["complements"] += len(past)
        done.comptes["lignes"] = book.forget_lines(before, secret)
        self._folders()
        self._reference(before, secret)

    def _secret(self) -> Pseudonyms:
        """The secret of this ledger, made the first time."""
        if self.book.pseudonyms:
            return self.book.pseudonyms
        secret = pseudonyms.make(self.settings.key(self.workspace.root))
        self.book.note_key(secret, self.day)
        self.done.cle = self.settings.conservation.cle
        return secret

    def _folders(self) -> None:
        """The folders of complements whose persons are erased, where nobody has taken them away."""
        erased = {f"{siret}/dsf/{file_name(numero)}" for siret, numero in self.book.erased()}
        there = place_of(self.workspace)
        standing = [place for place in there.places(("dsf",)) if place in erased]
        for publication in self.book.publications_at(standing):
            self._erase("dossiers", there, publication)

    def returns(self, before: date) -> None:
        """What came back for deposits and trials, where nobody has taken it away."""
        there = place_of(self.workspace)
        standing = list(there.places(("retours", "essais")))
        for low in range(0, len(standing), PORTION):
            self.progress(FILES, low, len(standing))
            for publication in self.book.past_returns(standing[low : low + PORTION], before):
                self._erase("retours", there, publication)

    def _erase(self, kind: str, there: Outbox, publication: Publication) -> None:
        if self.done.essai or there.erase(publication):
            self.done.comptes[kind] += 1
        else:
            self.done.restes += 1

    def originals(self, before: date) -> None:
        """Archived deposits: the ledger knows that they are gone before they go."""
        folder = self.workspace.originals
        past = [sha for sha in self.book.past_originals(before) if (folder / sha).exists()]
        self.done.comptes["originaux"] = len(past)
        if self.done.essai or not past:
            return
        self.book.note_originals(past, self.day)
        for number, sha in enumerate(past):
            self.progress(FILES, number, len(past))
            disk.unlink(folder / sha, "archive")
        disk.flush([folder], "archive")

    def _reference(self, before: date, secret: Pseudonyms) -> None:
        """Extracts, and templates that were made of them: those name nobody before the reference has forgotten for whom."""
        forgotten = self._forget(before, None)
        self._templates(forgotten.sirets, template_without_persons)
        self._forget(before, secret)
        reference.share_again(self.workspace, forgotten.loads)
        self._templates(forgotten.sirets, template_beside)

    def _forget(self, before: date, secret: Pseudonyms | None) -> Forgotten:
        kept = self.book.unseen_dsf()
        found = reference.forget(self.workspace, before, kept, secret, dry_run=secret is None)
        self.done.comptes |= {"dsf": found.dsf, "extraits": found.archives}
        return found

    def _templates(self, sirets: frozenset[str], made: Callable[[Context, str], bytes]) -> None:
        """Put templates in the place of those that are there."""
        if not sirets:
            return
        context = context_of(self.workspace, self.settings, self.book, self.day)
        there = place_of(self.workspace)
        for siret in sorted(sirets):
            name = self.workspace.template(siret).name
            if there.read(f"{siret}/{name}", 1) is not None:
                outbox.put(self.workspace, siret, name, made(context, siret), self.book.fence)
