"""Names in the inbox: which are no deposit and why, which lock which, and whose a folder is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.intake import names
from tests.world import DISPENSATEUR, OTHER, TITULAIRE

UPLOADS = [
    *("a.part", "a.partial", "a.filepart", "a.tmp", "a.temp", "a.crdownload", "a.download", "a.!ut", "a.incomplete"),
    *("a.swp", "a.swx", ".a.xlsx.swp", "A.XLSX.PART", "mars.xlsx.Tmp", ".part"),
    *(".nfs000012ab", "nfs0000000000c0ffee", ".NFS000012AB", "a.smbdeleteAAA1", ".smbdeletefade"),
]
OFFICE = ["~$a.xlsx", "~$cture.docx", ".~lock.a.ods#", "~WRD0001.tmp", "~wra12.tmp", "8B3D7F00", "0000000A"]
SYSTEM = [
    *("Thumbs.db", "thumbs.db", "ehthumbs.db", "desktop.ini", "Desktop.INI", "@eaDir"),
    *("$RECYCLE.BIN", "System Volume Information"),
]
DOTTED = [".DS_Store", "._a.xlsx", ".cache", ".gitkeep", ".", "..."]
DEPOSITS = [
    *(
        "a.xlsx",
        "a",
        "mars 2025.csv",
        "É.ods",
        "a.part.xlsx",
        "part",
        "tmp",
        "a.tmp2",
        "partial",
        "atmp",
        "a.temporaire",
    ),
    *(
        "nfs.xlsx",
        "nfs0012.csv",
        "snfs000012ab.xlsx",
        "a~$b.xlsx",
        "lock.a.ods#",
        "20250630",
        "12345678",
        "8B3D7F0",
        "8B3D7F001",
    ),
    *("ABCDEFGH", "thumbs.db.xlsx", "my desktop.ini", "=1+1.xlsx", "-rf", "%2e%2e%2fx", "CON", "a\nb.csv", " "),
]


@pytest.mark.parametrize("name", UPLOADS)
def test_a_name_of_a_transfer_under_way_waits_for_its_real_one(name: str) -> None:
    assert names.is_uploading(name)


@pytest.mark.parametrize("name", OFFICE)
def test_a_working_file_of_an_office_program_is_left_alone(name: str) -> None:
    assert names.left_alone(name) == "fichier de travail d'un tableur ouvert"


@pytest.mark.parametrize("name", SYSTEM)
def test_a_file_of_the_sender_s_system_is_left_alone(name: str) -> None:
    assert names.left_alone(name) == "fichier du système de l'expéditeur"


@pytest.mark.parametrize("name", DOTTED)
def test_a_name_that_begins_with_a_dot_is_left_alone(name: str) -> None:
    assert names.left_alone(name) == "nom commençant par un point"


@pytest.mark.parametrize("name", DEPOSITS)
def test_any_other_name_may_be_a_deposit_however_much_it_looks_like_one_of_those(name: str) -> None:
    assert not names.is_uploading(name)
    assert names.left_alone(name) == ""


def test_an_owner_file_is_never_taken_for_a_transfer_whatever_its_end() -> None:
    assert not names.is_uploading("~$a.tmp")
    assert names.left_alone("~$a.tmp")


def test_files_that_hold_an_empty_folder_in_git_are_not_worth_a_word() -> None:
    assert {".gitkeep", ".gitignore", ".keep"} == names.PLACEHOLDERS


# --- lock files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "lock"),
    [
        ("a.xlsx", "~$a.xlsx"),  # Excel
        ("facture.docx", "~$cture.docx"),  # Word: the first two letters give way
        ("a.ods", ".~lock.a.ods#"),  # LibreOffice
    ],
)
def test_each_program_s_lock_is_known_beside_its_file(name: str, lock: str) -> None:
    assert lock in names.locks_of(name)


@given(st.text(min_size=1, max_size=20).filter(lambda name: "/" not in name and "\0" not in name))
def test_a_lock_is_never_a_deposit_itself_whatever_the_name_it_locks(name: str) -> None:
    locks = names.locks_of(name)
    assert len(locks) == 3
    assert all(names.left_alone(lock) for lock in locks)
    assert name not in locks


def test_a_lock_left_by_a_program_that_died_holds_for_a_day() -> None:
    assert names.LOCK_HOLDS.total_seconds() == 24 * 3600


# --- whose folder -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("siret", [TITULAIRE, OTHER, DISPENSATEUR, "35600000049837"])
def test_a_siret_is_its_own_folder_and_la_poste_s_are_sirets_too(siret: str) -> None:
    assert names.depositor(siret) == siret


@pytest.mark.parametrize("label", ["-antenne", "- ", "--", "-antenne de l'Ouest", "-été 2025", "-a\nb", "-essai"])
def test_a_label_after_a_dash_changes_nothing(label: str) -> None:
    assert names.depositor(f"{TITULAIRE}{label}") == TITULAIRE


@pytest.mark.parametrize(
    "folder",
    [
        *("", "divers", "-antenne", TITULAIRE[:13], f"{TITULAIRE}0", f"{TITULAIRE[:13]}5", "0" * 13 + "1"),
        *(f"{TITULAIRE}x", f"{TITULAIRE}-", f"{TITULAIRE} ", f" {TITULAIRE}", f"{TITULAIRE}_antenne", f"x{TITULAIRE}"),
        *(
            "732 829 320 00074",
            "732-829-320-00074",
            f"{TITULAIRE}\n",
            "７３２８２９３２００００７４",
            f"{TITULAIRE[:13]}٤",
        ),
    ],
)
def test_any_other_folder_is_nobody_s(folder: str) -> None:
    assert names.depositor(folder) == ""


@pytest.mark.parametrize(
    "folder",
    [TITULAIRE[:9], TITULAIRE[:13], f"{TITULAIRE}0", f"{TITULAIRE}x", f"{TITULAIRE}-", "123456789 divers"],
)
def test_a_folder_that_begins_with_nine_digits_and_is_no_siret_is_one_with_a_slip(folder: str) -> None:
    assert names.is_slip(folder)


@pytest.mark.parametrize(
    "folder",
    [
        TITULAIRE,
        f"{TITULAIRE}-antenne",
        DISPENSATEUR,
        TITULAIRE[:8],
        "divers",
        "",
        f"x{TITULAIRE}",
        "732 829 320 00074",
    ],
)
def test_a_siret_with_or_without_a_label_and_a_folder_of_another_sort_are_no_slip(folder: str) -> None:
    assert not names.is_slip(folder)


@given(st.integers(0, 13), st.integers(1, 9))
def test_one_wrong_digit_makes_it_nobody_s(place: int, more: int) -> None:
    wrong = str((int(OTHER[place]) + more) % 10)
    assert names.depositor(f"{OTHER[:place]}{wrong}{OTHER[place + 1 :]}") == ""
