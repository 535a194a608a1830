"""The bytes of a return: the same each time."""

from decimal import Decimal

import pytest

from pipeline import jsonfile
from pipeline.documents.returns import files
from tests.documents.returns import samples


def test_json_is_sorted_and_hours_have_two_decimals() -> None:
    data = jsonfile.dumps({"b": jsonfile.hours(750), "a": [jsonfile.hours(0), float("nan")], "é": "\ud800"})
    assert data.decode() == '{\n "a": [\n  0.00,\n  null\n ],\n "b": 7.50,\n "é": "?"\n}\n'
    assert jsonfile.hours(33) == Decimal("0.33")


@pytest.mark.parametrize("langue", ["fr", "en"])
def test_the_files_of_a_return_are_the_same_each_time(langue: str) -> None:
    assert files(samples.full(langue=langue)) == files(samples.full(langue=langue))


def test_a_workbook_comes_back_only_where_lines_need_work() -> None:
    assert set(files(samples.full())) == {"rapport.html", "rapport.json", "a-corriger-20250402-3fa9c1d2.xlsx"}
    for nothing in (samples.accepted(), samples.taken()):
        assert set(files(nothing)) == {"rapport.html", "rapport.json"}


def test_a_template_comes_back_beside_a_file_that_is_no_table_of_ours() -> None:
    made = files(samples.refused(), b"template")
    assert made[f"modele-{samples.SIRET}.xlsx"] == b"template"
    assert f'href="modele-{samples.SIRET}.xlsx"' in made["rapport.html"].decode()
