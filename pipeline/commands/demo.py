"""`dsf demo`: the sample workspace, made, run, corrected and run again."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

from pipeline.bilingual import Text
from pipeline.commands.console import column, shown
from pipeline.commands.init import create
from pipeline.commands.language import given
from pipeline.commands.run import lines
from pipeline.errors import Halt
from pipeline.run import run
from pipeline.settings import Settings
from pipeline.wave import Progress
from pipeline.workspace import Workspace

Watched = Callable[[], AbstractContextManager[Progress]]
"""Shows the progress of what is done inside it."""

_MADE = Text(
    "Espace d'exemple dans {folder} (tout y est inventé) :", "Sample workspace in {folder} (all of it made up):"
)
_HOLDS = Text(
    "  un extrait de Kairos dans inbox/extraits ; dans inbox/depots, {n} fichiers de {organisations} organismes, avec toutes les "
    "fautes qu'on rencontre.",
    "  an extract of Kairos in inbox/extraits; in inbox/depots, {n} files of {organisations} organisations, with every mistake "
    "one meets.",
)
_FIRST = Text(
    "Premier passage, au {day} : ce que fait dsf run chaque nuit.",
    "First run, as of {day}: what dsf run does every night.",
)
_SECOND = Text(
    "Second passage, au {day} : {n} fichiers que les organismes ont corrigés d'après leur rapport, et déposés de nouveau.",
    "Second run, as of {day}: {n} files that the organisations corrected by their report, and dropped again.",
)
_NEXT = Text(
    "Et maintenant : dsf status -w {folder}, ou dsf history -w {folder} --depot {depot}",
    "And now: dsf status -w {folder}, or dsf history -w {folder} --depot {depot}",
)


class NotEmpty(Halt):
    """The demo does not write over anything."""

    exit_code = 2


def demo(folder: Path, seed: int, watched: Watched) -> Iterator[str]:
    """Make the sample workspace, run it, drop the corrections, run again; say what happened and where to look."""
    from pipeline.demo import AS_OF, AS_OF_SECOND, generate, second_round

    workspace = Workspace(folder.resolve())
    if folder.exists() and any(folder.iterdir()):
        raise NotEmpty(
            Text(
                "{folder} n'est pas vide : la démonstration n'écrit par-dessus rien. Donnez un autre dossier : dsf demo DOSSIER.",
                "{folder} is not empty: the demo writes over nothing. Give another folder: dsf demo FOLDER.",
            ).fill(folder=folder)
        )
    list(create(folder))
    yield _MADE.fill(folder=folder)
    generate(workspace, seed)
    _speak(workspace)
    settings = Settings.of(workspace.root, delai_stabilite=0)
    yield _counted(workspace)
    yield ""
    yield _FIRST.fill(day=f"{AS_OF:%d/%m/%Y}")
    yield from _pass(workspace, settings, AS_OF, watched)
    dropped = second_round(workspace)
    yield ""
    yield _SECOND.fill(day=f"{AS_OF_SECOND:%d/%m/%Y}", n=dropped)
    yield from _pass(workspace, settings, AS_OF_SECOND, watched)
    yield ""
    yield Text("À ouvrir :", "To open:")
    for what, path in _worth_opening(workspace):
        yield Text("  {what} {path}", "  {what} {path}").fill(
            what=column(what, 42), path=shown(workspace.root, str(path))
        )
    yield _NEXT.fill(folder=folder, depot=_a_deposit(workspace))


def _speak(workspace: Workspace) -> None:
    """The sample speaks the language that was asked for, later commands included."""
    if language := given():
        path = workspace.root / "dsf.toml"
        path.write_text(f'langue = "{language}"\n' + path.read_text(encoding="utf-8"), encoding="utf-8")


def _counted(workspace: Workspace) -> Text:
    files = [path for path in workspace.deposits.rglob("*") if path.is_file()]
    owners = {path.relative_to(workspace.deposits).parts[0][:14] for path in files}
    return _HOLDS.fill(n=len(files), organisations=len(owners))


def _pass(workspace: Workspace, settings: Settings, day: date, watched: Watched) -> Iterator[str]:
    with watched() as progress:
        outcome = run(workspace, settings, day, progress)
    yield from lines(outcome, workspace.root, dry_run=False)


def _worth_opening(workspace: Workspace) -> Iterator[tuple[Text, Path]]:
    """One of each thing the users get, the fullest of its kind."""
    yield (
        Text("tous les passages (opérateur, relecteur)", "all runs (operator, reviewer)"),
        workspace.reports / "index.html",
    )
    for what, pattern in (
        (Text("un rapport de dépôt (secrétaire)", "the report of a deposit (secretary)"), "*/retours/*/rapport.html"),
        (Text("son classeur à corriger", "its workbook to correct"), "*/retours/*/a-corriger*.xlsx"),
        (Text("une DSF complémentaire à saisir (Kairos)", "a complementary DSF to type (Kairos)"), "*/dsf/*/*.xlsx"),
    ):
        found = sorted(workspace.outbox.glob(pattern), key=lambda path: (path.stat().st_size, str(path)))
        yield from ((what, path) for path in found[-1:])


def _a_deposit(workspace: Workspace) -> str:
    return max((path.stat().st_size, path.parent.name) for path in workspace.outbox.glob("*/retours/*/rapport.html"))[1]
