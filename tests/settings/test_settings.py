"""Settings: each key good and bad, from each of three places, in their order; a refusal names what is wrong and no secret."""

import json
import os
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline import settings
from pipeline.settings import PROTECTED, Limits, SettingError, Settings, telling
from schemas.rules import CATALOGUE
from tests.world import TITULAIRE

CODES = frozenset(CATALOGUE)
FILE, OPTION = "dsf.toml", "option"
PLACES = ("file", "environment", "option")

PARTS = ("depots", "extraits", "saisies", "outbox", "reference")

Case = tuple[str, object, object]
"""Key (``table.name`` within a table), value as somebody writes it, what it means (or, when bad, what the message says)."""

GOOD: list[Case] = [
    ("langue", "fr", "fr"),
    ("langue", "en", "en"),
    ("politique", "dsf", "dsf"),
    ("politique", "ligne", "ligne"),
    ("politique", "depot", "depot"),
    ("pas_heures", 0.01, 1),
    ("pas_heures", 1, 100),
    ("pas_heures", "0,25", 25),
    ("delai_stabilite", 0, 0.0),
    ("delai_stabilite", 0.5, 0.5),
    ("delai_stabilite", "2,5", 2.5),
    ("organisme", "", ""),
    ("organisme", TITULAIRE, TITULAIRE),
    ("organisme", "732 829 320 00074", TITULAIRE),
    ("organisme", "35600000049837", "35600000049837"),
    ("ledger", "", ""),
    ("ledger", "sqlite:///var/autre.sqlite", "sqlite:///var/autre.sqlite"),
    ("moteur", "local", "local"),
    ("moteur", "tcp://127.0.0.1:8786", "tcp://127.0.0.1:8786"),
    ("moteur", "tcp://[::1]:8786", "tcp://[::1]:8786"),
    ("moteur", "tls://calcul.exemple.fr:8786", "tls://calcul.exemple.fr:8786"),
    ("processus", 0, 0),
    ("processus", 12, 12),
    ("motifs", "motifs.csv", "motifs.csv"),
    ("synonymes", "titres.csv", "titres.csv"),
    ("correspondances", "noms.csv", "noms.csv"),
    *((f"limites.{f.name}", 1, 1) for f in fields(Limits)),
    ("limites.octets", "1000000", 1_000_000),
    ("ouverture.ESF", "2020-01-31", date(2020, 1, 31)),
    ("ouverture.ESP", date(2022, 1, 1), date(2022, 1, 1)),
    ("severites.AVT-02", "rejet", "rejet"),
    ("severites.LIG-13", "avertissement", "avertissement"),
    *((f"stockage.{part}", "", "") for part in PARTS),
    *((f"stockage.{part}", "sftp://dsf@hote:2222/dsf/", "sftp://dsf@hote:2222/dsf") for part in PARTS),
    ("stockage.outbox", "sftp://hote/~/dsf", "sftp://hote/~/dsf"),
    ("stockage.outbox", "s3://seau", "s3://seau"),
    ("stockage.outbox", "s3://seau/dsf/outbox", "s3://seau/dsf/outbox"),
    ("stockage.hotes", "/etc/dsf/known_hosts", "/etc/dsf/known_hosts"),
    ("stockage.cle", "/etc/dsf/cle", "/etc/dsf/cle"),
    ("stockage.autorite", "/etc/dsf/autorite.pem", "/etc/dsf/autorite.pem"),
    *((f"conservation.{what}", days, days) for what in ("originaux", "retours", "noms") for days in (0, 365)),
    ("conservation.cle", "/etc/dsf/conservation.cle", "/etc/dsf/conservation.cle"),
    ("journal.dossier", "", ""),
    ("journal.dossier", "-", "-"),
    ("journal.niveau", "erreur", "erreur"),
    ("journal.mois", 1, 1),
    ("journal.octets", 1_000_000, 1_000_000),
    ("mesures.fichier", "/var/lib/node_exporter/dsf.prom", "/var/lib/node_exporter/dsf.prom"),
    ("avis.serveur", "", ""),
    ("avis.chiffrement", "tls", "tls"),
    ("avis.expediteur", "dsf@exemple.fr", "dsf@exemple.fr"),
    ("avis.adresses", "adresses.csv", "adresses.csv"),
    ("avis.identifiant", "dsf", "dsf"),
    ("avis.autorite", "autorite.pem", "autorite.pem"),
    ("avis.lieu", "//serveur/dsf/{siret}", "//serveur/dsf/{siret}"),
    ("avis.commande", "/usr/local/bin/apres --dsf", "/usr/local/bin/apres --dsf"),
    ("avis.secondes", 5, 5),
    ("avis.essais", 1, 1),
]
BAD: list[Case] = [
    ("langue", "de", "'fr' ou 'en'"),
    ("langue", "FR", "'fr' ou 'en'"),
    ("langue", 1, "'fr' ou 'en'"),
    ("politique", "", "'dsf' ou 'ligne' ou 'depot'"),
    ("pas_heures", 0, "au moins 0.01"),
    ("pas_heures", -0.25, "au moins 0.01"),
    ("pas_heures", 0.001, "au moins 0.01"),
    ("pas_heures", 0.125, "centièmes d'heure entiers"),
    ("pas_heures", "un quart", "0.25"),
    ("pas_heures", "nan", "au moins 0.01"),
    ("pas_heures", True, "nombre d'heures"),
    ("delai_stabilite", -1, "au moins 0"),
    ("delai_stabilite", "bientôt", "un nombre"),
    ("delai_stabilite", "inf", "au moins 0"),
    ("organisme", "73282932000075", "14 chiffres"),
    ("organisme", "123", "14 chiffres"),
    ("ledger", "postgresql://hote/base", "sqlite:///chemin"),
    ("ledger", "var/autre.sqlite", "sqlite:///chemin"),
    ("moteur", "tcp://hote:8786", "tls://"),
    ("moteur", "tcp://192.168.0.4:8786", "tls://"),
    ("moteur", "tls://hote", "tls://machine:port"),
    ("moteur", "http://127.0.0.1:8786", "'local'"),
    ("moteur", "tls://moi:secret@hote:8786", "'•••'"),
    ("processus", -1, "au moins 0"),
    ("processus", 1.5, "entier"),
    ("processus", "tous", "un nombre"),
    *((f"limites.{f.name}", bad, said) for f in fields(Limits) for bad, said in ((0, "au moins 1"), (2.5, "entier"))),
    ("ouverture.ESF", "1er mars 2021", "2021-03-01"),
    ("ouverture.ESP", "2021-02-30", "2021-03-01"),
    ("severites.AVT-02", "grave", "'rejet' ou 'avertissement'"),
    *((f"severites.{code}", severity, code) for code in sorted(PROTECTED) for severity in settings.SEVERITIES),
    *((f"stockage.{part}", "http://hote/dsf", "sftp://") for part in PARTS),
    ("stockage.outbox", "sftp://hote", "sftp://"),
    ("stockage.outbox", "sftp://hote:port/dsf", "sftp://"),
    ("stockage.outbox", "sftp://hote/dsf/../autre", "sftp://"),
    ("stockage.outbox", "sftp://hote/dsf//autre", "sftp://"),
    ("stockage.outbox", "s3://moi@seau/dsf", "s3://"),
    ("stockage.outbox", "s3://seau/dsf?versionId=1", "s3://"),
    ("stockage.outbox", "sftp://dsf:secret@hote/dsf", "mot de passe"),
    ("stockage.outbox", "s3://cle:secret@seau/dsf", "AWS_"),
    *((f"conservation.{what}", 29, "au moins") for what in ("originaux", "retours", "noms")),
    ("conservation.noms", 179, "au moins 180"),
    ("conservation.retours", -1, "au moins 0"),
    ("conservation.noms", "un an", "un nombre"),
    ("conservation.cle", "", "le nom d'un fichier"),
    ("journal.niveau", "debug", "'info' ou 'avertissement' ou 'erreur'"),
    ("journal.mois", 0, "au moins 1"),
    ("journal.octets", 10, "au moins 1000000"),
    ("avis.serveur", "smtp://hote", "machine:port"),
    ("avis.serveur", "hote:99999", "machine:port"),
    ("avis.serveur", "ho te", "machine:port"),
    ("avis.chiffrement", "ssl", "'starttls' ou 'tls' ou 'aucun'"),
    ("avis.expediteur", "dsf", "dsf@exemple.fr"),
    ("avis.expediteur", "dsf@exemple.fr\nBcc: tous@exemple.fr", "dsf@exemple.fr"),
    ("avis.expediteur", "dsf@exemple.fr, b@exemple.fr", "dsf@exemple.fr"),
    ("avis.secondes", 0, "au moins 1"),
    ("avis.essais", 0, "au moins 1"),
]


def nested(key: str, value: object) -> dict[str, Any]:
    """The key as a table of TOML holds it."""
    table, _, name = key.partition(".")
    return {table: {name: value} if name else value}


def toml(key: str, value: object) -> str:
    table, _, name = key.partition(".")
    plain = value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)
    return f"[{table}]\n{name} = {plain}\n" if name else f"{table} = {plain}\n"


def variable(key: str) -> str:
    return "DSF_" + key.upper().replace(".", "_").replace("-", "_")


def given(root: Path, place: str, key: str, value: object) -> tuple[Settings, str]:
    """The settings with one key from one place, and that place as it is named."""
    if place == "file":
        (root / FILE).write_text(toml(key, value), encoding="utf-8")
        return load(root), FILE
    if place == "environment":
        return load(root, {variable(key): str(value)}), variable(key)
    return load(root, options=nested(key, value)), OPTION


def load(root: Path, environ: Mapping[str, str] | None = None, options: Mapping[str, object] | None = None) -> Settings:
    """Nothing but what is given: the environment of the tests is not asked."""
    return settings.load(root, codes=CODES, environ=environ or {}, options=options)


def read(found: Settings, key: str) -> object:
    table, _, name = key.partition(".")
    value = getattr(found, table)
    return value if not name else value[name] if isinstance(value, Mapping) else getattr(value, name)


def named(case: Case) -> str:
    return f"{case[0]}={case[1]}"


# --- each key ---------------------------------------------------------------------------------------------------------


ANY = {"motifs", "synonymes", "correspondances", "mesures"}
"""Any text will do for these."""


def test_every_setting_there_is_is_tried_here() -> None:
    whole = {f.name for f in fields(Settings)} - {"origines"}
    for cases, there in ((GOOD, whole), (BAD, whole - ANY)):
        tried = {key for key, *_ in cases}
        assert {key.partition(".")[0] for key in tried} >= there
        assert {f"limites.{f.name}" for f in fields(Limits)} <= tried
    good = {key for key, *_ in GOOD}
    assert {f"{table}.{name}" for table, names in telling.TABLES.items() for name in names} <= good


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("case", GOOD, ids=named)
def test_a_good_value_is_taken_from_each_place_and_says_where_it_is_from(
    tmp_path: Path, place: str, case: Case
) -> None:
    key, value, meant = case
    found, origin = given(tmp_path, place, key, value)
    assert read(found, key) == meant
    assert found.origines == {key: origin}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("case", BAD, ids=named)
def test_a_bad_value_is_refused_with_its_key_its_place_and_what_is_allowed(
    tmp_path: Path, place: str, case: Case
) -> None:
    key, value, said = case
    with pytest.raises(SettingError) as refused:
        given(tmp_path, place, key, value)
    place = {"file": FILE, "environment": variable(key), "option": OPTION}[place]
    for part in (key, f"({place})", str(said)):
        assert part in str(refused.value)


def test_a_day_with_its_time_is_that_day(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("[ouverture]\nESF = 2022-01-01T12:30:00\n")
    found = load(tmp_path).ouverture["ESF"]
    assert found == date(2022, 1, 1) and not isinstance(found, datetime)


@pytest.mark.parametrize("key", ["langue", "organisme", "ledger", "moteur", "motifs", "synonymes", "correspondances"])
def test_a_text_is_a_text(tmp_path: Path, key: str) -> None:
    with pytest.raises(SettingError, match=key):
        load(tmp_path, options={key: 12})


@pytest.mark.parametrize("table", ["limites", "ouverture", "severites", "conservation"])
def test_a_table_is_a_table(tmp_path: Path, table: str) -> None:
    for place in PLACES:
        with pytest.raises(SettingError, match=rf"une table \[{table}\]"):
            given(tmp_path, place, table, "x")


# --- what is not known ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "key", ["langues", "limite", "limites.octet", "ouverture.EST", "severites.REF-99", "conservation.tout"]
)
def test_an_unknown_key_is_named_with_its_place_and_what_is_known(tmp_path: Path, place: str, key: str) -> None:
    with pytest.raises(SettingError) as refused:
        given(tmp_path, place, key, "x")
    said = str(refused.value)
    where = {"file": FILE, "environment": variable(key), "option": OPTION}[place]
    shown = key if place != "environment" or "." in key else key.lower()
    assert said.startswith(f"Réglage inconnu : {shown} ({where}).")
    known = {f.name for f in fields(Settings)} - {"origines"}
    assert known <= set(said.partition("Réglages connus : ")[2].rstrip(".").split(", "))


def test_only_rules_of_the_catalogue_have_a_severity(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="AVT-02"):
        settings.load(tmp_path, codes=CODES - {"AVT-02"}, environ={}, options={"severites": {"AVT-02": "rejet"}})


def test_variables_that_do_not_begin_with_our_name_are_not_ours(tmp_path: Path) -> None:
    assert load(tmp_path, {"LANGUE": "de", "XDSF_LANGUE": "de", "dsf_langue": "de"}) == Settings()


@pytest.mark.parametrize("text", ["langue = ", "[limites", "langue = 'fr'\nlangue = 'en'", "\ud800"], ids=repr)
def test_a_file_that_is_no_toml_is_said_by_its_name(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(SettingError, match=r"dsf\.toml n'est pas du TOML lisible"):
        load(tmp_path)


# --- the order --------------------------------------------------------------------------------------------------------


def test_without_anything_all_is_at_its_default(tmp_path: Path) -> None:
    found = load(tmp_path)
    assert found == Settings() and found.origines == {} and found.chosen() == []
    (tmp_path / FILE).write_bytes(b"")
    assert load(tmp_path) == Settings()


def test_the_environment_goes_before_the_file_and_an_option_before_both(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("pas_heures = 1\nprocessus = 1\ndelai_stabilite = 1\n")
    environ, options = {"DSF_PROCESSUS": "2", "DSF_DELAI_STABILITE": "2"}, {"delai_stabilite": 3}
    found = load(tmp_path, environ, options)
    assert (found.pas_heures, found.processus, found.delai_stabilite) == (100, 2, 3.0)
    assert found.origines == {
        "pas_heures": FILE,
        "processus": "DSF_PROCESSUS",
        "delai_stabilite": OPTION,
    }


def test_tables_are_laid_over_one_another_name_by_name(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(
        '[limites]\noctets = 1\nlignes = 1\n[severites]\n"AVT-01" = "rejet"\n"AVT-02" = "rejet"\n'
    )
    environ = {"DSF_LIMITES_LIGNES": "2", "DSF_SEVERITES_AVT_02": "avertissement", "DSF_OUVERTURE_ESF": "2020-01-01"}
    found = load(tmp_path, environ, {"limites": {"feuilles": 3}})
    assert found.limites == Limits(octets=1, lignes=2, feuilles=3)
    assert found.severites == {"AVT-01": "rejet", "AVT-02": "avertissement"}
    assert found.ouverture == {"ESF": date(2020, 1, 1), "ESP": date(2021, 11, 22)}
    assert found.origines["limites.octets"] == FILE
    assert found.origines["limites.lignes"] == "DSF_LIMITES_LIGNES"
    assert found.origines["limites.feuilles"] == OPTION


def test_a_bad_value_is_refused_even_where_a_later_place_would_hide_it(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('langue = "de"\n')
    with pytest.raises(SettingError, match=r"langue.*dsf\.toml"):
        load(tmp_path, {"DSF_LANGUE": "fr"}, {"langue": "fr"})


# --- notices ----------------------------------------------------------------------------------------------------------

MAIL = {"serveur": "courriel.exemple.fr", "expediteur": "dsf@exemple.fr", "adresses": "adresses.csv"}


def test_who_sends_mail_has_a_sender_and_addresses_and_encrypts_beyond_this_machine(tmp_path: Path) -> None:
    found = load(tmp_path, options={"avis": MAIL}).avis
    assert (found.host, found.port) == ("courriel.exemple.fr", 587)
    for name in ("expediteur", "adresses"):
        with pytest.raises(SettingError, match=f"avis.{name} ne peut être vide"):
            load(tmp_path, options={"avis": MAIL | {name: ""}})
    with pytest.raises(SettingError, match="aucun"):
        load(tmp_path, options={"avis": MAIL | {"chiffrement": "aucun"}})
    for host, port in (("127.0.0.1:2525", 2525), ("[::1]", 25), ("localhost", 25)):
        here = load(tmp_path, options={"avis": MAIL | {"chiffrement": "aucun", "serveur": host}}).avis
        assert here.host in ("127.0.0.1", "::1", "localhost") and here.port == port


def test_the_password_of_mail_is_in_the_environment_alone_and_shown_nowhere(tmp_path: Path) -> None:
    found = load(tmp_path, {"DSF_AVIS_MOT_DE_PASSE": "tres-secret", "DSF_AVIS_IDENTIFIANT": "compte"})
    assert "tres-secret" not in repr(found) and found.avis.identifiant == "compte"
    assert found.chosen() == [("avis.identifiant", "•••", "DSF_AVIS_IDENTIFIANT")]
    (tmp_path / FILE).write_text('[avis]\nmot_de_passe = "tres-secret"\n')
    with pytest.raises(SettingError, match="DSF_AVIS_MOT_DE_PASSE") as refused:
        load(tmp_path)
    assert "tres-secret" not in str(refused.value)


def test_an_option_that_was_not_given_changes_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, {"DSF_LANGUE": "en"}, {"langue": None, "organisme": None}).langue == "en"


def test_the_environment_is_that_of_the_process_unless_another_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("DSF_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DSF_LANGUE", "en")
    assert settings.load(tmp_path, codes=CODES).langue == "en"
    assert Settings.of(tmp_path).langue == "en"
    assert Settings.of(tmp_path, langue="fr").langue == "fr"
    assert Settings.of(tmp_path, langue=None).langue == "en"


def test_settings_do_not_change_once_they_are_read() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().langue = "en"  # type: ignore[misc]


# --- what is said of them ---------------------------------------------------------------------------------------------


def test_what_is_not_at_its_default_is_told_with_its_value_as_it_is_written_and_its_place(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('pas_heures = 0.5\n[limites]\noctets = 7\n[severites]\n"AVT-02" = "rejet"\n')
    found = load(tmp_path, {"DSF_OUVERTURE_ESP": "2022-01-01"}, {"langue": "en"})
    assert found.chosen() == [
        ("langue", "en", OPTION),
        ("limites.octets", "7", FILE),
        ("ouverture.ESP", "2022-01-01", "DSF_OUVERTURE_ESP"),
        ("pas_heures", "0.5", FILE),
        ("severites.AVT-02", "rejet", FILE),
    ]


SECRET = "zzsecret"
ADDRESS = f"mysql://user:{SECRET}@hote/base"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("key", ["ledger", "ledger_url"])
def test_G14_a_password_is_never_repeated_by_a_refusal(tmp_path: Path, place: str, key: str) -> None:
    with pytest.raises(SettingError) as refused:
        given(tmp_path, place, key, ADDRESS)
    assert "ledger" in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("value", [{"url": ADDRESS}, [ADDRESS]], ids=["table", "list"])
def test_G14_a_password_is_never_repeated_of_a_ledger_that_is_no_text(tmp_path: Path, value: object) -> None:
    with pytest.raises(SettingError) as refused:
        load(tmp_path, options={"ledger": value})
    assert SECRET not in str(refused.value)


def test_G14_a_password_is_never_repeated_of_a_file_that_is_no_toml(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(f"ledger = {ADDRESS}\n")
    with pytest.raises(SettingError) as refused:
        load(tmp_path)
    assert SECRET not in str(refused.value)


def test_G14_the_address_of_a_ledger_is_told_without_what_it_holds(tmp_path: Path) -> None:
    found = load(tmp_path, options={"ledger": f"sqlite:///var/{SECRET}.sqlite"})
    assert found.chosen() == [("ledger", "•••", OPTION)]
