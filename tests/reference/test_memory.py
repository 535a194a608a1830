"""Memory does not grow with the extract: ten times the rows, the same peak, measured in children of their own."""

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq

from tests import world
from tests.world import extracts

_CHILD = """
import sys
from pathlib import Path
from pipeline.commands import extract
from pipeline.reference import csvtext, engine
from pipeline.workspace import Workspace
from tests.memory import peak
csvtext.BLOCK = 1 << 20
engine.MEMORY = "128MB"
workspace = Workspace(Path(sys.argv[1]))
(result,) = extract.load(workspace, [], force=False)
assert result.is_new, result
print(peak())
"""


def peak(root: Path, rows: int) -> int:
    """Peak resident memory, in MiB, of loading ``rows`` rows of séquences that stand in no order."""
    workspace = world.workspace(root)
    numbers = range(rows // 20)
    tables = {"dsf": [extracts.dsf(f"D-{n * 7919 % len(numbers):06d}") for n in numbers], "absences": []}
    extracts.write_csv(workspace.extracts, tables)
    row = extracts.sequence()
    with (workspace.extracts / "sequences.csv").open("w") as file:
        file.write(";".join(row) + "\n")
        for n in range(rows):
            row["numero_dsf"] = f"D-{n * 7919 % len(numbers):06d}"
            row["identifiant_de"] = f"{n:07d}A"
            file.write(";".join(row.values()) + "\n")
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, str(workspace.root)], capture_output=True, text=True, check=True
    )
    return int(child.stdout)  # and nothing else: stdout is the answer's, however long a query takes


def test_memory_does_not_grow_with_the_extract(tmp_path: Path) -> None:
    small, large = peak(tmp_path / "petit", 40_000), peak(tmp_path / "grand", 400_000)
    for table in (tmp_path / "grand").rglob("sequences.parquet"):
        keys = pq.read_table(table, columns=["cle_dsf"]).column("cle_dsf").to_pylist()
        assert keys == sorted(keys), "a look-up reads few row groups only where rows stand in the order of their DSF"
    assert large - small < 150, f"{small} MiB for 40 000 rows, {large} MiB for 400 000"
