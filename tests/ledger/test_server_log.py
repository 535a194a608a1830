"""What a server with its default settings writes into its log never names a person (contract §9, reliability G11)."""

import random
import string
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from pipeline import ledger
from pipeline.errors import Halt, StateHalt
from pipeline.ledger.records import Decision
from tests.servers.ledgers import Base
from tests.servers.proxy import Cut
from tests.world import SETTINGS, World, decisions

NAMES = ("CANARIVOLANT", "7654321C", "CANARIFICHIER")
"""A surname, an identifier, a name that a sender gave to a file."""


def log(base: Base) -> str:
    return base.server.log.read_text()


def named(text: str) -> list[str]:
    """Which of the names are in a text, however a database may write them."""
    forms = {name: {name.lower(), name.lower().encode().hex(), name.encode().hex()} for name in NAMES}
    return [name for name, written in forms.items() if any(form in text.lower() for form in written)]


def unlike_itself(text: str) -> str:
    """Too long for a key, however a server packs it."""
    return text + "".join(random.Random(1).choices(string.ascii_letters, k=100_000))


@pytest.fixture
def world(tmp_path: Path) -> World:
    surname, identifier, file = NAMES
    world = World(tmp_path / "ws")
    world.add_dsf(
        sequences=[{"nom": surname, "prenom": surname, "identifiant_de": identifier}], absences=[]
    ).write_extracts()
    person = {"nom": surname, "prenom": surname, "identifiant_de": identifier}
    world.hours(f"{file}.csv", person, {**person, "heures": "sept"})
    return world


def test_G11_nothing_of_a_run_is_in_the_servers_log(base: Base, world: World) -> None:
    with base.ledger_of(world.workspace.root) as name:
        url = base.url(name)
        base.proxy.arm()
        world.run(ledger=url, politique="ligne")
        assert "DSF-1-C01" in world.complements()
        assert not named(log(base))


def test_G11_nothing_of_what_the_ledger_refuses_is_in_the_servers_log(base: Base, world: World) -> None:
    """The keys of persons that are there twice, a key that no index takes, a number that no column takes."""
    surname, identifier, file = NAMES
    entry = decisions.absence(surname, person=identifier)
    path = f"inbox/depots/{file}.csv"
    with base.ledger_of(world.workspace.root) as name:
        settings = replace(SETTINGS, ledger=base.url(name))
        with ledger.open(world.workspace, settings) as book:
            run = decisions.begin(book)
            for n, refused in ((1, False), (2, True)):
                item = decisions.complement(f"DSF-1-C0{n}", f"D-{n}", (entry,))
                given = decisions.deposit(f"D-{n}", chemin=path, fichier=f"{file}.csv", raison_sociale=surname)
                with pytest.raises(StateHalt) if refused else nullcontext():
                    book.commit(Decision(run, (given,), (item,)), book.head())
            for wrong in ({"cle_absence": unlike_itself(surname)}, {"heures": 1 << 70}):
                item = decisions.complement("DSF-1-C02", "D-2", (replace(entry, cle_de="x", **wrong),))
                with pytest.raises(Halt):
                    book.commit(Decision(run, (decisions.deposit("D-2", chemin=path),), (item,)), book.head())
        assert "ERROR" in log(base)
        assert not named(log(base))


def test_G11_nothing_of_what_somebody_does_by_hand_to_the_triggers(base: Base, world: World) -> None:
    with base.ledger_of(world.workspace.root) as name:
        world.run(ledger=base.url(name), politique="ligne")
        with base.server.connect(name) as other:
            for table in ("heures", "complements", "depots"):
                with pytest.raises(psycopg.errors.IntegrityError) as refusal:
                    other.execute(f"DELETE FROM {table}")
                assert not named(str(refusal.value))
        assert "ERROR" in log(base) and not named(log(base))


def test_G11_nothing_of_what_was_under_way_when_a_connection_was_lost(base: Base, world: World) -> None:
    with base.ledger_of(world.workspace.root) as name:
        url = base.url(name)
        for at in range(40, 150, 10):
            base.proxy.arm(at, Cut.BEFORE if at % 20 else Cut.AFTER)
            with suppress(Halt):
                world.run(ledger=url, politique="ligne")
        base.proxy.arm()
        world.run(ledger=url, politique="ligne")
        assert "DSF-1-C01" in world.complements()
        assert not named(log(base))
