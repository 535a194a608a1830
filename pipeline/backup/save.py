"""Taking a backup, of a workspace that may be at work: the order of things is that of the table in ``pipeline.backup``."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from pipeline import __version__, ledger, lock, signals
from pipeline.backup.shelf import LABEL, Backup, Kept, Shelf, ToKeep, portions
from pipeline.bilingual import Text
from pipeline.disk import refusals_as_halts
from pipeline.errors import Halt, StateHalt
from pipeline.ledger import Ledger, Publication
from pipeline.ledger.base import place
from pipeline.ledger.copying import copy_to
from pipeline.publishing import spool, witness
from pipeline.reference import store
from pipeline.reference.model import StoreError
from pipeline.settings import Settings
from pipeline.settings.values import inside
from pipeline.wave import Progress, silent
from pipeline.workspace import Workspace

SAVING = Text("sauvegarde", "backup")
INSIDE = Text(
    "Une sauvegarde ne peut être dans l'espace de travail qu'elle sauvegarde : donnez un dossier ailleurs, sur un autre disque.",
    "A backup cannot be inside the workspace that it is of: give a folder elsewhere, on another disk.",
)
OTHER = Text(
    "Ce dossier contient les sauvegardes d'un autre espace de travail (la dernière : {name}). Donnez à chacun le sien.",
    "This folder holds the backups of another workspace (the last one: {name}). Give each its own.",
)
OLDER = Text(
    "Le registre est en retard sur la dernière sauvegarde de ce dossier ({name}), ou a pris un autre chemin. Rien n'est "
    "sauvegardé : cette sauvegarde-là en sait plus. Si vous en avez restauré une plus ancienne exprès, donnez un autre dossier.",
    "The ledger is behind the last backup of this folder ({name}), or went another way. Nothing is backed up: that backup "
    "knows more. If you restored an older one on purpose, give another folder.",
)


@dataclass(frozen=True)
class Saved:
    """What a backup came to. ``fichiers``, ``octets``: all that it has; ``nouveaux``, ``octets_nouveaux``: what was copied now.

    ``ailleurs``: files of the settings that lie outside the workspace; ``fautes``: files that could not be kept, and why.
    ``supprimees``: older backups that went; ``gardees``: why none of them went although some should have.
    """

    nom: str
    le: str
    fichiers: int
    octets: int
    nouveaux: int
    octets_nouveaux: int
    supprimees: int
    gardees: str
    cles: tuple[str, ...]
    ailleurs: tuple[str, ...]
    fautes: tuple[tuple[str, str], ...]


def save(
    workspace: Workspace, settings: Settings, folder: Path, *, most: int = 0, progress: Progress = silent
) -> Saved:
    """Put a backup of the workspace into ``folder``; older ones beyond ``most`` go (0: all stay).

    A run may be on. Raises ``Halt``: then there is no new backup, and the older ones are as they were.
    """
    if folder.resolve().is_relative_to(workspace.root.resolve()):
        raise StateHalt(INSIDE)
    lock.sweep(workspace)
    with signals.obeyed(), Shelf(folder).opened() as shelf, lock.double(workspace) as root:
        double, le = Workspace(root), datetime.now(UTC).isoformat(timespec="seconds")
        _copy_ledger(workspace, settings, double)
        with ledger.open(double, settings.of_double(workspace.root)) as book:
            before = _before(shelf, book)
            work = _Work(shelf, before.fichiers if before else {}, progress)
            doute = work.keep_staged(_Staged(workspace, [] if settings.stockage.outbox else book.staged()))
            work.keep([ToKeep(_ledger_name(workspace, settings), double.ledger)])
            work.keep([*_settings_files(workspace, settings), *_reference(workspace), *_archives(workspace)])
            erased = book.gone_originals()
            work.keep([_original(workspace, sha) for sha in book.originals() if sha not in erased])
            temoin = witness.of(book)
        cles, ailleurs = _left_out(workspace, settings)
        nom = shelf.write(Backup(le, __version__, temoin, doute, cles, work.kept))
        return _said(nom, le, work, shelf, most, cles, ailleurs)


def _said(
    nom: str, le: str, work: "_Work", shelf: Shelf, most: int, cles: tuple[str, ...], ailleurs: tuple[str, ...]
) -> Saved:
    """Let older backups go, unless this one lacks something, and tell."""
    supprimees, gardees = 0, ""
    try:
        if most and not work.faults:
            supprimees = shelf.drop(most)
    except StateHalt as halt:
        gardees = halt.args[0]
    return Saved(
        nom=nom,
        le=le,
        fichiers=len(work.kept),
        octets=sum(kept.octets for kept in work.kept.values()),
        nouveaux=work.new,
        octets_nouveaux=work.new_octets,
        supprimees=supprimees,
        gardees=gardees,
        cles=cles,
        ailleurs=ailleurs,
        fautes=tuple(work.faults),
    )


def _copy_ledger(workspace: Workspace, settings: Settings, double: Workspace) -> None:
    with refusals_as_halts(LABEL):
        double.var.mkdir()
    ledger.open(workspace, settings).close()  # what a killed run had half written is taken back first
    copy_to(workspace, settings, double.ledger)


def _before(shelf: Shelf, book: Ledger) -> Backup | None:
    """The last backup of this folder. Raises ``StateHalt`` where the ledger is another one, or has not come as far."""
    if not (names := shelf.names()):
        return None
    last = shelf.read(names[-1])
    try:
        witness.compare(last.temoin, book)
    except Halt:
        raise StateHalt((OTHER if last.temoin.registre != book.uuid else OLDER).fill(name=names[-1])) from None
    return last


class _Work:
    """The files of a backup on their way. ``before``: those of the last one: what is still the same is not read again."""

    def __init__(self, shelf: Shelf, before: Mapping[str, Kept], progress: Progress) -> None:
        self.kept: dict[str, Kept] = {}
        self.faults: list[tuple[str, str]] = []
        self.new = self.new_octets = 0
        self._shelf, self._before, self._progress = shelf, before, progress

    def keep_staged(self, staged: "_Staged") -> tuple[str, ...]:
        """Keep what waits in the spool; the places of complements that may leave meanwhile. What is gone by now is no fault."""
        self.keep(staged.sources())
        self.faults.clear()
        return staged.whole(self.kept)

    def keep(self, sources: list[ToKeep]) -> None:
        """Keep these, in portions."""
        for done, some in enumerate(portions(sources)):
            self._progress(SAVING, min(done * len(some), len(sources)), len(sources))
            fresh = [source for source in some if not self._known(source)]
            for source, made in zip(fresh, self._shelf.add(fresh), strict=True):
                if isinstance(made, Kept):
                    self.kept[source.chemin] = made
                    self.new += 1
                    self.new_octets += made.octets
                else:
                    self.faults.append((source.chemin, made))

    def _known(self, source: ToKeep) -> bool:
        """Take what the last backup has, where the file has not changed since and its content is still there."""
        kept = self._before.get(source.chemin)
        try:
            found = source.path.lstat()
        except OSError:
            return False
        if kept is None or (found.st_size, found.st_mtime_ns) != (kept.octets, kept.mtime_ns):
            return False
        if (source.hashes and kept.sha256 not in source.hashes) or not self._shelf.has(kept):
            return False
        self.kept[source.chemin] = kept
        return True


class _Staged:
    """What the view of the ledger has as STAGED and still stands in the spool: what is gone has been emitted.

    On its way to shared storage nothing is taken: ``pipeline.publishing.remote`` knows what a spool is that never had a token.
    """

    def __init__(self, workspace: Workspace, staged: Sequence[Publication]) -> None:
        self._names = {publication: _name_again(workspace, publication) for publication in staged}
        self._workspace = workspace

    def sources(self) -> list[ToKeep]:
        """The files of their folders."""
        found = []
        for publication, name in self._names.items():
            with suppress(FileNotFoundError):
                files = sorted(spool.standing(self._workspace, publication.nom).iterdir())
                found += [ToKeep(f"{_SPOOL}/{name}/{file.name}", file) for file in files]
        return found

    def whole(self, kept: dict[str, Kept]) -> tuple[str, ...]:
        """Leave out of ``kept`` the folders that left while they were copied; the places of those that may have left since."""
        by_folder: dict[str, dict[str, str]] = {}
        for path, one in kept.items():
            by_folder.setdefault(path.rpartition("/")[0], {})[PurePosixPath(path).name] = one.sha256
        doubtful = []
        for publication, name in self._names.items():
            files = by_folder.get(f"{_SPOOL}/{name}", {})
            if spool.hashes_sha256(files) != publication.sha256:
                for file in files:
                    del kept[f"{_SPOOL}/{name}/{file}"]
            elif name.endswith(spool.BEGUN):
                doubtful.append(publication.cible)
        return tuple(doubtful)


_SPOOL = "var/spool"


def _name_again(workspace: Workspace, publication: Publication) -> str:
    """What its folder is to be called when it is restored: a complement may have left by then."""
    begun = publication.genre == "dsf" or spool.is_begun(workspace, publication.nom)
    return f"{publication.nom}{spool.BEGUN}" if begun else publication.nom


def _original(workspace: Workspace, sha: str) -> ToKeep:
    path = workspace.originals / sha
    return ToKeep(workspace.relative(path), path, frozenset({sha}))


def _ledger_name(workspace: Workspace, settings: Settings) -> str:
    """Where the ledger is when restored: where the settings say, if that is in the workspace."""
    path = place(workspace, settings)
    root = workspace.root.resolve()
    inside = path is not None and path.resolve().is_relative_to(root)
    return str(path.resolve().relative_to(root)) if path and inside else workspace.relative(workspace.ledger)


def _files_of(workspace: Workspace, settings: Settings) -> dict[str, Path]:
    """The files that the settings name and that are there, but for keys: as they are named, and where they are."""
    shared, keys = settings.stockage, _keys(workspace, settings).values()
    named = (settings.motifs, settings.synonymes, settings.correspondances, settings.avis.adresses)
    names = ("dsf.toml", *named, shared.hotes, shared.autorite, settings.avis.autorite)
    found = {name: _path(workspace, name) for name in names if name}
    return {name: path for name, path in found.items() if path.is_file() and path not in keys}


def _keys(workspace: Workspace, settings: Settings) -> dict[str, Path]:
    """The files that are secret and are there: as the settings name them, and where they are."""
    found = {name: _path(workspace, name) for name in (settings.stockage.cle, settings.conservation.cle) if name}
    return {name: path for name, path in found.items() if path.is_file()}


def _path(workspace: Workspace, name: str) -> Path:
    return inside(workspace.root, name).resolve()


def _settings_files(workspace: Workspace, settings: Settings) -> Iterator[ToKeep]:
    root = workspace.root.resolve()
    for path in _files_of(workspace, settings).values():
        if path.is_relative_to(root):
            yield ToKeep(str(path.relative_to(root)), path)


def _left_out(workspace: Workspace, settings: Settings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keys, and files of the settings that lie elsewhere."""
    root = workspace.root.resolve()
    outside = [name for name, path in _files_of(workspace, settings).items() if not path.is_relative_to(root)]
    return tuple(_keys(workspace, settings)), tuple(outside)


def _reference(workspace: Workspace) -> Iterator[ToKeep]:
    """Each stored file of each load, with the hash that the load says it has."""
    for folder in store.folders(workspace):
        try:
            hashes = {file.nom: frozenset({file.sha256}) for file in store.read(folder).stockes}
        except StoreError:
            hashes = {}  # of an earlier version, without hashes; or damaged, which `dsf verify` says
        for path in sorted(folder.iterdir()):
            if not path.name.startswith("."):
                yield ToKeep(workspace.relative(path), path, hashes.get(path.name, frozenset()))


def _archives(workspace: Workspace) -> Iterator[ToKeep]:
    """Files of loaded extracts; lists of what was typed. One that is still on its way from the inbox has another size."""
    for folder in store.folders(workspace):
        try:
            known = {file.octets: file.sha256 for file in store.read(folder).fichiers}
        except StoreError:
            continue
        for path in _files(store.archive_of(workspace) / folder.name):
            if path.stat().st_size in known:
                yield ToKeep(workspace.relative(path), path, frozenset(known.values()))
    yield from (ToKeep(workspace.relative(path), path) for path in _files(workspace.entered_archive))


def _files(folder: Path) -> list[Path]:
    """The plain files of a folder of ours, without drafts."""
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in found if path.is_file() and path.suffix != ".tmp" and not path.name.startswith(".")]
