"""Loading an extract: how long, how much memory, against DuckDB copying the same csv to Parquet.

    python bench/extract.py [ROWS]        (default 1 000 000; the target of the roadmap is for 10 000 000)

Each measure runs in a process of its own, which also tells its peak memory. Then 6 000 DSF are looked up.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from schemas.extracts import TABLES  # noqa: E402 - the repository is not installed where a benchmark runs

ROWS_A_DSF = 20
DAYS = "2025-03-01;2025-03-31;2025-04-10;2025-06-30"
TARGET = 4.0

_COPY = """
import duckdb, sys
con = duckdb.connect(config={"threads": 2, "memory_limit": "1500MB"})
for table in ("dsf", "sequences", "absences"):
    source = f"read_csv('{sys.argv[1]}/{table}.csv', all_varchar=true)"
    con.execute(f"COPY (SELECT * FROM {source}) TO '{sys.argv[1]}/{table}.parquet' (FORMAT parquet)")
con.close()
"""
_LOAD = """
import sys
from pathlib import Path
from pipeline.commands import extract
from pipeline.workspace import Workspace
workspace = Workspace(Path(sys.argv[2]))
(result,) = extract.load(workspace, [Path(sys.argv[1])], force=False)
assert result.is_new, result.error
"""
_LOOK_UP = """
import random, sys
from pathlib import Path
from pipeline import reference
from pipeline.workspace import Workspace
known = reference.open(Workspace(Path(sys.argv[2])))
keys = [f"d{n:08d}" for n in random.Random(1).sample(range(int(sys.argv[3])), min(6000, int(sys.argv[3])))]
facts = known.facts(keys)
assert len(facts.dsf) == len(keys)
assert len(facts.sequences) == 20 * len(keys)
"""
_MEASURED = """
import json, sys, time
from tests.memory import peak
start = time.perf_counter()
exec(sys.argv.pop(1))
seconds = time.perf_counter() - start
print(json.dumps({"secondes": round(seconds, 2), "mio": peak()}))
"""


def write(folder: Path, rows: int, *, ordered: bool) -> int:
    """A made-up extract of ``rows`` séquences and a tenth as many absences; the number of DSF."""
    count = max(1, rows // ROWS_A_DSF)
    numbers = list(range(count))
    if not ordered:
        random.Random(0).shuffle(numbers)
    files = {}
    for table, columns in TABLES.items():
        files[table] = (folder / f"{table}.csv").open("w", encoding="utf-8")
        files[table].write(";".join(column.name for column in columns) + "\n")
    for n in numbers:
        files["dsf"].write(
            f"D{n:08d};ESF;INTERMEDIAIRE;Validée par France Travail;C{n // 3:07d};Bureautique;73282932000074;Ateliers;"
            f"73282932000074;Ateliers;{DAYS}\n"
        )
        for i in range(ROWS_A_DSF):
            de, missed = f"{n * 7 % 8999999 + 1000000 + i // 2:07d}A", "7,00" if i % 10 == 3 else "0"
            files["sequences"].write(
                f"D{n:08d};{de};NOM{n * 31 % 5000};Prenom{n * 17 % 900};P{n:08d};S{i % 2};Tableur;70,00;{i + 20},50;0;{missed}\n"
            )
            if missed != "0":
                files["absences"].write(f"D{n:08d};{de};S{i % 2};A{n}-{i};Maladie;2025-03-03;2025-03-03;7,00;non\n")
    for file in files.values():
        file.close()
    return count


def measure(code: str, *arguments: object) -> dict[str, float]:
    """Seconds and peak MiB of ``code`` in a process of its own."""
    command = [sys.executable, "-c", _MEASURED, code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    for ordered in (True, False):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "extrait"
            folder.mkdir()
            start = time.perf_counter()
            count = write(folder, rows, ordered=ordered)
            size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
            said = "trié" if ordered else "mélangé"
            print(
                f"extrait {said} : {rows} séquences, {count} DSF, {size:.0f} Mo ({time.perf_counter() - start:.0f} s)"
            )
            copy = measure(_COPY, folder)
            for path in folder.glob("*.parquet"):
                path.unlink()
            load = measure(_LOAD, folder, Path(name) / "atelier")
            look = measure(_LOOK_UP, folder, Path(name) / "atelier", count)
            ratio = load["secondes"] / copy["secondes"]
            print(f"  DuckDB csv → Parquet   {copy['secondes']:7.2f} s  {copy['mio']:6.0f} Mio")
            print(
                f"  chargement             {load['secondes']:7.2f} s  {load['mio']:6.0f} Mio   × {ratio:.1f} (visé : {TARGET})"
            )
            print(f"  6 000 DSF cherchées    {look['secondes']:7.2f} s  {look['mio']:6.0f} Mio")


if __name__ == "__main__":
    main()
