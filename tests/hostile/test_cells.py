"""Group G of reliability.md, as far as reading goes: what cells may do to paths, outputs and logs. Names and paths of arrivals
are tested with the inbox, outputs with each of them."""

import ast
import pickle
from pathlib import Path

import pytest

from pipeline.cells.meaning import read_cell, read_free_cell
from pipeline.reading import ReadOptions, read
from pipeline.reading.model import Reading
from schemas.fields import FieldKind
from schemas.noticed import Noticed
from tests.hostile import build
from tests.hostile.conftest import Reader
from tests.hostile.outcome import cells, meanings, noticed, refused, rows, values

ROOT = Path(__file__).parent.parent.parent
CANARY = "CANARI-7f3a"


def _declaring(siret: object, line: object = "") -> bytes:
    declarant = build.sheet(build.row(1, ["SIRET", siret]) + build.row(2, ["Pour le compte de", line]))
    made = build.parts(build.table(build.line()), declarant)
    made["xl/workbook.xml"] = str(made["xl/workbook.xml"]).replace('name="Feuille2"', 'name="DECLARANT"')
    return build.zipped(made)


def test_G01_sheet_names_are_data(read_file: Reader, tmp_path: Path) -> None:
    made = build.parts(build.table(build.line()))
    made["xl/workbook.xml"] = str(made["xl/workbook.xml"]).replace("Feuille1", "../../etc/passwd")
    reading = read_file(build.zipped(made))
    assert reading.tables[0].sheet == "../../etc/passwd"
    assert [path.name for path in tmp_path.iterdir()] == ["depot.xlsx"]


@pytest.mark.parametrize(
    "character", ["\u202e", "\u200b", "\x1b", "\x00", "\x7f", "\ufeff", "\u2066", "\ue000", "\ufffe"]
)
def test_G02_signs_that_cannot_be_seen_are_refused_by_name(character: str) -> None:
    meaning = read_cell(FieldKind.TEXT, f"NOM{character}X")
    assert (meaning.noticed, meaning.detail) == ((Noticed.CHARACTER_FORBIDDEN,), f"U+{ord(character):04X}")


def test_G02_an_emoji_does_no_harm_in_a_comment() -> None:
    assert read_cell(FieldKind.COMMENT, "merci 👩\u200d🏫").value == "merci 👩\u200d🏫"
    assert read_cell(FieldKind.TEXT, "merci 👩\u200d🏫").noticed == (Noticed.CHARACTER_FORBIDDEN,)


def test_G06_the_folder_says_who_deposits(read_file: Reader) -> None:
    assert noticed(read_file(_declaring("732 829 320 00074"))) == []
    assert noticed(read_file(_declaring(73282932000074))) == []
    (other,) = read_file(_declaring("35600000000048")).observations
    assert (other.noticed, other.value, other.expected) == (
        Noticed.DECLARANT_IS_ANOTHER,
        "35600000000048",
        "73282932000074",
    )
    assert (other.sheet, other.row, other.column) == ("DECLARANT", 1, "B")
    (wrong,) = read_file(_declaring("", "73282932000075")).observations
    assert (wrong.noticed, wrong.field, wrong.row) == (Noticed.DECLARANT_UNUSABLE, "pour_le_compte_de", 2)
    assert read_file(_declaring("", "356 000 000 00048")).on_behalf_of == "35600000000048"


@pytest.mark.parametrize("text", ['=HYPERLINK("http://192.0.2.1")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "＝1+1", "'=1"])
def test_G07_formula_typed_as_text_is_text(read_file: Reader, text: str) -> None:
    # What outputs make of it is tested with each output; here it is neither computed nor taken for a formula.
    for data, name in (
        (build.xlsx(build.table(build.line(c8=text))), "a.xlsx"),
        (build.csv_text(build.line(c8='"' + text.replace('"', '""') + '"')).encode(), "a.csv"),
    ):
        reading = read_file(data, name)
        assert cells(reading, "reference_justificatif") == [text]
        assert values(reading, "reference_justificatif") == [text.strip()]


@pytest.mark.parametrize("text", ["a;b", 'a"b', "a\nb", "{}", "]]>", "&lt;"])
def test_G08_separators_inside_a_cell_stay_inside(read_file: Reader, text: str) -> None:
    reading = read_file(build.xlsx(build.table(build.line(c8=text))))
    assert values(reading, "reference_justificatif") == [" ".join(text.split())]


def test_G09_markup_in_a_cell_is_text(read_file: Reader) -> None:
    text = "<script>alert(1)</script>"
    assert values(read_file(build.xlsx(build.table(build.line(c2=text)))), "nom") == [text]


def test_G10_reading_knows_nothing_of_others(read_file: Reader) -> None:
    # Two organisations, one file: the same Reading but for what the folder's SIRET says of the file itself.
    data = build.xlsx(build.table(build.line()))
    assert read_file(data) == read_file(data)


def _refusals(tmp_path: Path) -> list[Reading]:
    bad = [
        build.csv_text(build.line(c8=f'"{CANARY}')),
        build.csv_text(build.line(c8=f"{CANARY};x")),
        build.csv_text(build.line(c8=f"{CANARY}\0")),
        build.csv_text(build.line(c8=CANARY))[:-30],
    ]
    files = [text.encode() for text in bad]
    whole = build.xlsx(build.table(build.line(c2=CANARY)))
    files += [whole[:size] for size in range(100, len(whole), 150)]
    files.append(build.xlsx(build.table(build.line(c2=CANARY)).replace("</row>", f"<{CANARY}", 1)))
    readings = []
    for i, data in enumerate(files):
        path = tmp_path / str(i)
        path.write_bytes(data)
        readings.append(read(path, ReadOptions()))
    return [reading for reading in readings if not reading.tables]


def test_G11_why_a_file_is_refused_never_quotes_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    refusals = _refusals(tmp_path)
    assert len(refusals) > 5
    assert CANARY not in repr(refusals)
    assert CANARY not in "".join(capfd.readouterr())


def test_G11_a_child_prints_nowhere(read_file: Reader, capfd: pytest.CaptureFixture[str]) -> None:
    assert refused(read_file(build.xlsx(f"<{CANARY}")))
    assert capfd.readouterr() == ("", "")


def test_G13_characters_no_xml_may_hold_are_told(read_file: Reader) -> None:
    reading = read_file(build.xlsx(build.table(build.line(c2="a_x0001_b"))))
    assert meanings(reading, "nom")[0].noticed == (Noticed.CHARACTER_FORBIDDEN,)


def test_G15_nothing_from_a_share_is_ever_unpickled_or_run() -> None:
    forbidden = {"pickle", "joblib", "yaml", "marshal", "shelve", "pandas", "numpy", "subprocess", "ctypes"}
    sources = [*(ROOT / "pipeline" / "reading").glob("*.py"), *(ROOT / "pipeline").glob("typing_*.py")]
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert not {alias.name.split(".")[0] for alias in node.names} & forbidden, source
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] not in forbidden, source
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec", "__import__"), source


def test_G15_a_pickle_is_no_spreadsheet(read_file: Reader) -> None:
    assert not rows(read_file(pickle.dumps({"a": 1}), "a.xlsx"))


NIR = "295109912611193"  # the example of python-stdnum's documentation


@pytest.mark.parametrize(
    "cell",
    [
        NIR,
        "2 95 10 99 126 111 93",
        float(NIR),
        int(NIR),
        f"réf. {NIR}, suite",
        f"n°{NIR}",
        "253072B07300470",
        "2-95-10-99-126-111-93",
    ],
)
def test_NIR_is_found_in_any_cell(cell: str | float) -> None:
    for kind in FieldKind:
        assert read_cell(kind, cell) == (None, (Noticed.NIR,), "")
    assert read_free_cell(cell) == (None, (Noticed.NIR,), "")


@pytest.mark.parametrize(
    "cell", ["295109912611194", f"1{NIR}", f"{NIR}0", NIR[:13], "FR7630006000011234567890189", "", 7.5, None]
)
def test_NIR_other_numbers_are_not_taken_for_one(cell: str | float | None) -> None:
    assert read_free_cell(cell) == (None, (), "")


def test_NIR_in_a_column_of_the_senders_own(read_file: Reader) -> None:
    data = build.sheet(build.row(1, [*build.HEADINGS, "N° sécu"]) + build.row(2, [*build.line(), NIR]))
    assert meanings(read_file(build.xlsx(data)), None)[0].noticed == (Noticed.NIR,)
