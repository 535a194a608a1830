"""What one wave decides, as the ledger keeps it: plain rows named as its columns. Hours are whole hundredths."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date


@dataclass(frozen=True)
class Counts:
    """Lines, or hundredths of hours, by verdict; ``lues`` is their sum."""

    acceptees: int = 0
    rejetees: int = 0
    retenues: int = 0
    deja_prises: int = 0

    @property
    def lues(self) -> int:
        """All that was read."""
        return self.acceptees + self.rejetees + self.retenues + self.deja_prises


COUNTS = tuple(count.name for count in fields(Counts))
"""Names of what is counted by verdict, in their order."""


@dataclass(frozen=True)
class AbsenceTaken:
    """An absence completed: once only, ever. Its keys and dates together are unique in the ledger.

    The dates are those of the absence in the extract. An identifier may be another absence's in a later extract: with its
    dates it is known again, or missed (REF-14). ``financables_avant``: heures_absence_financables of its séquence in the extract
    it was judged with, None where the ledger is older than this column; by how much they grow tells that Kairos has taken it.
    """

    cle_dsf: str
    cle_de: str
    cle_sequence: str
    cle_absence: str
    date_debut: date
    date_fin: date
    heures: int
    feuille: str
    ligne: int
    financables_avant: int | None = None


@dataclass(frozen=True)
class HoursIssued:
    """Hours added; (cle_dsf, cle_de, cle_sequence, date_debut, date_fin) is unique in the ledger.

    ``realisees_avant``: heures_realisees of the séquence in the extract they were judged with, None as above.
    """

    cle_dsf: str
    cle_de: str
    cle_sequence: str
    date_debut: date
    date_fin: date
    heures: int
    cle_convention: str
    cle_pif: str
    feuille: str
    ligne: int
    realisees_avant: int | None = None


@dataclass(frozen=True)
class Complement:
    """One complementary DSF: ``payload`` is the exact bytes of ``<numero>.json``."""

    numero: str
    cle_dsf: str
    rang: int
    depot: str
    siret: str
    payload: bytes
    absences: tuple[AbsenceTaken, ...]
    heures: tuple[HoursIssued, ...]
    extrait_du: date | None = None  # date_extraction of the DSF when it was judged


@dataclass(frozen=True)
class RuleCount:
    """How often a rule fired in a deposit: lines (0 for a refused file: the rule stands on the file) and hundredths at stake."""

    code: str
    constats: int
    heures: int


@dataclass(frozen=True)
class DsfCount:
    """Verdicts of one deposit's lines on one DSF the depositor may know (others have no row)."""

    cle_dsf: str
    numero_dsf: str
    lignes: Counts
    heures: Counts


@dataclass(frozen=True)
class WaitCount:
    """Lines of a deposit on one DSF that break a rule which a later extract may lift, and their hundredths.

    ``cle_dsf`` is what was asked for: under REF-01 nobody knows whether there is such a DSF.
    """

    cle_dsf: str
    code: str
    lignes: int
    heures: int


WAITING, REFUSED = "retenue", "refuse"
"""Why a line is open beside what its findings ask for: it is sound and waits for others; its whole file was refused."""


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line that a deposit leaves open, as ``openness.OpenLines`` counts them. ``cle``: as ``judging.same_thing`` makes it."""

    feuille: str
    ligne: int
    cle: bytes | None
    suite: str
    codes: str
    heures: int


@dataclass(frozen=True)
class DepositRecord:
    """One deposit decided, a row of ``depots``. ``verdicts``: its rows of verdicts.csv, exact bytes, without the header line.

    ``origine``: the deposit of the same organisation that it says it corrects, or "". ``cles``: what its lines are about;
    ``precedents``: complements that have its lines already.
    """

    numero: str
    siret: str
    chemin: str  # of the source, relative to the workspace
    fichier: str  # relative to the SIRET folder
    sha256: str
    octets: int
    mtime_ns: int
    format: str
    etat: str  # "traite" or "refuse"
    lignes: Counts
    heures: Counts
    regles: tuple[RuleCount, ...]
    dsf: tuple[DsfCount, ...]
    verdicts: bytes
    raison_sociale: str = ""
    identite: str = ""  # of the source: dev:ino; empty: no source to remove
    essai: bool = False  # a trial: kept in a table of its own, where nothing counts it with the others
    attentes: tuple[WaitCount, ...] = ()
    origine: str = ""
    ouvertes: tuple[OpenLine, ...] = ()
    cles: frozenset[bytes] = frozenset()
    precedents: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Folder:
    """A folder that is to appear in the outbox, whole: ``cible`` is its path relative to ``outbox/``."""

    genre: str  # "dsf", "retour", "essai", "rapport"
    cible: str
    fichiers: Mapping[str, bytes]


@dataclass(frozen=True)
class Token:
    """A folder written to the spool and made durable; moving it into the outbox is its emission."""

    genre: str
    cible: str
    nom: str  # of the folder in the spool; holds the fence
    sha256: str  # over the sorted (name, sha256) of its files


@dataclass(frozen=True)
class Decision:
    """Everything one wave changes, for one transaction. ``avis``: its depositors are to be told."""

    run: str
    deposits: tuple[DepositRecord, ...] = ()
    complements: tuple[Complement, ...] = ()
    tokens: tuple[Token, ...] = ()
    reference: tuple[Mapping[str, str], ...] = field(default=())
    avis: bool = False
