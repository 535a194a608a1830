"""`dsf entered` as its user types it: what it says, what it ends with, what it changes."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline import ledger
from pipeline.cli import Exit, main
from tests.world import SETTINGS, World

NUMERO = "DSF-1-C01"


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One complement, issued on 30 June 2025."""
    world = World(tmp_path_factory.mktemp("saisies")).add_dsf().write_extracts()
    world.hours("h.csv", {})
    world.run()
    return world


@pytest.fixture
def world(issued: World, tmp_path: Path) -> World:
    """``issued``, to be changed."""
    import shutil

    shutil.copytree(issued.workspace.root, tmp_path / "ws")
    return World(tmp_path / "ws")


def entered(world: World, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["entered", *arguments, "-w", str(world.workspace.root)])


def word(world: World) -> tuple[str, date | None]:
    with ledger.open(world.workspace, SETTINGS) as book:
        one = book.follow(NUMERO)
    assert one is not None
    return one.numero_kairos, one.saisie_le


def test_it_is_noted_with_its_number_and_day(world: World) -> None:
    done = entered(world, NUMERO, "--kairos", " K 123 ", "--on", "2025-07-02")
    assert done.exit_code == Exit.DONE
    assert done.stdout == "DSF-1-C01 : notée comme saisie dans Kairos le 02/07/2025 sous le numéro K 123.\n"
    assert word(world) == ("K 123", date(2025, 7, 2))


def test_without_a_day_it_was_typed_today(world: World) -> None:
    assert entered(world, "dsf-1-c01").exit_code == Exit.DONE
    assert word(world) == ("", date.today())


def test_the_same_word_again_is_said_to_be_known(world: World) -> None:
    entered(world, NUMERO, "--kairos", "K-1", "--on", "2025-07-02")
    again = entered(world, NUMERO, "--on", "2025-07-02")
    assert again.exit_code == Exit.DONE
    assert "déjà notée comme saisie" in again.stdout


def test_another_word_is_a_correction_that_says_what_was_noted(world: World) -> None:
    entered(world, NUMERO, "--kairos", "K-1", "--on", "2025-07-02")
    done = entered(world, NUMERO, "--kairos", "K-2", "--on", "2025-07-03")
    assert done.stdout == (
        "DSF-1-C01 : corrigé, saisie dans Kairos le 03/07/2025 sous le numéro K-2 ; "
        "on avait noté le 02/07/2025 sous le numéro K-1.\n"
    )
    assert word(world) == ("K-2", date(2025, 7, 3))


def test_json_is_one_versioned_object(world: World) -> None:
    entered(world, NUMERO, "--kairos", "K-1", "--on", "2025-07-02")
    told = json.loads(entered(world, NUMERO, "--kairos", "K-2", "--on", "2025-07-02", "--json").stdout)
    assert told == {
        "version": 1,
        "type": "entered",
        "numero": NUMERO,
        "siret": "73282932000074",
        "emis_le": "2025-06-30",
        "etat": "corrigee",
        "date_saisie": "2025-07-02",
        "numero_kairos": "K-2",
        "avant": {"date_saisie": "2025-07-02", "numero_kairos": "K-1"},
    }


def test_a_number_that_was_never_issued_is_1_in_one_sentence(world: World) -> None:
    done = entered(world, "DSF-1-C02")
    assert done.exit_code == Exit.FAILURE
    assert done.stderr == "dsf : Le registre ne connaît pas de DSF complémentaire DSF-1-C02.\n"


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2025-06-29", "antérieure à l'émission, le 30/06/2025"),
        ((date.today() + timedelta(days=1)).isoformat(), "dans l'avenir"),
        ("30 juin", "une date comme"),
    ],
)
def test_a_day_that_cannot_be_is_2_and_nothing_is_noted(world: World, day: str, said: str) -> None:
    done = entered(world, NUMERO, "--on", day)
    assert done.exit_code == Exit.USAGE
    assert said in done.stderr
    assert word(world) == ("", None)


def test_a_number_of_kairos_that_nobody_could_type_is_2(world: World) -> None:
    assert entered(world, NUMERO, "--kairos", "K" * 101).exit_code == Exit.USAGE
