"""Who meets whom: deposits that could change each other's verdicts are in layers one after the other, the rest in one."""

from typing import Any

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pipeline.judging.identity import SEQUENCE
from pipeline.judging.layers import layers
from schemas.rules.remaining import PIF_KEY

Line = tuple[int, dict[str, Any]]
PLAN = {"cle_convention": "c1", "cle_de": "de1", "cle_pif": "p1", "cle_sequence": "s1"}


def line(depot: int, dsf: str | None = "d1", *, known: bool = True, **plan: str | None) -> Line:
    """A line of a deposit on a DSF; ``plan``: what differs from ``PLAN``. A DSF that is not the depositor's has no plan."""
    own = {**PLAN, **plan} if known else {**dict.fromkeys(PLAN), "cle_de": "de1", "cle_sequence": "s1"}
    return depot, {"cle_dsf": dsf, "dsf_connue": known, **own}


def of(*lines: Line, deposits: list[int] | None = None) -> dict[int, int]:
    columns = ["depot", "cle_dsf", "dsf_connue", *PIF_KEY]
    frame = pd.DataFrame([{"depot": depot, **values} for depot, values in lines], columns=columns)
    frame = frame.astype({"depot": "int64", "dsf_connue": "bool", "cle_dsf": "str", **dict.fromkeys(PIF_KEY, "str")})
    return layers(frame, sorted({depot for depot, _ in lines}) if deposits is None else deposits)


def apart(n: int) -> dict[str, str]:
    """A plan of its own."""
    return {"cle_pif": f"p{n}", "cle_de": f"de{n}"}


def test_deposits_that_share_nothing_are_judged_in_one_go() -> None:
    assert of(*(line(n, f"d{n}", **apart(n)) for n in range(4))) == {0: 0, 1: 0, 2: 0, 3: 0}


def test_deposits_on_one_dsf_meet_where_they_share_a_trainee_s_sequence_there() -> None:
    assert of(*(line(n, "d1", **apart(n)) for n in range(3))) == {0: 0, 1: 0, 2: 0}
    assert of(*(line(n, "d1", cle_pif=f"p{n}") for n in range(3))) == {0: 0, 1: 1, 2: 2}
    assert of(*(line(n, "d1", cle_pif=f"p{n}", cle_sequence=f"s{n}") for n in range(3))) == {0: 0, 1: 0, 2: 0}


def test_deposits_that_share_the_sequence_of_a_plan_meet_though_their_dsf_differ() -> None:
    assert of(line(0, "d1"), line(1, "d2")) == {0: 0, 1: 1}


def test_each_part_of_the_plan_s_key_tells_plans_apart() -> None:
    for part in PIF_KEY:
        assert of(line(0, "d1"), line(1, "d2", **{part: "autre"})) == {0: 0, 1: 0}, part
        assert of(line(0, "d1", **{part: None}), line(1, "d2", **{part: None})) == {0: 0, 1: 0}, part


def test_each_part_of_the_sequence_s_key_tells_sequences_apart() -> None:
    for part in SEQUENCE[1:]:
        of_no_plan = {"cle_pif": None}
        assert of(line(0, **of_no_plan), line(1, **of_no_plan)) == {0: 0, 1: 1}
        assert of(line(0, **of_no_plan), line(1, **of_no_plan, **{part: "autre"})) == {0: 0, 1: 0}, part
        assert of(line(0, **of_no_plan, **{part: None}), line(1, **of_no_plan, **{part: None})) == {0: 0, 1: 0}, part


def test_a_deposit_comes_one_layer_after_the_last_it_meets() -> None:
    chain = [line(0, "a", **apart(0)), line(1, "a", **apart(0)), line(1, "b", **apart(1)), line(2, "b", **apart(1))]
    assert of(*chain, line(3, "c", **apart(3))) == {0: 0, 1: 1, 2: 2, 3: 0}
    assert of(*chain, line(3, "a", **apart(0))) == {0: 0, 1: 1, 2: 2, 3: 2}
    late = [line(3, "c", **apart(3)), line(4, "c", **apart(3)), line(4, "b", **apart(1))]
    assert of(*chain, *late) == {0: 0, 1: 1, 2: 2, 3: 0, 4: 3}, "not after the first"


def test_a_deposit_does_not_meet_itself() -> None:
    assert of(line(0), line(0), line(0, "d2")) == {0: 0}


def test_a_dsf_that_is_not_the_depositor_s_brings_nobody_together() -> None:
    """Whoever names another's DSF learns nothing, and changes nothing: its lines are all refused."""
    assert of(line(0, "d1"), line(1, "d1", known=False), line(2, "d1")) == {0: 0, 1: 0, 2: 1}


def test_a_deposit_without_a_line_has_its_place_all_the_same() -> None:
    assert of(line(1), deposits=[0, 1, 2]) == {0: 0, 1: 0, 2: 0}
    assert of(deposits=[]) == {}


LINES = st.builds(
    lambda depot, dsf, known, plan: line(
        depot, dsf, known=known and dsf is not None, **{"cle_pif": plan, "cle_de": plan}
    ),
    st.integers(0, 7),
    st.sampled_from(["d1", "d2", "d3", "d4", "d5", "d6", None]),
    st.sampled_from([True, True, True, False]),
    st.sampled_from(["p1", "p2", "p3", "p4", "p5", "p6", None]),
)


def meet(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> bool:
    """Whether any line of one deposit and any of the other share a trainee's séquence, of a DSF or of a plan."""
    return any(
        (a["dsf_connue"] and b["dsf_connue"] and all(a[part] is not None and a[part] == b[part] for part in SEQUENCE))
        or all(a[part] is not None and a[part] == b[part] for part in PIF_KEY)
        for a in one
        for b in other
    )


@given(st.lists(LINES, max_size=24))
def test_layers_are_those_of_every_deposit_compared_with_every_earlier_one(lines: list[Line]) -> None:
    by_deposit = {depot: [values for owner, values in lines if owner == depot] for depot in range(8)}
    expected: dict[int, int] = {}
    for depot, mine in by_deposit.items():
        met = [layer for earlier, layer in expected.items() if meet(by_deposit[earlier], mine)]
        expected[depot] = max(met, default=-1) + 1
    assert of(*lines, deposits=list(by_deposit)) == expected
