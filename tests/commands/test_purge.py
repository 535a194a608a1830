"""`dsf purge`: persons past their keeping time are nowhere any more, and nothing is completed twice for it (reliability G12)."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline import backup, disk, reference
from pipeline.commands import purge, reissue, restore, run
from pipeline.commands.verify import verify
from pipeline.errors import Halt, StateHalt
from pipeline.settings import Retention, Settings
from pipeline.wave import silent
from tests.bounded import LONG
from tests.conftest import on_postgresql
from tests.servers.postgres import Server
from tests.world import SETTINGS, TITULAIRE, World, by_verdict, codes, extracts

SEEN, LATER, AGAIN = date(2025, 7, 10), date(2026, 6, 30), date(2026, 7, 1)
"""The days on which an extract shows the complements, persons are erased, and somebody claims once more."""
KEPT = Retention(originaux=90, retours=60, noms=180)
PERSON = {"identifiant_de": "7654321Z", "nom": "ZZCANARI", "prenom": "QQCANARI", "numero_pif": "PIFCANARI"}
CANARIES = (b"CANARI", b"7654321")


def settings(**changes: Any) -> Settings:
    return replace(SETTINGS, conservation=KEPT, **changes)


def typed(**changes: str) -> dict[str, str]:
    return {name: PERSON[name] for name in ("identifiant_de", "nom", "prenom")} | changes


def told(world: World, day: str, *, done: bool, number: str = "DSF-1", de: str = PERSON["identifiant_de"]) -> None:
    """An extract of that day; ``done``: Kairos has taken the complements."""
    person = PERSON | {"identifiant_de": de}
    world.forget().add_dsf(
        number,
        date_extraction=day,
        sequences=[person | ({"heures_realisees": "107"} if done else {})],
        absences=[{"identifiant_de": de, "deja_complementee": "oui" if done else "non"}],
    )
    extracts.load(world.write_extracts().workspace, force=True)


def lived_in(root: Path) -> World:
    """An absence turned and hours added, typed, seen; a template, a line that was rejected, a trial, a DSF asked for in vain."""
    made = World(root).add_dsf(sequences=[PERSON], absences=[{"identifiant_de": PERSON["identifiant_de"]}])
    made.write_extracts()
    made.absence("a.csv", typed())
    made.hours("h.csv", typed())
    made.hours("faux.csv", typed(heures="sept"), typed(numero_dsf=PERSON["identifiant_de"]))
    made.hours("essai.csv", typed(), folder=f"{TITULAIRE}-essai")
    made.run()
    assert len(made.complements()) == 2
    told(made, "2025-07-05", done=True)
    made.run(SEEN)
    made.workspace.template(TITULAIRE).write_bytes(b"ZZCANARI")
    return made


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lived_in(tmp_path_factory.mktemp("vécu") / "ws").workspace.root


@pytest.fixture
def world(once: Path, tmp_path: Path) -> World:
    """A copy of what was lived in once."""
    shutil.copytree(once, tmp_path / "ws", symlinks=True)
    return World(tmp_path / "ws")


def test_the_same_with_the_ledger_on_a_server(tmp_path: Path, postgres: Server) -> None:
    with on_postgresql(postgres) as database:
        world = lived_in(tmp_path / "ws")
        assert purged(world, ledger=SETTINGS.ledger).comptes["complements"] == 2
        found = verify(world.workspace, settings(ledger=SETTINGS.ledger))
        assert (found.erreurs, found.remarques) == ([], [])
        told(world, "2026-06-30", done=False)
        world.absence("a.csv", typed(heures="3,5", reliquat_abandonne="oui"))
        world.run(AGAIN, conservation=KEPT)
        assert codes(world.report()) == {2: ["REF-10"]}
        with postgres.connect(database) as connection:
            rows = connection.execute("SELECT cle_de FROM absences UNION SELECT cle_de FROM heures").fetchall()
        assert rows and all(row[0].startswith("empreinte:") for row in rows)


def purged(world: World, day: date = LATER, **changes: Any) -> purge.Purge:
    return purge.purge(world.workspace, settings(**changes), day)


def with_names(world: World) -> list[str]:
    """Files of the workspace that hold a canary, but for what others put into the inbox."""
    root = world.workspace.root
    files = (path for path in sorted(root.rglob("*")) if path.is_file() and "inbox" not in path.parts)
    return [str(path.relative_to(root)) for path in files if any(one in path.read_bytes() for one in CANARIES)]


def test_persons_are_nowhere_any_more_and_all_agrees(world: World) -> None:
    before = with_names(world)
    assert len(before) > 10
    done = purged(world)
    assert done.comptes["complements"] == 2 and done.comptes["originaux"] == 3 and done.comptes["dsf"] == 1
    assert done.comptes["dossiers"] == 2 and done.comptes["retours"] == 4 and done.restes == done.gardees == 0
    assert with_names(world) == []
    found = verify(world.workspace, settings())
    assert (found.erreurs, found.remarques) == ([], [])
    assert purged(world).comptes == dict.fromkeys(done.comptes, 0), "there is nothing left to erase"


def test_what_was_completed_is_not_completed_again(world: World) -> None:
    purged(world)
    told(world, "2026-06-30", done=False)  # Kairos itself has forgotten
    world.absence("a.csv", typed())
    world.hours("h.csv", typed())
    world.absence("autre.csv", typed(heures="3,5", reliquat_abandonne="oui"))
    world.hours("autres.csv", typed(heures="3,5"))
    world.run(AGAIN, conservation=KEPT)
    same, hours, less, other = world.reports()
    assert by_verdict(same) == by_verdict(hours) == {2: "deja_prise"}
    assert (codes(less), codes(other)) == ({2: ["REF-10"]}, {2: ["DBL-03"]})
    assert list(world.complements()) == []


def test_a_file_dropped_again_without_any_extract_is_taken_already(world: World) -> None:
    purged(world)
    world.forget().add_dsf("DSF-2", date_extraction="2026-06-30")
    extracts.load(world.write_extracts().workspace, force=True)
    world.hours("h.csv", typed())
    world.run(AGAIN, conservation=KEPT)
    assert by_verdict(world.report()) == {2: "deja_prise"}


def test_who_was_renamed_is_known_by_the_name_of_then(world: World) -> None:
    """DE of eight characters that have eleven since: the correspondance leads back to the pseudonym."""
    purged(world)
    new = "12345678901"
    told(world, "2026-06-30", done=False, de=new)
    table = world.workspace.root / "c.csv"
    table.write_text(f"champ,numero_dsf,identifiant_de,ancien,nouveau,source,date\nidentifiant_de,,,7654321Z,{new},,\n")
    world.absence("a.csv", typed(identifiant_de=new, heures="3,5", reliquat_abandonne="oui"))
    world.hours("h.csv", typed(identifiant_de=new, heures="3,5"))
    world.run(AGAIN, conservation=KEPT, correspondances="c.csv")
    assert [codes(report) for report in world.reports()] == [{2: ["REF-10"]}, {2: ["DBL-03"]}]


def test_who_was_renamed_without_a_word_blocks_the_dsf(world: World) -> None:
    purged(world)
    new = "12345678901"
    told(world, "2026-06-30", done=False, de=new)
    world.absence("a.csv", typed(identifiant_de=new))
    outcome = world.run(AGAIN, conservation=KEPT)
    assert codes(world.report()) == {2: ["REF-14"]}
    assert "7654321" not in str(outcome.view["suivi"])


def test_what_an_extract_said_completed_stays_so(world: World) -> None:
    """Kairos said it of an absence that no complement of ours turned; the DSF is forgotten, and comes back without a word."""
    world.forget().add_dsf(
        "DSF-9", sequences=[PERSON], absences=[{"identifiant_de": "7654321Z", "deja_complementee": "oui"}]
    )
    extracts.load(world.write_extracts().workspace, force=True)
    purged(world)
    assert with_names(world) == []
    told(world, "2026-06-30", done=False, number="DSF-9")
    world.absence("a.csv", typed(numero_dsf="DSF-9"))
    world.run(AGAIN, conservation=KEPT)
    assert codes(world.report()) == {2: ["REF-10"]}


def test_what_no_extract_has_shown_is_kept_and_said(tmp_path: Path) -> None:
    world = World(tmp_path / "neuf").add_dsf(sequences=[PERSON], absences=[]).write_extracts()
    world.hours("h.csv", typed())
    world.run()
    done = purged(world)
    assert (done.comptes["complements"], done.gardees, done.comptes["dsf"]) == (0, 1, 0)
    assert any("gardée" in line for line in done.lines())
    assert any("registre" in name for name in with_names(world))


@pytest.mark.parametrize("content", [None, "", "00", "x" * 64, "ab" * 32])
def test_without_its_key_nothing_is_decided(world: World, content: str | None) -> None:
    purged(world)
    path = world.workspace.root / KEPT.cle
    assert path.stat().st_mode & 0o777 == 0o600
    kept = path.read_text()
    path.unlink()
    if content is not None:
        path.write_text(content)
    told_again = world.hours("h.csv", typed(heures="3"))
    with pytest.raises(StateHalt, match="clé de conservation"):
        world.run(AGAIN, conservation=KEPT)
    assert told_again.exists()
    path.write_text(kept)
    world.run(AGAIN, conservation=KEPT)
    assert not told_again.exists()


def test_killed_at_any_step_the_next_purge_ends_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dead(BaseException):
        pass

    def dies_at(wanted: int) -> Callable[..., None]:
        left = [wanted]

        def reached(_label: str, *_paths: Path) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Dead

        return reached

    step, ended, stride = 1, False, 1 if LONG else 9
    while not ended:
        with monkeypatch.context() as patch:
            patch.setattr(disk, "reached", dies_at(step))
            try:
                purged(world)
                ended = True
            except Dead:
                pass
        step += stride
        reference.open(world.workspace).check()
    assert step > 30
    assert with_names(world) == []
    assert verify(world.workspace, settings()).ok


def test_to_see_changes_nothing(world: World) -> None:
    root = world.workspace.root
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and path.suffix != ".sqlite"}
    done = purge.purge(world.workspace, settings(), LATER, dry_run=True)
    assert (done.comptes["complements"], done.comptes["originaux"], done.comptes["dsf"]) == (2, 3, 1)
    after = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and path.suffix != ".sqlite"}
    assert {p: d for p, d in after.items() if ".temoin" not in p.name} == {
        p: d for p, d in before.items() if ".temoin" not in p.name
    }


def test_younger_things_stay(world: World) -> None:
    done = purged(world, date(2025, 8, 1))
    assert done.comptes == dict.fromkeys(done.comptes, 0)
    assert len(world.complements()) == 2


def test_what_a_receiver_has_changed_stays_and_is_said(world: World) -> None:
    (folder,) = world.workspace.outbox.glob(f"{TITULAIRE}/dsf/DSF-1-C01")
    (folder / "notes.txt").write_text("x")
    done = purged(world)
    assert done.restes == 1 and folder.exists()
    assert any("est resté" in line for line in done.lines())


def test_what_is_erased_is_not_written_again(world: World, tmp_path: Path) -> None:
    purged(world)
    with pytest.raises(Halt, match="ont été effacées le 2026-06-30"):
        reissue.reissue(world.workspace, settings(), "DSF-1-C01", tmp_path / "x")


def test_a_later_complement_knows_what_erased_ones_added(world: World, tmp_path: Path) -> None:
    """The clerk's sheet of the third one is the same byte for byte, whether or not persons of the first two are erased."""
    sheets = []
    for erased in (False, True):
        if erased:
            purged(world)
        told(world, "2026-06-30", done=True)
        world.hours("n.csv", typed(date_debut="20/02/2025"))
        world.run(AGAIN, conservation=KEPT)
        target = tmp_path / str(erased)
        if erased:
            break
        reissue.reissue(world.workspace, settings(), "DSF-1-C03", target)
        sheets.append((target / "DSF-1-C03.xlsx").read_bytes())
    purged(world, AGAIN)
    reissue.reissue(world.workspace, settings(), "DSF-1-C03", tmp_path / "after")
    assert (tmp_path / "after" / "DSF-1-C03.xlsx").read_bytes() == sheets[0]


def test_nothing_set_nothing_erased(world: World) -> None:
    done = purge.purge(world.workspace, SETTINGS, LATER)
    assert [str(line) for line in done.lines()] == [
        "Rien n'est effacé : le réglage [conservation] ne donne aucun délai."
    ]
    assert not (world.workspace.root / KEPT.cle).exists()


def test_a_dry_run_knows_who_was_erased(world: World) -> None:
    purged(world)
    told(world, "2026-06-30", done=False)
    world.absence("a.csv", typed(heures="3,5", reliquat_abandonne="oui"))
    outcome = run.run(world.workspace, settings(), AGAIN, silent, retry=(), dry_run=True)
    assert b"REF-10" in outcome.view["verdicts"]


def test_a_backup_holds_nobody_who_was_erased_and_not_the_key(world: World, tmp_path: Path) -> None:
    purged(world)
    done = backup.save(world.workspace, settings(), tmp_path / "sauvegarde")
    assert (done.fautes, done.cles) == ((), (KEPT.cle,))
    key = (world.workspace.root / KEPT.cle).read_bytes().strip()
    every = [path.read_bytes() for path in (tmp_path / "sauvegarde").rglob("*") if path.is_file()]
    assert every and not any(one in data for data in every for one in (*CANARIES, key))
    restored = restore.restore(tmp_path / "sauvegarde", tmp_path / "refait")
    assert not restored.ok and any(KEPT.cle in line for line in restored.lines())
    shutil.copy(world.workspace.root / KEPT.cle, tmp_path / "refait" / KEPT.cle)
    shutil.copytree(world.workspace.outbox, tmp_path / "refait" / "outbox", dirs_exist_ok=True)
    assert verify(World(tmp_path / "refait").workspace, settings()).erreurs == []
