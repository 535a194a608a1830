"""The complementary DSF's content: built, ordered, summed, checked, written."""

import copy
import json
import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from importlib import resources
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pipeline.judging import complement
from tests.judging import samples

CANARY = "Kanarienvogel"
SCHEMA = json.loads(
    resources.files("schemas").joinpath("complement.schema.json").read_text(encoding="utf-8"), parse_float=Decimal
)
STANDARD = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
"""The validator that everybody else has: ours must find the same."""


def test_holds_exactly_what_the_spec_lists() -> None:
    content = samples.content()
    assert set(content) == {
        *("schema_version", "numero", "dsf_initiale", "convention", "organismes", "declarant"),
        *("demandeurs", "totaux", "depot", "emis_le"),
    }
    assert content["dsf_initiale"] == {
        "numero": "DSF-2025-000123",
        "type_session": "ESP",
        "periode_debut": "2025-03-01",
        "periode_fin": "2025-03-31",
        "date_validation": "2025-04-14",
    }
    assert content["declarant"]["pour_le_compte_de"] == samples.DISPENSATEUR
    assert content["emis_le"] == "2025-06-02"


def test_hours_add_up_without_binary_floats() -> None:
    content = samples.content([samples.hours(2, 10), samples.hours(3, 20, date(2025, 3, 4))])
    sequence = content["demandeurs"][0]["sequences"][0]
    assert sequence["heures_complementaires"] == Decimal("0.30")
    assert content["totaux"] == {
        "heures_complementaires": Decimal("0.30"),
        "heures_valorisees": Decimal("0.00"),
        "demandeurs": 1,
    }
    assert b'"heures_complementaires": 0.30' in complement.encode(content)


def test_what_a_partial_completion_leaves_is_said() -> None:
    content = samples.content([samples.absence(9, 350, 700)])
    absence = content["demandeurs"][0]["sequences"][0]["absences"][0]
    assert absence["heures_non_financables_initiales"] == Decimal("7.00")
    assert absence["heures_valorisees"] == absence["heures_restantes"] == Decimal("3.50")


def test_one_de_in_two_pif_is_two_entries_and_one_person() -> None:
    content = samples.content(
        [samples.hours(2, 100), samples.hours(3, 100, numero_pif="PIF-2", identifiant_de="1234567a")]
    )
    assert [demandeur["numero_pif"] for demandeur in content["demandeurs"]] == ["PIF-77001", "PIF-2"]
    assert content["totaux"]["demandeurs"] == 1
    complement.validate(content)


def test_numbers_that_differ_by_case_are_one() -> None:
    content = samples.content([samples.hours(2, 100), samples.hours(3, 100, date(2025, 3, 4), code_sequence="s01 ")])
    (sequence,) = content["demandeurs"][0]["sequences"]
    assert sequence["code"] == "S01"
    assert len(sequence["lignes"]) == 2


def test_names_sort_without_case_and_accents() -> None:
    names = [demandeur["nom"] for demandeur in samples.content()["demandeurs"]]
    assert names == ["de La Tour-d'Auvergne", "Éluard", "Martin"]


def test_bytes_do_not_depend_on_the_order_of_arrival() -> None:
    expected = complement.encode(samples.content())
    for seed in range(10):
        lines = samples.lines()
        random.Random(seed).shuffle(lines)
        assert complement.encode(samples.content(lines)) == expected


def test_bytes_are_utf8_sorted_and_read_back() -> None:
    content = samples.content()
    data = complement.encode(content)
    assert "Éluard".encode() in data
    pairs = json.loads(data, object_pairs_hook=list)
    assert [name for name, _ in pairs] == sorted(content)
    assert complement.decode(data) == content
    assert complement.encode(complement.decode(data)) == data


def test_a_row_of_a_frame_will_do() -> None:
    """What pandas gives: timestamps, numpy integers, missing values."""
    frame = pd.DataFrame(samples.lines())
    for column in ("date_debut", "date_fin", "absence_debut", "absence_fin", "date_justificatif"):
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[s]")
    frame["heures_non_financables"] = frame["heures_non_financables"].astype("Int64")
    rows: list[dict[str, Any]] = [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
    assert complement.encode(samples.content(rows)) == complement.encode(samples.content())


def test_no_validation_date_is_null() -> None:
    content = samples.content(date_validation=pd.NaT)
    assert content["dsf_initiale"]["date_validation"] is None
    complement.validate(content)


def test_no_end_means_the_start() -> None:
    content = samples.content([samples.hours(2, 100, date_fin=None)])
    (line,) = content["demandeurs"][0]["sequences"][0]["lignes"]
    assert line["date_fin"] == "2025-03-12"


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def _objects(value: Any, path: str = "") -> list[str]:
    found = []
    if isinstance(value, dict):
        if value.get("type") == "object" and value.get("additionalProperties") is not False:
            found.append(path)
        for name, inner in value.items():
            found += _objects(inner, f"{path}/{name}")
    return found


def test_the_schema_is_closed_everywhere() -> None:
    assert _objects(SCHEMA) == []


def test_what_we_make_passes() -> None:
    complement.validate(samples.content())


def _set(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        target: Any = content
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = value

    return change


def _drop(*path: Any) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        target: Any = content
        for step in path[:-1]:
            target = target[step]
        del target[path[-1]]

    return change


_SEQUENCE = ("demandeurs", 2, "sequences", 0)
_LINE = (*_SEQUENCE, "lignes", 0)
_ABSENCE = (*_SEQUENCE, "absences", 0)

WRONG = {
    "an unknown property": _set("commentaire", value=CANARY),
    "a comment on a line": _set(*_LINE, "commentaire", value=CANARY),
    "another version": _set("schema_version", value=2),
    "a number without its rank": _set("numero", value=CANARY),
    "a bad SIRET": _set("declarant", "siret", value="123"),
    "an unknown capacity": _set("declarant", "qualite", value=CANARY),
    "a dispensateur acting for another": _set("declarant", "qualite", value="DISPENSATEUR"),
    "a session of another type": _set("dsf_initiale", "type_session", value="XXX"),
    "a day that is none": _set("emis_le", value="2025-02-30"),
    "a day with its time": _set("emis_le", value="2025-02-03T00:00:00"),
    "no demandeur": _set("demandeurs", value=[]),
    "no séquence": _set("demandeurs", 0, "sequences", value=[]),
    "a séquence with nothing to type": _set(*_SEQUENCE, value={"code": "S01"}),
    "hours of zero": _set(*_LINE, "heures", value=Decimal("0.00")),
    "thousandths of an hour": _set(*_LINE, "heures", value=Decimal("0.105")),
    "hours as text": _set(*_LINE, "heures", value="7.50"),
    "no proof": _set(*_LINE, "justificatif", value=""),
    "no motif": _drop(*_ABSENCE, "motif"),
    "no origin": _drop(*_LINE, "origine"),
    "row zero": _set(*_LINE, "origine", "ligne", value=0),
    "more turned than there was": _set(*_ABSENCE, "heures_restantes", value=Decimal("-1.00")),
    "a hash that is none": _set("depot", "sha256", value="XY"),
    "line hours that the séquence does not have": _set(*_LINE, "heures", value=Decimal("0.11")),
    "a séquence's sum": _set(*_SEQUENCE, "heures_complementaires", value=Decimal("1.00")),
    "a remainder": _set(*_ABSENCE, "heures_restantes", value=Decimal("1.00")),
    "a demandeur's total": _set("demandeurs", 0, "totaux", "heures_complementaires", value=Decimal("1.00")),
    "the total of hours": _set("totaux", "heures_valorisees", value=Decimal("1.00")),
    "the count of DE": _set("totaux", "demandeurs", value=4),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_does_not_leave(name: str) -> None:
    content = copy.deepcopy(samples.content())
    WRONG[name](content)
    with pytest.raises(complement.ComplementError) as caught:
        complement.validate(content)
    assert STANDARD.is_valid(content) == ("against its schema" not in str(caught.value))
    told = f"{caught.value!r} {caught.value.__cause__!r}"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    for secret in (CANARY, *(text for person in samples.PERSONS for text in person)):
        assert secret not in told


def test_the_standard_validator_finds_the_same() -> None:
    assert STANDARD.is_valid(samples.content())


@given(st.integers(-200_000_000, 200_000_000))
def test_hours_are_whole_hundredths_to_both_validators(thousandths: int) -> None:
    content = copy.deepcopy(samples.content())
    _set(*_LINE, "heures", value=Decimal(thousandths) / 1000)(content)
    assert complement._validator().is_valid(content) == STANDARD.is_valid(content)


def test_a_large_one_stays_quick() -> None:
    """5 000 lines: the check is linear, and no deposit waits for it."""
    lines = [samples.hours(n + 2, 25, date(2025, 3, 1 + n % 28), identifiant_de=f"{n // 5:07}A") for n in range(5000)]
    content = samples.content(lines)
    complement.validate(content)
    assert content["totaux"]["heures_complementaires"] == Decimal("1250.00")
