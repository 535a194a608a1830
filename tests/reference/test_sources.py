"""Which files make one extract, and which are left alone."""

from pathlib import Path

import pytest

from pipeline import reference
from pipeline.workspace import Workspace
from tests.reference.good import good
from tests.world import extracts


def test_sets_are_grouped_by_the_rest_of_their_names(workspace: Workspace) -> None:
    extracts.write_csv(workspace.extracts, good(), suffix="_mai")
    extracts.write_csv(workspace.extracts, good(), suffix="-2025-06")
    extracts.write_parquet(workspace.extracts, good())
    extracts.write_csv(workspace.extracts / "sud", good())
    found = reference.pending(workspace)
    assert sorted((extract.name, extract.kind) for extract in found.sets) == [
        ("2025-06", "csv"),
        ("extraits", "parquet"),
        ("mai", "csv"),
        ("sud", "csv"),
    ]
    assert all(jeu.is_ready for jeu in found.sets)


def test_three_files_whose_names_end_differently_are_still_one_set(workspace: Workspace) -> None:
    for path in extracts.write_csv(workspace.extracts, good()):
        path.rename(path.with_name(f"{path.stem}_{len(path.stem)}.txt"))
    (jeu,) = reference.pending(workspace).sets
    assert jeu.is_ready


def test_accents_and_case_of_names(workspace: Workspace) -> None:
    for path, name in zip(
        extracts.write_csv(workspace.extracts, good()),
        ("DSF juin", "Séquences juin", "Absences juin"),
        strict=True,
    ):
        path.rename(path.with_name(f"{name}.CSV"))
    (result,) = reference.load(workspace)
    assert result.is_new


def test_what_is_missing_is_said(workspace: Workspace) -> None:
    extracts.write_csv(workspace.extracts, {"dsf": good()["dsf"]})
    (jeu,) = reference.pending(workspace).sets
    assert jeu.reason == "il manque sequences, absences"
    assert not reference.pending(workspace)


def test_a_set_still_arriving_waits(workspace: Workspace) -> None:
    paths = extracts.write_csv(workspace.extracts, good())
    assert not reference.pending(workspace, delai=60)
    assert reference.load(workspace, delai=60) == []
    extracts.at(paths, 1000)
    assert reference.pending(workspace, delai=60)


def test_uploads_readmes_and_strangers_are_left(workspace: Workspace) -> None:
    for name in ("dsf.csv.part", ".dsf.csv", "~$dsf.xlsx", "sequences.tmp", "README.md"):
        (workspace.extracts / name).write_text("x")
    (workspace.extracts / "notes.txt").write_text("x")
    found = reference.pending(workspace)
    assert found.sets == ()
    assert [path.name for path, _ in found.left] == ["notes.txt"]
    assert reference.load(workspace) == []


def test_a_path_that_is_given_must_be_there_and_be_an_extract(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        reference.load(workspace, [tmp_path / "nulle-part.csv"])
    notes = tmp_path / "notes.txt"
    notes.write_text("x")
    (result,) = reference.load(workspace, [notes])
    assert result.error is not None
    assert reference.load(workspace, extracts.write_csv(tmp_path / "e", good()))[0].is_new
