"""Rows of verdicts.csv: exact, harmless in a spreadsheet program, read back as written."""

import csv
import io
from typing import Any

import pytest

from pipeline.judging import verdicts_csv


def _row(**changes: Any) -> bytes:
    ordinary: dict[str, Any] = {
        "depot": "2025-06-02-1a2b3c4d",
        "siret": "73282932000074",
        "fichier": "mars.xlsx",
        "feuille": "Absences justifiées",
        "ligne": 12,
        "numero_dsf": "DSF-2025-000123",
        "verdict": "rejetee",
        "codes": ["REF-11", "AVT-01", "REF-11"],
        "complement": "",
    }
    return verdicts_csv.verdict_row(**{**ordinary, **changes})


def test_an_ordinary_row() -> None:
    expected = "2025-06-02-1a2b3c4d,73282932000074,mars.xlsx,Absences justifiées,12,DSF-2025-000123,rejetee,"
    assert _row() == f"{expected}AVT-01 REF-11,\n".encode()


def test_the_header_names_the_columns_of_the_spec() -> None:
    assert verdicts_csv.HEADER == b"depot,siret,fichier,feuille,ligne,numero_dsf,verdict,codes,complement\n"


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
@pytest.mark.parametrize("column", ["fichier", "feuille"])
def test_what_looks_like_a_formula_is_held_back(sign: str, column: str) -> None:
    hostile = f"{sign}HYPERLINK(1)"
    (read,) = verdicts_csv.rows(_row(**{column: hostile}))
    assert read[column] == f"'{hostile}"


@pytest.mark.parametrize("text", ["a,b", 'a"b', "a\nb", "a\rb", "a\r\nb", " a ", "é", "\u202ea", "", "a\x00b"])
def test_any_text_reads_back(text: str) -> None:
    data = _row(fichier=text, feuille=text)
    (read,) = verdicts_csv.rows(data)
    assert (read["fichier"], read["feuille"], read["ligne"]) == (text, text, "12")
    (plain,) = csv.reader(io.StringIO(data.decode(), newline=""))
    assert len(plain) == len(verdicts_csv.COLUMNS)


def test_a_name_that_is_no_text_is_written_all_the_same() -> None:
    assert b"caf?.xlsx" in _row(fichier="caf\udce9.xlsx")


def test_combinations_count_lines_by_their_codes() -> None:
    data = _row() + _row(codes=[]) + _row(codes=["AVT-01", "REF-11"]) + _row(codes=["LIG-01"])
    assert verdicts_csv.combinations(data) == {"AVT-01 REF-11": 2, "LIG-01": 1}
