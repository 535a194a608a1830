"""What must hold, from the files that left alone: sets and sums, in the truth's own numbers."""

import io
import json
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.simulation.truth import NAMES, SIRETS, Truth, Version


@dataclass
class Model:
    """``taken``: the absences completed so far, each by its complement or an extract that said so. ``turned``: complement →
    absence → hundredths that became fundable. ``hours``: (complement, DSF, plan, hundredths) added; a plan is (convention,
    person, séquence). ``added``: each line of hours: DSF, plan, first day, last day, hundredths. ``dropped``: name of a file →
    how many lines it has had; it may have been saved again.
    """

    truth: Truth
    taken: dict[int, str] = field(default_factory=dict)
    turned: dict[str, dict[int, int]] = field(default_factory=dict)
    hours: list[tuple[str, str, tuple[int, int, int], int]] = field(default_factory=list)
    added: set[tuple[str, tuple[int, int, int], str, str, int]] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    reports: set[str] = field(default_factory=set)
    dropped: dict[str, set[int]] = field(default_factory=dict)
    lines: int = 0
    looked: set[Path] = field(default_factory=set)

    def newest(self, loaded: list[Version]) -> dict[str, Version]:
        """DSF → the version that tells of it: the greater date, of two of one date the later load."""
        best: dict[str, Version] = {}
        for version in loaded:
            for dsf in version.declared:
                if dsf not in best or version.day >= best[dsf].day:
                    best[dsf] = version
        return best

    def look(self, outbox: Path, loaded: list[Version]) -> list[str]:
        """What is wrong with what has left since the last look."""
        newest = self.newest(loaded)
        bad = []
        for version in loaded:
            for thing in version.completed:
                self.taken.setdefault(thing, f"extract {version.name}")
        found = [(path, json.loads(path.read_text(encoding="utf-8"))) for path in outbox.glob("*/dsf/*/*.json")]
        for path, payload in sorted(found, key=lambda item: (item[1]["emis_le"], item[1]["numero"])):
            if payload["numero"] not in self.numbers:
                self.numbers.add(payload["numero"])
                bad += self._complement(payload, path.parts[-4], newest)
        for path in outbox.glob("*/retours/*/rapport.json"):
            if path.parent.name not in self.reports:
                self.reports.add(path.parent.name)
                bad += self._report(json.loads(path.read_text(encoding="utf-8")))
        return bad + [wrong for siret in SIRETS for wrong in self._strangers(outbox / siret, siret)]

    def _complement(self, payload: dict[str, Any], siret: str, newest: dict[str, Version]) -> list[str]:
        number, dsf = payload["numero"], payload["dsf_initiale"]["numero"]
        version, bad = newest[dsf], []
        if siret not in {body["siret"] for body in payload["organismes"].values()}:
            bad.append(f"{number} left for {siret}, who has no such DSF")
        turned = self.turned[number] = {}
        added: dict[tuple[int, int, int], int] = defaultdict(int)
        for person in payload["demandeurs"]:
            for sequence in person["sequences"]:
                where = (dsf, person["identifiant_de"], sequence["code"])
                for absence in sequence["absences"]:
                    thing = version.absences.get((*where, absence["id_absence"]))
                    if thing is None:
                        bad.append(f"{number}: no such absence in {version.name}")
                    elif thing in self.taken:
                        bad.append(f"{number}: absence {thing} was completed by {self.taken[thing]}")
                    else:
                        self.taken[thing] = number
                        turned[thing] = round(100 * absence["heures_valorisees"])
                plan = self._plan(where)
                for line in sequence["lignes"]:
                    added[plan] += round(100 * line["heures"])
                    bad += self._line(number, dsf, plan, line)
        for plan, hours in added.items():
            if hours:
                self.hours.append((number, dsf, plan, hours))
                bad += self._beyond(number, plan, newest)
        return bad

    def _line(self, number: str, dsf: str, plan: tuple[int, int, int], line: dict[str, Any]) -> list[str]:
        days = (line["date_debut"], line["date_fin"])
        twice = any((dsf, plan, *days) == one[:4] for one in self.added)
        self.added.add((dsf, plan, *days, round(100 * line["heures"])))
        return [f"{number}: hours of {days} on {plan} were added before"] if twice else []

    def _plan(self, where: tuple[str, str, str]) -> tuple[int, int, int]:
        """The plan behind the names, as today's truth or any version has called it."""
        number, de, code = where
        dsf = next(one for one in self.truth.dsf if one.number == number)
        for line in dsf.lines:
            names = {line.person.name, *self._old("identifiant_de", line.person.name)}
            codes = dsf.convention.codes[line.sequence]
            if de in names and code in {codes, *self._old("code_sequence", codes)}:
                return dsf.convention.thing, line.person.thing, line.sequence
        raise AssertionError(f"nobody was ever called {where}")

    def _old(self, champ: str, name: str) -> set[str]:
        """What a name was before, whether or not the operator was told."""
        before = {name}
        found: set[str] = set()
        while before:
            before = {r["ancien"] for r in self.truth.renamed if r["champ"] == champ and r["nouveau"] in before} - found
            found |= before
        return found

    def _beyond(self, number: str, plan: tuple[int, int, int], newest: dict[str, Version]) -> list[str]:
        left = self.left(plan, newest)
        return [f"{number}: {-left} beyond what is planned for {plan}"] if left < 0 else []

    def left(self, plan: tuple[int, int, int], newest: dict[str, Version]) -> int:
        """Hours of a plan that are neither declared nor issued."""
        declared = sum(version.declared[dsf].get(plan, 0) for dsf, version in newest.items())
        planned = max(version.planned.get(plan, 0) for version in newest.values())
        issued = sum(hours for of, dsf, where, hours in self.hours if where == plan and of not in newest[dsf].contains)
        return planned - declared - issued

    def _report(self, report: dict[str, Any]) -> list[str]:
        bad = []
        counts = report["comptes"]
        if counts["lues"] != sum(value for name, value in counts.items() if name != "lues"):
            bad.append(f"{report['depot']}: verdicts do not add up")
        if report["etat"] != "refuse":
            self.lines += counts["lues"]
            if counts["lues"] not in self.dropped[report["fichier"]]:
                bad.append(f"{report['depot']}: {counts['lues']} lines of {self.dropped[report['fichier']]}")
            if len(report["lignes"]) != counts["lues"]:
                bad.append(f"{report['depot']}: a line without a verdict")
        return bad

    def _strangers(self, folder: Path, siret: str) -> list[str]:
        others = [name.encode() for owner, name in NAMES.items() if owner != siret]
        bad = []
        for path in folder.rglob("*"):
            if path.is_file() and path not in self.looked:
                self.looked.add(path)
                text = _text(path)
                bad += [f"{path} names a trainee of another organisation"] * any(name in text for name in others)
        return bad


def _text(path: Path) -> bytes:
    """The content of a file, of a workbook all its parts."""
    data = path.read_bytes()
    if not data.startswith(b"PK"):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return b"".join(book.read(name) for name in book.namelist())
