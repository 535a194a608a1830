"""The least a night can cost: calamine reads the same files, the same bytes go out, DuckDB copies the extract. No rule is asked.

python -m bench.floor pack OUTBOX PACK             what a night of ours gave: the inflated parts of its workbooks, its pages
python -m bench.floor run WORKSPACE PACK OUT N     the same bytes again, deflated and written by N processes, one flush
"""

import multiprocessing
import os
import pickle
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import duckdb
from python_calamine import CalamineWorkbook

Parts = list[tuple[str, bytes]]


def pack(outbox: Path, target: Path) -> None:
    """Every file under ``outbox`` into one: workbooks as the parts they hold."""
    with target.open("wb") as file:
        for path in sorted(outbox.rglob("*")):
            if path.is_file():
                pickle.dump((str(path.relative_to(outbox)), _parts(path)), file)


def _parts(path: Path) -> Parts | bytes:
    if path.suffix != ".xlsx":
        return path.read_bytes()
    with zipfile.ZipFile(path) as book:
        return [(name, book.read(name)) for name in book.namelist()]


def _read(path: Path) -> int:
    with CalamineWorkbook.from_path(str(path)) as book:
        return sum(len(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names)


def _write(task: tuple[Path, Parts | bytes]) -> None:
    path, content = task
    if not isinstance(content, bytes):
        raw = BytesIO()
        with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as book:
            for name, part in content:
                book.writestr(name, part)
        content = raw.getvalue()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def run(workspace: Path, packed: Path, out: Path, processes: int) -> None:
    """Read, copy, write."""
    source, copied = workspace / "inbox" / "extraits", out / "extrait"
    copied.mkdir(parents=True)
    with duckdb.connect(config={"threads": processes, "memory_limit": "1GB"}) as database:
        for name in ("dsf", "sequences", "absences"):
            rows = f"SELECT * FROM read_csv('{source / name}.csv', all_varchar=true)"
            database.execute(f"COPY ({rows}) TO '{copied / name}.parquet' (FORMAT parquet)")
    with multiprocessing.get_context("fork").Pool(processes) as pool, packed.open("rb") as file:
        paths = sorted((workspace / "inbox" / "depots").rglob("*.xlsx"))
        assert all(pool.map(_read, paths, chunksize=8))
        for _ in pool.imap_unordered(_write, ((out / name, content) for name, content in _packed(file)), chunksize=32):
            pass
    os.sync()


def _packed(file):  # type: ignore[no-untyped-def]
    while True:
        try:
            yield pickle.load(file)
        except EOFError:
            return


if __name__ == "__main__":
    if sys.argv[1] == "pack":
        pack(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        run(Path(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]), int(sys.argv[5]))
