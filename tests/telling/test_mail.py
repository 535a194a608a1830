"""Notices by mail, to a real server: who is told what, once, and never anything about a person; what goes wrong stops nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline import disk, journal, ledger
from pipeline.ledger import announcing
from pipeline.ledger.records import Counts, Decision, DepositRecord
from pipeline.settings import Noticing, Settings
from pipeline.settings.telling import PASSWORD
from pipeline.telling import notices
from pipeline.workspace import Workspace
from tests.servers.smtp import Postman, postman
from tests.telling.test_journal import events, names
from tests.world import DAY, DISPENSATEUR, OTHER, SETTINGS, TITULAIRE, World, decisions

SENDER = "dsf@exemple.fr"
NAME = "Zzcanari"
INJECTED = f"{NAME}\r\nBcc: voleur@exemple.fr\r\n\r\n<b>"
ADDRESSES = f"siret;adresse\n{TITULAIRE};compta@titulaire.fr\n{OTHER[:3]} {OTHER[3:]};a@autre.fr\n{OTHER};b@autre.fr\n"


class Office:
    """A workspace whose ledger has deposits to tell of, and the settings to tell them with."""

    def __init__(self, root: Path, server: Postman, **chosen: Any) -> None:
        self.world = World(root)
        self.workspace: Workspace = self.world.workspace
        (root / "adresses.csv").write_text(ADDRESSES, encoding="utf-8")
        given = {"serveur": f"127.0.0.1:{server.port}", "chiffrement": "aucun", "expediteur": SENDER}
        self.settings: Settings = replace(
            SETTINGS, avis=Noticing(**given | {"adresses": "adresses.csv", "secondes": 5} | chosen)
        )

    def decided(self, *deposits: DepositRecord, day: date = DAY, finished: bool = True) -> str:
        """A run that has decided these."""
        with decisions.opened(self.workspace) as book:
            run = decisions.begin(book, day)
            book.commit(Decision(run, deposits, avis=True), book.head())
            if finished:
                book.finish_run(run)
        return run

    def send(self) -> int:
        with journal.opened(self.workspace, self.settings), ledger.open(self.workspace, self.settings) as book:
            return notices.send(self.workspace, self.settings, book)

    def standing(self) -> dict[str, int]:
        with ledger.open(self.workspace, self.settings) as book:
            return notices.standing(book)


def deposit(numero: str, siret: str = TITULAIRE, **changes: Any) -> DepositRecord:
    return decisions.deposit(f"2025-06-30-{numero * 8}", siret=siret, **changes)


@pytest.fixture
def server() -> Iterator[Postman]:
    with postman() as running:
        yield running


@pytest.fixture
def office(tmp_path: Path, server: Postman) -> Office:
    return Office(tmp_path / "ws", server)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is tried again without waiting."""
    monkeypatch.setattr(announcing, "PATIENCE", timedelta())


# --- what is told -----------------------------------------------------------------------------------------------------


def test_an_organisation_is_told_once_of_all_that_came_back_in_a_run(office: Office, server: Postman) -> None:
    some = Counts(acceptees=9, rejetees=1, retenues=2)
    office.decided(
        deposit("a", lignes=some),
        deposit("b", etat="refuse", lignes=Counts(), format=""),
        replace(deposit("c", lignes=Counts(acceptees=1)), numero="2025-06-30-cccccccc-essai", essai=True),
        deposit("d", OTHER),
        deposit("e", DISPENSATEUR),
    )
    assert office.send() == 2
    to = [recipients for recipients, _ in server.taken]
    assert sorted(to) == [["a@autre.fr", "b@autre.fr"], ["compta@titulaire.fr"]]
    (mail,) = [one for one in server.mails if one["To"] == "compta@titulaire.fr"]
    assert (mail["From"], mail["Subject"]) == (SENDER, "DSF complémentaires\u00a0: 3 retours à lire")
    assert mail["Message-ID"].startswith("<2025-06-30-aaaaaaaa.") and mail["Message-ID"].endswith("@exemple.fr>")
    assert (mail["Auto-Submitted"], mail["Content-Language"]) == ("auto-generated", "fr")
    assert not mail.is_multipart() and mail.get_content_type() == "text/plain", "no attachment"
    told = mail.get_content().replace("\u00a0", " ").replace("\u202f", " ")
    for line in (
        "Vos 3 dépôts pour l’établissement 732 829 320 00074 ont été traités le 30/06/2025 :",
        "- dépôt 2025-06-30-aaaaaaaa : 12 lignes lues, 9 acceptées, 1 rejetée, 2 retenues. À reprendre.",
        "  À lire : retours/2025-06-30-aaaaaaaa/rapport.html",
        "- dépôt 2025-06-30-bbbbbbbb : fichier refusé. À reprendre.",
        "- essai 2025-06-30-cccccccc-essai : 1 ligne lue, 1 serait acceptée. Rien n’est enregistré.",
        "  À lire : essais/2025-06-30-cccccccc-essai/rapport.html",
        "Ce qui est accepté reste à saisir dans Kairos.",
    ):
        assert line in told.splitlines()
    assert office.send() == 0 and len(server.taken) == 2
    assert office.standing() == {"attente": 0, "abandonnes": 0, "sans_adresse": 1}
    office.decided(deposit("f"), day=DAY + timedelta(days=1))
    assert office.send() == 1 and server.mails[-1]["Subject"] == "DSF complémentaires\u00a0: un retour à lire"


def test_in_english_with_the_place_that_the_operator_names(tmp_path: Path, server: Postman) -> None:
    office = Office(tmp_path / "ws", server, lieu="//serveur/dsf/{siret}\n\nBcc: x@exemple.fr")
    office.settings = replace(office.settings, langue="en")
    office.decided(deposit("a"))
    office.send()
    (mail,) = server.mails
    told = mail.get_content()
    assert f"All of it is in your folder (//serveur/dsf/{TITULAIRE} Bcc: x@exemple.fr): begin with" in told
    assert mail["Subject"] == "DSF complémentaires: one return to read" and mail["Bcc"] is None
    assert "deposit 2025-06-30-aaaaaaaa: 1 line read, 1 accepted." in told


def test_nothing_that_anybody_typed_is_in_it(office: Office, server: Postman) -> None:
    file = {"fichier": INJECTED, "chemin": f"inbox/depots/{TITULAIRE}-{NAME}/{INJECTED}", "raison_sociale": INJECTED}
    office.decided(deposit("a", **file))
    assert office.send() == 1
    ((to, data),) = server.taken
    assert NAME.encode() not in data and b"voleur" not in data and to == ["compta@titulaire.fr"]
    assert server.mails[0].keys().count("Bcc") == 0


def test_what_is_not_finished_is_not_told_yet(office: Office, server: Postman) -> None:
    office.decided(deposit("a"), finished=False)
    assert office.send() == 0
    office.decided(deposit("b"))  # goes on with it, and finishes
    assert office.send() == 1 and len(server.mails[0].get_content().split("- dépôt")) == 3


def test_killed_between_sending_and_noting_it_is_the_same_message_again(
    office: Office, server: Postman, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.decided(deposit("a"))

    def dies(label: str, *_paths: Path) -> None:
        if label == "avis: envoyé":
            raise SystemExit

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(disk, "reached", dies)
        office.send()
    assert office.send() == 1
    first, second = server.taken
    assert first == second, "whoever gets both has one message, under one Message-ID"


def test_a_run_tells_and_so_does_its_answer(tmp_path: Path, server: Postman) -> None:
    office = Office(tmp_path / "ws", server)
    world = office.world.add_dsf().write_extracts()
    world.hours("a.csv", {})
    world.hours("b.csv", {}, folder=f"{TITULAIRE}-essai")
    world.run(avis=office.settings.avis)
    assert len(server.taken) == 1 and "2 dépôts" in server.mails[0].get_content().replace("\u00a0", " ")
    world.hours("c.csv", {"date_debut": "11/02/2025"})
    assert world.run().avis == {}, "without a server nothing is told, now or later"
    outcome = world.run(avis=office.settings.avis)
    assert outcome.avis == {"envoyes": 0, "attente": 0, "abandonnes": 0, "sans_adresse": 0} and len(server.taken) == 1
    assert names(events(world)).count("avis_envoye") == 1


# --- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["starttls", "tls"])
def test_mail_is_encrypted_and_the_server_is_who_it_says(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch, at_once: None
) -> None:
    authority = tmp_path / "autorite.pem"
    monkeypatch.setenv(PASSWORD, "secret")
    with postman(kind, authority, "secret") as server:
        chosen = {"chiffrement": kind, "identifiant": "dsf"}
        office = Office(tmp_path / "ws", server, **chosen, autorite=str(authority))
        office.decided(deposit("a"))
        trusting = office.settings
        office.settings = replace(trusting, avis=replace(trusting.avis, autorite=""))
        assert office.send() == 0 and server.taken == [], "nobody we know vouches for it"
        office.settings = trusting
        monkeypatch.setenv(PASSWORD, "faux")
        assert office.send() == 0 and server.taken == []
        monkeypatch.setenv(PASSWORD, "secret")
        assert office.send() == 1 and len(server.taken) == 1
        faults = [one["faute"] for one in events(office.world) if one["evenement"] == "avis_refuse"]
        assert faults == ["SSLCertVerificationError", "SMTPAuthenticationError"]
        assert "secret" not in "".join(path.read_text() for path in office.workspace.journal.iterdir())


def test_a_server_that_is_not_there_or_falls_silent_puts_all_off(tmp_path: Path, at_once: None) -> None:
    with postman() as gone:
        office = Office(tmp_path / "ws", gone, secondes=1, essais=3)
    office.decided(deposit("a"), deposit("b", OTHER))
    assert office.send() == 0 and office.standing()["attente"] == 2
    with postman() as server:
        server.silent = True
        office.settings = replace(
            office.settings, avis=replace(office.settings.avis, serveur=f"127.0.0.1:{server.port}")
        )
        assert office.send() == 0 and server.offered == 1, "it does not wait for each"
        assert office.standing()["attente"] == 2
        server.silent, server.hangs_up = False, True
        assert office.send() == 0
        assert office.standing() == {"attente": 0, "abandonnes": 2, "sans_adresse": 0}
        server.hangs_up = False
        assert office.send() == 0, "three times is enough"
    assert names(events(office.world)) == ["avis_refuse"] * 4 + ["avis_abandonne"] * 2


def test_what_failed_waits_longer_each_time(office: Office, server: Postman) -> None:
    office.decided(deposit("a"))
    server.refusals["compta@titulaire.fr"] = "451 later"
    assert office.send() == 0 and office.send() == 0 and server.asked == 1, "not so soon"
    now = announcing.datetime.now(announcing.UTC)
    for failures, minutes in ((1, 15), (2, 30), (3, 60), (8, 1920)):
        assert not announcing.rested(failures, now - timedelta(minutes=minutes - 1))
        assert announcing.rested(failures, now - timedelta(minutes=minutes + 1))
    assert announcing.rested(3, now + timedelta(hours=1)), "a clock that was put back keeps nothing waiting"


def test_a_recipient_that_is_refused_costs_no_other_one(office: Office, server: Postman, at_once: None) -> None:
    server.refusals = {"compta@titulaire.fr": "550 no such person", "a@autre.fr": "550 no such person"}
    office.decided(deposit("a"), deposit("b", OTHER))
    assert office.send() == 1 and [to for to, _ in server.taken] == [["b@autre.fr"]]
    assert office.standing() == {"attente": 0, "abandonnes": 1, "sans_adresse": 0}, "for good: it is not asked again"
    told = [(one["evenement"], one.get("siret"), one.get("smtp")) for one in events(office.world)]
    assert sorted(told) == [
        ("avis_abandonne", TITULAIRE, 550),
        ("avis_envoye", OTHER, None),
        ("avis_refuse", OTHER, 550),
    ]
    text = "".join(path.read_text() for path in office.workspace.journal.iterdir())
    assert "@" not in text and "no such" not in text


BAD = [
    f"{TITULAIRE};compta@titulaire.fr, autre@titulaire.fr",
    f'{TITULAIRE};"compta@titulaire.fr\nBcc: x@exemple.fr"',
    f"{TITULAIRE};Comptabilité <compta@titulaire.fr>",
    f"{TITULAIRE};",
    f"{TITULAIRE}",
    f"{TITULAIRE[:-1]}5;compta@titulaire.fr",
]


@pytest.mark.parametrize("row", BAD)
def test_an_address_that_is_none_reaches_nobody_and_the_others_are_told(
    office: Office, server: Postman, row: str
) -> None:
    (office.workspace.root / "adresses.csv").write_text(f"Siret;Adresse;Note\n{row}\n{OTHER};b@autre.fr;x\n", "utf-8")
    office.decided(deposit("a"), deposit("b", OTHER))
    assert office.send() == 1 and server.taken[0][0] == ["b@autre.fr"]
    assert "adresses_fausses" in names(events(office.world))


@pytest.mark.parametrize("data", [None, b"\xff\xfe;", b"a;b\n", b""], ids=["none", "no text", "headings", "empty"])
def test_a_list_of_addresses_that_cannot_be_read_puts_all_off(
    office: Office, server: Postman, data: bytes | None
) -> None:
    path = office.workspace.root / "adresses.csv"
    path.unlink()
    if data is not None:
        path.write_bytes(data)
    office.decided(deposit("a"))
    assert office.send() == 0 and office.standing()["attente"] == 1
    assert names(events(office.world)) == ["avis_refuse"]
