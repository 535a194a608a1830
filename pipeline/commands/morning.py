"""What needs somebody today: what `dsf status` says first. Each point is drawn from what it says further down."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.bilingual import Text
from pipeline.commands.console import size

State = Mapping[str, Any]
TO_TYPE, TO_SEE, HELD = 7, 30, 30
"""Days after which a complement should be typed; one that was typed, seen; a held line, freed. Each an age of ``suivi``."""
RUN, BACKUP, VERIFY = 2, 7, 35
"""Days after which a run that deposits wait for, a backup, a comparison of everything is overdue, where there ever was one."""
DISK = 30
"""Days that the disk should last."""

NOTHING = Text("Rien à faire aujourd'hui.", "Nothing to do today.")
TO_DO = Text("À faire aujourd'hui :", "To do today:")
_UNFINISHED = Text(
    "Le passage {run} n'est pas terminé : le prochain dsf run le termine.",
    "Run {run} is not finished: the next dsf run finishes it.",
)
_OWED = Text(
    "{n} dépôt ou dossier n'a pas pu être traité ou émis : voir « à reprendre »."
    "||{n} dépôts ou dossiers n'ont pas pu être traités ou émis : voir « à reprendre ».",
    "{n} deposit or folder could not be processed or emitted: see “owed”."
    "||{n} deposits or folders could not be processed or emitted: see “owed”.",
)
_OVERDUE = Text(
    "Le dernier passage date d'il y a {n} jour, et {waiting} : dsf run."
    "||Le dernier passage date d'il y a {n} jours, et {waiting} : dsf run.",
    "The last run was {n} day ago, and {waiting}: dsf run.||The last run was {n} days ago, and {waiting}: dsf run.",
)
_WAITING = Text("{n} dépôt attend||{n} dépôts attendent", "{n} deposit waits||{n} deposits wait")
_LEFT = Text(
    "{n} fichier est laissé de côté : déplacez-le ou corrigez-le."
    "||{n} fichiers sont laissés de côté : déplacez-les ou corrigez-les.",
    "{n} file is left aside: move it or correct it.||{n} files are left aside: move them or correct them.",
)
_MISSED = Text(
    "{n} absence ou séquence complétée n'est plus dans l'extrait (REF-14) : ajoutez une correspondance."
    "||{n} absences ou séquences complétées ne sont plus dans l'extrait (REF-14) : ajoutez des correspondances.",
    "{n} completed absence or séquence is no longer in the extract (REF-14): add a correspondance."
    "||{n} completed absences or séquences are no longer in the extract (REF-14): add correspondances.",
)
_TO_TYPE = Text(
    "{n} DSF complémentaire attend depuis plus de {days} jours d'être saisie dans Kairos."
    "||{n} DSF complémentaires attendent depuis plus de {days} jours d'être saisies dans Kairos.",
    "{n} complementary DSF has waited for more than {days} days to be typed into Kairos."
    "||{n} complementary DSF have waited for more than {days} days to be typed into Kairos.",
)
_TO_SEE = Text(
    "{n} DSF complémentaire, saisie il y a plus de {days} jours, n'est dans aucun extrait : vérifiez-la dans Kairos."
    "||{n} DSF complémentaires, saisies il y a plus de {days} jours, ne sont dans aucun extrait : vérifiez-les dans Kairos.",
    "{n} complementary DSF, typed more than {days} days ago, is in no extract: check it in Kairos."
    "||{n} complementary DSF, typed more than {days} days ago, are in no extract: check them in Kairos.",
)
_HELD = Text(
    "{n} ligne juste est retenue depuis plus de {days} jours par une ligne à corriger : relancez l'organisme."
    "||{n} lignes justes sont retenues depuis plus de {days} jours par des lignes à corriger : relancez les organismes.",
    "{n} sound line has been held for more than {days} days by a line to correct: ask the organisation."
    "||{n} sound lines have been held for more than {days} days by lines to correct: ask the organisations.",
)
_LIFTED = Text(
    "{n} DSF n'est plus bloquée depuis un extrait : demandez à l'organisme de redéposer."
    "||{n} DSF ne sont plus bloquées depuis un extrait : demandez aux organismes de redéposer.",
    "{n} DSF is no longer blocked since an extract: ask the organisation to drop again."
    "||{n} DSF are no longer blocked since an extract: ask the organisations to drop again.",
)
_RETURNS = Text(
    "{n} organisme n'a pas pris ses derniers retours : prévenez-le."
    "||{n} organismes n'ont pas pris leurs derniers retours : prévenez-les.",
    "{n} organisation has not taken its last returns: tell it.||{n} organisations have not taken their last returns: tell them.",
)
_DISK = Text(
    "Il reste {size} sur le disque : {n} jour au rythme du dernier mois."
    "||Il reste {size} sur le disque : {n} jours au rythme du dernier mois.",
    "{size} are left on the disk: {n} day at the rate of the last month."
    "||{size} are left on the disk: {n} days at the rate of the last month.",
)
_BACKUP = Text(
    "La dernière sauvegarde date d'il y a {n} jour : dsf backup.||La dernière sauvegarde date d'il y a {n} jours : dsf backup.",
    "The last backup was {n} day ago: dsf backup.||The last backup was {n} days ago: dsf backup.",
)
_VERIFY = Text(
    "Rien n'a été comparé depuis {n} jour : dsf verify.||Rien n'a été comparé depuis {n} jours : dsf verify.",
    "Nothing has been compared for {n} day: dsf verify.||Nothing has been compared for {n} days: dsf verify.",
)
_UNSOUND = Text(
    "La dernière vérification a trouvé des contradictions : dsf verify, et aucun passage avant de les avoir comprises.",
    "The last check found contradictions: dsf verify, and no run before you have understood them.",
)


_UNREACHED = Text(
    "{n} organisme n'a pas été prévenu : le courriel ne l'atteint pas. Corrigez son adresse, ou le réglage [avis]."
    "||{n} organismes n'ont pas été prévenus : le courriel ne les atteint pas. Corrigez leurs adresses, ou le réglage [avis].",
    "{n} organisation was not told: mail does not reach it. Correct its address, or the setting [avis]."
    "||{n} organisations were not told: mail does not reach them. Correct their addresses, or the setting [avis].",
)
_NO_ADDRESS = Text(
    "{n} organisme n'a pas été prévenu, faute d'adresse : ajoutez-la au fichier du réglage avis.adresses."
    "||{n} organismes n'ont pas été prévenus, faute d'adresse : ajoutez-les au fichier du réglage avis.adresses.",
    "{n} organisation was not told for want of an address: add it to the file of the setting avis.adresses."
    "||{n} organisations were not told for want of an address: add them to the file of the setting avis.adresses.",
)
_COMMAND = Text(
    "La commande du réglage avis.commande échoue : {n} passage ne lui a pas été transmis."
    "||La commande du réglage avis.commande échoue : {n} passages ne lui ont pas été transmis.",
    "The command of the setting avis.commande fails: {n} run was not told to it."
    "||The command of the setting avis.commande fails: {n} runs were not told to it.",
)


def to_do(state: State) -> list[dict[str, Any]]:
    """The points that need somebody, the most pressing first; each {sujet, nombre, texte}. Empty is well."""
    points = (*_broken(state), *_stuck(state), *_money(state), *_house(state))
    return [{"sujet": subject, "nombre": number, "texte": text} for subject, number, text in points if number]


Point = tuple[str, int, str]


def _broken(state: State) -> Iterator[Point]:
    """What keeps the next run from doing anything."""
    yield "registre", int(not state["registre"]["conforme"]), state["registre"]["raison"]
    checked = state["soins"]["verification"]
    yield "verification", int(bool(checked) and checked["conforme"] is False), _UNSOUND
    days = state["disque"]["jours"]
    if days is not None and days < DISK:
        yield "disque", 1, _DISK.fill(n=days, size=size(state["disque"]["libres"]))


def _stuck(state: State) -> Iterator[Point]:
    """What the program cannot do by itself."""
    yield "inacheve", int(bool(state["inacheve"])), _UNFINISHED.fill(run=state["inacheve"])
    yield _point("reprendre", len(state["a_reprendre"]), _OWED)
    yield _point("laisses", len(state["laisses"]), _LEFT)
    since = state["runs"][-1]["jours"] if state["runs"] else 0
    if since > RUN and state["prets"]:
        yield "passage", 1, _OVERDUE.fill(n=since, waiting=_WAITING.fill(n=len(state["prets"])))


def _money(state: State) -> Iterator[Point]:
    """What is lost if nobody acts."""
    suivi = state["suivi"]
    yield _point("introuvables", suivi["introuvables"]["total"], _MISSED)
    yield _point("saisir", _older(suivi["par_age"], "emises", TO_TYPE), _TO_TYPE, days=TO_TYPE)
    yield _point("voir", _older(suivi["par_age"], "saisies", TO_SEE), _TO_SEE, days=TO_SEE)
    held = sum(one["lignes"] for one in state["retenues"] if one["jours"] is None or one["jours"] > HELD)
    yield _point("retenues", held, _HELD, days=HELD)
    yield _point("redeposer", suivi["debloques"]["total"], _LIFTED)
    yield _point("retours", state["retours"]["total"], _RETURNS)


def _house(state: State) -> Iterator[Point]:
    """What is forgotten easily."""
    for subject, most, text in (("sauvegarde", BACKUP, _BACKUP), ("verification", VERIFY, _VERIFY)):
        known = state["soins"][subject]
        if known and known["jours"] > most:
            yield subject, 1, text.fill(n=known["jours"])

    avis = state["avis"]
    yield _point("avis", avis["abandonnes"], _UNREACHED)
    yield _point("adresses", avis["sans_adresse"], _NO_ADDRESS)
    yield _point("commande", avis["commande"], _COMMAND)


def _point(subject: str, number: int, text: Text, **values: object) -> Point:
    return subject, number, text.fill(n=number, **values)


def _older(by_age: list[dict[str, Any]], etat: str, days: int) -> int:
    """Complements in a state for more than so many days, which is one of the ages that are counted apart."""
    cells = [one for one in by_age if one["etat"] == etat and (one["jours"] is None or one["jours"] > days)]
    return sum(one["complements"] for one in cells)


def lines(points: list[dict[str, Any]]) -> Iterator[str]:
    """For a person: one line where nothing is to do."""
    if not points:
        yield NOTHING
        return
    yield TO_DO
    for point in points:
        yield Text("  - {text}", "  - {text}").fill(text=point["texte"])
