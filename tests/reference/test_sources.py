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
    found = extracts.waiting(workspace)
    assert sorted((extract.name, extract.kind) for extract in found.sets) == [
        ("2025-06", "csv"),
        ("extraits", "parquet"),
        ("mai", "csv"),
        ("sud", "csv"),
    ]
    assert all(extract.is_ready for extract in found.sets)


def test_three_files_whose_names_end_differently_are_still_one_set(workspace: Workspace) -> None:
    for path in extracts.write_csv(workspace.extracts, good()):
        path.rename(path.with_name(f"{path.stem}_{len(path.stem)}.txt"))
    (extract,) = extracts.waiting(workspace).sets
    assert extract.is_ready


def test_accents_and_case_of_names(workspace: Workspace) -> None:
    for path, name in zip(
        extracts.write_csv(workspace.extracts, good()),
        ("DSF juin", "Séquences juin", "Absences juin"),
        strict=True,
    ):
        path.rename(path.with_name(f"{name}.CSV"))
    (result,) = extracts.load(workspace)
    assert result.is_new


def test_what_is_missing_is_said(workspace: Workspace) -> None:
    extracts.write_csv(workspace.extracts, {"dsf": good()["dsf"]})
    (extract,) = extracts.waiting(workspace).sets
    assert extract.missing == ["sequences", "absences"]
    assert not extracts.waiting(workspace)


def test_a_set_still_arriving_waits(workspace: Workspace) -> None:
    paths = extracts.write_csv(workspace.extracts, good())
    arriving = reference.find(paths[:2], paths[2:])
    assert not arriving and [one.arriving for one in arriving.sets] == [True]
    assert reference.load(workspace, arriving, extracts.LOADED) == []
    assert reference.find(paths)


def test_uploads_readmes_and_strangers_are_left(workspace: Workspace) -> None:
    for name in ("dsf.csv.part", ".dsf.csv", "~$dsf.xlsx", "sequences.tmp", "README.md"):
        (workspace.extracts / name).write_text("x")
    (workspace.extracts / "notes.txt").write_text("x")
    found = extracts.waiting(workspace)
    assert found.sets == ()
    assert [path.name for path, _ in found.left] == ["notes.txt"]
    assert extracts.load(workspace) == []


def test_a_path_that_is_given_must_be_there_and_be_an_extract(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        extracts.load(workspace, [tmp_path / "nulle-part.csv"])
    notes = tmp_path / "notes.txt"
    notes.write_text("x")
    (result,) = extracts.load(workspace, [notes])
    assert result.error is not None
    assert extracts.load(workspace, extracts.write_csv(tmp_path / "e", good()))[0].is_new
