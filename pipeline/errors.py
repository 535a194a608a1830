"""What stops a run: one narrow family of errors, each a French sentence that says what to do and names no person.

Nothing here is about what a sender wrote (those are findings): only about the machine, the state, or another run. Stopping is
always safe: whatever was decided is in the ledger, whatever was not is still in the inbox.
"""

import errno
import traceback
from pathlib import Path

AGAIN = "Rien n'est perdu : relancez ensuite la même commande."
STOPPED = "Arrêt demandé. " + AGAIN


class Halt(Exception):
    """The run stops here. ``str()`` is the sentence to show; ``exit_code`` what the command ends with (contract §8)."""

    exit_code = 1


class Busy(Halt):
    """Another run holds the lock of this workspace."""

    exit_code = 5


class Interrupted(Halt):
    """SIGTERM or SIGINT: what was under way is finished or left for the next run."""

    exit_code = 130


class DiskHalt(Halt):
    """The disk refused something: no place, no right, an input/output error… ``errno``: the system's number, if any."""

    errno = 0


class LedgerHalt(Halt):
    """The ledger cannot be used: locked, corrupt, newer than the program, on a network share…"""


class StateHalt(Halt):
    """Ledger, outbox and spool contradict each other: going on could complete an absence twice."""


class HeadMoved(Halt):
    """The ledger is no longer what the decision was computed against: compute it again, or stop."""


_SENTENCES: dict[int, str] = {
    errno.ENOSPC: "Plus de place sur le disque ({where}). Libérez de la place. " + AGAIN,
    errno.EDQUOT: "Le quota de disque est atteint ({where}). Libérez de la place ou augmentez le quota. " + AGAIN,
    errno.EFBIG: "Un fichier dépasse la taille permise au programme ({where}). Relevez la limite (ulimit -f). " + AGAIN,
    errno.EROFS: "Le disque est en lecture seule ({where}). Remontez-le en écriture. " + AGAIN,
    errno.EACCES: "Le programme n'a pas le droit d'écrire ici ({where}). Corrigez les droits du dossier. " + AGAIN,
    errno.EPERM: "Le programme n'a pas le droit d'écrire ici ({where}). Corrigez les droits du dossier. " + AGAIN,
    errno.EMFILE: "Trop de fichiers ouverts ({where}). Relevez la limite (ulimit -n). " + AGAIN,
    errno.ENFILE: "Trop de fichiers ouverts sur la machine ({where}). Relevez la limite du système. " + AGAIN,
    errno.EXDEV: "Deux dossiers qui doivent être sur le même système de fichiers ne le sont pas ({where}). "
    "Mettez var/ et outbox/ sur le même.",
    errno.EIO: "Erreur d'entrée-sortie du disque ({where}). Vérifiez le disque avant de continuer. " + AGAIN,
    errno.ENOENT: "Un fichier ou dossier attendu a disparu ({where}). Vérifiez que les dossiers sont bien montés. "
    + AGAIN,
}
_OTHER = "Le disque a refusé une opération ({where} : {name}). " + AGAIN


def scrubbed(error: BaseException) -> str:
    """Where in the program an unforeseen error came from, and its kind. Never its text, which may quote a cell."""
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-6:]))
    return f"{type(error).__name__} ({where})"


def disk_halt(error: OSError, where: str) -> DiskHalt:
    """The halt for a refusal of the system; ``where`` is a label of ours, never a path (a path may hold a name)."""
    number = error.errno or 0
    sentence = _SENTENCES.get(number, _OTHER)
    halt = DiskHalt(sentence.format(where=where, name=errno.errorcode.get(number, "erreur inconnue")))
    halt.errno = number
    return halt


class NoReference(Halt):
    """Nothing to judge against (exit 4)."""

    exit_code = 4
