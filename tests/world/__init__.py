"""The one maker of workspaces for tests, in five small ideas.

- ``World``: a workspace, what its extracts will say, what is dropped in its inbox, runs over it, what came out;
- ``extracts``: rows of initial DSF by keyword, and the files they are sent in;
- ``deposits``: lines of hours and of absences, each by what it changes, as a csv;
- ``inbox.Inbox``: a World whose inbox is looked at by a clock that tests turn;
- ``decisions``: small true decisions put straight into the ledger, with no reading and no rules.
"""

import csv
import io
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.run import Outcome, run
from pipeline.settings import Settings
from pipeline.workspace import Workspace
from tests.world import deposits, extracts
from tests.world.extracts import DISPENSATEUR, OTHER, TITULAIRE

__all__ = [
    "DAY",
    "DISPENSATEUR",
    "OTHER",
    "SETTINGS",
    "TITULAIRE",
    "World",
    "by_verdict",
    "codes",
    "names",
    "workspace",
]

DAY = date(2025, 6, 30)
"""The date of runs."""
SETTINGS = Settings(delai_stabilite=0, processus=1)
"""Deposits are taken at once, and everything happens in one process."""
SECOND = 1_000_000_000
_FIRST = 1_750_000_000 * SECOND  # before DAY, so that nothing comes from the future


def workspace(root: Path) -> Workspace:
    """A workspace with its folders, at ``root``."""
    made = Workspace(root)
    made.create()
    return made


class World:
    """A workspace with its extracts; deposits get modification times in the order they are dropped."""

    def __init__(self, root: Path) -> None:
        self.workspace = workspace(root)
        self.tables: extracts.Tables = {"dsf": [], "sequences": [], "absences": []}
        self._dropped = 0

    # --- what goes in -------------------------------------------------------------------------------------------------

    def add_dsf(self, numero: str = "DSF-1", **changes: Any) -> "World":
        """One more DSF for the next extracts, as ``extracts.whole`` makes it."""
        for table, rows in extracts.whole(numero, **changes).items():
            self.tables[table] += rows
        return self

    def forget(self) -> "World":
        """Begin the next extracts anew; what was sent is with the product."""
        for rows in self.tables.values():
            rows.clear()
        return self

    def write_extracts(self) -> "World":
        """Send the DSF added so far to ``inbox/extraits``."""
        extracts.write_csv(self.workspace.extracts, self.tables)
        return self

    def drop(self, name: str = "a.csv", content: str | bytes = b"x;y\n", folder: str = TITULAIRE) -> Path:
        """Put a file into a folder of ``inbox/depots``."""
        path = self.workspace.deposits / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        self._dropped += 1
        os.utime(path, ns=(_FIRST + self._dropped * SECOND,) * 2)
        return path

    def hours(self, name: str, *lines: deposits.Line, folder: str = TITULAIRE) -> Path:
        """Drop a deposit of hours, each line by what it changes."""
        return self.drop(name, deposits.hours(*lines), folder)

    def absence(self, name: str, *lines: deposits.Line, folder: str = TITULAIRE) -> Path:
        """Drop a deposit of absences, each line by what it changes."""
        return self.drop(name, deposits.absences(*lines), folder)

    def settings(self, **changes: Any) -> Settings:
        """Those of the workspace, with ``changes``."""
        return replace(SETTINGS, **changes)

    def run(self, day: date = DAY, **settings: Any) -> Outcome:
        """`dsf run` in this process."""
        return run(self.workspace, self.settings(**settings), day, lambda *_: None)

    # --- what came out ------------------------------------------------------------------------------------------------

    def reports(self, siret: str = TITULAIRE) -> list[dict[str, Any]]:
        """Every rapport.json of an organisation, by the time of its file then its number."""
        found = [json.loads(p.read_text()) for p in self.workspace.outbox.glob(f"{siret}/retours/*/rapport.json")]
        return sorted(found, key=lambda report: (report["recu_le"], report["depot"]))

    def report(self, siret: str = TITULAIRE) -> dict[str, Any]:
        """The newest one."""
        return self.reports(siret)[-1]

    def complements(self, siret: str = TITULAIRE) -> dict[str, dict[str, Any]]:
        """Every complementary DSF of an organisation by its number."""
        paths = sorted(self.workspace.outbox.glob(f"{siret}/dsf/*/*.json"))
        found = [json.loads(path.read_text()) for path in paths]
        return {item["numero"]: item for item in found}

    def verdicts(self, run_name: str) -> list[dict[str, str]]:
        """The rows of a run's verdicts.csv."""
        text = (self.workspace.reports / run_name / "verdicts.csv").read_text(encoding="utf-8")
        return list(csv.DictReader(io.StringIO(text)))


def codes(report: Mapping[str, Any], verdict: str | None = None) -> dict[int, list[str]]:
    """Row → codes, of the lines with that verdict."""
    return {line["ligne"]: line["codes"] for line in report["lignes"] if verdict in (None, line["verdict"])}


def by_verdict(report: Mapping[str, Any]) -> dict[int, str]:
    """Row → verdict."""
    return {line["ligne"]: line["verdict"] for line in report["lignes"]}


def names(folder: Path) -> list[str]:
    """Every file under ``folder``, relative."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
