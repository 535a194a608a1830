"""Field constraints of 50 000 lines, beside frictionless: `python -m bench.peer [lines]`. Both must find the same faulty rows.

The hours table as a csv, an error in one line of ten: an identifier of no known form, hours of zero, an empty mandatory cell, a
date that is none. frictionless reads and checks with a Table Schema; ours reads, types, and asks the LIG rules.
"""

import csv
import random
import sys
import tempfile
from pathlib import Path

from bench.made import AS_OF, Night, lines_of, siret
from bench.measure import Cost, cost, python
from bench.nights import Row, by_turns, said
from schemas.fields import HEURES, fields_of

_FAULTS = ({"identifiant_de": "12A"}, {"heures": "0"}, {"reference_justificatif": ""}, {"date_debut": "32/01/2025"})


def write(path: Path, lines: int) -> set[int]:
    """A csv of that many lines; the numbers of its faulty rows."""
    chance, faulty = random.Random(1), set()
    night = Night(deposits=1, lines=lines, dsf=-(-lines // 60), rows=20)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow([one.headings[HEURES] for one in fields_of(HEURES)])
        kept = (line for kind, line in lines_of(0, night) if kind == HEURES)
        for row, line in enumerate(kept, 2):
            shown = {
                name: f"{value:%d/%m/%Y}" if name.startswith("date") else str(value) for name, value in line.items()
            }
            if chance.randrange(10) == 0:
                shown |= chance.choice(_FAULTS)
                faulty.add(row)
            writer.writerow([shown.get(one.name, "") for one in fields_of(HEURES)])
    return faulty


def ours(path: Path) -> set[int]:
    """Rows that a LIG rule rejects."""
    import pandas as pd  # noqa: PLC0415

    import schemas.rules  # noqa: F401, PLC0415 - the catalogue is what was imported
    from pipeline.intake.arrival import Arrival, Snapshot  # noqa: PLC0415
    from pipeline.judging import findings, frames  # noqa: PLC0415
    from pipeline.judging.deposit import Deposit  # noqa: PLC0415
    from pipeline.reading import ReadOptions, read  # noqa: PLC0415
    from pipeline.settings import Settings  # noqa: PLC0415
    from pipeline.work.packed import Packed  # noqa: PLC0415

    snapshot = Snapshot(Arrival.of(path.name, siret(1), path.name, path.stat()), "", path)
    made = frames.build([Deposit(snapshot, Packed.of(read(path, ReadOptions())))])
    noticed = findings.on_observations(made, Settings())
    lines = made.lines.assign(date_run=pd.Timestamp(AS_OF).as_unit("s"), pas_heures=25, motif_code=None)
    lines = lines.assign(heures_non_financables=pd.array([None] * len(lines), dtype="Int64"))
    asked = [rule for rule in findings.line_rules("LIG") if rule.code not in ("LIG-10", "LIG-11")]
    found = set(noticed.loc[noticed["code"].str.startswith("LIG"), "ligne"])
    for rows in findings.broken(asked, lines).values():
        found |= set(lines.loc[rows, "ligne"])
    return found


def theirs(path: Path) -> set[int]:
    """Rows that a Table Schema of the same constraints rejects."""
    from frictionless import Dialect, Resource, Schema, formats  # type: ignore[import-not-found]  # noqa: PLC0415

    kinds = {"date_debut": "date", "date_fin": "date", "heures": "number"}
    described = []
    for one in fields_of(HEURES):
        field = {"name": one.headings[HEURES], "type": kinds.get(one.name, "string"), "constraints": {}}
        if HEURES in one.mandatory:
            field["constraints"]["required"] = True
        if field["type"] == "date":
            field["format"] = "%d/%m/%Y"
        elif field["type"] == "number":
            field["constraints"]["minimum"] = 0.01
        elif one.name == "identifiant_de":
            field["constraints"]["pattern"] = r"[0-9]{7}[0-9A-Za-z]|[0-9]{11}|0[0-9]{9}[0-9A-Za-z]"
        else:
            field["constraints"]["maxLength"] = one.max_length
        described.append(field)
    dialect = Dialect(controls=[formats.CsvControl(delimiter=";")])
    resource = Resource(path=path.name, basepath=str(path.parent), dialect=dialect, encoding="utf-8")
    resource.schema = Schema.from_descriptor({"fields": described})
    report = resource.validate(limit_errors=1_000_000)
    return {row for (row,) in report.flatten(["rowNumber"])}


def against_frictionless(lines: int, rounds: int) -> Row:
    """CPU of both, imports and all: a command is what one starts."""
    with tempfile.TemporaryDirectory(prefix="dsf-bench-") as name:
        path = Path(name) / "heures.csv"
        faulty = write(path, lines)
        assert ours(path) == theirs(path) == faulty

        def of(which: str) -> Cost:
            return cost(python("-m", "bench.peer", which, path))

        mine, peer = by_turns(rounds, lambda: of("ours"), lambda: of("theirs"))
    ratio = peer.cpu / mine.cpu
    return Row(
        f"field constraints of {lines:,} lines of a csv: frictionless ÷ dsf",
        f"{ratio:.1f} ×",
        "",
        ratio >= 1,
        said(dsf=mine, frictionless=peer),
    )


if __name__ == "__main__":
    {"ours": ours, "theirs": theirs}[sys.argv[1]](Path(sys.argv[2]))
