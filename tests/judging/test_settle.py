"""From findings to verdicts: what the policy holds, what severities may change, in which order numbers are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline import nomenclature, reference
from pipeline.cells.model import FormulaCell
from pipeline.judging import frames
from pipeline.judging import settle as room
from pipeline.judging.complement import decode
from pipeline.judging.deposit import Deposit
from pipeline.judging.identity import Present, present
from pipeline.judging.settle import Known, Settled, Unwritable, settle
from pipeline.ledger import Ledger
from pipeline.reading.model import Observation
from schemas.fields import ABSENCES, HEURES
from schemas.noticed import Noticed
from tests.judging.typed import Line, deposit, table
from tests.world import DAY, DISPENSATEUR, OTHER, SETTINGS, TITULAIRE, World, decisions, extracts
from tests.world.deposits import LINES


@dataclass(frozen=True)
class Before:
    """What is known before the wave: the initial DSF, and the ledger without and with something of DSF-1 completed."""

    facts: reference.Facts
    nothing: Present
    issued: Present


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Before:
    """DSF-1 and DSF-2 of the titulaire, each in a plan of its own, DSF-1 with a dispensateur; DSF-3 is somebody else's."""
    world = World(tmp_path_factory.mktemp("ws"))
    lost = [{}, {"id_absence": "A2", "date_debut": "2025-02-05", "date_fin": "2025-02-05"}]
    world.add_dsf("DSF-1", absences=lost, **extracts.BY_ANOTHER)
    world.add_dsf("DSF-2", absences=lost, sequences=[{"numero_pif": "PIF-2"}])
    world.add_dsf("DSF-3", absences=lost, siret_titulaire=OTHER, siret_dispensateur=OTHER)
    extracts.load(world.write_extracts().workspace)
    known = reference.open(world.workspace)
    facts = known.facts(["dsf-1", "dsf-2", "dsf-3"])

    def completed(book: Ledger) -> Present:
        entries = book.entries(["dsf-1"], ["conv-1"])
        return present(entries, facts, known.plans(entries.heures["cle_dsf"].unique()), ())

    with decisions.opened(world.workspace) as book:
        nothing = completed(book)
        decisions.decide(
            world.workspace, book, decisions.begin(book), "DSF-1-C01", decisions.absence(), decisions.hours()
        )
        return Before(facts, nothing, completed(book))


def hours(**changes: Any) -> Line:
    return {**LINES[HEURES], **changes}


def absence(**changes: Any) -> Line:
    return {**LINES[ABSENCES], **changes}


def of_hours(*lines: Line, **options: Any) -> Deposit:
    return deposit(table(HEURES, *lines), **options)


def of_absences(*lines: Line, **options: Any) -> Deposit:
    return deposit(table(ABSENCES, *lines), **options)


def settled(
    before: Before,
    *deposits: Deposit,
    completed: Present | None = None,
    ranks: Mapping[str, int] | None = None,
    seen: Mapping[tuple[str, str], tuple[str, date]] | None = None,
    **settings: Any,
) -> Settled:
    known = Known(before.facts, completed or before.nothing, (), ranks or {}, seen or {})
    motifs = nomenclature.motifs(Path())
    return settle(frames.build(deposits), deposits, known, motifs, replace(SETTINGS, **settings), DAY)


def verdicts(found: Settled) -> list[str]:
    """By line, in the order of the wave."""
    return found.lines["verdict"].tolist()


def codes(found: Settled, ligne_id: int | None = None) -> list[str]:
    """Of a line, or of all."""
    rows = found.findings if ligne_id is None else found.findings[found.findings["ligne_id"] == ligne_id]
    return sorted(rows["code"])


BAD = hours(date_debut="11/02/2025", heures="sept")
SECOND = hours(numero_dsf="DSF-2")


# --- the policy -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("politique", "expected"),
    [
        ("ligne", ["acceptee", "rejetee", "acceptee"]),
        ("dsf", ["retenue", "rejetee", "acceptee"]),
        ("depot", ["retenue", "rejetee", "retenue"]),
    ],
)
def test_a_rejected_line_holds_what_the_policy_says(before: Before, politique: str, expected: list[str]) -> None:
    found = settled(before, of_hours(hours(), BAD, SECOND), politique=politique)
    assert verdicts(found) == expected
    accepted = [made.numero for made in found.complements]
    assert accepted == [f"DSF-{n}-C01" for n, line in ((1, 0), (2, 2)) if expected[line] == "acceptee"]


@pytest.mark.parametrize("politique", ["ligne", "dsf", "depot"])
def test_a_rejected_line_holds_nothing_of_another_deposit(before: Before, politique: str) -> None:
    found = settled(before, of_hours(BAD), of_hours(hours(), numero="D2"), politique=politique)
    assert verdicts(found) == ["rejetee", "acceptee"]


@pytest.mark.parametrize(("politique", "expected"), [("dsf", "acceptee"), ("depot", "retenue")])
def test_a_line_without_a_dsf_holds_no_line_but_the_file(before: Before, politique: str, expected: str) -> None:
    found = settled(before, of_hours(hours(), hours(numero_dsf="", date_debut="11/02/2025")), politique=politique)
    assert verdicts(found) == [expected, "rejetee"]


@pytest.mark.parametrize("politique", ["dsf", "depot"])
def test_lines_of_both_kinds_on_one_dsf_hold_each_other(before: Before, politique: str) -> None:
    both = deposit(table(HEURES, BAD), table(ABSENCES, absence()))
    assert verdicts(settled(before, both, politique=politique)) == ["rejetee", "retenue"]


@pytest.mark.parametrize("politique", ["ligne", "dsf", "depot"])
def test_a_line_taken_before_neither_holds_nor_is_held(before: Before, politique: str) -> None:
    found = settled(before, of_hours(hours(), BAD), completed=before.issued, politique=politique)
    assert verdicts(found) == ["deja_prise", "rejetee"]
    assert found.lines["complement_precedent"].tolist()[0] == "DSF-1-C01"
    # Alone with a sound line it lets that one pass.
    found = settled(
        before, of_hours(hours(), hours(date_debut="11/02/2025")), completed=before.issued, politique=politique
    )
    assert verdicts(found) == ["deja_prise", "acceptee"]


@pytest.mark.parametrize("politique", ["dsf", "depot"])
def test_a_line_taken_before_holds_nothing_even_where_a_warning_on_it_was_hardened(
    before: Before, politique: str
) -> None:
    computed = hours(heures=FormulaCell(7))
    hard = {"severites": {"AVT-05": "rejet"}, "politique": politique}
    assert verdicts(settled(before, of_hours(computed, hours(date_debut="11/02/2025")), **hard)) == [
        "rejetee",
        "retenue",
    ]
    found = settled(before, of_hours(computed, hours(date_debut="11/02/2025")), completed=before.issued, **hard)
    assert verdicts(found) == ["deja_prise", "acceptee"]


def test_a_line_taken_before_has_no_finding(before: Before) -> None:
    found = settled(before, of_hours(hours(nom="Quelconque")), of_absences(absence(nom="Quelconque"), numero="D2"))
    assert codes(found) == ["AVT-01", "AVT-01", "AVT-06", "AVT-06"]
    found = settled(
        before,
        *(of_hours(hours(nom="Quelconque")), of_absences(absence(nom="Quelconque"), numero="D2")),
        completed=before.issued,
    )
    assert verdicts(found) == ["deja_prise", "deja_prise"]
    assert codes(found) == ["AVT-06", "AVT-06"], "of the deposits, none of their lines"


# --- severities -------------------------------------------------------------------------------------------------------


def severities(found: Settled) -> dict[str, str]:
    return dict(zip(found.findings["code"], found.findings["severite"], strict=True))


def test_a_softened_rule_lets_its_line_pass_with_a_warning(before: Before) -> None:
    odd = of_hours(hours(heures="7,1"))
    assert verdicts(settled(before, odd)) == ["rejetee"]
    found = settled(before, odd, severites={"LIG-09": "avertissement"})
    assert verdicts(found) == ["acceptee"]
    assert severities(found)["LIG-09"] == "avertissement"


UNWRITABLE = {
    "LIG-01 heures": (HEURES, {"heures": ""}, "LIG-01"),
    "LIG-01 justificatif": (HEURES, {"reference_justificatif": ""}, "LIG-01"),
    "LIG-01 date": (HEURES, {"date_debut": ""}, "LIG-01"),
    "LIG-05": (HEURES, {"date_fin": "09/02/2025"}, "LIG-05"),
    "LIG-08": (HEURES, {"heures": "0"}, "LIG-08"),
    "REF-06": (HEURES, {"identifiant_de": "7654321B"}, "REF-06"),
    "REF-07": (HEURES, {"code_sequence": "S9"}, "REF-07"),
    "REF-09": (ABSENCES, {"id_absence": "A9"}, "REF-09"),
    "LIG-10": (ABSENCES, {"motif": "Piscine"}, "LIG-10"),
    "LIG-01 date du justificatif": (ABSENCES, {"date_justificatif": ""}, "LIG-01"),
}


@pytest.mark.parametrize("case", UNWRITABLE)
def test_a_softened_rule_still_rejects_a_line_that_no_complement_could_hold_and_only_that(
    before: Before, case: str
) -> None:
    kind, change, code = UNWRITABLE[case]
    other = {"date_debut": "11/02/2025"} if kind == HEURES else {"id_absence": "A2"}
    lines = [{**LINES[kind], **change}, {**LINES[kind], **other}]
    found = settled(before, deposit(table(kind, *lines)), severites={code: "avertissement"}, politique="ligne")
    assert verdicts(found) == ["rejetee", "acceptee"]
    assert severities(found)[code] == "rejet"


def test_one_softened_rule_may_reject_one_line_and_warn_of_another(before: Before) -> None:
    bad, odd = hours(heures="7,1", reference_justificatif=""), hours(heures="7,1", date_debut="11/02/2025")
    soft = {"LIG-09": "avertissement", "LIG-01": "avertissement"}
    found = settled(before, of_hours(bad, odd), severites=soft, politique="ligne")
    assert verdicts(found) == ["rejetee", "acceptee"]
    of_step = found.findings[found.findings["code"] == "LIG-09"]
    assert dict(zip(of_step["ligne_id"], of_step["severite"], strict=True)) == {0: "rejet", 1: "avertissement"}


def test_what_is_there_twice_is_rejected_however_soft(before: Before) -> None:
    soft = {"DBL-01": "avertissement", "DBL-02": "avertissement"}
    found = settled(
        before, of_hours(hours(), hours(heures="3")), of_absences(absence(), absence(), numero="D2"), severites=soft
    )
    assert verdicts(found) == ["rejetee"] * 4
    assert {severity for code, severity in severities(found).items() if code in soft} == {"rejet"}


def test_a_hardened_warning_rejects_its_line(before: Before) -> None:
    found = settled(
        before,
        of_hours(hours(nom="Quelconque"), hours(date_debut="11/02/2025")),
        severites={"AVT-01": "rejet"},
        politique="ligne",
    )
    assert verdicts(found) == ["rejetee", "acceptee"]


def test_a_line_that_no_rule_stops_and_no_complement_could_hold_is_our_fault_not_a_verdict(
    before: Before, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room.judge, "line_rules", lambda *_: ())
    with pytest.raises(Unwritable) as told:
        settled(before, of_hours(hours(reference_justificatif="")))
    assert "Exemple" not in str(told.value) and "1234567" not in str(told.value)


# --- refused deposits -------------------------------------------------------------------------------------------------


def test_a_deposit_refused_whole_has_no_line_and_its_own_findings_alone(before: Before) -> None:
    wrong = (Observation(Noticed.COLUMN_MISSING, "Feuille", 1, field="motif"),)
    bad = deposit(table(HEURES, BAD), observations=wrong, numero="D1")
    found = settled(before, bad, of_hours(hours(), numero="D2"))
    assert (found.refused, found.lines["depot"].tolist(), verdicts(found)) == ({0}, [1], ["acceptee"])
    assert codes(found) == ["AVT-06", "FIC-05"]
    assert list(found.contents) == ["D2"]


def test_a_deposit_without_a_line_is_refused_whatever_the_severities(before: Before) -> None:
    empty = deposit(observations=(Observation(Noticed.NO_LINE),))
    found = settled(before, empty, severites={"FIC-07": "avertissement"})
    assert found.refused == {0}
    assert found.lines.empty and found.complements == ()


def test_a_wave_of_refused_deposits_has_the_columns_of_any_other(before: Before) -> None:
    refused = settled(before, deposit(observations=(Observation(Noticed.NO_TABLE),)))
    assert list(refused.lines.columns) == list(settled(before, of_hours(hours())).lines.columns) == room.KEPT


# --- numbers and order ------------------------------------------------------------------------------------------------


def numbers(found: Settled) -> list[tuple[str, str]]:
    return [(made.depot, made.numero) for made in found.complements]


def test_numbers_go_on_from_the_ledger_s_for_each_dsf_apart(before: Before) -> None:
    found = settled(before, of_hours(hours(), SECOND), ranks={"dsf-1": 3})
    assert numbers(found) == [("D1", "DSF-1-C04"), ("D1", "DSF-2-C01")]
    assert [made.rang for made in found.complements] == [4, 1]
    assert found.lines["complement"].tolist() == ["DSF-1-C04", "DSF-2-C01"]


def test_a_deposit_without_an_accepted_line_takes_no_number(before: Before) -> None:
    found = settled(
        before, of_hours(hours()), of_hours(BAD, numero="D2"), of_hours(hours(date_debut="12/02/2025"), numero="D3")
    )
    assert numbers(found) == [("D1", "DSF-1-C01"), ("D3", "DSF-1-C02")]


def test_numbers_are_told_in_the_order_of_the_deposits_though_layers_are_judged_one_by_one(before: Before) -> None:
    found = settled(
        before,
        of_hours(hours(), numero="Z"),
        of_hours(hours(date_debut="11/02/2025"), numero="Y"),  # meets Z: judged after X
        of_hours(SECOND, numero="X"),
    )
    assert numbers(found) == [("Z", "DSF-1-C01"), ("Y", "DSF-1-C02"), ("X", "DSF-2-C01")]
    given = {depot: [decode(one)["numero"] for one in made] for depot, made in found.contents.items()}
    assert given == {"Z": ["DSF-1-C01"], "Y": ["DSF-1-C02"], "X": ["DSF-2-C01"]}
    assert found.lines.index.tolist() == [0, 1, 2]


def test_within_a_deposit_numbers_are_told_by_dsf_whatever_the_order_of_lines(before: Before) -> None:
    assert numbers(settled(before, of_hours(SECOND, hours()))) == [("D1", "DSF-1-C01"), ("D1", "DSF-2-C01")]


@pytest.mark.parametrize("first", [TITULAIRE, DISPENSATEUR])
def test_of_two_deposits_of_one_wave_the_first_gets_the_absence(before: Before, first: str) -> None:
    second = DISPENSATEUR if first == TITULAIRE else TITULAIRE
    found = settled(
        before,
        of_absences(absence(), siret=first, numero="D1"),
        of_absences(absence(reference_justificatif="Autre"), siret=second, numero="D2"),
    )
    assert verdicts(found) == ["acceptee", "rejetee"]
    assert codes(found, 1) == ["REF-10"]


def test_the_same_line_again_in_one_wave_is_taken_by_the_first(before: Before) -> None:
    found = settled(before, of_hours(hours()), of_hours(hours(), numero="D2"))
    assert verdicts(found) == ["acceptee", "deja_prise"]
    assert found.lines["complement_precedent"].tolist()[1] == "DSF-1-C01"


def test_a_held_line_takes_nothing_from_those_after_it(before: Before) -> None:
    found = settled(
        before, of_absences(absence(), absence(id_absence="A9")), of_absences(absence(), numero="D2"), politique="dsf"
    )
    assert verdicts(found) == ["retenue", "rejetee", "acceptee"]


def test_a_complement_holds_its_own_accepted_lines_and_says_from_where(before: Before) -> None:
    both = deposit(
        table(HEURES, hours(), BAD, hours(date_debut="12/02/2025")), table(ABSENCES, absence(id_absence="A2"))
    )
    (made,) = settled(before, both, politique="ligne").complements
    assert [(entry.date_debut, entry.heures, entry.ligne) for entry in made.heures] == [
        (date(2025, 2, 10), 700, 2),
        (date(2025, 2, 12), 700, 4),
    ]
    assert [(entry.cle_absence, entry.date_debut, entry.heures) for entry in made.absences] == [
        ("a2", date(2025, 2, 5), 700)
    ]


@pytest.mark.parametrize(
    ("siret", "expected"),
    [
        (TITULAIRE, {"siret": TITULAIRE, "qualite": "TITULAIRE", "pour_le_compte_de": DISPENSATEUR}),
        (DISPENSATEUR, {"siret": DISPENSATEUR, "qualite": "DISPENSATEUR", "pour_le_compte_de": None}),
    ],
)
def test_a_complement_says_who_declares_and_for_whom(before: Before, siret: str, expected: dict[str, str]) -> None:
    found = settled(before, of_hours(hours(), siret=siret))
    assert decode(found.complements[0].payload)["declarant"] == expected


def test_a_dsf_of_somebody_else_gets_no_number(before: Before) -> None:
    found = settled(before, of_hours(hours(numero_dsf="DSF-3")))
    assert (verdicts(found), numbers(found), codes(found)) == (["rejetee"], [], ["REF-01"])


# --- the same content again -------------------------------------------------------------------------------------------


def again(found: Settled) -> list[int]:
    """The deposits that are warned of their content."""
    rows = found.findings[found.findings["code"] == "AVT-07"]
    return [int(depot) for depot in rows["depot"]]


def test_the_same_content_is_warned_of_once_it_was_seen_in_the_ledger_or_earlier_in_the_wave(before: Before) -> None:
    one, two = (of_hours(hours(), numero=numero, content="x") for numero in ("D1", "D2"))
    assert again(settled(before, one, two)) == [1]
    seen = {(TITULAIRE, one.sha256): ("D0", date(2025, 6, 1))}
    found = settled(before, one, two, seen=seen)
    assert again(found) == [0, 1]
    assert all("D0" in text for text in found.findings.loc[found.findings["code"] == "AVT-07", "message"])
    other = of_hours(hours(), numero="D3", content="x", siret=DISPENSATEUR)
    assert again(settled(before, other, seen=seen)) == [], "what another sent is nobody's business"


def test_a_refused_deposit_is_not_warned_of_its_content(before: Before) -> None:
    refused = deposit(content="x", observations=(Observation(Noticed.NO_TABLE),))
    seen = {(TITULAIRE, refused.sha256): ("D0", date(2025, 6, 1))}
    assert again(settled(before, refused, seen=seen)) == []


# --- however the wave is cut ------------------------------------------------------------------------------------------


def test_deposits_on_different_dsf_are_settled_alike_together_and_apart(before: Before) -> None:
    several: Sequence[Deposit] = [of_hours(hours(), BAD), of_hours(SECOND, numero="D2")]
    together = settled(before, *several)
    parts = [settled(before, one) for one in several]
    assert [made.payload for made in together.complements] == [made.payload for p in parts for made in p.complements]
    columns = ["ligne", "verdict", "complement"]
    apart = pd.concat([part.lines for part in parts])
    assert together.lines[columns].to_numpy().tolist() == apart[columns].to_numpy().tolist()
