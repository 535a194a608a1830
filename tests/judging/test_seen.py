"""A complement is seen when a later extract shows it whole, never because nothing changed nor because another was typed."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.judging.identity import DATED, SEQUENCE, present
from pipeline.judging.seen import seen
from pipeline.ledger import Entries
from pipeline.nomenclature import Rename
from pipeline.reference import Facts

JUNE, JULY = pd.Timestamp("2025-06-01"), pd.Timestamp("2025-07-01")
PLACE = dict(zip(SEQUENCE, ("dsf-1", "1234567a", "s1"), strict=True))
Row = Mapping[str, Any]


def frame(rows: Sequence[Row], columns: Sequence[str]) -> pd.DataFrame:
    """Rows as the rooms exchange them: days, hundredths, texts."""
    made = pd.DataFrame([{name: row.get(name) for name in columns} for row in rows], columns=list(columns))
    for name in columns:
        days = name in ("date_debut", "date_fin", "date", "extrait_du", "saisie_le", "date_extraction")
        hours = name.startswith(("heures", "financables", "realisees", "rang"))
        kind = "datetime64[s]" if days else "Int64" if hours else "bool" if name == "deja_complementee" else "str"
        made[name] = pd.to_datetime(made[name]).astype(kind) if days else made[name].astype(kind)
    return made


def extract(
    *absences: Row, day: pd.Timestamp = JULY, realisees: int = 10_000, financables: int = 0, sequence: str = "s1"
) -> Facts:
    """What the newest extract has of one séquence."""
    at = {**PLACE, "cle_sequence": sequence}
    sequences = [{**at, "heures_realisees": realisees, "heures_absence_financables": financables}]
    return Facts(
        frame([{"cle_dsf": "dsf-1", "date_extraction": day}], ["cle_dsf", "date_extraction"]),
        frame(sequences, [*SEQUENCE, "heures_realisees", "heures_absence_financables"]),
        frame([{**at, **row} for row in absences], [*DATED, "deja_complementee"]),
        pd.DataFrame(),
        pd.DataFrame(),
    )


_ISSUER = ["complement", "rang_complement", "date", "extrait_du", "saisie_le"]


def ledger(*entries: Row) -> Entries:
    """Entries by what they change; those with an identifier of an absence are absences."""
    common = {**PLACE, "complement": "C01", "rang_complement": 1, "date": JUNE, "extrait_du": JUNE, "heures": 700}
    rows = [{**common, "date_debut": "2025-02-03", "date_fin": "2025-02-04", **row} for row in entries]
    absences = [{"financables_avant": 0, **row} for row in rows if "cle_absence" in row]
    hours = [{"realisees_avant": 10_000, **row} for row in rows if "cle_absence" not in row]
    return Entries(
        frame(absences, [*DATED, "heures", "financables_avant", *_ISSUER]),
        frame(
            hours,
            [*SEQUENCE, "date_debut", "date_fin", "heures", "cle_convention", "cle_pif", "realisees_avant", *_ISSUER],
        ),
    )


_NO_PLANS = frame([], [*SEQUENCE, "cle_convention", "cle_pif", "date_extraction"])


def shown(entries: Entries, facts: Facts, *renames: Rename) -> set[str]:
    """The complements that are seen, each by its number."""
    return set(seen(present(entries, facts, _NO_PLANS, renames), facts))


A1: Row = {"cle_absence": "a1", "date_debut": "2025-02-03", "date_fin": "2025-02-04"}
A2: Row = {"cle_absence": "a2", "date_debut": "2025-02-10", "date_fin": "2025-02-10"}
OPEN: Row = {"deja_complementee": False}
DONE: Row = {"deja_complementee": True}


def test_an_absence_is_seen_once_the_extract_says_that_it_is_completed() -> None:
    assert shown(ledger(A1), extract({**A1, **OPEN})) == set()
    assert shown(ledger(A1), extract({**A1, **DONE})) == {"C01"}


def test_an_absence_that_is_gone_is_seen_where_its_hours_have_moved() -> None:
    assert shown(ledger(A1), extract(financables=699)) == set()
    assert shown(ledger(A1), extract(financables=700)) == {"C01"}


def test_an_absence_of_the_same_name_and_other_dates_is_another() -> None:
    assert shown(ledger(A1), extract({**A2, **DONE, "cle_absence": "a1"})) == set()


def test_an_absence_that_was_renamed_is_seen_under_its_new_name() -> None:
    rename = Rename("id_absence", "", "", "a1", "a9", date(2025, 6, 10))
    renamed = extract({**A1, **DONE, "cle_absence": "a9"})
    assert shown(ledger(A1), renamed) == set()
    assert shown(ledger(A1), renamed, rename) == {"C01"}


def test_hours_are_seen_once_their_sequence_has_grown_by_them() -> None:
    assert shown(ledger({}), extract(realisees=10_699)) == set()
    assert shown(ledger({}), extract(realisees=10_700)) == {"C01"}
    assert shown(ledger({}), extract(realisees=10_700, sequence="s9")) == set()


def test_a_complement_is_seen_whole_or_not_at_all() -> None:
    both = ledger(A1, A2, {})
    assert shown(both, extract({**A1, **DONE}, {**A2, **OPEN}, realisees=10_700)) == set()
    assert shown(both, extract({**A1, **DONE}, {**A2, **DONE}, realisees=10_000)) == set()
    assert shown(both, extract({**A1, **DONE}, {**A2, **DONE}, realisees=10_700)) == {"C01"}


def test_only_a_newer_extract_shows_anything() -> None:
    """The day is compared: an extract of the same day may be older than the typing."""
    facts = extract({**A1, **DONE}, realisees=10_700, day=JUNE + pd.Timedelta(hours=9))
    assert shown(ledger(A1, {}), facts) == set()


def test_several_complements_on_one_sequence_are_seen_in_their_order() -> None:
    second = {"complement": "C02", "rang_complement": 2, "heures": 300, "date_debut": "2025-02-11"}
    both = ledger({}, second)
    assert shown(both, extract(realisees=10_300)) == set(), "as much as the second, but the first comes first"
    assert shown(both, extract(realisees=10_700)) == {"C01"}
    assert shown(both, extract(realisees=10_999)) == {"C01"}
    assert shown(both, extract(realisees=11_000)) == {"C01", "C02"}


def test_what_an_extract_showed_already_does_not_count_again() -> None:
    second = {"complement": "C02", "rang_complement": 2, "heures": 300, "realisees_avant": 10_700}
    assert shown(ledger({}, second), extract(realisees=11_000)) == {"C01", "C02"}


def test_growth_that_another_caused_is_not_that_of_the_first_complement() -> None:
    """Two hours came from elsewhere before the second was judged: the first, not typed yet, is still to come."""
    second = {"complement": "C02", "rang_complement": 2, "heures": 300, "realisees_avant": 10_200}
    both = ledger({}, second)
    assert shown(both, extract(realisees=11_000)) == {"C01"}
    assert shown(both, extract(realisees=11_200)) == {"C01", "C02"}


def test_of_an_old_ledger_that_does_not_know_what_was_there_nothing_is_guessed() -> None:
    old = {"realisees_avant": None, "extrait_du": None}
    second = {"complement": "C02", "rang_complement": 2, "heures": 300, "date_debut": "2025-02-11"}
    assert shown(ledger(old), extract(realisees=99_999)) == set()
    assert shown(ledger(old, second), extract(realisees=10_999)) == set()
    assert shown(ledger(old, second), extract(realisees=11_000)) == {"C02"}
    assert shown(ledger({**A1, "financables_avant": None, "extrait_du": None}), extract({**A1, **DONE})) == {"C01"}
    assert shown(ledger({**A1, "financables_avant": None}), extract(financables=99_999)) == set()


def test_nothing_issued_is_nothing_seen() -> None:
    assert shown(ledger(), extract()) == set()


_HOURS = st.integers(1, 5_000)


@settings(max_examples=40)
@given(st.lists(st.tuples(_HOURS, st.booleans(), st.integers(1, 3)), min_size=1, max_size=8))
def test_nothing_is_ever_seen_when_nothing_grew(issued: list[tuple[int, bool, int]]) -> None:
    """Whatever was issued, an extract that is only newer shows none of it."""
    rows: list[dict[str, Any]] = []
    for day, (hundredths, is_absence, rank) in enumerate(issued, 1):
        row = {"complement": f"C{rank}", "rang_complement": rank, "heures": hundredths}
        row |= {"date_debut": f"2025-02-{day:02d}", "date_fin": f"2025-02-{day:02d}"}
        rows.append(row | {"cle_absence": f"a{day}"} if is_absence else row)
    there = [{**{name: row[name] for name in A1}, **OPEN} for row in rows if "cle_absence" in row]
    assert shown(ledger(*rows), extract(*there)) == set()
    assert shown(ledger(*rows), extract()) == set(), "nor one that has lost the absences"


@settings(max_examples=40)
@given(st.lists(st.tuples(_HOURS, st.integers(0, 7)), min_size=1, max_size=7), st.integers(0, 7))
def test_what_kairos_has_taken_is_what_is_seen(issued: list[tuple[int, int]], typed: int) -> None:
    """Complements are typed in their order; each is judged with an extract that shows the first few of them."""
    base, known, rows = 10_000, 0, []
    total = [base + sum(hundredths for hundredths, _ in issued[:n]) for n in range(len(issued) + 1)]
    for rank, (hundredths, shown_before) in enumerate(issued, 1):
        known = min(rank - 1, max(known, shown_before))
        row = {"complement": f"C{rank}", "rang_complement": rank, "heures": hundredths, "realisees_avant": total[known]}
        rows.append({**row, "date_debut": f"2025-02-{rank:02d}"})
    now = min(len(issued), max(known, typed))
    assert shown(ledger(*rows), extract(realisees=total[now])) == {f"C{rank}" for rank in range(1, now + 1)}
