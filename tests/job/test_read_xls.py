"""xls, from the file dropped to what is emitted: what a cell shows is what is declared, or the line says why not."""

from pathlib import Path

import pytest

from pipeline.cells.model import FormulaCell
from tests.reading.test_xls import instead, under, with_chart
from tests.reading.xls import embedding, record, xls
from tests.world import World, codes
from tests.world.deposits import LINES

HEURES = LINES["heures"]


def line(**changes: object) -> list[object]:
    values: dict[str, object] = {**HEURES, "heures": 7.5, "date_fin": "", "commentaire": ""} | changes
    order = "numero_dsf identifiant_de nom prenom code_sequence date_debut date_fin heures reference_justificatif commentaire"
    return [values[field] for field in order.split()]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "ws").add_dsf(sequences=[{}, {"code_sequence": "S03"}]).write_extracts()


def emitted(world: World) -> list[float]:
    """Hours of each line of each complement."""
    return [
        entry["heures"]
        for complement in world.complements().values()
        for person in complement["demandeurs"]
        for sequence in person["sequences"]
        for entry in sequence["lignes"]
    ]


@pytest.mark.parametrize(("value", "code"), [(-20.5 / 24, "h:mm"), (-0.25, "hh:mm:ss")])
def test_a_negative_time_is_never_another_number_of_hours(world: World, value: float, code: str) -> None:
    world.drop("a.xls", xls(line(heures=(value, code))))
    world.run()
    assert codes(world.report()) == {2: ["LIG-02"]}
    assert "########" in str(world.report())
    assert emitted(world) == []


@pytest.mark.parametrize("own", [27, 32, 50, 58])
def test_formats_of_the_workbooks_own_under_reserved_numbers(world: World, own: int) -> None:
    world.drop("a.xls", under(own, "h:mm", xls(line(heures=(0.25, "\\ h:mm")))))
    world.run()
    assert emitted(world) == [6.0]


def test_a_number_that_shows_other_hours_is_refused_with_both(world: World) -> None:
    world.drop("a.xls", xls(line(heures=(730, '00":"00'))))
    world.run()
    assert codes(world.report()) == {2: ["LIG-07"]}
    assert "7,50 h / 730 h" in str(world.report())
    assert emitted(world) == []


def test_a_formula_that_nobody_computed_is_not_an_empty_date(world: World) -> None:
    world.drop("a.xls", xls(line(date_fin=FormulaCell("F2"))))
    world.run()
    assert codes(world.report()) == {2: ["LIG-02"]}
    assert emitted(world) == []


def test_the_workbook_embedded_in_another_is_not_the_deposit(world: World) -> None:
    world.drop("a.xls", embedding(xls(line()), xls(line(heures=99))))
    world.run()
    assert emitted(world) == [7.5]


def test_a_chart_of_the_sheet_is_no_line(world: World) -> None:
    world.drop("a.xls", with_chart(xls(line()), 99.0))
    world.run()
    assert emitted(world) == [7.5]


def test_an_identifier_typed_as_a_number_is_what_is_seen(world: World) -> None:
    world.drop("a.xls", xls(line(identifiant_de=(1234567, '0000000"A"'), code_sequence=(3, '"S"00'))))
    world.run()
    report = world.report()
    assert codes(report) == {2: []}
    assert emitted(world) == [7.5]
    assert sum("affichés avec des zéros" in str(found) for found in report["constats"]) == 2


def test_an_identifier_that_shows_something_else_is_refused(world: World) -> None:
    world.drop("a.xls", xls(line(code_sequence=(0.03, "0%"))))
    world.run()
    assert codes(world.report()) == {2: ["LIG-02"]}
    assert "affiche autre chose que le nombre" in str(world.report())
    assert emitted(world) == []


def test_a_social_security_number_is_seen_through_its_format(world: World) -> None:
    code = '[>=3000000000000]#" "##" "##" "##" "###" "###" | "##;#" "##" "##" "##" "###" "###'
    world.drop("a.xls", xls(line(commentaire=(295109912611193, code))))
    world.run()
    assert codes(world.report()) == {2: ["LIG-12"]}
    assert emitted(world) == []
    written = b"".join(
        path.read_bytes() for path in world.workspace.outbox.rglob("*") if path.suffix in (".json", ".html")
    )
    assert b"295109912611193" not in written
    assert b"2 95 10 99 126 111" not in written


def test_macros_of_excel_4_take_nothing_from_the_sheet(world: World) -> None:
    data = xls(line(), others=("Macro1",))
    at = data.index(b"\x06\0Macro1") - 1
    world.drop("a.xls", data[:at] + b"\x01" + data[at + 1 :])
    world.run()
    assert emitted(world) == [7.5]
    assert "macros" in str(world.report()["constats"])


def test_what_the_fast_reader_lost_refuses_the_file(world: World) -> None:
    world.drop("a.xls", instead(xls(line()), 7, lambda _: record(0x00FD, b"\1\0\7\0\0\0\xff\xff\0\0")))
    world.run()
    assert world.report()["etat"] == "refuse"
    assert "enregistrez-le au format .xlsx" in str(world.report())
    assert emitted(world) == []
