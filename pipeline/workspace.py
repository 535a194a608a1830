"""The folders of a workspace, by name: the one place that knows paths. Source: contract §2."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Workspace:
    """A folder that holds ``inbox/``, ``outbox/``, ``var/`` and perhaps ``dsf.toml``."""

    root: Path

    @property
    def extracts(self) -> Path:
        """Where the operator puts initial DSF extracts."""
        return self.root / "inbox" / "extraits"

    @property
    def entered(self) -> Path:
        """Where the operator puts lists of what was typed into Kairos."""
        return self.root / "inbox" / "saisies"

    @property
    def deposits(self) -> Path:
        """One folder an organisation."""
        return self.root / "inbox" / "depots"

    @property
    def outbox(self) -> Path:
        """What leaves."""
        return self.root / "outbox"

    def page(self, siret: str) -> Path:
        """The page of an organisation."""
        return self.outbox / siret / "index.html"

    def template(self, siret: str) -> Path:
        """The prefilled template of an organisation."""
        return self.outbox / siret / f"modele-{siret}.xlsx"

    @property
    def reports(self) -> Path:
        """Reports of runs, for the operator and the reviewer."""
        return self.outbox / "rapports"

    @property
    def var(self) -> Path:
        """State; closed to others."""
        return self.root / "var"

    @property
    def ledger(self) -> Path:
        """The ledger, where the setting ``ledger`` names no other."""
        return self.var / "registre.sqlite"

    @property
    def reference(self) -> Path:
        """One folder a load, each immutable."""
        return self.var / "reference"

    @property
    def originals(self) -> Path:
        """Archived originals, one file a content: ``<sha256>``."""
        return self.var / "originaux"

    @property
    def entered_archive(self) -> Path:
        """Lists of ``entered`` once they are noted, unchanged."""
        return self.var / "saisies"

    @property
    def spool(self) -> Path:
        """Folders written but not yet seen by anyone; on the file system of ``outbox``."""
        return self.var / "spool"

    @property
    def journal(self) -> Path:
        """Events, one JSON object a line, one file a month; where the setting ``journal.dossier`` names no other."""
        return self.var / "journal"

    @property
    def notices(self) -> Path:
        """What the command of the settings is still to be told: ``<run>.<tries>.json``."""
        return self.var / "avis"

    @property
    def lock(self) -> Path:
        """Held by the one run."""
        return self.var / "run.lock"

    @property
    def witness(self) -> Path:
        """Which ledger the outbox belongs to."""
        return self.outbox / ".temoin.json"

    @property
    def second_witness(self) -> Path:
        """The same, beside the ledger: an outbox that is emptied does not take it along."""
        return self.var / "temoin.json"

    @property
    def last_backup(self) -> Path:
        """When the last backup was taken, and where it is."""
        return self.var / "sauvegarde.json"

    @property
    def last_verification(self) -> Path:
        """When everything was last compared with everything, and whether it agreed."""
        return self.var / "verification.json"

    def relative(self, path: Path) -> str:
        """``path`` as it is named in the ledger and in reports: relative to the workspace."""
        return str(path.relative_to(self.root))

    def folders(self) -> tuple[Path, ...]:
        """Every folder of the workspace, parents first."""
        inbox = (self.extracts, self.deposits, self.entered)
        return (*inbox, self.outbox, self.reports, self.reference, self.originals, self.entered_archive, self.spool)

    def create(self) -> None:
        """Make the folders that are missing; what an organisation never sees is closed to others (0700)."""
        for folder in self.folders():
            folder.mkdir(parents=True, exist_ok=True)
        for private in (self.var, self.spool):
            private.chmod(0o700)
