"""`dsf template`: what the reference knows an organisation may still complete, as the workbook it fills in."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline import ledger, lock, nomenclature, pages, reference, storage
from pipeline.bilingual import Text
from pipeline.commands.console import places, shown
from pipeline.documents.prefilled import prefilled_template
from pipeline.errors import NO_EXTRACT, Halt, NoReference
from pipeline.judging.context import Context
from pipeline.ledger import Ledger
from pipeline.publishing import outbox, preflight
from pipeline.settings import Settings
from pipeline.wave import Progress
from pipeline.workspace import Workspace

ONE_OR_ALL = Text(
    "donnez --siret pour un organisme, ou --all pour tous ; --dsf et -o vont avec --siret.",
    "give --siret for one organisation, or --all for each; --dsf and -o go with --siret.",
)
TEMPLATES = Text("modèles", "templates")
_NOTHING = Text(
    "Aucune DSF validée et intermédiaire n'est connue pour cet organisme avec ces numéros.",
    "No validated, intermédiaire DSF is known for this organisation with these numbers.",
)
_MADE = Text(
    "{n} modèle à jour dans {outbox}/<SIRET>/modele-<SIRET>.xlsx||{n} modèles à jour dans {outbox}/<SIRET>/modele-<SIRET>.xlsx",
    "{n} template up to date in {outbox}/<SIRET>/modele-<SIRET>.xlsx"
    "||{n} templates up to date in {outbox}/<SIRET>/modele-<SIRET>.xlsx",
)


class NothingToComplete(Halt):
    """No DSF of this organisation is open to a complement."""


@dataclass(frozen=True)
class Templates:
    """What ``for_all`` did: SIRET with a template in their outbox, and places that none could be put at, with the reason."""

    made: tuple[str, ...]
    blocked: tuple[tuple[str, str], ...]


@storage.reaching
def for_all(workspace: Workspace, settings: Settings, day: date, progress: Progress) -> Templates:
    """A template for each organisation that has something to complete, in its outbox; one that has not changed stays.

    The pages of the organisations then lead to them.

    Holds the lock of the workspace. Raises ``NoReference`` where no extract is loaded, ``Busy`` while a run is on.
    """
    made: list[str] = []
    blocked: list[tuple[str, str]] = []
    with lock.locked(workspace), ledger.open(workspace, settings) as book:
        reference.bring(workspace)
        preflight.check(workspace, book)
        context = context_of(workspace, settings, book, day)
        organisations = context.reference.organisations()
        for done, siret in enumerate(organisations):
            progress(TEMPLATES, done, len(organisations))
            path = workspace.template(siret)
            with suppress(NothingToComplete):
                data = _filled(context, siret, None)
                why = outbox.put(workspace, siret, path.name, data, book.fence)
                made += [] if why else [siret]
                blocked += [(workspace.relative(path), why)] if why else []
        progress(TEMPLATES, len(organisations), len(organisations))
        blocked += pages.renew(workspace, context)
    return Templates(tuple(made), tuple(blocked))


def all_lines(root: Path, done: Templates) -> Iterator[str]:
    """How many templates there are, and where none could be put."""
    yield _MADE.fill(n=len(done.made), outbox=shown(root, "outbox"))
    yield from places(
        root, Text("à reprendre", "owed"), [{"chemin": path, "raison": why} for path, why in done.blocked]
    )


def prefilled(workspace: Workspace, settings: Settings, siret: str, numeros: Sequence[str] | None, day: date) -> bytes:
    """The workbook of ``siret``: a row per absence still open, and per trainee and séquence; ``numeros``: only these DSF.

    Raises ``NoReference`` where no extract is loaded; ``NothingToComplete``, with the same words whether a DSF is unknown or
    someone else's.
    """
    with ledger.open(workspace, settings) as book:
        return _filled(context_of(workspace, settings, book, day), siret, numeros)


def context_of(workspace: Workspace, settings: Settings, book: Ledger, day: date) -> Context:
    """What templates are made with. Raises ``NoReference`` where no extract is loaded."""
    known = reference.open(workspace)
    if not known.known():
        raise NoReference(NO_EXTRACT)
    motifs = nomenclature.motifs(workspace.root, settings.motifs)
    renames = nomenclature.renames(workspace.root, settings.correspondances)
    return Context(settings, day, known, book, motifs, renames)


def _filled(context: Context, siret: str, numeros: Sequence[str] | None) -> bytes:
    data = prefilled_template(context, siret, numeros)
    if data is None:
        raise NothingToComplete(_NOTHING)
    return data
