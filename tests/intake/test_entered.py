"""Lists of what was typed into Kairos: every form that has one reading, every row that has none with its line and why."""

from pathlib import Path

import pytest

from pipeline import ledger
from pipeline.intake.entered import NotAList, TypedRow, rows, said, scan_entered
from tests.world.inbox import PATIENT, QUIET, Inbox

ROW = TypedRow(2, "DSF-1-C01", "K-1", "2025-07-01")


@pytest.mark.parametrize(
    "data",
    [
        b"numero,numero_kairos,date_saisie\nDSF-1-C01,K-1,2025-07-01\n",
        b"numero;numero_kairos;date_saisie\r\nDSF-1-C01;K-1;2025-07-01",
        b"\xef\xbb\xbfdate_saisie;numero;numero_kairos;note\r\n2025-07-01; DSF-1-C01 ;K-1;r.a.s.\r\n",
        "Numéro;Numéro Kairos;Date saisie\nDSF-1-C01;K-1;2025-07-01\n".encode("cp1252"),
        b'numero,numero_kairos,date_saisie\n"DSF-1-C01","K-1","2025-07-01"\n,,\n\n',
    ],
    ids=["comma", "semicolon", "BOM, another order and a column of their own", "cp1252", "quotes and blank rows"],
)
def test_a_list_has_one_reading(data: bytes) -> None:
    assert rows(data) == [ROW]


def test_a_row_is_known_by_the_line_it_begins_on() -> None:
    data = b'numero,note,numero_kairos,date_saisie\nA-C01,"deux\nlignes",,\n\nB-C01\n'
    assert [(row.line, row.numero, row.day) for row in rows(data)] == [(2, "A-C01", ""), (5, "B-C01", "")]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "colonnes attendues"),
        (b"DSF-1-C01,K-1,2025-07-01\n", "colonnes attendues"),
        (b"numero,numero,numero_kairos,date_saisie\n", "colonnes attendues"),
        (b"PK\x03\x04\0\0", "CSV"),
        (b"numero,numero_kairos,date_saisie\n\x81", "CSV"),
        (b'numero,numero_kairos,date_saisie\n"DSF-1-C01,K-1,2025-07-01\n', "mal form"),
    ],
    ids=["empty", "no headings", "a heading twice", "a workbook", "no text", "an open quote"],
)
def test_what_is_no_list_says_why(data: bytes, why: str) -> None:
    with pytest.raises(NotAList, match=why):
        rows(data)


def test_of_many_faults_the_first_are_named_and_the_others_counted() -> None:
    text = said([(line, "date_saisie illisible") for line in range(2, 300)])
    assert text.startswith("ligne 2 : date_saisie illisible ; ligne 3")
    assert "et 293 autres" in text
    assert "ligne 7" not in text


def test_a_list_settles_as_extracts_and_deposits_do(tmp_path: Path) -> None:
    box = Inbox(tmp_path)
    path = box.workspace.entered / "liste.csv"
    path.write_bytes(b"numero")
    (box.workspace.entered / "envoi.csv.part").write_bytes(b"numero")
    box.time.during.append(lambda: path.write_bytes(b"numero,numero_kairos,date_saisie"))
    with ledger.open(box.workspace, PATIENT) as book:
        seen = scan_entered(box.workspace, PATIENT, book, clock=box.time.clock())
        assert (seen.settled, seen.arriving) == ((), (path,))
        assert [name for name, _ in seen.waiting] == ["inbox/saisies/envoi.csv.part", "inbox/saisies/liste.csv"]
        for _ in range(2):
            box.time.now += QUIET
            seen = scan_entered(box.workspace, PATIENT, book, clock=box.time.clock())
        assert seen.settled == (path,)


def test_a_workspace_made_before_the_folder_has_no_lists(tmp_path: Path) -> None:
    box = Inbox(tmp_path)
    box.workspace.entered.rmdir()
    with ledger.open(box.workspace, PATIENT) as book:
        assert scan_entered(box.workspace, PATIENT, book, sleep=False).settled == ()
