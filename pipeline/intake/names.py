"""Names in the inbox: what is no deposit, and which folder is whose. Source: contract §2, §9; reliability A5, A8."""

import re
from datetime import timedelta

from stdnum.fr import siret as siret_number

from pipeline.bilingual import Text

UPLOADING = re.compile(
    r"\.(part|partial|filepart|tmp|temp|crdownload|download|!ut|incomplete|swp|swx)$|^\.?nfs[0-9a-f]{8,}|\.smbdelete[0-9a-f]*$",
    re.IGNORECASE,
)
"""Names under which programs write a file that is to get its real name later."""

_OFFICE = re.compile(r"^~\$|^\.~lock\..*#$|^~wr[a-z]\d*\.tmp$|^(?=.*[A-F])[0-9A-F]{8}$", re.IGNORECASE)
_SYSTEM = re.compile(
    r"^(thumbs\.db|desktop\.ini|ehthumbs\.db|@eadir|\$recycle\.bin|system volume information)$", re.IGNORECASE
)
_OFFICE_FILE = Text("fichier de travail d'un tableur ouvert", "working file of an open spreadsheet program")
_SYSTEM_FILE = Text("fichier du système de l'expéditeur", "file of the sender's system")
_DOT = Text("nom commençant par un point", "name beginning with a dot")
PLACEHOLDERS = frozenset({".gitkeep", ".gitignore", ".keep"})
"""Files that hold an empty folder in git: not worth a word."""

LOCK_HOLDS = timedelta(hours=24)
"""A lock file older than this was left by a program that died."""

_LIKE_SIRET = re.compile(r"[0-9]{9}")
_SIRET = re.compile(r"(\d{14})(-.+)?", re.DOTALL)
SIRET_LENGTH = 14


def depositor(folder: str) -> str:
    """The SIRET a folder of ``inbox/depots/`` stands for, "" when it stands for none: 14 digits, right key, then ``-label``."""
    found = _SIRET.fullmatch(folder)
    if not found or not found[1].isascii() or not siret_number.is_valid(found[1]):
        return ""
    return found[1]


def is_trial(folder: str) -> bool:
    """A folder of ``inbox/depots/`` where an organisation tries its files: its label is ``essai``, in capitals or not."""
    return bool(depositor(folder)) and folder[SIRET_LENGTH:].lower() == "-essai"


def is_slip(folder: str) -> bool:
    """A folder's name that begins like a SIRET and is none: nine digits or more, and not ``depositor``'s."""
    return bool(_LIKE_SIRET.match(folder)) and not depositor(folder)


def is_uploading(name: str) -> bool:
    """A name that a transfer in progress uses."""
    return bool(UPLOADING.search(name)) and not name.startswith("~$")


def left_alone(name: str) -> str:
    """Why a file or folder of this name is never a deposit, "" when it may be one."""
    if _OFFICE.search(name):
        return _OFFICE_FILE
    if _SYSTEM.search(name):
        return _SYSTEM_FILE
    if name.startswith("."):
        return _DOT
    return ""


def locks_of(name: str) -> tuple[str, ...]:
    """Names of the lock files that Excel, Word and LibreOffice put beside ``name`` while somebody has it open."""
    return f"~${name}", f"~${name[2:]}", f".~lock.{name}#"
