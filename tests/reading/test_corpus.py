"""Files of the world and damaged ones: an answer in every case, the parent alive, refusals quick and light."""

import io
import zipfile
from pathlib import Path

import pytest

from pipeline.reading import ReadOptions
from pipeline.settings import Limits
from tests.children import children, readings
from tests.reading import outcomes

FIXTURES = Path(__file__).parent / "fixtures"
CORPUS = outcomes.corpus()
needs_corpus = pytest.mark.skipif(not CORPUS, reason="../shared/corpus/spreadsheets is not there")
SECONDS, MEGABYTES = 2.0, 300
READ = "lu"


@needs_corpus
def test_every_file_of_the_corpus_ends_in_a_reading() -> None:
    with children(2) as pool:
        found = readings(pool, [(path, ReadOptions()) for path in CORPUS])
    assert len(found) == len(CORPUS)
    # None of them is a deposit: each is refused, and says why.
    assert all(outcomes.code(reading) != READ for reading in found)


@needs_corpus
def test_refusals_are_quick_and_light() -> None:
    measured = outcomes.measure(CORPUS)
    slow = [(path.name, seconds) for path, (_, seconds, _) in zip(CORPUS, measured, strict=True) if seconds > SECONDS]
    assert not slow
    assert max(megabytes for _, _, megabytes in measured) <= MEGABYTES


@needs_corpus
def test_table_of_outcomes_is_in_step() -> None:
    assert outcomes.table() in outcomes.DOCUMENT.read_text(encoding="utf-8"), "run python -m tests.reading.outcomes"


def _sources() -> list[Path]:
    return [path for path in FIXTURES.iterdir() if path.suffix != ".py"] + CORPUS


def _damaged(folder: Path, count: int) -> None:
    paths = []
    for i, data in enumerate(outcomes.mutations(sorted(_sources()), count)):
        path = folder / f"{i:04d}"
        path.write_bytes(data)
        paths.append(path)
    with children(2, Limits(secondes=20)) as pool:
        found = readings(pool, [(path, ReadOptions()) for path in paths])
    assert len(found) == count
    for path, reading in zip(paths, found, strict=True):
        assert reading.observations or reading.tables, path
    refused = [path for path, reading in zip(paths, found, strict=True) if outcomes.code(reading) != READ]
    died = {
        path
        for path, r in zip(paths, found, strict=True)
        if r.observations and r.observations[0].field in ("memoire", "secondes")
    }
    measured = outcomes.measure([path for path in refused if path not in died])
    assert max(seconds for _, seconds, _ in measured) <= SECONDS
    assert max(megabytes for _, _, megabytes in measured) <= MEGABYTES


def test_damaged_files(tmp_path: Path) -> None:
    _damaged(tmp_path, 300)


@pytest.mark.sweep
def test_a_thousand_damaged_files(tmp_path: Path) -> None:
    _damaged(tmp_path, 1000)


def test_bombs_are_refused_within_the_memory_of_a_small_child(tmp_path: Path) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/sharedStrings.xml", b"A" * 450_000_000)
    path = tmp_path / "bombe.xlsx"
    path.write_bytes(bomb.getvalue())
    ((fic, seconds, megabytes),) = outcomes.measure([path])
    assert (fic, seconds <= SECONDS, megabytes <= 100) == ("FIC-03", True, True)
