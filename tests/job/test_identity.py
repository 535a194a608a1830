"""Once only, whatever becomes of the extracts: an absence is a thing in the world, not its number (reliability H1 to H3)."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline import ledger
from pipeline.commands.verify import verify
from tests.world import SETTINGS, World, by_verdict, codes, extracts

LATER = "2025-06-15"
RANKS = [{"id_absence": f"A{n}", "date_debut": f"2025-02-{n:02d}", "date_fin": f"2025-02-{n:02d}"} for n in range(2, 5)]
"""Three absences of one trainee; their identifiers are ranks."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def again(world: World, **changes: Any) -> None:
    """A newer extract of DSF-1, loaded even where it removes most of what was known."""
    world.forget().add_dsf(date_extraction=LATER, **changes).write_extracts()
    assert extracts.load(world.workspace, force=True)[0].is_new


def mapped(world: World, *rows: str) -> dict[str, str]:
    """The setting that names the operator's correspondances."""
    head = "champ,numero_dsf,identifiant_de,ancien,nouveau,source,date"
    (world.workspace.root / "correspondances.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return {"correspondances": "correspondances.csv"}


def claim(world: World, name: str, line: Mapping[str, str], **settings: Any) -> dict[str, Any]:
    """Drop one absence line, run, and give its report."""
    world.absence(name, line)
    world.run(**settings)
    return world.report()


def completed(world: World) -> list[tuple[str, str]]:
    """(first day, identifier) of every absence that ever left."""
    return [
        (absence["date_debut"], absence["id_absence"])
        for complement in world.complements().values()
        for person in complement["demandeurs"]
        for sequence in person["sequences"]
        for absence in sequence["absences"]
    ]


def first_completed(world: World, line: Mapping[str, str] | None = None, **dsf: Any) -> None:
    world.add_dsf(**dsf).write_extracts()
    assert by_verdict(claim(world, "premier.csv", line or {})) == {2: "acceptee"}


RENAMED = {
    "absence": (
        {"absences": ({"id_absence": "A9"},)},
        {"id_absence": "A9"},
        "id_absence,DSF-1,1234567A,A1,A9,FT,2025-06-10",
    ),
    "trainee": (
        {"sequences": ({"identifiant_de": "12345678901"},), "absences": ({"identifiant_de": "12345678901"},)},
        {"identifiant_de": "12345678901"},
        "identifiant_de,,,1234567A,12345678901,FT,2025-06-10",
    ),
    "séquence": (
        {"sequences": ({"code_sequence": "S1-BIS"},), "absences": ({"code_sequence": "S1-BIS"},)},
        {"code_sequence": "S1-BIS"},
        "code_sequence,DSF-1,,S1,S1-BIS,FT,2025-06-10",
    ),
}


@pytest.mark.parametrize("what", RENAMED)
def test_H1_a_renamed_key_never_lets_an_absence_be_completed_again(world: World, what: str) -> None:
    newer, line, row = RENAMED[what]
    first_completed(world)
    again(world, **newer)
    assert codes(claim(world, "second.csv", line)) == {2: ["REF-14"]}
    told = mapped(world, row)
    assert codes(claim(world, "autre.csv", {**line, "heures": "3"}, **told)) == {2: ["REF-10"]}
    assert by_verdict(claim(world, "meme.csv", {**line, "commentaire": "2"}, **told)) == {2: "deja_prise"}
    assert completed(world) == [("2025-02-03", "A1")]
    assert verify(world.workspace, world.settings()).ok


@pytest.mark.parametrize("what", RENAMED)
def test_H1_the_same_file_again_is_already_taken_whatever_was_renamed(world: World, what: str) -> None:
    newer, _, row = RENAMED[what]
    first_completed(world)
    again(world, **newer)
    assert by_verdict(claim(world, "second.csv", {"commentaire": "encore"})) == {2: "deja_prise"}
    late = {"commentaire": "une fois de plus"}
    assert by_verdict(claim(world, "troisieme.csv", late, **mapped(world, row))) == {2: "deja_prise"}


def test_H1_ids_that_are_ranks_and_shift_complete_nothing_twice(world: World) -> None:
    first_completed(world, {"id_absence": "A3"}, absences=RANKS)
    earlier = {"id_absence": "A2", "date_debut": "2025-02-01", "date_fin": "2025-02-01"}
    shifted = [earlier, *({**row, "id_absence": f"A{n}"} for n, row in enumerate(RANKS, 3))]
    again(world, absences=shifted)
    assert codes(claim(world, "apres.csv", {"id_absence": "A4"})) == {2: ["REF-14"]}, (
        "A4 is now the one that was completed"
    )
    assert codes(claim(world, "nouvelle.csv", {"id_absence": "A3"})) == {2: ["REF-14"]}, "and A3 is not"
    shift = mapped(world, *(f"id_absence,DSF-1,1234567A,A{n},A{n + 1},FT,2025-06-10" for n in range(2, 5)))
    assert codes(claim(world, "apres2.csv", {"id_absence": "A4", "heures": "3"}, **shift)) == {2: ["REF-10"]}
    taken = claim(world, "nouvelle2.csv", {"id_absence": "A3", "commentaire": "2"}, **shift)
    assert by_verdict(taken) == {2: "acceptee"}, "the absence that now has the old number of the completed one"
    assert codes(claim(world, "encore.csv", {"id_absence": "A3", "heures": "3"}, **shift)) == {2: ["REF-10"]}
    assert completed(world) == [("2025-02-03", "A3"), ("2025-02-02", "A3")]
    assert verify(world.workspace, world.settings()).ok


def test_H1_a_shift_that_is_told_of_the_completed_absence_alone(world: World) -> None:
    first_completed(world, {"id_absence": "A3"}, absences=RANKS)
    again(world, absences=[{**row, "id_absence": f"A{n}"} for n, row in enumerate(RANKS, 3)])
    told = mapped(world, "id_absence,DSF-1,1234567A,A3,A4,FT,2025-06-10")
    assert codes(claim(world, "a.csv", {"id_absence": "A4", "heures": "3"}, **told)) == {2: ["REF-10"]}
    assert by_verdict(claim(world, "b.csv", {"id_absence": "A3"}, **told)) == {2: "acceptee"}


def test_H1_names_are_followed_to_their_end(world: World) -> None:
    first_completed(world)
    again(world, absences=({"id_absence": "C1"},))
    rows = ("id_absence,,,A1,B1,FT,2025-06-05", "id_absence,,,B1,C1,FT,2025-06-10")
    assert codes(claim(world, "a.csv", {"id_absence": "C1", "heures": "3"}, **mapped(world, *rows))) == {2: ["REF-10"]}


def test_H1_a_deposit_may_still_use_the_old_name(world: World) -> None:
    world.add_dsf(absences=({"id_absence": "A9"},)).write_extracts()
    told = mapped(world, "id_absence,,,A1,A9,FT,2025-06-10")
    assert by_verdict(claim(world, "a.csv", {"id_absence": "A1"}, **told)) == {2: "acceptee"}
    assert completed(world) == [("2025-02-03", "A9")]


def test_H1_other_lines_of_a_changed_dsf_wait_and_other_dsf_go_on(world: World) -> None:
    first_completed(world)
    world.forget().add_dsf(date_extraction=LATER, absences=({"id_absence": "A9"},))
    world.add_dsf("DSF-2", date_extraction=LATER).write_extracts()
    world.hours("heures.csv", {}, {"numero_dsf": "DSF-2", "date_debut": "11/02/2025"})
    world.run()
    assert codes(world.report()) == {2: ["REF-14"], 3: []}
    assert by_verdict(world.report()) == {2: "rejetee", 3: "acceptee"}


def test_H1_an_absence_gone_because_kairos_took_it_blocks_nothing(world: World) -> None:
    two = ({"id_absence": "A1"}, {"id_absence": "A2", "date_debut": "2025-02-10", "date_fin": "2025-02-10"})
    first_completed(world, absences=two)
    again(world, absences=two[1:], sequences=({"heures_absence_financables": "7"},))
    assert by_verdict(claim(world, "a.csv", {"id_absence": "A2"})) == {2: "acceptee"}


def test_H1_an_absence_gone_without_a_trace_blocks_its_dsf(world: World) -> None:
    two = ({"id_absence": "A1"}, {"id_absence": "A2", "date_debut": "2025-02-10", "date_fin": "2025-02-10"})
    first_completed(world, absences=two)
    again(world, absences=two[1:], sequences=({"heures_absence_financables": "6.99"},))
    assert codes(claim(world, "a.csv", {"id_absence": "A2"})) == {2: ["REF-14"]}


LONGER = "12345678901"


def two_of_one_plan(world: World, de: str = "1234567A", of_first: str = "", **dsf: str) -> World:
    """Two DSF of one convention, on which a trainee follows one plan of 100 hours, 40 of them declared."""
    for number, called in (("DSF-1", of_first or de), ("DSF-2", de)):
        sequence = {"identifiant_de": called, "heures_prevues": "100", "heures_realisees": "20"}
        world.add_dsf(number, sequences=(sequence,), absences=(), **dsf)
    assert extracts.load(world.write_extracts().workspace, force=True)[0].is_new
    return world


@pytest.mark.parametrize("hours", ["1", "50"])
def test_H1_hours_added_elsewhere_under_a_lost_name_keep_their_plan(world: World, hours: str) -> None:
    """What is left of a plan cannot be counted while hours that were added on another DSF may be part of it."""
    two_of_one_plan(world).hours("h.csv", {"heures": "50"})
    world.run()
    two_of_one_plan(world.forget(), LONGER, date_extraction=LATER)
    line = {"numero_dsf": "DSF-2", "identifiant_de": LONGER, "heures": hours}
    world.hours("encore.csv", line)
    world.run()
    (finding,) = [one for one in world.report()["constats"] if one["code"] == "REF-14"]
    assert by_verdict(world.report()) == {2: "rejetee"} and "plan de formation" in finding["message"]
    world.hours("enfin.csv", {**line, "commentaire": "2"})
    world.run(**mapped(world, f"identifiant_de,,,1234567A,{LONGER},FT,"))
    assert codes(world.report()) == {2: [] if hours == "1" else ["AVT-02", "REF-13"]}


def test_H1_hours_of_another_plan_go_on(world: World) -> None:
    """The plan of the line is on its own DSF alone: what is not found on the other cannot be part of it."""
    two_of_one_plan(world).hours("h.csv", {"heures": "50"})
    world.run()
    two_of_one_plan(world.forget(), "7654321B", of_first=LONGER, date_extraction=LATER)
    world.hours("encore.csv", {"numero_dsf": "DSF-2", "identifiant_de": "7654321B", "heures": "50"})
    world.run()
    assert by_verdict(world.report()) == {2: "acceptee"}


def test_H1_hours_that_the_extract_has_already_keep_nothing(world: World) -> None:
    """They were typed into Kairos before the extract was made: it counts them, whatever they are called there."""
    two_of_one_plan(world).hours("h.csv", {"heures": "50"})
    world.run()
    with ledger.open(world.workspace, SETTINGS) as book:
        book.enter("DSF-1-C01", kairos="K1", day=date(2025, 6, 5))
    two_of_one_plan(world.forget(), LONGER, date_extraction=LATER)
    world.hours("encore.csv", {"numero_dsf": "DSF-2", "identifiant_de": LONGER, "heures": "50"})
    world.run()
    assert by_verdict(world.report()) == {2: "acceptee"}


def test_H1_hours_on_a_renamed_sequence_block_their_dsf_too(world: World) -> None:
    world.add_dsf().write_extracts().hours("h.csv", {})
    world.run()
    again(world, sequences=({"code_sequence": "S9"},), absences=())
    world.hours("encore.csv", {"code_sequence": "S9"})
    world.run()
    assert codes(world.report()) == {2: ["REF-14"]}
    world.hours("enfin.csv", {"code_sequence": "S9", "commentaire": "2"})
    world.run(**mapped(world, "code_sequence,DSF-1,,S1,S9,FT,"))
    assert by_verdict(world.report()) == {2: "deja_prise"}


def test_H2_the_second_of_two_absences_with_the_same_dates_is_not_the_first(world: World) -> None:
    halves = (
        {"id_absence": "MATIN", "heures_non_financables": "3.5"},
        {"id_absence": "SOIR", "heures_non_financables": "3.5"},
    )
    dates = {"id_absence": "", "date_debut": "03/02/2025", "date_fin": "04/02/2025", "heures": "3,5"}
    first_completed(world, {"id_absence": "MATIN", "heures": "3,5"}, absences=halves)
    assert codes(claim(world, "deux.csv", dates)) == {2: ["REF-09"]}, "two have these dates"
    again(world, absences=halves[1:], sequences=({"heures_absence_financables": "3.5"},))
    assert by_verdict(claim(world, "soir.csv", {**dates, "commentaire": "le soir"})) == {2: "acceptee"}, (
        "the other one alone is left"
    )
    assert completed(world) == [("2025-02-03", "MATIN"), ("2025-02-03", "SOIR")]


def test_H2_an_identifier_with_the_dates_of_another_absence_is_not_already_taken(world: World) -> None:
    first_completed(world, {"id_absence": "A3"}, absences=RANKS)
    line = {"id_absence": "A3", "date_debut": "04/02/2025", "date_fin": "04/02/2025"}
    assert codes(claim(world, "a.csv", line)) == {2: ["REF-09"]}


@pytest.mark.parametrize(
    "changes", [{"sequences": ({"numero_pif": "PIF-1-AV1"},)}, {"numero_convention": "CONV-1-AV1"}]
)
def test_H3_hours_issued_count_under_the_plan_of_today(world: World, changes: dict[str, Any]) -> None:
    world.add_dsf(sequences=({"heures_prevues": "120"},), absences=()).write_extracts().hours("h.csv", {"heures": "15"})
    world.run()
    sequence = {"heures_prevues": "120", **(changes.get("sequences") or ({},))[0]}
    again(world, **{**changes, "sequences": (sequence,), "absences": ()})
    world.hours("encore.csv", {"heures": "6", "date_debut": "11/02/2025"})
    world.run()
    assert codes(world.report()) == {2: ["REF-13"]}, "100 h declared and 15 h issued leave 5 h of 120"


def test_H3_another_dsf_of_a_renamed_convention_counts_what_was_issued(world: World) -> None:
    plan = {"heures_prevues": "220"}
    world.add_dsf(sequences=(plan,), absences=()).add_dsf("DSF-2", sequences=(plan,), absences=()).write_extracts()
    world.hours("h.csv", {"heures": "15"})
    world.run()
    world.forget()
    for numero in ("DSF-1", "DSF-2"):
        world.add_dsf(numero, sequences=(plan,), absences=(), date_extraction=LATER, numero_convention="NOUVELLE")
    world.write_extracts().hours("encore.csv", {"numero_dsf": "DSF-2", "heures": "6"})
    world.run()
    assert codes(world.report()) == {2: ["REF-13"]}


def test_hours_typed_before_the_extract_are_in_it_and_count_once(world: World) -> None:
    world.add_dsf(sequences=({"heures_prevues": "120"},), absences=()).write_extracts().hours("h.csv", {"heures": "15"})
    world.run()
    from datetime import date

    from pipeline import ledger

    with ledger.open(world.workspace, SETTINGS) as book:
        assert book.enter("DSF-1-C01", kairos="K-1", day=date(2025, 6, 10))
    again(world, sequences=({"heures_prevues": "120", "heures_realisees": "115"},), absences=())
    world.hours("encore.csv", {"heures": "5", "date_debut": "11/02/2025"})
    world.run()
    assert by_verdict(world.report()) == {2: "acceptee"}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (("id_absence,,,A1,A2,,", "id_absence,,,A2,A1,,"), "tournent en rond"),
        (("id_absence,,,A1,A2,,", "id_absence,DSF-1,,A1,A3,,"), "déjà un autre nouveau nom"),
        (("numero_pif,,,P1,P2,,2025-07-01", "numero_pif,,,P2,P1,,2025-08-01"), "tournent en rond"),
        (("id_absence,,,A1,A2,,2025-07-01", "id_absence,,,A1,A3,,2025-07-01"), "déjà un autre nouveau nom"),
        (("absence,,,A1,A2,,",), "champ inconnu"),
        (("id_absence,,,A1,,,",), "doivent être remplis"),
        (("id_absence,,,A1,A2,,juin",), "date illisible"),
    ],
)
def test_correspondances_that_do_not_hold_together_are_a_setting_error(
    world: World, rows: tuple[str, ...], said: str
) -> None:
    from pipeline.settings import SettingError

    world.add_dsf().write_extracts()
    with pytest.raises(SettingError, match=said):
        world.run(**mapped(world, *rows))


def test_ids_that_shift_in_two_extracts_are_followed_through_both(world: World) -> None:
    """A2 became A3 and, in a later extract, A4; that A2 → A3 is written twice is no contradiction."""
    first_completed(world, {"id_absence": "A2"}, absences=RANKS)
    older = {"id_absence": "A2", "date_debut": "2025-02-01", "date_fin": "2025-02-01"}
    oldest = {"id_absence": "A2", "date_debut": "2025-01-31", "date_fin": "2025-01-31"}
    again(world, absences=[older, *({**row, "id_absence": f"A{n}"} for n, row in enumerate(RANKS, 3))])
    third = [oldest, {**older, "id_absence": "A3"}, *({**row, "id_absence": f"A{n}"} for n, row in enumerate(RANKS, 4))]
    world.forget().add_dsf(date_extraction="2025-07-15", absences=third).write_extracts()
    assert extracts.load(world.workspace, force=True)[0].is_new
    days = ("2025-06-10", "2025-07-10")
    told = mapped(world, *(f"id_absence,DSF-1,1234567A,A{n},A{n + 1},FT,{day}" for day in days for n in range(2, 6)))
    assert codes(claim(world, "apres.csv", {"id_absence": "A4", "heures": "3"}, **told)) == {2: ["REF-10"]}
    assert by_verdict(claim(world, "autre.csv", {"id_absence": "A3"}, **told)) == {2: "acceptee"}
    assert by_verdict(claim(world, "nouvelle.csv", {"id_absence": "A2"}, **told)) == {2: "acceptee"}
    assert completed(world)[0] == ("2025-02-02", "A2")


@pytest.mark.parametrize("what", RENAMED)
def test_H5_what_an_extract_said_completed_stays_so_under_its_new_name(world: World, what: str) -> None:
    newer, line, row = RENAMED[what]
    settings = mapped(world, row)
    world.add_dsf(absences=({"deja_complementee": "oui"},)).write_extracts()
    world.run()
    again(world, **newer)
    assert codes(claim(world, "a.csv", line, **settings)) == {2: ["REF-10"]}


def test_H5_ranks_that_shift_take_their_completion_with_them(world: World) -> None:
    """A1, completed, becomes A2; another absence is called A1 now, and has never been completed."""
    first, other = ({"date_debut": f"2025-02-{n:02d}", "date_fin": f"2025-02-{n:02d}"} for n in (3, 4))
    settings = mapped(world, "id_absence,DSF-1,,A1,A2,FT,2025-06-10")
    world.add_dsf(absences=({"id_absence": "A1", "deja_complementee": "oui"} | first,)).write_extracts()
    world.run()
    again(world, absences=({"id_absence": "A1"} | other, {"id_absence": "A2"} | first))
    world.absence("a.csv", {"id_absence": "A2"})
    world.absence("b.csv", {"id_absence": "A1"})
    world.run(**settings)
    assert sorted(code for report in world.reports() for code in codes(report).values()) == [[], ["REF-10"]]
