"""Names, links and folders that a sender may put in the inbox (reliability, group G)."""

import os
import socket
import threading
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.intake.retire import remove
from pipeline.settings import Settings
from tests.world import OTHER, TITULAIRE
from tests.world.inbox import Inbox, is_intact, source

NOW = Settings(delai_stabilite=0, processus=1)


@pytest.fixture
def box(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path / "ws")


ODD = [
    "%2e%2e%2f..%2fetc%2fx",
    "a\\..\\b.csv",
    "C:evil.csv",
    "CON",
    "nul.xlsx",
    "dot.",
    "space ",
    "-rf",
    "$(touch x).csv",
    "a\u202excod.csv",
    "a\u200bb.csv",
    "line\nbreak.csv",
    "\x1b[31mred.csv",
    "é" * 127,
    "a" * 255,
    b"bad\xff\xfe.csv".decode("utf-8", "surrogateescape"),
]


@pytest.mark.parametrize("name", ODD)
def test_G01_G02_a_name_is_data_and_never_a_path_of_ours(box: Inbox, name: str) -> None:
    box.drop(name)
    (arrival,) = box.scan(NOW).ready
    before = {str(p) for p in box.workspace.root.parent.rglob("*")}
    assert arrival.fichier == name
    snapshot = box.take(arrival)
    assert snapshot and snapshot.original.name == snapshot.sha256
    made_now = {str(p) for p in box.workspace.root.parent.rglob("*")} - before
    assert made_now == {str(snapshot.original)}
    assert remove(box.workspace, source(snapshot)) and not list(box.folder.iterdir())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.binary(min_size=1, max_size=60).filter(lambda b: not {0, 47} & set(b) and not b.startswith((b".", b"~")))
)
def test_G02_any_bytes_make_a_name_that_comes_back(box: Inbox, name: bytes) -> None:
    path = os.fsencode(box.folder) + b"/" + name
    Path(os.fsdecode(path)).write_bytes(b"x")
    try:
        scan = box.scan(NOW)
        told = [a.fichier for a in scan.ready] or [Path(p).name for p, _ in (*scan.left, *scan.waiting)]
        assert [os.fsencode(t) for t in told] == [name]
        for arrival in scan.ready:
            assert box.take(arrival)
    finally:
        Path(os.fsdecode(path)).unlink()


def test_G03_names_that_look_alike_are_separate_arrivals(box: Inbox) -> None:
    for name in ("é.csv", "a.csv", "A.csv"):
        box.drop(unicodedata.normalize("NFC", name))
        box.drop(unicodedata.normalize("NFD", name))
    assert len(box.scan(NOW).ready) == 4


def test_G04_only_plain_files_are_read(box: Inbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_bytes(b"secret\n")
    (box.folder / "lien.csv").symlink_to(secret)
    (box.folder / "dossier").symlink_to(tmp_path)
    (box.folder / "perdu.csv").symlink_to("nowhere")
    os.mkfifo(box.folder / "tube.csv")
    (box.folder / "classeur.xlsx").mkdir()
    os.link(secret, box.folder / "double.csv")
    listener = socket.socket(socket.AF_UNIX)
    # By a short way to the same folder: a socket's path has room for 107 bytes only.
    handle = os.open(box.folder, os.O_RDONLY)
    listener.bind(f"/proc/self/fd/{handle}/prise")
    os.close(handle)
    if os.geteuid() == 0:
        os.mknod(box.folder / "zero.csv", 0o20666, os.makedev(1, 5))
    try:
        scan = box.scan(NOW)
    finally:
        listener.close()
    assert scan.ready == ()
    told = {Path(path).name for path, _ in scan.left}
    assert {"lien.csv", "dossier", "perdu.csv", "tube.csv", "double.csv", "prise"} <= told
    assert box.archived() == [] and secret.read_bytes() == b"secret\n"


def test_G04_a_plain_file_made_a_link_before_it_is_read_is_not_followed(box: Inbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_bytes(b"x;y\n")
    path = box.drop()
    (arrival,) = box.scan(NOW).ready
    path.unlink()
    path.symlink_to(secret)
    assert box.take(arrival) is None
    path.unlink()
    os.mkfifo(path)
    assert box.take(arrival) is None, "and a pipe does not hold the run"


def test_G05_a_folder_swapped_for_a_link_leads_nowhere(box: Inbox, tmp_path: Path) -> None:
    """Somebody swaps the folder above the file for a link to another organisation's, thousands of times, while we take."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "a.csv").write_bytes(b"SECRET of another organisation\n")
    box.drop("sous/a.csv", b"mine\n")
    inner, aside = box.folder / "sous", box.folder / "cote"
    stop = threading.Event()

    def flip() -> None:
        while not stop.is_set():
            inner.rename(aside)
            inner.symlink_to(theirs)
            inner.unlink()
            aside.rename(inner)

    swapper = threading.Thread(target=flip)
    swapper.start()
    try:
        for _ in range(300):
            for arrival in box.scan(NOW).ready:
                box.take(arrival)
    finally:
        stop.set()
        swapper.join()
    assert all(path.read_bytes() == b"mine\n" for path in box.workspace.originals.iterdir())
    assert (theirs / "a.csv").exists()


@pytest.mark.parametrize(
    "folder",
    [
        "",
        "divers",
        "７３２８２９３２００００７４",
    ],
)
def test_files_outside_the_folder_of_an_organisation_are_left_and_said(box: Inbox, folder: str) -> None:
    box.drop(folder=folder)
    scan = box.scan(NOW)
    assert scan.ready == () and [path for path, _ in scan.left] == [str(Path("inbox/depots", folder, "a.csv"))]
    mine = box.scan(Settings(delai_stabilite=0, organisme=OTHER)).ready
    assert [(a.siret, a.fichier) for a in mine] == [(OTHER, str(Path(folder, "a.csv")))]


@pytest.mark.parametrize("folder", ["12345678901234", "7328293200007", f"{TITULAIRE}x", f"{TITULAIRE}-"])
def test_a_siret_with_a_slip_is_nobody_s_folder_not_even_that_of_the_setting(box: Inbox, folder: str) -> None:
    box.drop(folder=folder)
    scan = box.scan(Settings(delai_stabilite=0, organisme=OTHER))
    assert scan.ready == () and [path for path, _ in scan.left] == [f"inbox/depots/{folder}/a.csv"]


def test_a_label_is_the_same_organisation_and_la_poste_is_known(box: Inbox) -> None:
    box.drop("sous/dossier/a.csv", folder=f"{TITULAIRE}-antenne de l'Ouest")
    box.drop("b.csv", folder="35600000049837")
    found = {(a.siret, a.fichier) for a in box.scan(NOW).ready}
    assert found == {(TITULAIRE, "sous/dossier/a.csv"), ("35600000049837", "b.csv")}


def test_at_equal_times_paths_are_compared_as_text(box: Inbox) -> None:
    for folder, name in (
        (TITULAIRE, "b.csv"),
        (TITULAIRE, "a.csv"),
        (f"{TITULAIRE}-x", "0.csv"),
        (OTHER, "z.csv"),
    ):
        os.utime(box.drop(name, folder=folder), (1e9, 1e9))
    assert [a.chemin for a in box.scan(NOW).ready] == sorted(a.chemin for a in box.scan(NOW).ready)
    assert [a.fichier for a in box.scan(NOW).ready] == ["z.csv", "0.csv", "a.csv", "b.csv"]


def test_a_very_deep_folder_is_said_and_not_walked(box: Inbox) -> None:
    box.drop("/".join(["d"] * 30) + "/a.csv")
    scan = box.scan(NOW)
    assert scan.ready == () and scan.left[0][1] == "dossier trop profond"


def test_B17_an_original_that_rotted_is_known(box: Inbox) -> None:
    box.drop()
    snapshot = box.take(box.scan(NOW).ready[0])
    assert snapshot and is_intact(snapshot)
    snapshot.original.write_bytes(b"x;z\n")
    assert not is_intact(snapshot)
    assert not remove(box.workspace, source(snapshot)), "nothing leaves whose archive is not whole"
    again = box.take(snapshot.arrival)
    assert again and is_intact(again), "and the archive gets the good bytes back"
