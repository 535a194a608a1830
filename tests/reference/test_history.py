"""A DSF met again: the newest extraction wins, it replaces the old one whole, what was loaded stays known."""

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from pipeline import reference
from pipeline.commands import extract, run
from pipeline.errors import DiskHalt
from pipeline.reference import LoadResult, StoreError
from pipeline.workspace import Workspace
from tests.reference.good import good
from tests.world import World, codes, extracts
from tests.world.extracts import Tables


def load(workspace: Workspace, tables: Tables, *, force: bool = False) -> LoadResult:
    extracts.write_csv(workspace.extracts, tables)
    (result,) = extracts.load(workspace, force=force)
    return result


def extracted(day: str, intitule: str) -> Tables:
    tables = good()
    for row in tables["dsf"]:
        row |= {"date_extraction": day, "intitule": intitule}
    return tables


def known_title(workspace: Workspace) -> str:
    return str(reference.open(workspace).show("DSF-1").dsf["intitule"].item())


def test_the_greater_date_wins_whatever_the_order_of_loading(workspace: Workspace) -> None:
    load(workspace, extracted("2025-06-30", "juin"))
    assert load(workspace, extracted("31/05/2025", "mai")).is_new
    assert known_title(workspace) == "juin"
    load(workspace, extracted("2025-07-31", "juillet"))
    assert known_title(workspace) == "juillet"


def test_at_equal_dates_the_later_load_wins(workspace: Workspace) -> None:
    load(workspace, extracted("2025-06-30", "premier"))
    load(workspace, extracted("2025-06-30", "second"))
    assert known_title(workspace) == "second"


def test_two_extracts_of_one_day_are_told_apart_by_their_time(workspace: Workspace) -> None:
    load(workspace, extracted("2025-06-30 18:00", "soir"))
    load(workspace, extracted("30/06/2025 06:00", "matin"))
    assert known_title(workspace) == "soir"


def test_a_dsf_is_replaced_whole_and_the_others_stay(workspace: Workspace) -> None:
    load(workspace, good())
    newer = {
        "dsf": [extracts.dsf(date_extraction="2025-07-31")],
        "sequences": [
            extracts.sequence(heures_realisees="40", heures_absence_non_financables="10.5"),
            extracts.sequence(code_sequence="S3", heures_realisees="31.50"),
        ],
        "absences": [extracts.absence(heures_non_financables="10.50")],
    }
    assert load(workspace, newer).is_new
    facts = reference.open(workspace).facts(["dsf-1", "dsf-2"])
    assert facts.sequences[["cle_dsf", "cle_sequence"]].to_numpy().tolist() == [
        ["dsf-1", "s1"],
        ["dsf-1", "s3"],
        ["dsf-2", "s1"],
    ]
    assert facts.absences["id_absence"].tolist() == ["A1"]
    assert facts.declared["heures_declarees"].tolist() == [5050, 3150, 3150]
    assert [load.nom for load in reference.open(workspace).loads()] == facts.extraits["nom"].tolist()
    assert facts.extraits["date_extraction"].dt.strftime("%Y-%m-%d").tolist() == ["2025-06-30", "2025-07-31"]


def shrunk(keep: int) -> Tables:
    """An extract of DSF-1 with ``keep`` of the ten séquences that ``wide`` has."""
    rows = [extracts.sequence(code_sequence=f"S{i}") for i in range(10)]
    return {"dsf": [extracts.dsf()], "sequences": rows[:keep], "absences": []}


def test_an_extract_that_removes_more_than_half_is_refused_unless_forced(workspace: Workspace) -> None:
    load(workspace, shrunk(10))
    refused = load(workspace, shrunk(4))
    assert refused.error is not None
    assert [(p.code, p.detail) for p in refused.error.report.problemes] == [("EXT-30", "6 sur 10")]
    assert len(reference.open(workspace).show("dsf-1").sequences) == 10
    assert load(workspace, shrunk(4), force=True).is_new
    assert len(reference.open(workspace).show("dsf-1").sequences) == 4


def test_exactly_half_passes(workspace: Workspace) -> None:
    load(workspace, shrunk(10))
    assert load(workspace, shrunk(5)).is_new


def test_other_rows_in_place_of_the_old_are_a_removal(workspace: Workspace) -> None:
    load(workspace, shrunk(10))
    other = shrunk(10)
    for row in other["sequences"][:6]:
        row["identifiant_de"] = "7654321B"
    assert load(workspace, other).error is not None


def test_an_older_extract_removes_nothing(workspace: Workspace) -> None:
    load(workspace, shrunk(10))
    older = shrunk(1)
    older["dsf"][0]["date_extraction"] = "2025-01-31"
    assert load(workspace, older).is_new
    assert len(reference.open(workspace).show("dsf-1").sequences) == 10


def test_the_same_content_twice_is_said_and_changes_nothing(workspace: Workspace) -> None:
    first = load(workspace, good())
    again = load(workspace, good())
    assert (first.is_new, again.is_new) == (True, False)
    assert again.load == first.load
    assert len(reference.open(workspace).loads()) == 1
    assert list(workspace.extracts.iterdir()) == []


def test_files_leave_the_inbox_for_the_archive_unchanged(workspace: Workspace, tmp_path: Path) -> None:
    elsewhere = extracts.write_csv(tmp_path / "ailleurs", good(), delimiter=",")
    before = {p.name: p.read_bytes() for p in extracts.write_csv(workspace.extracts, good())}
    (result,) = extracts.load(workspace)
    assert result.load is not None
    archive = workspace.var / "extraits" / result.load.nom
    assert {p.name: p.read_bytes() for p in archive.iterdir()} == before
    extracts.load(workspace, elsewhere)
    assert all(path.exists() for path in elsewhere)


def test_several_sets_are_loaded_in_the_order_of_their_times(workspace: Workspace) -> None:
    extracts.at(extracts.write_csv(workspace.extracts, extracted("2025-06-30", "b"), suffix="_b"), 1000)
    extracts.at(extracts.write_csv(workspace.extracts, extracted("2025-06-30", "a"), suffix="_a"), 2000)
    extracts.at([extracts.write_xlsx(workspace.extracts / "z.xlsx", extracted("2025-06-30", "z"))], 1500)
    assert [result.extract for result in extracts.load(workspace)] == ["b", "z.xlsx", "a"]
    assert known_title(workspace) == "a"


def test_a_refused_set_does_not_stop_the_next(workspace: Workspace) -> None:
    bad = good()
    bad["dsf"][0]["nature"] = "?"
    extracts.at(extracts.write_csv(workspace.extracts, bad, suffix="_1"), 1000)
    extracts.at(extracts.write_csv(workspace.extracts, good(), suffix="_2"), 2000)
    assert [(r.extract, r.is_new) for r in extracts.load(workspace)] == [("1", False), ("2", True)]


def test_a_load_that_was_interrupted_leaves_nothing_that_counts(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    extracts.write_csv(workspace.extracts, good())
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "disque plein")))
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(DiskHalt, match="Plus de place sur le disque"):
            extracts.load(workspace)
    assert not reference.open(workspace).known()
    (result,) = extracts.load(workspace)
    assert result.is_new
    assert [p.name for p in workspace.reference.iterdir()] == [result.load.nom if result.load else ""]


def test_a_damaged_store_is_said(workspace: Workspace) -> None:
    for day in ("2025-05-31", "2025-06-30"):
        load(workspace, extracted(day, day))
    first = sorted(workspace.reference.iterdir())[0]
    (first / "load.json").write_text("{")
    with pytest.raises(StoreError, match=first.name):
        reference.open(workspace)
    shutil.rmtree(first)
    with pytest.raises(StoreError, match="manque"):
        reference.open(workspace)


def test_load_json_says_what_was_loaded(workspace: Workspace) -> None:
    result = load(workspace, good())
    assert result.load is not None
    value = json.loads((workspace.reference / result.load.nom / "load.json").read_text("utf-8"))
    assert value["lignes"] == {"dsf": 2, "sequences": 3, "absences": 2}
    assert [file["nom"] for file in value["fichiers"]] == ["dsf.csv", "sequences.csv", "absences.csv"]


# --- once completed, always completed (H5) ----------------------------------------------------------------------------

Said = list[tuple[str, int, str, str]]


def said(result: LoadResult) -> Said:
    """Code, row, column and value of what is worth knowing of a load."""
    assert result.error is None and result.notes is not None
    return [(p.code, p.ligne, p.colonne, p.valeur) for p in result.notes.problemes]


def month(day: str, completed: str, **changes: str) -> Tables:
    """DSF-1 as extracted on ``day``, its one absence ``completed`` (oui, non)."""
    one = extracts.absence(deja_complementee=completed, **changes)
    hours = one["heures_non_financables"]
    return {
        "dsf": [extracts.dsf(date_extraction=day)],
        "sequences": [extracts.sequence(heures_absence_non_financables=hours)],
        "absences": [one],
    }


def gone(day: str) -> Tables:
    return {"dsf": [extracts.dsf(date_extraction=day)], "sequences": [extracts.sequence()], "absences": []}


def completed(workspace: Workspace) -> list[bool]:
    return reference.open(workspace).show("dsf-1").absences["deja_complementee"].tolist()


def test_H5_an_absence_once_completed_stays_so_and_it_is_said(workspace: Workspace) -> None:
    assert said(load(workspace, month("2025-05-31", "oui"))) == []
    assert said(load(workspace, month("2025-06-30", "non"))) == [("EXT-41", 2, "deja_complementee", "A1")]
    assert completed(workspace) == [True]
    load(workspace, month("2025-07-31", "non", type_absence="Autre"))
    assert completed(workspace) == [True]


def test_H5_an_absence_that_was_gone_for_a_month_is_still_completed(workspace: Workspace) -> None:
    load(workspace, month("2025-05-31", "oui"))
    load(workspace, gone("2025-06-15"), force=True)
    load(workspace, month("2025-06-30", "non"))
    assert completed(workspace) == [True]


def test_H5_an_older_extract_that_arrives_late_is_believed_too(workspace: Workspace) -> None:
    load(workspace, month("2025-06-30", "non"))
    assert completed(workspace) == [False]
    assert said(load(workspace, month("2025-05-31", "oui"))) == [("EXT-40", 2, "date_extraction", "DSF-1")]
    assert completed(workspace) == [True]


def test_H5_the_same_number_with_other_dates_is_another_absence(workspace: Workspace) -> None:
    load(workspace, month("2025-05-31", "oui"))
    load(workspace, month("2025-06-30", "non", date_debut="2025-02-04"))
    assert completed(workspace) == [False]


def test_H5_an_older_extract_takes_nothing_back_and_says_only_that_it_is_older(workspace: Workspace) -> None:
    load(workspace, month("2025-06-30", "oui"))
    assert said(load(workspace, month("2025-05-31", "non"))) == [("EXT-40", 2, "date_extraction", "DSF-1")]
    assert completed(workspace) == [True]


def test_H5_what_was_completed_is_rejected_though_the_newest_extract_denies_it(tmp_path: Path) -> None:
    world = World(tmp_path / "ws").add_dsf(absences=[{"deja_complementee": "oui"}], date_extraction="2025-05-31")
    world.write_extracts().run()
    world.forget().add_dsf(date_extraction="2025-06-15").write_extracts()
    world.absence("a.csv", {})
    outcome = world.run()
    assert codes(world.report()) == {2: ["REF-10"]}
    lines = list(run.lines(outcome, world.workspace.root, dry_run=False))
    assert [line for line in lines if "absences.csv ligne 2 deja_complementee « A1 »" in line and "[EXT-41]" in line]
    (note,) = run.data(outcome, dry_run=False)["extraits"][0]["remarques"]
    assert (note["code"], note["fichier"], note["ligne"]) == ("EXT-41", "absences.csv", 2)


def test_older_dsf_are_counted_exactly_where_the_list_is_cut(workspace: Workspace) -> None:
    names = [f"DSF-{n}" for n in range(300)]
    tables: Tables = {
        "dsf": [extracts.dsf(n) for n in names],
        "sequences": [extracts.sequence(n) for n in names],
        "absences": [],
    }
    load(workspace, tables)
    for row in tables["dsf"]:
        row["date_extraction"] = "2025-05-31"
    result = load(workspace, tables)
    assert result.notes is not None and result.notes.comptes == {"EXT-40": 300}
    shown = list(extract.loads_lines([result]))
    assert shown[-1] == "  et 280 autres"
    assert "2025-06-01" in shown[1]
