"""How much safety costs: reading a clean xlsx, beside python-calamine alone."""

import datetime as dt
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import xlsxwriter  # type: ignore[import-untyped]
from python_calamine import CalamineWorkbook

from bench.nights import Row
from pipeline.reading import ReadOptions, read
from schemas.fields import HEURES, SHEETS, fields_of

ROUNDS = 9
TARGET = 1.5


def write(path: Path, lines: int) -> None:
    """A deposit as a training body's software makes it: every cell a plain value."""
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet(SHEETS[HEURES])
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet.write_row(0, 0, [field.headings[HEURES] for field in fields_of(HEURES)])
    for i in range(lines):
        sheet.write_row(i + 1, 0, [f"DSF-{i // 50:05d}", f"{1000000 + i}A", f"NOM{i % 999}", f"Prénom{i % 77}"])
        sheet.write_string(i + 1, 4, f"S{i % 9}")
        sheet.write_datetime(i + 1, 5, dt.datetime(2024, 1 + i % 12, 1 + i % 28), day)
        sheet.write_datetime(i + 1, 6, dt.datetime(2024, 1 + i % 12, 1 + i % 28), day)
        sheet.write_number(i + 1, 7, (i % 28) / 4 + 0.25)
        sheet.write_string(i + 1, 8, f"FE-{i}")
    book.close()


def best(*functions: Callable[[], object]) -> list[float]:
    """CPU seconds of the best of several rounds of each, by turns: what the work costs, whoever else is on the machine."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(ROUNDS):
        for function, spent in zip(functions, times, strict=True):
            start = time.process_time()
            function()
            spent.append(time.process_time() - start)
    return [min(spent) for spent in times]


def calamine(path: Path) -> list[object]:
    """Every cell of every sheet, as python-calamine gives it."""
    with CalamineWorkbook.from_path(str(path)) as book:
        return [book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names]


def against_calamine(lines: int) -> Row:
    """A clean xlsx read with all that makes it safe, and by calamine alone."""
    with tempfile.TemporaryDirectory(prefix="dsf-bench-") as folder:
        path = Path(folder) / "propre.xlsx"
        write(path, lines)
        reading = read(path, ReadOptions())
        assert [len(table.rows) for table in reading.tables] == [lines]
        alone, whole = best(lambda: calamine(path), lambda: read(path, ReadOptions()))
    ratio = whole / alone
    beside = f"calamine {alone:.3f} s CPU, read {whole:.3f} s CPU"
    return Row(
        f"an xlsx of {lines:,} lines read ÷ calamine alone", f"{ratio:.2f} ×", "≤ 1.5 ×", ratio <= TARGET, beside
    )
