"""The same extract in every format and dialect is the same reference; numbers of lines are exact."""

import datetime as dt
import subprocess
from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import reference
from pipeline.reference import Facts, csvtext
from pipeline.workspace import Workspace
from tests import world
from tests.reference.good import good
from tests.world import extracts


def loaded(workspace: Workspace, paths: list[Path] | None = None) -> Facts:
    for result in extracts.load(workspace, paths):
        assert result.error is None, result.error.report
        assert result.is_new
    return reference.open(workspace).facts(["dsf-1", "dsf-2"])


def same(one: Facts, other: Facts) -> None:
    for name in ("dsf", "sequences", "absences", "declared"):
        left, right = (getattr(f, name).drop(columns="extrait", errors="ignore") for f in (one, other))
        pd.testing.assert_frame_equal(left, right)


@pytest.fixture
def expected(tmp_path: Path) -> Facts:
    workspace = world.workspace(tmp_path / "attendu")
    extracts.write_csv(workspace.extracts, good())
    return loaded(workspace)


def test_values(expected: Facts) -> None:
    assert expected.dsf["numero_dsf"].tolist() == ["DSF-1", "DSF-2"]
    assert expected.dsf["type_session"].tolist() == ["ESF", "ESP"]
    assert set(expected.dsf["nature"]) == {"INTERMEDIAIRE"}
    assert expected.sequences["heures_absence_non_financables"].tolist() == [1050, 0, 0]
    assert expected.sequences["cle_de"].tolist() == ["1234567a"] * 3
    assert expected.absences["deja_complementee"].tolist() == [False, True]
    assert str(expected.absences["date_debut"].dtype) == "datetime64[s]"
    assert str(expected.sequences["heures_prevues"].dtype) == "Int64"
    assert expected.declared["heures_declarees"].tolist() == [4200, 3150, 3150]


DIALECTS = [
    {"delimiter": ","},
    {"delimiter": "\t"},
    {"encoding": "utf-8-sig"},
    {"encoding": "utf-16"},
    {"encoding": "cp1252"},
    {"end": "\n"},
    {"end": "\r"},
    {"encoding": "utf-16", "delimiter": "\t", "end": "\n"},
]


@pytest.mark.parametrize("dialect", DIALECTS, ids=str)
def test_dialects(workspace: Workspace, expected: Facts, dialect: dict[str, str]) -> None:
    extracts.write_csv(workspace.extracts, good(), **dialect)
    same(loaded(workspace), expected)


def test_french_dates_commas_order_and_spaces(workspace: Workspace, expected: Facts) -> None:
    tables = good()
    for table, rows in tables.items():
        for row in rows:
            for column, value in row.items():
                if "date" in column or "periode" in column:
                    row[column] = dt.date.fromisoformat(value).strftime("%d/%m/%Y")
                elif column.startswith("heures"):
                    row[column] = value.replace(".", ",")
                row[column] = f" {row[column]}\u00a0"
        tables[table] = [dict(sorted(row.items())) | {"colonne_en_plus": "x"} for row in rows]
    extracts.write_csv(workspace.extracts, tables)
    same(loaded(workspace), expected)


def test_parquet_of_texts(workspace: Workspace, expected: Facts) -> None:
    extracts.write_parquet(workspace.extracts, good())
    same(loaded(workspace), expected)


def test_parquet_with_types(workspace: Workspace, expected: Facts) -> None:
    tables = good()
    for table, rows in tables.items():
        frame = pd.DataFrame(rows)
        for column in frame:
            if "date" in column or "periode" in column:
                frame[column] = pd.to_datetime(frame[column])
            elif column == "heures_prevues":
                frame[column] = frame[column].map(Decimal)
            elif column.startswith("heures"):
                frame[column] = frame[column].astype(float)
            elif column.startswith("siret"):
                frame[column] = frame[column].astype("int64")
            elif column == "deja_complementee":
                frame[column] = frame[column] == "oui"
            elif column == "nom":
                frame[column] = frame[column].astype("category")
        pq.write_table(pa.Table.from_pandas(frame), workspace.extracts / f"{table}.parquet")
    same(loaded(workspace), expected)


def typed_xlsx(path: Path) -> Path:
    """As people's exports are: real dates and numbers, sheets in another order, one more sheet, a blank row above."""
    book = openpyxl.Workbook()
    book.active.title = "Lisez-moi"
    for table, rows in reversed(good().items()):
        sheet = book.create_sheet(table.upper())
        sheet.append([])
        sheet.append([None, *rows[0]])
        for row in rows:
            cells: list[object] = []
            for column, value in row.items():
                if "date" in column or "periode" in column:
                    cells.append(dt.datetime.fromisoformat(value))
                elif column.startswith(("heures", "siret")):
                    cells.append(float(value))
                else:
                    cells.append(value)
            sheet.append([None, *cells])
        sheet.append([])
    book.save(path)
    return path


def test_xlsx(workspace: Workspace, expected: Facts) -> None:
    typed_xlsx(workspace.extracts / "juin.xlsx")
    same(loaded(workspace), expected)


@pytest.mark.parametrize("suffix", ["ods", "xls"])
def test_other_workbooks(workspace: Workspace, expected: Facts, tmp_path: Path, suffix: str) -> None:
    source = typed_xlsx(tmp_path / "juin.xlsx")
    profile = f"-env:UserInstallation={(tmp_path / 'profil').as_uri()}"
    command = [
        "soffice",
        profile,
        "--headless",
        "--convert-to",
        suffix,
        "--outdir",
        str(workspace.extracts),
        str(source),
    ]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    except FileNotFoundError:
        pytest.skip("LibreOffice is not installed")
    same(loaded(workspace), expected)


def test_the_line_of_a_workbook_is_the_one_it_shows(workspace: Workspace) -> None:
    path = typed_xlsx(workspace.extracts / "juin.xlsx")
    book = openpyxl.load_workbook(path)
    book["DSF"]["C4"] = "ZZZ"
    book.save(path)
    (result,) = extracts.load(workspace)
    assert result.error is not None
    (problem,) = result.error.report.problemes
    assert (problem.code, problem.feuille, problem.ligne, problem.colonne) == ("EXT-12", "dsf", 4, "type_session")


LONG = "123456789012345678"
"""A key that a spreadsheet keeps only as a text."""


def long_keys(path: Path, key: object) -> Path:
    """An xlsx whose two absences are called ``key`` and ``key`` + 1."""
    book = openpyxl.load_workbook(typed_xlsx(path))
    column = next(cell.column for cell in book["ABSENCES"][2] if cell.value == "id_absence")
    for row in (3, 4):
        book["ABSENCES"].cell(row, column).value = key if row == 3 else type(key)(int(key) + 1)  # type: ignore[call-overload]
    book.save(path)
    return path


def converted(source: Path, suffix: str, folder: Path, profile: Path) -> None:
    command = ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", suffix]
    try:
        subprocess.run([*command, "--outdir", str(folder), str(source)], check=True, capture_output=True, timeout=120)
    except FileNotFoundError:
        pytest.skip("LibreOffice is not installed")


@pytest.mark.parametrize("suffix", ["xlsx", "ods", "xls"])
def test_H5_keys_of_more_than_15_digits_typed_as_numbers_are_refused_with_their_cells(
    workspace: Workspace, tmp_path: Path, suffix: str
) -> None:
    if suffix == "xlsx":
        long_keys(workspace.extracts / "juin.xlsx", int(LONG))
    else:
        converted(long_keys(tmp_path / "juin.xlsx", int(LONG)), suffix, workspace.extracts, tmp_path / "profil")
    (result,) = extracts.load(workspace)
    assert result.error is not None
    found = [(p.code, p.feuille, p.ligne, p.colonne, p.valeur) for p in result.error.report.problemes]
    shown = "1.23456789012346e+17"
    assert found == [("EXT-16", "absences", row, "id_absence", shown) for row in (3, 4)]


@pytest.mark.parametrize("key", [LONG, "9999999999999999", 999999999999998, "12E+5", "2E10", "1E17"])
def test_H5_text_is_text_and_short_numbers_are_exact(workspace: Workspace, key: object) -> None:
    path = typed_xlsx(workspace.extracts / "juin.xlsx")
    book = openpyxl.load_workbook(path)
    column = next(cell.column for cell in book["ABSENCES"][2] if cell.value == "id_absence")
    book["ABSENCES"].cell(3, column).value = key
    book.save(path)
    assert str(key) in loaded(workspace).absences["id_absence"].tolist()


def test_H5_a_parquet_of_binary_numbers_is_refused_where_they_are_too_long_for_it(workspace: Workspace) -> None:
    tables = good()
    for kind, code in ((float, "EXT-16"), (int, "")):
        for table, rows in tables.items():
            frame = pd.DataFrame(rows)
            if table == "absences":
                frame["id_absence"] = pd.Series([kind(LONG), kind(LONG) + 1])
            pq.write_table(pa.Table.from_pandas(frame), workspace.extracts / f"{table}.parquet")
        (result,) = extracts.load(workspace)
        assert set(result.error.report.comptes if result.error else ()) == ({code} if code else set())
    assert reference.open(workspace).facts(["dsf-1"]).absences["id_absence"].tolist() == [LONG, str(int(LONG) + 1)]


def test_csv_lines_are_exact_through_blank_lines_quotes_and_blocks(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csvtext, "BLOCK", 700)
    tables = good()
    tables["sequences"] += [
        extracts.sequence(code_sequence=f"T{i}", libelle_sequence='Tableur "avancé"\nniveau 2' if i % 7 == 3 else "Tableur",
                        heures_prevues="?" if i in (50, 90) else "1")
        for i in range(100)
    ]  # fmt: skip
    extracts.write_csv(workspace.extracts, tables, end="\n")
    path = workspace.extracts / "sequences.csv"
    text = path.read_text().replace("T20;", "T20;").splitlines()
    text.insert(10, "")
    text.insert(60, ";" * 10)
    path.write_text("\n".join([*text, ""]))
    wanted = [number for number, line in enumerate(text, start=1) if ";?;" in line]
    (result,) = extracts.load(workspace)
    assert result.error is not None
    # A record whose text goes over two lines is known by its first.
    wanted = [n - 1 if text[n - 1].startswith("niveau 2") else n for n in wanted]
    assert [p.ligne for p in result.error.report.problemes] == wanted


@pytest.mark.parametrize("block", [64, 300, 1 << 24])
def test_blocks_change_nothing(
    workspace: Workspace, expected: Facts, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(csvtext, "BLOCK", block)
    monkeypatch.setattr(csvtext, "_READ", 37)
    extracts.write_csv(workspace.extracts, good(), encoding="utf-16")
    same(loaded(workspace), expected)


def test_a_quote_never_closed_does_not_eat_the_memory(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csvtext, "BLOCK", 500)
    monkeypatch.setattr(csvtext, "_READ", 100)
    tables = good()
    tables["sequences"] += [extracts.sequence(code_sequence=f"T{i}") for i in range(100)]
    extracts.write_csv(workspace.extracts, tables)
    path = workspace.extracts / "sequences.csv"
    path.write_text(path.read_text().replace("T3;", '"T3;'))
    (result,) = extracts.load(workspace)
    assert result.error is not None
    assert "EXT-05" in result.error.report.comptes


def test_numbers_of_a_workbook_have_no_exponent_and_no_binary_tail() -> None:
    from pipeline.reference.tables import cell_text
    from pipeline.reference.values import read_hours

    assert cell_text(73282932000074.0) == "73282932000074"
    assert cell_text(1e15) == "1000000000000000"
    assert read_hours(cell_text(0.1 + 0.2)) == 30
    assert read_hours("0,1") + read_hours(".2") == read_hours("0.30")
    assert cell_text(float("nan")) == "nan"
