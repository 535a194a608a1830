"""Persons under a keyed hash, once their data is past its keeping time. Source: contract §8, `dsf purge`; §10.

What was completed stays known: who has the secret and meets the same name in the same place knows it again. The secret stands
apart from what it protects (setting ``conservation.cle``), so that a copy of the ledger alone names nobody. Without it nothing
is decided: an absence that was completed could no longer be told from one that was not.
"""

import hmac
import secrets
from collections.abc import Iterable
from pathlib import Path

from pipeline import disk
from pipeline.bilingual import Text
from pipeline.errors import StateHalt

MARK = "empreinte:"
_BYTES = 16  # of the hash: two persons of one place with one hash are less likely than a broken disk

LOST = Text(
    "La clé de conservation ({file}, réglage conservation.cle) manque. Sans elle, ce qui a été complété pour les personnes "
    "effacées n'est plus reconnu, et une absence pourrait l'être deux fois. Remettez-la en place ; rien n'est décidé d'ici là.",
    "The conservation key ({file}, setting conservation.cle) is missing. Without it, what was completed for persons who were "
    "erased is no longer known, and an absence might be completed twice. Put it back; nothing is decided until then.",
)
OTHER = Text(
    "La clé de conservation ({file}, réglage conservation.cle) n'est pas celle de ce registre. Remettez la bonne ; rien n'est "
    "décidé d'ici là.",
    "The conservation key ({file}, setting conservation.cle) is not that of this ledger. Put the right one back; nothing is "
    "decided until then.",
)
_LABEL = "clé"


class Pseudonyms:
    """The keyed hashes of one secret (bytes)."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @property
    def print(self) -> str:
        """What tells this secret from another, and gives nothing of it away."""
        return self.of("", "")

    def of(self, place: str, name: str) -> str:
        """The pseudonym of ``name`` (a folded key) in ``place`` (of a DE: its DSF): one name has another in each place."""
        text = f"{place}\0{name}".encode("utf-8", "surrogatepass")
        return MARK + hmac.digest(self._secret, text, "sha256")[:_BYTES].hex()

    def names(self, place: str, among: Iterable[str]) -> dict[str, str]:
        """Pseudonym → name, of the names that somebody may have in ``place``."""
        return {self.of(place, name): name for name in among}


def is_pseudonym(text: str) -> bool:
    """Whether a key is a pseudonym."""
    return text.startswith(MARK)


def read(path: Path, known: str | None) -> Pseudonyms | None:
    """The secret of a ledger that knows the print ``known``; None where nothing was ever erased.

    Raises ``StateHalt`` where it is missing, or another.
    """
    if known is None:
        return None
    with disk.refusals_as_halts(_LABEL):
        found = _secret(path)
    if found is None:
        raise StateHalt(LOST.fill(file=path.name))
    if not found or not hmac.compare_digest(Pseudonyms(found).print, known):
        raise StateHalt(OTHER.fill(file=path.name))
    return Pseudonyms(found)


def make(path: Path) -> Pseudonyms:
    """The secret of a ledger that has none yet: the one that stands there, or a new one."""
    with disk.refusals_as_halts(_LABEL):
        found = _secret(path)
    if found is None:
        found = secrets.token_bytes(32)
        draft = path.with_name(f".{path.name}.tmp")
        disk.unlink(draft, _LABEL)
        disk.write_new(draft, f"{found.hex()}\n".encode(), _LABEL)
        draft.chmod(0o600)
        disk.flush([draft], _LABEL)
        disk.rename_new(draft, path, _LABEL)
        disk.flush([path.parent], _LABEL)
    if len(found) < _BYTES:
        raise StateHalt(OTHER.fill(file=path.name))
    return Pseudonyms(found)


def _secret(path: Path) -> bytes | None:
    """The bytes of the secret; b"" where the file holds none, None where there is no file."""
    try:
        return bytes.fromhex(path.read_text("ascii").strip())
    except FileNotFoundError:
        return None
    except ValueError:  # UnicodeDecodeError is one
        return b""
