"""The tables of what stands today, whatever the run: what ``follow_up`` found, in the words of the page."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import Any

from pipeline.documents.overview import cells
from pipeline.documents.overview.tables import PageCell, PageTable, PageValue, table
from pipeline.documents.wording import Wording
from pipeline.jsonfile import hours
from pipeline.judging.follow_up import STATES, FollowUp


def tables_of(suivi: FollowUp, words: Wording, up: str) -> list[PageTable]:
    """What the reviewer looks at, then what somebody has to do: ``reviewed``, then to type, to see, missed."""
    return [*reviewed(suivi, words, up), _to_type(suivi, words), _to_see(suivi, words), _missed(suivi, words)]


def reviewed(suivi: FollowUp, words: Wording, up: str) -> list[PageTable]:
    """What is still open, what the extracts now let pass, and who may be sounding out REF-13."""
    return [_open(suivi["ouvert"], words, up), _let_pass(suivi, words, up), _soundings(suivi, words, up)]


def open_by(suivi: FollowUp | None, rows: str, key: str) -> Mapping[str, Mapping[str, Any]] | None:
    """What is still open by SIRET (``organismes``) or by code (``regles``); None where the run does not say."""
    return {one[key]: one for one in suivi["ouvert"][rows]} if suivi else None


def by_age(suivi: FollowUp, words: Wording) -> PageTable:
    """Complements and their hours by age, for each state and together; one row an age."""
    found = {(one["etat"], one["jours"]): (one["complements"], one["heures"]) for one in suivi["par_age"]}
    ages = list(dict.fromkeys(one["jours"] for one in suivi["par_age"]))
    rows = [
        (_age(ages, place, words), *chain.from_iterable(found[state, age] for state in STATES))
        for place, age in enumerate(ages)
    ]
    columns = (f"{kind}:{name}{state}" for state in STATES for kind, name in (("number", "n_"), ("hours", "h_")))
    return table("anciennete", words("section.anciennete"), cells.columns(words, "text:age", *columns), rows, len(rows))


def _age(ages: Sequence[int | None], place: int, words: Wording) -> str:
    """What the days up to ``ages[place]``, after those before it, are called; the last is None: all older ones."""
    above = ages[place - 1] if place else None
    if ages[place] is None:
        return words("age.plus", n=above)
    return words("age.de", de=above + 1, a=ages[place]) if above else words("age.jusque", n=ages[place])


def _open(ouvert: Mapping[str, Any], words: Wording, up: str) -> PageTable:
    rows = (
        (
            *cells.organisation(one["raison_sociale"], one["siret"]),
            PageCell(one["fichier"], cells.report(up, one["siret"], one["depot"])),
            one["depot"],
            *(_day(one["juge_le"]), one["jours"], one["lignes"] or None),
            cells.stake(one["heures"], one["refuses"], words),
            cells.codes(dict.fromkeys(one["codes"].split(), 1), words),
        )
        for one in ouvert["depots"]["lignes"]
    )
    columns = ("free:organisme", "hidden:siret", "free:fichier", "hidden:depot", "date:juge_le", "number:jours")
    return _after(
        "encore_ouverts", ouvert["depots"], words, (*columns, "number:lignes", "hours:encore", "text:regles"), rows
    )


def _to_type(suivi: FollowUp, words: Wording) -> PageTable:
    rows = (
        (*cells.organisation(one["raison_sociale"], one["siret"]), one["numero"], _day(one["emis_le"]), one["jours"])
        for one in suivi["a_saisir"]["lignes"]
    )
    columns = ("free:organisme", "hidden:siret", "code:complement", "date:emis_le", "number:jours")
    return _after("a_saisir", suivi["a_saisir"], words, columns, rows)


def _to_see(suivi: FollowUp, words: Wording) -> PageTable:
    rows = (
        (
            *cells.organisation(one["raison_sociale"], one["siret"]),
            *(one["numero"], one["numero_kairos"], _day(one["saisie_le"]), one["jours"]),
        )
        for one in suivi["a_voir"]["lignes"]
    )
    columns = ("free:organisme", "hidden:siret", "code:complement", "free:kairos", "date:saisie_le", "number:jours")
    return _after("a_voir", suivi["a_voir"], words, columns, rows)


def _missed(suivi: FollowUp, words: Wording) -> PageTable:
    rows = (
        (
            *(one["numero_dsf"], one["complement"], one["code_sequence"]),
            one["id_absence"] or words("section.heures_ajoutees"),
            *(_day(one["date_debut"]), _day(one["date_fin"])),
        )
        for one in suivi["introuvables"]["lignes"]
    )
    columns = ("code:dsf", "code:complement", "code:sequence", "text:absence", "date:date_debut", "date:date_fin")
    return _after("introuvables", suivi["introuvables"], words, columns, rows)


def _let_pass(suivi: FollowUp, words: Wording, up: str) -> PageTable:
    rows = (
        (
            *cells.organisation(one["raison_sociale"], one["siret"]),
            PageCell(one["numero_dsf"], cells.report(up, one["siret"], one["depot"])),
            one["depot"],
            cells.codes(dict.fromkeys(one["codes"].split(), 1), words),
            *(one["lignes"], one["heures"]),
        )
        for one in suivi["debloques"]["lignes"]
    )
    columns = ("free:organisme", "hidden:siret", "code:dsf", "hidden:depot", "text:levees")
    return _after("debloques", suivi["debloques"], words, (*columns, "number:lignes", "hours:heures"), rows)


def _soundings(suivi: FollowUp, words: Wording, up: str) -> PageTable:
    rows = (
        (
            *cells.organisation(one["raison_sociale"], one["siret"]),
            PageCell(one["numero_dsf"], cells.report(up, one["siret"], one["depot"])),
            one["depot"],
            one["depots"],
            _amounts(one["heures"], words),
            *(_day(one["du"]), _day(one["au"])),
        )
        for one in suivi["sondages"]["lignes"]
    )
    columns = ("free:organisme", "hidden:siret", "code:dsf", "hidden:depot", "number:n_depots", "text:essayees")
    return _after("sondages", suivi["sondages"], words, (*columns, "date:date_debut", "date:date_fin"), rows)


def _amounts(hundredths: Sequence[int], words: Wording, most: int = 12) -> str:
    """Amounts of hours in their order, the last ``most`` of them."""
    told = [words.hours(hours(one)) for one in hundredths[-most:]]
    return " · ".join(["…", *told] if len(hundredths) > most else told)


def _after(
    name: str,
    listed: Mapping[str, Any],
    words: Wording,
    columns: Sequence[str],
    rows: Iterable[Sequence[PageCell | PageValue]],
) -> PageTable:
    title, note = words(f"section.{name}"), words(f"section.{name}_note")
    headed = cells.columns(words, *columns)
    return table(name.replace("_", "-"), title, headed, rows, listed["total"], most=cells.MOST, note=note)


def _day(text: str) -> date:
    return date.fromisoformat(text)
