"""csv, from the file dropped to what is emitted: read where it can be told, refused where it cannot."""

from pathlib import Path

import pytest

from tests.job.test_read_xls import emitted
from tests.world import World, codes, deposits


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "ws").add_dsf(sequences=[{}, {"code_sequence": "03"}]).write_extracts()


def run(world: World, data: bytes) -> dict[int, list[str]]:
    world.drop("a.csv", data)
    world.run()
    found: dict[int, list[str]] = codes(world.report())
    return found


def lines(*changes: dict[str, str]) -> list[str]:
    """The rows of a file with these lines, headings first."""
    return deposits.hours(*changes).split("\r\n")[:-1]


def text(rows: list[str]) -> bytes:
    return ("\r\n".join(rows) + "\r\n").encode()


def test_a_line_break_and_a_separator_inside_quotes_are_a_cell(world: World) -> None:
    made = text(lines({"commentaire": "vu ;\nle lundi"}, {"date_debut": "11/02/2025"}))
    assert run(world, made) == {2: [], 3: []}
    assert emitted(world) == [7.0, 7.0]


def test_a_quote_that_swallows_a_line_refuses_the_file(world: World) -> None:
    rows = lines({}, {"date_debut": "11/02/2025"})
    heading, first, second = rows
    cells = first.split(";")
    swallowed = ";".join([*cells[:2], '"' + cells[2], *cells[3:]])
    others = second.split(";")
    closed = ";".join([*others[:2], others[2] + '"', *others[3:]])
    run(world, text([heading, swallowed, closed]))
    assert [finding["code"] for finding in world.report()["constats"]] == ["FIC-01"]
    assert emitted(world) == []


def test_blank_cells_at_the_end_of_all_rows_do_no_harm(world: World) -> None:
    heading, first, second = lines({}, {"date_debut": "11/02/2025"})
    assert run(world, text([heading, first + ";;", second + ";;"])) == {2: [], 3: []}
    assert emitted(world) == [7.0, 7.0]


def test_blank_cells_at_the_end_of_some_rows_refuse_the_file(world: World) -> None:
    """A decimal comma of its own cell looks like that: 7;5 for 7,5."""
    heading, first, second = lines({}, {"date_debut": "11/02/2025"})
    run(world, text([heading, first + ";;", second]))
    assert [finding["code"] for finding in world.report()["constats"]] == ["FIC-01"]
    assert emitted(world) == []


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_UTF_16_without_a_mark_is_told_by_its_zero_bytes(world: World, encoding: str) -> None:
    assert run(world, text(lines({})).decode().encode(encoding)) == {2: []}
    assert emitted(world) == [7.0]


def test_a_number_kept_as_text_the_way_of_excel_keeps_its_zeros(world: World) -> None:
    made = text(lines({"code_sequence": "S"}))
    assert run(world, made.replace(b";S;", b';="03";')) == {2: []}
    assert emitted(world) == [7.0]


@pytest.mark.parametrize("shown", ["Err:502", "Err\u00a0:502", "Err :522", "#NOM?"])
def test_an_error_that_a_spreadsheet_shows_is_no_text(world: World, shown: str) -> None:
    made = text(lines({"reference_justificatif": shown}, {"date_debut": "11/02/2025", "commentaire": "Err:502 hier"}))
    assert run(world, made) == {2: ["LIG-02"], 3: []}
    assert emitted(world) == []


def test_a_file_of_an_old_mac_is_told_its_encoding(world: World) -> None:
    run(world, text(lines({})).decode().encode("mac_roman"))
    (finding,) = world.report()["constats"]
    assert finding["code"] == "FIC-01"
    assert "UTF-8" in finding["message"] + finding["geste"]


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n", "web"),
        (b"ID;PWXL;N;E\r\nP;PGeneral\r\n", "SYLK"),
        ("Numéro DSF|Identifiant DE|Code séquence|Date début\r\nDSF-1|1234567A|S1|10/02/2025\r\n".encode(), "|"),
    ],
    ids=["mht", "slk", "bar"],
)
def test_a_format_that_is_not_read_is_named(world: World, data: bytes, named: str) -> None:
    run(world, data)
    (finding,) = world.report()["constats"]
    assert finding["code"] == "FIC-01"
    assert named in finding["message"]
    assert "Exception" not in str(finding)
