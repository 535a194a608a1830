"""Readings as frames: each line has what its cell means, what cannot be used is marked, what was noticed keeps its place."""

from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cells.meaning import read_cell
from pipeline.cells.model import Cell, ErrorCell, FormulaCell
from pipeline.judging import frames
from pipeline.reading.model import Observation
from schemas.fields import ABSENCES, FIELDS, HEURES, KINDS, Field
from schemas.noticed import Noticed
from tests.judging.typed import OWN, Line, deposit, table
from tests.world import DISPENSATEUR, OTHER, TITULAIRE

UNUSABLE = ErrorCell("#REF!")
DTYPES = {
    "heures": "Int64",
    "date_debut": "datetime64[s]",
    "date_fin": "datetime64[s]",
    "date_justificatif": "datetime64[s]",
}


def lines_of(kind: str, *lines: Line) -> pd.DataFrame:
    return frames.build([deposit(table(kind, *lines))]).lines


def plain(values: "pd.Series[Any]") -> list[object]:
    """Values as Python has them, None where missing; a date as a date."""
    return [None if pd.isna(v) else v.date() if isinstance(v, pd.Timestamp) else v for v in values]


# --- values -----------------------------------------------------------------------------------------------------------


def test_each_line_has_what_its_own_cell_means_however_often_it_is_repeated() -> None:
    lines = lines_of(HEURES, {"heures": "7h30", "nom": "B"}, {"heures": 2, "nom": "A"}, {"heures": "7h30", "nom": "A"})
    assert plain(lines["heures"]) == [750, 200, 750]
    assert plain(lines["nom"]) == ["B", "A", "A"]


CELLS = st.one_of(
    st.none(),
    st.sampled_from(["", " ", "x", "7h30", "7,5", "03/02/2025", "oui", "n", "MAL", "1234567A", "\x07"]),
    st.integers(-5, 50_000),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.booleans(),
    st.builds(FormulaCell, st.sampled_from([None, 7.5, "x"])),
    st.just(UNUSABLE),
)


@given(
    st.sampled_from(list(FIELDS.values())), st.lists(st.lists(CELLS, min_size=1, max_size=6), min_size=1, max_size=4)
)
def test_a_field_of_a_wave_is_every_cell_of_every_table_read_by_itself(field: Field, columns: list[list[Cell]]) -> None:
    (kind, *_) = field.headings
    tables = [table(kind, *({field.name: cell} for cell in cells)) for cells in columns]
    wave = frames.build([deposit(one, numero=f"D{n}") for n, one in enumerate(tables)])
    read = [read_cell(field.kind, cell) for cells in columns for cell in cells]
    assert plain(wave.lines[field.name]) == [meaning.value for meaning in read]
    unusable = [any(one is not Noticed.FORMULA for one in meaning.noticed) for meaning in read]
    assert (wave.lines["abimes"] != 0).tolist() == unusable
    assert len(wave.observations) == sum(len(meaning.noticed) for meaning in read)


def test_a_column_that_is_not_there_is_missing_and_keeps_its_type() -> None:
    for lines in (lines_of(HEURES, {"nom": "A"}), frames.build([]).lines):
        for name, dtype in DTYPES.items():
            assert str(lines[name].dtype) == dtype
            assert lines[name].isna().all()
        assert str(lines["reliquat_abandonne"].dtype) == "boolean"
        assert {str(lines[name].dtype) for name in ("nom", "commentaire", "cle_dsf", "heures_detail")} == {"str"}


def test_tables_of_both_kinds_stand_one_under_the_other_with_their_places() -> None:
    first = deposit(
        table(HEURES, {"nom": "A"}, {"nom": "B"}, sheet="Mars", heading_row=3),
        table(ABSENCES, {"nom": "C"}, sheet="Avril"),
        on_behalf_of=DISPENSATEUR,
    )
    second = deposit(table(HEURES, {"prenom": "x", "nom": "D"}, sheet=""), siret=OTHER, numero="D2")
    made = frames.build([first, second])
    wanted = ["depot", "table", "rang", "siret", "feuille", "ligne", "nature", "nom"]
    assert made.lines[wanted].to_numpy().tolist() == [
        [0, 0, 0, TITULAIRE, "Mars", 4, "heures", "A"],
        [0, 0, 1, TITULAIRE, "Mars", 5, "heures", "B"],
        [0, 1, 0, TITULAIRE, "Avril", 2, "absences", "C"],
        [1, 2, 0, OTHER, "", 2, "heures", "D"],
    ]
    assert plain(made.lines["pour_le_compte_de"]) == [DISPENSATEUR] * 3 + [None]
    assert made.deposits["siret"].tolist() == [TITULAIRE, OTHER]
    assert made.lines.index.tolist() == [0, 1, 2, 3]


def test_a_column_is_found_by_its_field_in_its_own_table() -> None:
    made = frames.build([deposit(table(HEURES, {"nom": "A", "heures": 7}), table(ABSENCES, {"heures": 3, OWN: "G"}))])
    hours, others = made.column(0, "heures"), made.column(1, "heures")
    assert hours and others
    assert (hours.index, hours.cells) == (1, (7,))
    assert (others.index, others.cells) == (0, (3,))
    assert made.column(1, "nom") is None


def test_hours_say_how_they_were_understood() -> None:
    typed = [timedelta(hours=26, minutes=30), "7h20", 7]
    lines = lines_of(HEURES, *({"heures": cell} for cell in typed))
    assert plain(lines["heures"]) == [2650, 733, 700]
    assert lines["heures_detail"].tolist() == [read_cell(FIELDS["heures"].kind, cell).detail for cell in typed]


def test_keys_are_folded_and_missing_where_there_is_no_value() -> None:
    line = {"numero_dsf": " dsf-1 ", "identifiant_de": "1234567a", "code_sequence": "É1", "id_absence": "A 1"}
    lines = lines_of(ABSENCES, line, dict.fromkeys(line, ""))
    keys = ["cle_dsf", "cle_de", "cle_sequence", "cle_absence"]
    assert lines.loc[0, keys].tolist() == ["dsf-1", "1234567a", "é1", "a 1"]
    assert lines.loc[1, keys].isna().all()


# --- what cannot be used ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FIELDS)
def test_a_cell_that_cannot_be_used_marks_its_own_field_on_its_own_line(name: str) -> None:
    (kind, *_) = FIELDS[name].headings
    others = {
        other: "1" for other, field in FIELDS.items() if kind in field.headings and field.kind in ("texte", "cle")
    }
    lines = lines_of(kind, others, {**others, name: UNUSABLE}, others)
    assert lines["abimes"].tolist() == [0, FIELDS[name].bit, 0]
    assert pd.isna(lines.loc[1, name])


def test_marks_of_one_line_add_up_and_no_two_fields_share_one() -> None:
    line = {"numero_dsf": UNUSABLE, "heures": "sept", "date_debut": "32/01/2025", "nom": "Exemple"}
    bits = [FIELDS[name].bit for name in ("numero_dsf", "heures", "date_debut")]
    assert lines_of(HEURES, line)["abimes"].tolist() == [sum(bits)]
    assert sum(field.bit for field in FIELDS.values()) == (1 << len(FIELDS)) - 1


def test_a_formula_s_value_is_used_and_a_blank_is_no_damage() -> None:
    lines = lines_of(HEURES, {"heures": FormulaCell(7.5)}, {"heures": ""}, {"heures": FormulaCell(None)})
    assert plain(lines["heures"]) == [750, None, None]
    assert lines["abimes"].tolist() == [0, 0, FIELDS["heures"].bit]


# --- the end of an hours line -----------------------------------------------------------------------------------------


def test_an_empty_end_means_the_start_on_an_hours_line_and_there_alone() -> None:
    start, end = date(2025, 2, 3), date(2025, 2, 5)
    typed: list[Line] = [
        {"date_debut": start, "date_fin": end},
        {"date_debut": start, "date_fin": ""},
        {"date_debut": start, "date_fin": "demain"},
        {"date_debut": "hier", "date_fin": ""},
    ]
    assert plain(lines_of(HEURES, *typed)["date_fin_lue"]) == [end, start, None, None]
    assert plain(lines_of(HEURES, *typed)["date_fin"]) == [end, None, None, None], "as it was typed"
    assert plain(lines_of(ABSENCES, *typed)["date_fin_lue"]) == [end, None, None, None]


def test_without_a_column_for_the_end_every_hours_line_ends_where_it_starts() -> None:
    assert plain(lines_of(HEURES, {"date_debut": "03/02/2025"})["date_fin_lue"]) == [date(2025, 2, 3)]


# --- what was noticed -------------------------------------------------------------------------------------------------


def test_what_was_noticed_on_a_cell_keeps_its_line_heading_letter_and_text() -> None:
    one = deposit(
        table(HEURES, {"nom": "A"}), table(HEURES, {"nom": "B", "heures": 7}, {"heures": "sept"}, sheet="Mars")
    )
    two = deposit(table(ABSENCES, {"motif": UNUSABLE}, sheet=""), numero="D2")
    noticed = frames.build([one, two]).observations
    columns = ["depot", "ligne_id", "etat", "feuille", "ligne", "colonne", "champ", "titre", "nature", "valeur"]
    assert noticed[columns].to_numpy().tolist() == [
        [0, 2, "heures_illisibles", "Mars", 3, "B", "heures", "Heures complémentaires", "heures", "sept"],
        [1, 3, "erreur", "", 2, "A", "motif", "Motif justifié", "absences", "#REF!"],
    ]


def test_what_was_noticed_on_the_deposit_is_on_no_line() -> None:
    said = Observation(Noticed.BEYOND_LIMIT, "Mars", 0, "", "lignes", "200001", "200000", "détail", "hidden_rows")
    bare = deposit(observations=(said,))
    (row,) = frames.build([deposit(numero="D0"), bare]).observations.to_dict("records")
    assert row == {
        **{"depot": 1, "ligne_id": -1, "titre": "", "nature": "", "etat": "limite", "feuille": "Mars", "ligne": 0},
        **{
            "colonne": "",
            "champ": "lignes",
            "valeur": "200001",
            "attendu": "200000",
            "detail": "détail",
            "format": "csv",
        },
        **{"precision": "hidden_rows"},
    }


def test_a_repeated_cell_is_noticed_on_each_of_its_lines() -> None:
    noticed = frames.build([deposit(table(HEURES, {"heures": "x"}, {"heures": 1}, {"heures": "x"}))]).observations
    assert noticed["ligne_id"].tolist() == [0, 2]


def test_a_social_security_number_is_noticed_in_any_column_and_said_nowhere_again() -> None:
    nir = "295109912611193"
    noticed = frames.build([deposit(table(HEURES, {"nom": nir, OWN: nir}))]).observations
    assert noticed[["etat", "champ", "titre", "valeur"]].to_numpy().tolist() == [
        ["nir", "nom", "Nom", "•••"],
        ["nir", "", OWN, "•••"],
    ]
    assert nir not in noticed.to_csv()


def test_a_wave_without_anything_has_empty_frames_of_the_same_types() -> None:
    full = frames.build([deposit(table(HEURES, {"heures": "x", "date_debut": datetime(2025, 2, 3)}))])
    empty = frames.build([])
    assert empty.lines.empty and empty.observations.empty and empty.deposits.empty
    assert empty.observations.dtypes.to_dict() == full.observations.dtypes.to_dict()
    assert list(empty.lines.columns) == list(full.lines.columns)


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_without_a_line_does_no_harm(kind: str) -> None:
    made = frames.build([deposit(table(kind), table(HEURES, {"nom": "A"}))])
    assert made.lines["nom"].tolist() == ["A"] and made.lines["table"].tolist() == [1]


# --- by deposit -------------------------------------------------------------------------------------------------------


def test_rows_come_back_by_deposit_in_their_order_even_where_there_are_none() -> None:
    rows = pd.DataFrame({"depot": [2, 0, 2, 0], "mot": ["c", "a", "d", "b"]})
    ordered, places = frames.per_deposit(rows, 4)
    assert [ordered["mot"].iloc[place].tolist() for place in places] == [["a", "b"], [], ["c", "d"], []]
    many = pd.DataFrame({"depot": [n % 7 for n in range(2_000)], "rang": range(2_000)})
    ordered, places = frames.per_deposit(many, 7)
    assert all(ordered["rang"].iloc[place].is_monotonic_increasing for place in places)
