"""`dsf restore`: a workspace made of a backup, compared with the outbox that is there, and what to do next."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline import backup, ledger, storage
from pipeline.backup import Restored
from pipeline.bilingual import Text
from pipeline.commands.console import plain
from pipeline.commands.verify import Verification, compare
from pipeline.errors import Halt
from pipeline.ledger import Ledger
from pipeline.ledger.base import place
from pipeline.publishing import witness
from pipeline.publishing.places import place_of
from pipeline.settings import SettingError, Settings
from pipeline.wave import Progress, silent
from pipeline.workspace import Workspace

_DONE = Text(
    "Sauvegarde {nom} restaurée dans {folder} : {n} fichier, comparé à son empreinte."
    "||Sauvegarde {nom} restaurée dans {folder} : {n} fichiers, chacun comparé à son empreinte.",
    "Backup {nom} restored into {folder}: {n} file, compared with its hash."
    "||Backup {nom} restored into {folder}: {n} files, each compared with its hash.",
)
_OF = Text(
    "Elle est du {day} à {hour} (UTC) : ce qui a été décidé, émis ou saisi depuis n'y est pas.",
    "It is of {day}, {hour} (UTC): what was decided, emitted or typed since is not in it.",
)
_ONE_ONLY = Text(
    "Un registre ne travaille qu'à un seul endroit : si l'ancien espace de travail existe encore, ne le faites plus travailler.",
    "A ledger works in one place only: if the old workspace is still there, have it work no more.",
)
_TOGETHER = Text(
    "Registre et outbox vont ensemble : `dsf run` reprend la suite.",
    "Ledger and outbox belong together: `dsf run` goes on.",
)
_NO_OUTBOX = Text(
    "L'outbox n'est pas dans la sauvegarde, et aucun passage n'aura lieu sans elle. Si elle existe encore, mettez-la à la place "
    "de outbox/ (avec son .temoin.json), puis lancez `dsf verify`. Si elle est perdue, demandez à ceux qui reçoivent les DSF "
    "complémentaires s'ils en ont de plus récentes que la sauvegarde : le registre ne les connaît pas, et les mêmes absences "
    "pourraient être complétées deux fois. S'il n'y en a pas : `dsf verify --renew-witness`, puis `dsf run`.",
    "The outbox is not in the backup, and no run will take place without it. If it is still there, put it in the place of "
    "outbox/ (with its .temoin.json), then run `dsf verify`. If it is lost, ask those who receive the complementary DSF whether "
    "they have any that are more recent than the backup: the ledger does not know them, and the same absences might be completed "
    "twice. If there are none: `dsf verify --renew-witness`, then `dsf run`.",
)
_NO_INBOX = Text(
    "inbox/ n'est pas dans la sauvegarde non plus : remettez-y les dossiers des organismes avant le prochain passage.",
    "inbox/ is not in the backup either: put the folders of the organisations back into it before the next run.",
)
_CONTRADICTED = Text(
    "L'outbox qui est là ne va pas avec cette sauvegarde : {why} Ne lancez pas `dsf run`. Restaurez dans un autre dossier une "
    "sauvegarde plus récente ; s'il n'y en a pas, gardez cette outbox telle qu'elle est : elle seule sait ce qui est parti.",
    "The outbox that is there does not belong to this backup: {why} Do not run `dsf run`. Restore a more recent backup into "
    "another folder; if there is none, keep this outbox as it is: it alone knows what has left.",
)
_DOUBT = Text(
    "{n} DSF complémentaire était sur le départ pendant la sauvegarde ; elle attend que vous sachiez si elle a été reçue "
    "(`dsf status` dit laquelle)."
    "||{n} DSF complémentaires étaient sur le départ pendant la sauvegarde ; elles attendent que vous sachiez si elles ont été "
    "reçues (`dsf status` dit lesquelles).",
    "{n} complementary DSF was about to leave during the backup; it waits until you know whether it was received (`dsf status` "
    "says which)."
    "||{n} complementary DSF were about to leave during the backup; they wait until you know whether they were received (`dsf "
    "status` says which).",
)
_KEY = Text(
    "La clé {name} n'est pas dans la sauvegarde : remettez-la à sa place d'abord.",
    "The key {name} is not in the backup: put it back in its place first.",
)
_MOVE = Text(
    "Le registre de cet espace de travail était ailleurs (réglage ledger) : sa copie est dans {file}. Essayez-la en donnant "
    "DSF_LEDGER=sqlite:///{file} à chaque commande ; quand outbox et registre vont ensemble, remettez-la dans une base vide : "
    "DSF_LEDGER=sqlite:///{file} dsf ledger move ADRESSE, avec l'adresse du réglage ledger.",
    "The ledger of this workspace was elsewhere (setting ledger): its copy is in {file}. Try it with "
    "DSF_LEDGER=sqlite:///{file} before each command; once outbox and ledger belong together, put it back into an empty "
    "database: DSF_LEDGER=sqlite:///{file} dsf ledger move URL, with the address of the setting ledger.",
)
_NOT_LOOKED = Text(
    "L'outbox n'a pas pu être regardée : {why} Ensuite : `dsf verify`.",
    "The outbox could not be looked at: {why} Then: `dsf verify`.",
)


@dataclass
class BackupRestored:
    """A workspace made of a backup. ``next``: what to do now, in order; ``ok``: nothing contradicts."""

    restored: Restored
    found: Verification
    next: list[Text] = field(default_factory=list)
    ok: bool = True

    def data(self) -> dict[str, Any]:
        """As plain data, for ``--json``."""
        backup_, done = self.restored.backup, self.restored
        told: dict[str, Any] = {"sauvegarde": done.nom, "le": backup_.le, "dossier": str(done.workspace.root)}
        told |= {"fichiers": len(backup_.fichiers), "en_doute": list(backup_.doute), "a_faire": self.next}
        return {**told, **self.found.data(), "conforme": self.ok}

    def lines(self) -> Iterator[str]:
        """For a person."""
        done, instant = self.restored, datetime.fromisoformat(self.restored.backup.le)
        yield from self.found.lines()
        folder = plain(str(done.workspace.root))
        yield _DONE.fill(nom=done.nom, folder=folder, n=len(done.backup.fichiers))
        yield _OF.fill(day=f"{instant:%d/%m/%Y}", hour=f"{instant:%H:%M}")
        yield from self.next


def restore(given: Path, root: Path, progress: Progress = silent) -> BackupRestored:
    """Make ``root`` the workspace of a backup and compare it with the outbox that is there. Raises ``Halt``."""
    restored = backup.restore(given, root, progress)
    done = BackupRestored(restored, Verification())
    done.next += [_KEY.fill(name=plain(name)) for name in restored.backup.cles]
    try:
        settings = Settings.of(root)
        settings = _with_the_copy(restored.workspace, settings, done)
        with storage.opened(restored.workspace, settings) as laid_out, ledger.open(laid_out, settings) as book:
            _look(laid_out, book, done, progress)
    except (Halt, SettingError) as stopped:
        done.ok = False
        done.next.append(_NOT_LOOKED.fill(why=stopped.args[0]))
    inbox = restored.workspace.deposits
    if inbox.is_dir() and not any(inbox.iterdir()):
        done.next.append(_NO_INBOX)
    if restored.backup.doute:
        done.next.append(_DOUBT.fill(n=len(restored.backup.doute)))
    done.next.append(_ONE_ONLY)
    return done


def _with_the_copy(workspace: Workspace, settings: Settings, done: BackupRestored) -> Settings:
    """The settings with the restored ledger for theirs, wherever the one they name is."""
    path = place(workspace, settings)
    if path is not None and path.exists():
        return settings
    done.next.append(_MOVE.fill(file=workspace.relative(workspace.ledger)))
    return replace(settings, ledger="")


def _look(workspace: Workspace, book: Ledger, done: BackupRestored, progress: Progress) -> None:
    """Compare everything with everything, and say what the outbox that is there means for this ledger."""
    try:
        book.check()
        compare(workspace, book, done.found, progress)
        done.ok = done.found.ok
        witness.check(workspace, book, create=False)
        done.next.append(_TOGETHER)
    except Halt as halt:
        if not witness.stands(workspace) and not any(True for _ in place_of(workspace).places(("dsf",))):
            done.next.append(_NO_OUTBOX)
        else:
            done.ok = False
            done.next.append(_CONTRADICTED.fill(why=halt.args[0]))
