"""What the benchmark compares is the same work: nothing here is timed."""

from pathlib import Path

from bench import floor, made, naive, nights
from bench.made import Night
from bench.measure import cost, python
from pipeline.workspace import Workspace
from tests.bounded import some
from tests.world import names

NIGHT = Night(deposits=10, lines=40, dsf=2, faulty=60, rows=800, holders=3)


def test_the_naive_night_has_our_verdicts_line_by_line_however_it_merges() -> None:
    """An independent reading of the contract, as far as these nights go: every fault that is in them is found by both."""
    with nights.workspace(NIGHT, "processus = 1\n") as root, nights.copy(root) as double:
        nights.run(double)
        ours = naive.verdicts(next(double.glob("outbox/rapports/*/verdicts.csv")))
        for options in some(((), ("--looks-first",))):
            out = root.parent / "".join(("naive", *options))
            out.mkdir()
            cost(python("-m", "bench.naive", root, out, *options))
            assert naive.verdicts(out / "verdicts.csv") == ours
        said = {code for _, codes, _ in ours.values() for code in codes.split()}
        assert {verdict for verdict, _, _ in ours.values()} == {"acceptee", "rejetee", "retenue"}
        assert len(said) >= 5


def test_the_floor_writes_what_the_night_gave() -> None:
    with nights.workspace(NIGHT, "processus = 1\n") as root, nights.copy(root) as double:
        nights.run(double)
        floor.pack(double / "outbox", root.parent / "pack")
        cost(python("-m", "bench.floor", "run", root, root.parent / "pack", root.parent / "again", 1))
        written = {name for name in names(root.parent / "again") if not name.startswith("extrait/")}
        assert written == set(names(double / "outbox"))


def test_the_same_seed_makes_the_same_night(tmp_path: Path) -> None:
    for name in ("a", "b"):
        place = Workspace(tmp_path / name)
        place.create()
        made.write_extract(place.extracts, NIGHT)
        made.write_deposits(place.deposits, NIGHT)
    one, other = ({n: (tmp_path / x / n).read_bytes() for n in names(tmp_path / x)} for x in ("a", "b"))
    assert one == other and len(one) == 3 + NIGHT.deposits
