"""The sample workspace: what it promises, the same bytes for the same seed, extracts and deposits that read as meant."""

from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest
from stdnum import luhn
from stdnum.fr import siret

from pipeline import demo, reading, reference
from pipeline.commands import extract
from pipeline.demo import extracts
from pipeline.demo import world as demo_world
from pipeline.demo.deposits import SampleDeposit
from pipeline.demo.faults import FAULTS
from pipeline.reading import ReadOptions
from pipeline.workspace import Workspace
from schemas.folding import key
from schemas.noticed import Noticed

SEEDS = (1, 2, 3)


def digest(root: Path) -> dict[str, str]:
    inbox = root / "inbox"
    return {
        str(path.relative_to(root)): f"{sha256(path.read_bytes()).hexdigest()} {path.stat().st_mtime_ns}"
        for path in sorted(inbox.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_makes_the_same_bytes_and_times(tmp_path: Path) -> None:
    for name in ("a", "b"):
        demo.generate(Workspace(tmp_path / name), 1)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    assert demo.plan(1) != demo.plan(2)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_world_is_as_large_as_promised(seed: int) -> None:
    world = demo_world.build(seed)
    assert len({o.siret for o in world.organisations}) >= 40
    assert all(siret.is_valid(o.siret) for o in world.organisations)
    post = [o.siret for o in world.organisations if o.siret.startswith(demo_world.LA_POSTE)]
    assert post
    assert not luhn.is_valid(post[0])
    assert len(world.dsf) == 300
    assert {d.start.month for d in world.dsf} == {3, 4, 5}
    assert {d.convention.session for d in world.dsf} == {"ESP", "ESF"}
    several = Counter(t for t, _ in {(d.convention.titulaire, d.convention.dispensateur) for d in world.dsf})
    assert sum(count > 2 for count in several.values()) > 5
    assert {d.convention.dispensateur for d in world.dsf} == set(world.organisations)


def test_the_extracts_load_and_the_later_one_wins(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    world = demo_world.build(3)
    extracts.write(world, workspace.extracts)
    results = extract.load(workspace, [], force=False)
    assert [(r.is_new, r.error) for r in results] == [(True, None)] * 2
    facts = reference.open(workspace).facts([key(d.number) for d in world.dsf])
    assert dict(zip(facts.dsf["numero_dsf"], facts.dsf["statut"], strict=True)) == {
        d.number: d.status for d in world.dsf
    }
    assert len(facts.sequences) == len(world.rows)
    assert facts.absences["heures_non_financables"].sum() == sum(row.not_fundable for row in world.rows)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_fault_is_planned_and_most_lines_are_right(seed: int) -> None:
    plan = demo.plan(seed)
    faults = Counter(line.fault for deposit in plan for line in deposit.lines)
    assert {code.strip() for code in FAULTS} <= set(faults)
    assert faults[""] > 0.9 * faults.total()
    assert [deposit.when for deposit in plan] == sorted({deposit.when for deposit in plan})
    places = Counter((deposit.folder, deposit.name) for deposit in plan)
    assert max(places.values()) == 1


def lines_read(deposit: SampleDeposit, content: bytes, path: Path) -> tuple[list[tuple[str, int]], set[Noticed]]:
    path.write_bytes(content)
    found = reading.read(path, ReadOptions(siret=deposit.siret))
    places = [(table.sheet, row) for table in found.tables for row in table.rows]
    return places, {observation.noticed for observation in found.observations}


NOTES = {Noticed.COLUMN_IGNORED, Noticed.TOTAL_LEFT_OUT, Noticed.ENCODING, Noticed.WORTH_A_LOOK}


def test_every_deposit_is_read_line_by_line_as_it_was_written(tmp_path: Path) -> None:
    seen: set[Noticed] = set()
    for deposit in demo.plan(1):
        typed, path = deposit.typed(), tmp_path / deposit.name
        places, noticed = lines_read(deposit, typed.content, path)
        seen |= noticed
        if any(code.startswith("FIC") for code in deposit.codes):
            assert noticed - NOTES, deposit.codes
        else:
            assert sorted(places) == sorted(typed.places)
            assert noticed <= NOTES
        right = deposit.corrected(demo.AS_OF_SECOND)
        places, noticed = lines_read(deposit, right.content, path)
        assert sorted(places) == sorted(right.places)
        assert noticed <= NOTES
    assert {Noticed.COLUMN_IGNORED, Noticed.TOTAL_LEFT_OUT, Noticed.ENCODING} <= seen


def test_generate_sets_times_in_the_past_and_writes_the_dates_to_run_as_of(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    demo.generate(workspace)
    assert demo.AS_OF.isoformat() in (tmp_path / demo.RECORD).read_text()
    times = [path.stat().st_mtime for path in workspace.deposits.rglob("*.*") if path.is_file()]
    assert max(times) < 1751241600  # 2025-06-30


def test_the_second_round_needs_the_first(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.create()
    with pytest.raises(demo.DemoError, match="exemple"):
        demo.second_round(workspace)
    demo.generate(workspace)
    with pytest.raises(demo.DemoError, match="dsf run"):
        demo.second_round(workspace)
