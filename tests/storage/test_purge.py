"""`dsf purge` where the outbox and the reference lie on shared storage: persons are there no more either."""

from pathlib import Path

from pipeline.commands import purge
from pipeline.commands.verify import verify
from tests.commands.test_purge import AGAIN, CANARIES, KEPT, LATER, PERSON, SEEN, typed
from tests.storage.shelf import SharedWorld, Shelf
from tests.world import TITULAIRE, codes

PARTS = ("depots", "extraits", "outbox", "reference")


def told(world: SharedWorld, day: str, *, done: bool) -> None:
    """An extract of that day; ``done``: Kairos has taken the absence."""
    absence = {"identifiant_de": PERSON["identifiant_de"], "deja_complementee": "oui" if done else "non"}
    world.forget().add_dsf(date_extraction=day, sequences=[PERSON], absences=[absence]).write_extracts()


def naming(shelf: Shelf) -> list[str]:
    return [name for name in shelf.names() if any(canary in shelf.read(name) for canary in CANARIES)]


def test_persons_are_nowhere_there_and_nothing_is_completed_again(tmp_path: Path, shelf: Shelf) -> None:
    world = SharedWorld(tmp_path / "ws", shelf, *PARTS)
    told(world, "2025-06-01", done=False)
    world.absence("a.csv", typed())
    world.absence("faux.csv", typed(motif="?"))
    world.run()
    told(world, "2025-07-05", done=True)
    world.run(SEEN)
    assert {name.split("/")[0] for name in naming(shelf)} == {"outbox", "reference"}
    settings = world.settings(conservation=KEPT)
    done = purge.purge(world.workspace, settings, LATER)
    assert (done.comptes["complements"], done.comptes["dossiers"], done.comptes["retours"], done.restes) == (1, 1, 2, 0)
    assert naming(shelf) == []
    found = verify(world.workspace, settings)
    assert (found.erreurs, found.remarques) == ([], [])
    assert purge.purge(world.workspace, settings, LATER).restes == 0
    told(world, "2026-06-30", done=False)
    world.absence("encore.csv", typed(heures="3,5", reliquat_abandonne="oui"))
    world.run(AGAIN, conservation=KEPT)
    assert codes(world.report(TITULAIRE)) == {2: ["REF-10"]}


def test_another_machine_with_the_forgotten_reference_takes_over(tmp_path: Path, shelf: Shelf) -> None:
    world = SharedWorld(tmp_path / "ws", shelf, "reference")
    world.add_dsf(sequences=[PERSON], absences=[]).write_extracts()
    world.run(SEEN)
    told(world, "2026-06-20", done=False)
    world.run(LATER)
    purge.purge(world.workspace, world.settings(conservation=KEPT), LATER)
    second = SharedWorld(tmp_path / "deux", shelf, "reference")
    second.hours("b.csv", typed())
    second.run(LATER)
    assert list(second.complements()) == ["DSF-1-C01"]
    assert len(list(second.workspace.reference.iterdir())) == 2
