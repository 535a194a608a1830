"""Looking back: `dsf verify` sees each kind of damage; a complement is written again byte for byte; the trail is whole."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from pipeline.commands import history, reissue, verify
from pipeline.errors import StateHalt
from pipeline.publishing import outbox
from pipeline.workspace import Workspace
from tests.world import DISPENSATEUR, SETTINGS, TITULAIRE, World, decisions, extracts, workspace


def decided(root: Path) -> Workspace:
    space = workspace(root)
    original = b"x;y\n"
    (space.originals / sha256(original).hexdigest()).write_bytes(original)
    with decisions.opened(space) as book:
        run = decisions.begin(book)
        for n in (1, 2):
            entries = (decisions.absence(f"A{n}"), decisions.hours(n))
            decisions.decide(space, book, run, f"DSF-1-C0{n}", *entries, sha256=sha256(original).hexdigest())
        outbox.release(space, book)
        book.finish_run(run)
    return space


def test_a_sound_workspace_conforms_even_when_receivers_took_everything(tmp_path: Path) -> None:
    space = decided(tmp_path)
    found = verify.verify(space, SETTINGS)
    assert found.ok and found.erreurs == [] and list(found.lines())[-1] == "Conforme."
    assert found.comptes["complements"] == found.comptes["absences"] == found.comptes["heures"] == 2
    (space.outbox / TITULAIRE).rename(tmp_path / "parti")
    found = verify.verify(space, SETTINGS)
    assert found.ok and found.comptes["publications emportées"] == 4


def by_sql(*statements: str) -> Callable[[Workspace], None]:
    def damage(space: Workspace) -> None:
        with closing(sqlite3.connect(space.ledger)) as connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    return damage


def emitted(space: Workspace) -> Path:
    return space.outbox / TITULAIRE / "dsf" / "DSF-1-C01" / "DSF-1-C01.json"


DAMAGES: dict[str, tuple[Callable[[Workspace], object], str]] = {
    "payload": (by_sql("UPDATE complements SET payload = x'00' WHERE seq = 1"), "contenu d'origine"),
    "payload and hash": (by_sql("UPDATE complements SET sha256 = 'x' WHERE seq = 1"), "contenu d'origine"),
    "number": (by_sql("UPDATE complements SET numero = 'DSF-1-C07' WHERE seq = 2"), "rompt la chaîne"),
    "rank": (by_sql("UPDATE complements SET rang = 7 WHERE seq = 2"), "rang"),
    "last one deleted": (
        by_sql(
            *(
                f"DELETE FROM {t} WHERE {c} = 2"
                for t, c in (("absences", "complement"), ("heures", "complement"), ("complements", "seq"))
            )
        ),
        "en retard",
    ),
    "absence deleted": (by_sql("DELETE FROM absences WHERE complement = 2"), "mêmes lignes"),
    "hours changed": (by_sql("UPDATE heures SET heures = 100 WHERE complement = 2"), "mêmes lignes"),
    "original gone": (lambda s: next(s.originals.iterdir()).unlink(), "manque"),
    "original changed": (lambda s: next(s.originals.iterdir()).write_bytes(b"y"), "n'a plus son contenu"),
    "emitted file changed": (lambda s: emitted(s).write_bytes(b"{}"), "ce que le registre a retenu"),
    "file added to an emitted folder": (
        lambda s: emitted(s).with_name("x").write_bytes(b""),
        "ce que le registre a retenu",
    ),
    "folder nobody emitted": (lambda s: (s.outbox / TITULAIRE / "dsf" / "DSF-9-C01").mkdir(), "pas connu du registre"),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_verify_sees_each_kind_of_damage(tmp_path: Path, kind: str) -> None:
    space = decided(tmp_path)
    damage, sentence = DAMAGES[kind]
    damage(space)
    found = verify.verify(space, SETTINGS)
    assert not found.ok
    assert any(sentence in text for text in found.erreurs), found.erreurs


def test_a_complement_is_written_again_as_it_was_emitted_and_over_nothing(tmp_path: Path) -> None:
    world = World(tmp_path / "ws").add_dsf().write_extracts()
    world.absence("a.csv", {})
    world.run()
    was = {p.name: p.read_bytes() for p in (world.workspace.outbox / TITULAIRE / "dsf" / "DSF-1-C01").iterdir()}
    paths = reissue.reissue(world.workspace, SETTINGS, "DSF-1-C01", tmp_path / "copie")
    assert {p.name: p.read_bytes() for p in paths} == was
    assert set(was) == {"DSF-1-C01.json", "DSF-1-C01.xlsx"}
    with pytest.raises(StateHalt, match="existe déjà"):
        reissue.reissue(world.workspace, SETTINGS, "DSF-1-C01", tmp_path / "copie")
    with pytest.raises(StateHalt, match="ne connaît pas"):
        reissue.reissue(world.workspace, SETTINGS, "DSF-1-C09", tmp_path)


def test_the_trail_says_who_when_from_where_by_which_rules_and_extract(tmp_path: Path) -> None:
    world = World(tmp_path / "ws").add_dsf(
        absences=[{"id_absence": "A1"}, {"id_absence": "A2"}], siret_dispensateur=DISPENSATEUR
    )
    world.write_extracts()
    world.absence("a.csv", {"id_absence": "A1"}, {"id_absence": "A2"})
    world.hours("h.csv", {}, folder=DISPENSATEUR)
    world.run()
    look = lambda **by: history.history(world.workspace, SETTINGS, **by)  # noqa: E731
    both = look(dsf="dsf-1 ")
    assert [d["siret"] for d in both] == [TITULAIRE, DISPENSATEUR]
    (one,) = look(dsf="DSF-1", absence="a2")
    assert (one["fichier"], one["date"], one["complements"][0]["numero"]) == ("a.csv", "2025-06-30", "DSF-1-C01")
    assert [(a["cle_absence"], a["ligne"]) for a in one["complements"][0]["absences"]] == [("a2", 3)]
    assert one["complements"][0]["heures"] == []
    assert one["versions"]["regles"] and one["reference"][0]["sha256"]
    assert look(depot=one["depot"])[0]["complements"][0]["absences"][0]["cle_absence"] == "a1"
    assert look(dsf="DSF-1", absence="A9") == [] and look(depot="x") == []
    assert verify.verify(world.workspace, SETTINGS).ok


def test_a_later_complement_is_written_again_with_what_earlier_ones_added(tmp_path: Path) -> None:
    """Of the ledger, of the same wave, under another name since, and shown by a newer extract."""
    world = World(tmp_path / "ws").add_dsf(absences=[{"id_absence": "A1"}, {"id_absence": "A2"}]).write_extracts()
    world.hours("1.csv", {"date_debut": "10/02/2025"})
    world.absence("2.csv", {"id_absence": "A1"})
    world.run()
    world.hours("3.csv", {"date_debut": "11/02/2025"})
    world.hours("4.csv", {"date_debut": "12/02/2025"})
    world.run()
    new = {"identifiant_de": "01234567890"}
    told = "champ,numero_dsf,identifiant_de,ancien,nouveau,source,date\nidentifiant_de,,,1234567A,01234567890,FT,2025-06-10\n"
    (world.workspace.root / "noms.csv").write_text(told, encoding="utf-8")
    grown = {**new, "heures_realisees": "114"}  # 100 and the hours of two of the three complements
    absences = [{**new, "id_absence": "A1"}, {**new, "id_absence": "A2"}]
    world.forget().add_dsf(sequences=[grown], absences=absences, date_extraction="2025-06-20").write_extracts()
    extracts.load(world.workspace, force=True)  # another trainee, as far as an extract can tell
    world.hours("5.csv", {**new, "date_debut": "13/02/2025"})
    world.run(correspondances="noms.csv")
    folders = {folder.name: folder for folder in (world.workspace.outbox / TITULAIRE / "dsf").iterdir()}
    assert sorted(folders) == [f"DSF-1-C0{n}" for n in range(1, 6)]
    settings = replace(SETTINGS, correspondances="noms.csv")
    for number, folder in folders.items():
        was = {path.name: path.read_bytes() for path in folder.iterdir()}
        again = reissue.reissue(world.workspace, settings, number, tmp_path / "copie")
        assert {path.name: path.read_bytes() for path in again} == was, number
    last = [str(text) for row in sheet(folders["DSF-1-C05"]) for text in row if text is not None]
    assert [text.partition("\xa0:")[0] for text in last if text.startswith("Déjà")] == [
        f"Déjà complétée par DSF-1-C0{n}" for n in (1, 2, 3, 4)
    ]
    assert [None, "+ compléments précédents, pas encore dans l’extrait", None, 7, None, None] in sheet(
        folders["DSF-1-C05"]
    )
    assert len([text for text in last if "compte déjà 14,00" in text]) == 1


def sheet(folder: Path) -> list[list[Any]]:
    """The cells of a clerk's sheet."""
    page = load_workbook(folder / f"{folder.name}.xlsx").active
    assert page is not None
    return [[cell.value for cell in row] for row in page.iter_rows()]
