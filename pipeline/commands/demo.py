"""`dsf demo`: the sample workspace, made, run, corrected and run again."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pipeline.commands.init import create
from pipeline.commands.run import lines
from pipeline.errors import Halt
from pipeline.run import run
from pipeline.settings import Settings
from pipeline.wave import Progress
from pipeline.workspace import Workspace


class NotEmpty(Halt):
    """The demo does not write over anything."""

    exit_code = 2


def demo(folder: Path, seed: int, progress: Progress) -> Iterator[str]:
    """Make the sample workspace, run it, drop the corrections, run again; say what happened and where to look."""
    from pipeline.demo import AS_OF, AS_OF_SECOND, generate, second_round

    workspace = Workspace(folder.resolve())
    if folder.exists() and any(folder.iterdir()):
        raise NotEmpty(f"{folder} n'est pas vide : la démonstration n'écrit par-dessus rien. Donnez un autre dossier.")
    list(create(folder))
    generate(workspace, seed)
    settings = Settings.of(workspace.root, delai_stabilite=0)
    yield f"Démonstration dans {folder} (données inventées)"
    yield ""
    yield f"Premier passage, au {AS_OF:%d/%m/%Y}"
    yield from _pass(workspace, settings, AS_OF, progress)
    dropped = second_round(workspace)
    yield ""
    yield f"Second passage, au {AS_OF_SECOND:%d/%m/%Y}, {dropped} fichiers corrigés déposés de nouveau"
    yield from _pass(workspace, settings, AS_OF_SECOND, progress)
    yield ""
    yield "À ouvrir :"
    for what, where in _worth_opening(workspace):
        yield f"  {what:<42} {folder / where}"


def _pass(workspace: Workspace, settings: Settings, day: date, progress: Progress) -> Iterator[str]:
    yield from lines(run(workspace, settings, day, progress), dry_run=False)


def _worth_opening(workspace: Workspace) -> Iterator[tuple[str, Path]]:
    """One of each thing the users get, the fullest of its kind."""

    def largest(pattern: str) -> list[Path]:
        found = sorted(workspace.outbox.glob(pattern), key=lambda path: (path.stat().st_size, str(path)))
        return [path.relative_to(workspace.root) for path in found[-1:]]

    yield "toutes les exécutions (relecteur)", Path("outbox/rapports/index.html")
    for what, pattern in (
        ("un rapport de dépôt (secrétaire)", "*/retours/*/rapport.html"),
        ("son classeur à corriger", "*/retours/*/a-corriger-*.xlsx"),
        ("une DSF complémentaire (saisie Kairos)", "*/dsf/*/*.xlsx"),
    ):
        for path in largest(pattern):
            yield what, path
