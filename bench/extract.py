"""Loading an extract, beside DuckDB copying the same csv files to Parquet; then 6 000 DSF are looked up."""

import shutil
import tempfile
from pathlib import Path

from bench import made
from bench.made import Night
from bench.measure import Cost, cost, dsf, python
from bench.nights import Row, by_turns, said
from pipeline.workspace import Workspace

_COPY = """
import duckdb, sys
con = duckdb.connect(config={"threads": 2, "memory_limit": "1500MB"})
for table in ("dsf", "sequences", "absences"):
    source = f"read_csv('{sys.argv[1]}/{table}.csv', all_varchar=true)"
    con.execute(f"COPY (SELECT * FROM {source}) TO '{sys.argv[2]}/{table}.parquet' (FORMAT parquet)")
con.close()
"""
_LOOK_UP = """
import random, sys
from pathlib import Path
from pipeline import reference
from pipeline.workspace import Workspace
known = reference.open(Workspace(Path(sys.argv[1])))
keys = [f"d{n:08d}" for n in random.Random(1).sample(range(int(sys.argv[2])), min(6000, int(sys.argv[2])))]
facts = known.facts(keys)
assert len(facts.dsf) == len(keys)
assert len(facts.sequences) == 20 * len(keys)
"""


def against_duckdb(rows: int, rounds: int, *, ordered: bool) -> Row:
    """Loading an extract whose DSF stand in their order or in none, and DuckDB copying the same csv files to Parquet."""
    with tempfile.TemporaryDirectory(prefix="dsf-bench-") as name:
        folder = Path(name) / "extrait"
        folder.mkdir()
        made.write_extract(folder, Night(deposits=0, rows=rows), ordered=ordered)
        copied = Path(name) / "copie"
        copied.mkdir()
        work = Path(name) / "atelier"

        def load() -> Cost:
            shutil.rmtree(work, ignore_errors=True)
            Workspace(work).create()
            return cost(dsf("extract", "load", "--workspace", work, folder))

        loaded, copy = by_turns(rounds, load, lambda: cost(python("-c", _COPY, folder, copied)))
        look = cost(python("-c", _LOOK_UP, work, rows // made.ROWS))
    ratio = loaded.wall / copy.wall
    return Row(
        f"extract of {rows:,} rows {'in order' if ordered else 'shuffled'}: load ÷ DuckDB copying it to Parquet; largest process",
        f"{ratio:.2f} × wall; {loaded.peak} MiB",
        "≤ 1.5 ×; ≤ 1200 MiB",
        ratio <= 1.5 and loaded.peak <= 1200,
        said(dsf=loaded, duckdb=copy, **{"6 000 DSF looked up": look}),
    )
