"""A wave is cut where nobody meets: what is together by way of others stays together, whatever the order."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import ledger, reference, wave
from pipeline.judging import parts as room
from pipeline.judging.context import Context
from pipeline.judging.deposit import Deposit
from pipeline.judging.parts import parts
from pipeline.reading import ReadOptions
from pipeline.work.local import local
from tests.world import DAY, DISPENSATEUR, SETTINGS, TITULAIRE
from tests.world.inbox import Inbox

MEETINGS = st.lists(st.frozensets(st.integers(0, 12), max_size=3), max_size=12)


@given(meetings=MEETINGS)
def test_who_meets_by_way_of_others_is_in_one_group_and_nobody_else(meetings: list[frozenset[int]]) -> None:
    groups = room.groups([set(one) for one in meetings])
    assert sorted(position for group in groups for position in group) == list(range(len(meetings)))
    assert groups == sorted(sorted(group) for group in groups)
    shared = [set().union(*(meetings[position] for position in group)) for group in groups]
    assert all(not one & other for n, one in enumerate(shared) for other in shared[:n])
    for group in groups:
        reached, keys = {group[0]}, set(meetings[group[0]])
        for _ in group:
            reached |= {position for position in group if meetings[position] & keys}
            keys = set().union(*(meetings[position] for position in reached))
        assert reached == set(group)


def cut(
    root: Path, monkeypatch: pytest.MonkeyPatch, *deposits: tuple[str, dict[str, str]], lines: int = 1
) -> list[list[int]]:
    """The parts of deposits of one hours line each; ``lines``: those of a part."""
    monkeypatch.setattr(room, "LEAST", lines)
    inbox = Inbox(root)
    inbox.add_dsf("DSF-1").add_dsf("DSF-2", numero_convention="CONV-2").add_dsf("DSF-3", numero_convention="CONV-3")
    inbox.add_dsf("DSF-4", numero_convention="CONV-2").write_extracts()
    inbox.run()
    for n, (folder, line) in enumerate(deposits):
        inbox.hours(f"{n}.csv", line, folder=folder)
    snapshots = [inbox.take(arrival) for arrival in inbox.scan(SETTINGS).ready]
    with ledger.open(inbox.workspace, SETTINGS) as book, local(1, SETTINGS.limites) as engine:
        context = Context(SETTINGS, DAY, reference.open(inbox.workspace), book, ())
        read: list[Deposit] = wave.read(engine, SETTINGS, ReadOptions().synonyms, [one for one in snapshots if one])
        return list(parts(context, read, width=len(read)))


def test_deposits_meet_by_a_dsf_however_it_is_typed_by_a_convention_and_by_their_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = cut(
        tmp_path,
        monkeypatch,
        (TITULAIRE, {"numero_dsf": "DSF-1"}),
        (TITULAIRE, {"numero_dsf": "DSF-3"}),
        (TITULAIRE, {"numero_dsf": "DSF-2"}),
        (DISPENSATEUR, {"numero_dsf": " dsf-1", "heures": "3,5"}),
        (TITULAIRE, {"numero_dsf": "DSF-4"}),
        (TITULAIRE, {"numero_dsf": "inconnue"}),
        (DISPENSATEUR, {"numero_dsf": "inconnue", "heures": "3,5"}),
        (TITULAIRE, {"numero_dsf": ""}),
        (DISPENSATEUR, {"numero_dsf": ""}),
        (f"{TITULAIRE}-antenne", {"numero_dsf": ""}),
    )
    assert found == [[0, 3], [1], [2, 4], [5, 6], [7, 9], [8]]


def test_small_groups_go_together_until_they_have_the_lines_of_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = ("DSF-1", "DSF-2", "DSF-3", "DSF-1", "DSF-4")
    deposits = [(TITULAIRE, {"numero_dsf": one, "heures": f"{n + 1}"}) for n, one in enumerate(numbers)]
    assert cut(tmp_path, monkeypatch, *deposits, lines=3) == [[0, 1, 3, 4], [2]]
