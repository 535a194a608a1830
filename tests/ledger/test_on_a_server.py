"""What is otherwise in a ledger on a server: its keys are shorter, its settings somebody else's (reliability C8, C12 to C14, C20)."""

import random
import string
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from pipeline import ledger
from pipeline.errors import LedgerHalt, StateHalt
from pipeline.ledger import Aside, Look, schema
from pipeline.ledger.records import Decision, OpenLine
from pipeline.publishing import outbox
from pipeline.settings import Settings
from pipeline.workspace import Workspace
from tests.servers.ledgers import Base
from tests.servers.proxy import Cut
from tests.world import SETTINGS, decisions, names, workspace


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return workspace(tmp_path)


@pytest.fixture
def name(base: Base, space: Workspace) -> Iterator[str]:
    with base.ledger_of(space.root) as made:
        yield made


@pytest.fixture
def settings(base: Base, name: str) -> Settings:
    return replace(SETTINGS, ledger=base.url(name))


def incompressible(length: int) -> str:
    return "".join(random.Random(length).choices(string.ascii_letters + string.digits, k=length))


# --- long names ---------------------------------------------------------------------------------------------------------


def test_a_path_may_be_as_long_as_a_system_lets_it(space: Workspace, settings: Settings) -> None:
    path = f"inbox/depots/{incompressible(4000)}"
    with ledger.open(space, settings) as book:
        for vu in (1, 2):
            book.keep_looks({path: Look(path, "identite", 1, 1, "demarrage", 1, vu)}, [])
            book.put_aside(Aside(path, "identite", 1, 1, f"raison {vu}", attend=True))
        assert [look.vu_ns for look in book.looks().values()] == [2]
        assert [aside.raison for aside in book.set_aside()] == ["raison 2"]
        book.try_again([path])
        assert [aside.attend for aside in book.set_aside()] == [False]
        book.keep_looks({}, [path])
        book.no_longer_aside([path])
        assert not book.looks() and not book.set_aside()


def test_a_sheet_may_be_called_as_its_author_likes(space: Workspace, settings: Settings) -> None:
    """One hostile workbook stops no night."""
    sheet = incompressible(20_000)
    lines = tuple(OpenLine(sheet + end, 2, key, "corriger", "LIG-04", 0) for end, key in (("a", b"a"), ("b", b"b")))
    with ledger.open(space, settings) as book:
        run = decisions.begin(book)
        book.commit(Decision(run, (decisions.deposit("D-1", ouvertes=lines),)), book.head())
        book.commit(Decision(run, (decisions.deposit("D-2", cles=frozenset([b"a", b"b"])),)), book.head())
        with book.reading() as connection:
            found = connection.execute(schema.ouvertes.select()).all()
    assert sorted((row.feuille[-1], row.reprise) for row in found) == [("a", "D-2"), ("b", "D-2")]
