"""Where tables are found, what is a line, what is missing: contract §4 and its settled points."""

import csv
from pathlib import Path

import pytest

from pipeline.cells.model import FormulaCell, ShownCell
from pipeline.reading import ReadOptions, read
from pipeline.reading.headings import headings, normal
from pipeline.reading.model import Reading
from pipeline.reading.sheets import Sheet
from pipeline.reading.tables import find_table
from schemas.fields import ABSENCES, FIELDS, HEURES, KINDS, fields_of
from schemas.noticed import Noticed
from tests.hostile import build

ROOT = Path(__file__).parent.parent.parent
ABSENCE_HEADINGS = [field.headings[ABSENCES] for field in fields_of(ABSENCES)]
ABSENCE = ["DSF-1", "1234567A", "NOM", "Prénom", "S1", "A-1", "", "", "3,5", "MAL", "AM-1", "05/03/2024", "", ""]


def read_bytes(tmp_path: Path, data: bytes, **options: object) -> Reading:
    path = tmp_path / "depot"
    path.write_bytes(data)
    return read(path, ReadOptions(**options))  # type: ignore[arg-type]


def noticed(reading: Reading) -> list[Noticed]:
    return [o.noticed for o in reading.observations]


def absences(*lines: list[str], titles: list[str] | None = None) -> str:
    rows = [titles or ABSENCE_HEADINGS, *lines]
    return build.sheet("".join(build.row(i, list(line)) for i, line in enumerate(rows, 1)))


def test_both_kinds_in_any_sheet(tmp_path: Path) -> None:
    data = build.xlsx(
        absences(ABSENCE), build.sheet(build.row(3, ["notes"])), build.table(build.line()), build.table(build.line())
    )
    reading = read_bytes(tmp_path, data)
    assert [(t.sheet, t.kind) for t in reading.tables] == [
        ("Feuille1", ABSENCES),
        ("Feuille3", HEURES),
        ("Feuille4", HEURES),
    ]
    assert noticed(reading) == []


def test_no_table(tmp_path: Path) -> None:
    assert noticed(read_bytes(tmp_path, build.xlsx(build.sheet(build.row(1, ["Numéro DSF", "Nom"]))))) == [
        Noticed.NO_TABLE
    ]
    assert noticed(read_bytes(tmp_path, b"\n\n \n")) == [Noticed.NO_TABLE]
    assert noticed(read_bytes(tmp_path, build.xlsx(build.sheet("")))) == [Noticed.NO_TABLE]


def test_no_line(tmp_path: Path) -> None:
    untouched = ["DSF-1", "1234567A", "NOM", "Prénom", "S1"]
    reading = read_bytes(tmp_path, build.xlsx(build.table(untouched), absences(ABSENCE[:8])))
    assert noticed(reading) == [Noticed.NO_LINE]


def test_empty_table_beside_a_filled_one_does_no_harm(tmp_path: Path) -> None:
    broken = build.table().replace("Référence du justificatif", "Autre chose")
    reading = read_bytes(tmp_path, build.xlsx(build.table(build.line()), broken))
    assert noticed(reading) == []
    assert len(reading.tables) == 1


@pytest.mark.parametrize("field", [f.name for f in fields_of(HEURES) if HEURES in f.mandatory])
def test_mandatory_column_missing_in_hours(tmp_path: Path, field: str) -> None:
    titles = [f.headings[HEURES] if f.name != field else "" for f in fields_of(HEURES)]
    data = build.xlsx(build.sheet(build.row(1, list(titles)) + build.row(2, build.line())))
    missing = [o for o in read_bytes(tmp_path, data).observations if o.noticed is Noticed.COLUMN_MISSING]
    assert [(o.field, o.expected, o.row, o.sheet) for o in missing] == [
        (field, FIELDS[field].headings[HEURES], 1, "Feuille1")
    ]


@pytest.mark.parametrize(
    ("left_out", "fields"),
    [
        ({"id_absence"}, []),
        ({"date_debut", "date_fin"}, []),
        ({"id_absence", "date_fin"}, ["id_absence"]),
        ({"motif", "date_justificatif"}, ["motif", "date_justificatif"]),
    ],
)
def test_mandatory_columns_of_absences(tmp_path: Path, left_out: set[str], fields: list[str]) -> None:
    titles = [f.headings[ABSENCES] if f.name not in left_out else "" for f in fields_of(ABSENCES)]
    reading = read_bytes(tmp_path, build.xlsx(absences(ABSENCE, titles=titles)))
    assert [o.field for o in reading.observations if o.noticed is Noticed.COLUMN_MISSING] == fields


def test_row_filled_in_ignored_columns_only_is_blank(tmp_path: Path) -> None:
    rows = (
        build.row(1, [*build.HEADINGS, "À moi"]) + build.row(2, [*build.line(), "x"]) + build.row(3, [""] * 10 + ["y"])
    )
    reading = read_bytes(tmp_path, build.xlsx(build.sheet(rows)))
    assert list(reading.tables[0].rows) == [2]
    (ignored,) = reading.observations
    assert (ignored.noticed, ignored.column, ignored.value) == (Noticed.COLUMN_IGNORED, "K", "À moi")
    (own,) = [c for c in reading.tables[0].columns if c.field is None]
    assert own.cells == ("x",)


@pytest.mark.parametrize(
    ("row", "left_out"),
    [
        (["Total", "", "", "", "", "", "", 7.5], True),
        (["", "", "", "total DSF-1", "", "", "", 7.5], True),
        (["TOTAL DSF-1", "", "", "", "", "", "", 7.5], True),
        (["DSF-1", "", "Total", "", "", "", "", 7.5], False),  # names a DSF: perhaps a line whose DE was forgotten
        (["DSF-1", "1234567A", "Totalier", "", "", "", "", 7.5], False),
        (["Total", "", "", "", "", "05/03/2024", "", ""], False),
    ],
)
def test_total_rows(tmp_path: Path, row: list[object], left_out: bool) -> None:
    reading = read_bytes(tmp_path, build.xlsx(build.table(build.line(), row)))
    assert list(reading.tables[0].rows) == ([2] if left_out else [2, 3])
    assert (Noticed.TOTAL_LEFT_OUT in noticed(reading)) == left_out


def test_headings_both_kinds_have_are_never_taken_for_added_hours(tmp_path: Path) -> None:
    titles = [
        "Numéro DSF",
        "Identifiant DE",
        "Code séquence",
        "Date début",
        "Date fin",
        "Nombre d'heures",
        "Référence justificatif",
    ]
    rows = (
        build.row(1, ["Absences à régulariser"])
        + build.row(2, list(titles))
        + build.row(3, ["D", "1", "S", "x", "x", "7", "R"])
    )
    reading = read_bytes(tmp_path, build.xlsx(build.sheet(rows)))
    assert reading.tables[0].kind == ABSENCES
    assert Noticed.COLUMN_MISSING in noticed(reading)


def test_operator_adds_headings(tmp_path: Path) -> None:
    data = build.xlsx(build.table(build.line()).replace("Numéro DSF", "Dossier Kairos"))
    assert Noticed.COLUMN_MISSING in noticed(read_bytes(tmp_path, data))
    assert noticed(read_bytes(tmp_path, data, synonyms=(("numero_dsf", "DOSSIER kairos"),))) == []


@pytest.mark.parametrize(
    "text",
    ["Numéro DSF", "NUMERO DSF", "numéro  d.s.f", "Νumérо DSF", "Numéro\u202fDSF", "’Numéro-DSF’", "Ｎuméro DSF"],
)
def test_normal_form(text: str) -> None:
    assert normal(text) == "numerodsf"


def test_reviewed_synonyms() -> None:
    path = ROOT / "schemas" / "nomenclature" / "synonymes.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = headings()
    for kind in KINDS:
        meanings: dict[str, set[str]] = {}
        for row in rows:
            field = FIELDS[row["champ"]]  # only fields that exist
            if kind in field.headings and row["nature"] in ("", kind):
                meanings.setdefault(normal(row["titre"]), set()).add(field.name)
                assert known.field(kind, row["titre"]) == field.name, row
        assert all(len(names) == 1 for names in meanings.values())
    assert len({(normal(r["titre"]), r["nature"]) for r in rows}) == len(rows), "a heading is there twice"
    assert known.field(ABSENCES, "Heures complémentaires") is None
    assert known.field(HEURES, "Heures à valoriser") is None


def test_numbers_shown_otherwise_are_read_as_the_secretary_sees_them() -> None:
    line: list[object] = [
        ShownCell(1, "DSF-1"),
        FormulaCell(ShownCell(123456, "00123456")),
        "NOM",
        "",
        ShownCell(0.5, None),
    ]
    line += [
        "05/03/2024",
        ShownCell(45356, "n° 45356"),
        ShownCell(7.5, None),
        "DSF-1",
        ShownCell(12, "012"),
        ShownCell(3, "S03"),
    ]
    plain: list[object] = ["DSF-1", "1234567A", "", "", "S1", "05/03/2024", "", 7.5, "x", "", 3]
    rows = [[*build.HEADINGS, "À moi"], line, plain]
    found = find_table(Sheet("Mars", [1, 2, 3], rows), headings(), 10)  # type: ignore[arg-type]
    assert found.table is not None
    cells = {c.field: [c.cells[code] for code in c.codes] for c in found.table.columns}
    assert cells["numero_dsf"] == ["DSF-1", "DSF-1"]
    assert cells["identifiant_de"] == [FormulaCell("00123456"), "1234567A"]
    assert cells["code_sequence"] == [ShownCell(0.5, None), "S1"]
    assert (cells["date_fin"], cells["heures"], cells["commentaire"]) == ([45356, None], [7.5, 7.5], ["012", None])
    assert cells[None] == [3, 3]
    assert all(len(set(c.cells)) == len(c.cells) for c in found.table.columns)
    meanings = {c.field: [c.meanings[code] for code in c.codes] for c in found.table.columns}
    assert meanings["code_sequence"][0].noticed == (Noticed.SHOWN_OTHERWISE,)
    assert meanings["identifiant_de"][0] == ("00123456", (Noticed.FORMULA,), "")
    assert [(o.sheet, o.value) for o in found.notes if o.code == "shown_numbers"] == [("Mars", c) for c in "ABJ"]
