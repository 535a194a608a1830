"""xlsb, from the file dropped to what is emitted: what a cell shows is what is declared, or the line says why not."""

import struct
from pathlib import Path

import pytest

from pipeline.cells.model import Cell
from schemas.fields import HEURES, fields_of
from tests.job.test_read_xls import emitted, line
from tests.reading.xlsb import cell, rk, row, short, wide, xlsb
from tests.world import World, codes

HEADINGS: list[Cell] = [field.headings[HEURES] for field in fields_of(HEURES)]
HOURS = 7  # column


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "ws").add_dsf(sequences=[{}, {"code_sequence": "S03"}]).write_extracts()


def drop(world: World, *codes: str, macros: bool = False, **changes: object) -> None:
    data = xlsb(row(1, HEADINGS), row(2, line(**changes)), codes=codes, macros=macros)  # type: ignore[arg-type]
    world.drop("a.xlsb", data)
    world.run()


@pytest.mark.parametrize("made", [cell(HOURS, -20.5 / 24, 1), rk(HOURS, -1, 1), rk(HOURS, -85, 1, hundredths=True)])
def test_a_negative_time_is_never_another_number_of_hours(world: World, made: bytes) -> None:
    drop(world, "h:mm", heures=made)
    assert codes(world.report()) == {2: ["LIG-02"]}
    assert "########" in str(world.report())
    assert emitted(world) == []


def test_a_whole_number_of_days_is_a_duration(world: World) -> None:
    """Excel writes 24:00 as the whole number 1."""
    drop(world, "[h]:mm", heures=rk(HOURS, 1, 1))
    assert emitted(world) == [24.0]


def test_short_cells_are_read(world: World) -> None:
    made = [cell(0, "DSF-1"), *(short(17, wide(text)) for text in ("1234567A", "Exemple", "Alix", "S1", "10/02/2025"))]
    made += [short(12), short(16, struct.pack("<d", 7.5)), short(17, wide("Feuille 12"))]
    world.drop("a.xlsb", xlsb(row(1, HEADINGS), row(2, made)))
    world.run()
    assert emitted(world) == [7.5]


def test_an_identifier_typed_as_a_number_is_what_is_seen(world: World) -> None:
    drop(world, '0000000"A"', '"S"00', identifiant_de=cell(1, 1234567, 1), code_sequence=rk(4, 3, 2))
    assert codes(world.report()) == {2: []}
    assert emitted(world) == [7.5]


def test_macros_of_excel_4_take_nothing_from_the_sheet(world: World) -> None:
    drop(world, macros=True)
    assert emitted(world) == [7.5]
    assert "macros" in str(world.report()["constats"])
