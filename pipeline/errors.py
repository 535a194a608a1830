"""What stops a run: one narrow family of errors, each a sentence (in both languages: ``Text``)
that says what to do and names no person.

Nothing here is about what a sender wrote (those are findings): only about the machine, the state, or another run. Stopping is
always safe: whatever was decided is in the ledger, whatever was not is still in the inbox.
"""

import errno
import traceback
from pathlib import Path

from pipeline.bilingual import Text

AGAIN = Text(
    "Rien n'est perdu : relancez ensuite la même commande.", "Nothing is lost: run the same command again afterwards."
)
STOPPED = Text("Arrêt demandé.", "Stopped on request.").then(AGAIN)


class Halt(Exception):
    """The run stops here. ``str()`` is the sentence in French, ``args[0]`` in both.

    ``exit_code``: what the command ends with (contract §8).
    """

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


class StoreHalt(Halt):
    """Shared storage does not answer, or refuses what a run cannot do without: nothing is half done, the next run goes on."""


class NotInstalled(Halt):
    """A setting asks for a part of the program that is not installed."""

    exit_code = 2


class LedgerHalt(Halt):
    """The ledger cannot be used: locked, corrupt, newer than the program, on a network share…"""


class StateHalt(Halt):
    """Ledger, outbox and spool contradict each other: going on could complete an absence twice."""


class HeadMoved(Halt):
    """The ledger is no longer what the decision was computed against: compute it again, or stop."""


class EngineHalt(Halt):
    """The machines that do the work do not answer, or have another program."""


class NotDecided(Exception):
    """Our fault, before anything was committed: the text says where in the program, and nothing of the data. No halt."""


_RIGHTS = Text(
    "Le programme n'a pas le droit d'écrire ici ({where}). Corrigez les droits du dossier.",
    "The program has no right to write here ({where}). Correct the rights of the folder.",
).then(AGAIN)
_SENTENCES: dict[int, Text] = {
    errno.ENOSPC: Text(
        "Plus de place sur le disque ({where}). Libérez de la place.", "The disk is full ({where}). Make room."
    ).then(AGAIN),
    errno.EDQUOT: Text(
        "Le quota de disque est atteint ({where}). Libérez de la place ou augmentez le quota.",
        "The disk quota is reached ({where}). Make room or raise the quota.",
    ).then(AGAIN),
    errno.EFBIG: Text(
        "Un fichier dépasse la taille permise au programme ({where}). Relevez la limite (ulimit -f).",
        "A file is larger than the program may write ({where}). Raise the limit (ulimit -f).",
    ).then(AGAIN),
    errno.EROFS: Text(
        "Le disque est en lecture seule ({where}). Remontez-le en écriture.",
        "The disk is read-only ({where}). Mount it for writing.",
    ).then(AGAIN),
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EMFILE: Text(
        "Trop de fichiers ouverts ({where}). Relevez la limite (ulimit -n).",
        "Too many open files ({where}). Raise the limit (ulimit -n).",
    ).then(AGAIN),
    errno.ENFILE: Text(
        "Trop de fichiers ouverts sur la machine ({where}). Relevez la limite du système.",
        "Too many open files on this machine ({where}). Raise the limit of the system.",
    ).then(AGAIN),
    errno.EXDEV: Text(
        "Deux dossiers qui doivent être sur le même système de fichiers ne le sont pas ({where}). Mettez var/ et outbox/ sur le "
        "même.",
        "Two folders that must be on one file system are not ({where}). Put var/ and outbox/ on the same one.",
    ),
    errno.EIO: Text(
        "Erreur d'entrée-sortie du disque ({where}). Vérifiez le disque avant de continuer.",
        "Input/output error of the disk ({where}). Check the disk before you go on.",
    ).then(AGAIN),
    errno.ENOENT: Text(
        "Un fichier ou dossier attendu a disparu ({where}). Vérifiez que les dossiers sont bien montés.",
        "A file or folder that was expected is gone ({where}). Check that the folders are mounted.",
    ).then(AGAIN),
}
_OTHER = Text(
    "Le disque a refusé une opération ({where} : {name}).", "The disk refused an operation ({where}: {name})."
).then(AGAIN)
_LABELS = {
    "verrou": Text("verrou", "lock"),
    "essai": Text("essai", "trial"),
    "registre": Text("registre", "ledger"),
    "ledger": Text("registre", "ledger"),
    "originaux": Text("originaux", "originals"),
    "extraits": Text("extraits", "extracts"),
    "reference": Text("référence", "reference"),
    "mesures": Text("mesures", "measures"),
    "remplacement": Text("remplacement", "replacement"),
    "sauvegarde": Text("sauvegarde", "backup"),
    "restauration": Text("restauration", "restore"),
    "réédition": Text("réédition", "reissue"),
    "espace de travail": Text("espace de travail", "workspace"),
}
_UNKNOWN_ERROR = Text("erreur inconnue", "unknown error")
NO_EXTRACT = Text(
    "Aucun extrait de DSF initiales n'est chargé : déposez-en un dans inbox/extraits/, puis lancez dsf run ou dsf extract load.",
    "No extract of initial DSF is loaded: put one into inbox/extraits/, then run dsf run or dsf extract load.",
)
"""Without one, nothing can be judged nor prefilled (``NoReference``)."""


def scrubbed(error: BaseException) -> str:
    """Where in the program an unforeseen error came from, and its kind. Never its text, which may quote a cell."""
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-6:]))
    return f"{type(error).__name__} ({where})"


def disk_halt(error: OSError, where: str) -> DiskHalt:
    """The halt for a refusal of the system; ``where`` is a label of ours, never a path (a path may hold a name)."""
    number = error.errno or 0
    sentence = _SENTENCES.get(number, _OTHER)
    halt = DiskHalt(sentence.fill(where=_LABELS.get(where, where), name=errno.errorcode.get(number, _UNKNOWN_ERROR)))
    halt.errno = number
    return halt


class NoReference(Halt):
    """Nothing to judge against (exit 4)."""

    exit_code = 4
