"""`dsf backup`: what was put into it, and what has to be kept apart."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline import backup
from pipeline.backup import Saved
from pipeline.bilingual import Text
from pipeline.commands import upkeep
from pipeline.commands.console import OTHERS, SHOWN, plain, size
from pipeline.settings import Settings
from pipeline.wave import Progress, silent
from pipeline.workspace import Workspace

_SAVED = Text(
    "Sauvegarde {nom} : {n} fichier ({size})||Sauvegarde {nom} : {n} fichiers ({size})",
    "Backup {nom}: {n} file ({size})||Backup {nom}: {n} files ({size})",
)
_NEW = Text(
    "{n} copié, les autres y étaient déjà ({size})||{n} copiés, les autres y étaient déjà ({size})",
    "{n} copied, the others were there already ({size})",
)
_DROPPED = Text(
    "{n} ancienne sauvegarde supprimée||{n} anciennes sauvegardes supprimées",
    "{n} old backup deleted||{n} old backups deleted",
)
_RESTORE = Text(
    "Pour la restaurer : dsf restore {folder} NOUVEAU_DOSSIER", "To restore it: dsf restore {folder} NEW_FOLDER"
)
_NOT_IN_IT = Text("N'y sont pas : inbox/ et outbox/.", "Not in it: inbox/ and outbox/.")
_SERVER = Text(
    "Le registre (PostgreSQL) y est copié, dans un fichier SQLite.",
    "The ledger (PostgreSQL) is copied into it, as a file of SQLite.",
)
_KEY = Text(
    "La clé {name} n'y est pas, car c'est un secret. Gardez-en une copie ailleurs : il la faudra pour restaurer.",
    "The key {name} is not in it, for it is a secret. Keep a copy of it elsewhere: a restore will need it.",
)
_ELSEWHERE = Text(
    "{name} est hors de l'espace de travail et n'y est pas : sauvegardez-le à part.",
    "{name} is outside the workspace and not in it: back it up apart.",
)
_FAULT = Text("ERREUR : {path} {why}", "ERROR: {path} {why}")
_INCOMPLETE = Text(
    "Tout le reste est sauvegardé, et aucune ancienne sauvegarde n'est supprimée. Lancez `dsf verify`.",
    "All the rest is backed up, and no old backup is deleted. Run `dsf verify`.",
)


@dataclass(frozen=True)
class BackupTaken:
    """A backup, and where it is. ``on_a_server``: its ledger is in PostgreSQL."""

    folder: Path
    saved: Saved
    on_a_server: bool

    @property
    def ok(self) -> bool:
        """Nothing that should be in it is missing, and what was to be deleted is."""
        return not self.saved.fautes and not self.saved.gardees

    def data(self) -> dict[str, Any]:
        """As plain data, for ``--json``."""
        faults = [{"chemin": path, "raison": why} for path, why in self.saved.fautes]
        return {**asdict(self.saved), "dossier": str(self.folder), "fautes": faults}

    def lines(self) -> Iterator[str]:
        """For a person."""
        saved, folder = self.saved, plain(str(self.folder))
        yield _SAVED.fill(nom=saved.nom, n=saved.fichiers, size=size(saved.octets))
        if saved.nouveaux < saved.fichiers:
            yield _NEW.fill(n=saved.nouveaux, size=size(saved.octets_nouveaux))
        if saved.supprimees:
            yield _DROPPED.fill(n=saved.supprimees)
        yield _RESTORE.fill(folder=folder)
        yield _NOT_IN_IT
        if self.on_a_server:
            yield _SERVER
        yield from (_KEY.fill(name=plain(name)) for name in saved.cles)
        yield from (_ELSEWHERE.fill(name=plain(name)) for name in saved.ailleurs)
        yield from (_FAULT.fill(path=plain(path), why=why) for path, why in saved.fautes[:SHOWN])
        if len(saved.fautes) > SHOWN:
            yield OTHERS.fill(n=len(saved.fautes) - SHOWN)
        if saved.fautes:
            yield _INCOMPLETE
        if saved.gardees:
            yield saved.gardees


def back_up(
    workspace: Workspace, settings: Settings, folder: Path, *, most: int = 0, progress: Progress = silent
) -> BackupTaken:
    """Take a backup, and note that it was taken. Raises ``Halt``."""
    saved = backup.save(workspace, settings, folder, most=most, progress=progress)
    upkeep.note(workspace.last_backup, nom=saved.nom, dossier=str(folder.resolve()))
    return BackupTaken(folder, saved, settings.ledger.startswith("postgresql"))
