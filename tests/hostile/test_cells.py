"""Group G of reliability.md, as far as reading goes: what cells may do to paths, outputs and logs. Names and paths of arrivals
are tested with the inbox, outputs with each of them."""

import ast
import pickle
from pathlib import Path

import pytest

from pipeline.cells.meaning import lire, lire_libre
from pipeline.cells.model import Etat
from pipeline.reading import ReadOptions, read
from pipeline.reading.model import Reading
from schemas.fields import Kind
from tests.hostile import build
from tests.hostile.conftest import Reader
from tests.hostile.outcome import cells, etats, lus, refused, rows, values

ROOT = Path(__file__).parent.parent.parent
CANARY = "CANARI-7f3a"


def _declaring(siret: object, line: object = "") -> bytes:
    declarant = build.sheet(build.row(1, ["SIRET", siret]) + build.row(2, ["Pour le compte de", line]))
    made = build.parts(build.table(build.line()), declarant)
    made["xl/workbook.xml"] = str(made["xl/workbook.xml"]).replace('name="Feuille2"', 'name="DECLARANT"')
    return build.zipped(made)


def test_G01_sheet_names_are_data(lire_fichier: Reader, tmp_path: Path) -> None:
    made = build.parts(build.table(build.line()))
    made["xl/workbook.xml"] = str(made["xl/workbook.xml"]).replace("Feuille1", "../../etc/passwd")
    reading = lire_fichier(build.zipped(made))
    assert reading.tables[0].feuille == "../../etc/passwd"
    assert [path.name for path in tmp_path.iterdir()] == ["depot.xlsx"]


@pytest.mark.parametrize(
    "character", ["\u202e", "\u200b", "\x1b", "\x00", "\x7f", "\ufeff", "\u2066", "\ue000", "\ufffe"]
)
def test_G02_signs_that_cannot_be_seen_are_refused_by_name(character: str) -> None:
    lu = lire(Kind.TEXT, f"NOM{character}X")
    assert (lu.etats, lu.detail) == ((Etat.CARACTERE_INTERDIT,), f"U+{ord(character):04X}")


def test_G02_an_emoji_does_no_harm_in_a_comment() -> None:
    assert lire(Kind.COMMENT, "merci 👩\u200d🏫").valeur == "merci 👩\u200d🏫"
    assert lire(Kind.TEXT, "merci 👩\u200d🏫").etats == (Etat.CARACTERE_INTERDIT,)


def test_G06_the_folder_says_who_deposits(lire_fichier: Reader) -> None:
    assert etats(lire_fichier(_declaring("732 829 320 00074"))) == []
    assert etats(lire_fichier(_declaring(73282932000074))) == []
    (other,) = lire_fichier(_declaring("35600000000048")).observations
    assert (other.etat, other.valeur, other.attendu) == (Etat.DECLARANT_AUTRE, "35600000000048", "73282932000074")
    assert (other.feuille, other.ligne, other.colonne) == ("DECLARANT", 1, "B")
    (wrong,) = lire_fichier(_declaring("", "73282932000075")).observations
    assert (wrong.etat, wrong.champ, wrong.ligne) == (Etat.DECLARANT_INUTILISABLE, "pour_le_compte_de", 2)
    assert lire_fichier(_declaring("", "356 000 000 00048")).pour_le_compte_de == "35600000000048"


@pytest.mark.parametrize("text", ['=HYPERLINK("http://192.0.2.1")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "＝1+1", "'=1"])
def test_G07_formula_typed_as_text_is_text(lire_fichier: Reader, text: str) -> None:
    # What outputs make of it is tested with each output; here it is neither computed nor taken for a formula.
    for data, name in (
        (build.xlsx(build.table(build.line(c8=text))), "a.xlsx"),
        (build.csv_text(build.line(c8='"' + text.replace('"', '""') + '"')).encode(), "a.csv"),
    ):
        reading = lire_fichier(data, name)
        assert cells(reading, "reference_justificatif") == [text]
        assert values(reading, "reference_justificatif") == [text.strip()]


@pytest.mark.parametrize("text", ["a;b", 'a"b', "a\nb", "{}", "]]>", "&lt;"])
def test_G08_separators_inside_a_cell_stay_inside(lire_fichier: Reader, text: str) -> None:
    reading = lire_fichier(build.xlsx(build.table(build.line(c8=text))))
    assert values(reading, "reference_justificatif") == [" ".join(text.split())]


def test_G09_markup_in_a_cell_is_text(lire_fichier: Reader) -> None:
    text = "<script>alert(1)</script>"
    assert values(lire_fichier(build.xlsx(build.table(build.line(c2=text)))), "nom") == [text]


def test_G10_reading_knows_nothing_of_others(lire_fichier: Reader) -> None:
    # Two organisations, one file: the same Reading but for what the folder's SIRET says of the file itself.
    data = build.xlsx(build.table(build.line()))
    assert lire_fichier(data) == lire_fichier(data)


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


def test_G11_a_child_prints_nowhere(lire_fichier: Reader, capfd: pytest.CaptureFixture[str]) -> None:
    assert refused(lire_fichier(build.xlsx(f"<{CANARY}")))
    assert capfd.readouterr() == ("", "")


def test_G13_characters_no_xml_may_hold_are_told(lire_fichier: Reader) -> None:
    reading = lire_fichier(build.xlsx(build.table(build.line(c2="a_x0001_b"))))
    assert lus(reading, "nom")[0].etats == (Etat.CARACTERE_INTERDIT,)


def test_G15_nothing_from_a_share_is_ever_unpickled_or_run() -> None:
    forbidden = {"pickle", "joblib", "yaml", "marshal", "shelve", "openpyxl", "pandas", "numpy", "subprocess", "ctypes"}
    sources = [*(ROOT / "pipeline" / "reading").glob("*.py"), *(ROOT / "pipeline").glob("typing_*.py")]
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert not {alias.name.split(".")[0] for alias in node.names} & forbidden, source
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] not in forbidden, source
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec", "__import__"), source


def test_G15_a_pickle_is_no_spreadsheet(lire_fichier: Reader) -> None:
    assert not rows(lire_fichier(pickle.dumps({"a": 1}), "a.xlsx"))


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
    for kind in Kind:
        assert lire(kind, cell) == (None, (Etat.NIR,), "")
    assert lire_libre(cell) == (None, (Etat.NIR,), "")


@pytest.mark.parametrize(
    "cell", ["295109912611194", f"1{NIR}", f"{NIR}0", NIR[:13], "FR7630006000011234567890189", "", 7.5, None]
)
def test_NIR_other_numbers_are_not_taken_for_one(cell: str | float | None) -> None:
    assert lire_libre(cell) == (None, (), "")


def test_NIR_in_a_column_of_the_senders_own(lire_fichier: Reader) -> None:
    data = build.sheet(build.row(1, [*build.HEADINGS, "N° sécu"]) + build.row(2, [*build.line(), NIR]))
    assert lus(lire_fichier(build.xlsx(data)), None)[0].etats == (Etat.NIR,)
