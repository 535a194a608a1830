"""`dsf history`: who, when, from which file, sheet and row, by which rules and extract: as a timeline, and as data."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from pipeline import ledger
from pipeline.bilingual import Text, joined
from pipeline.cells.text import hours
from pipeline.commands.console import column, counted, plain, spent
from pipeline.settings import Settings
from pipeline.workspace import Workspace
from schemas.folding import key

WHICH = Text("donnez --dsf ou --depot ; --absence va avec --dsf.", "give --dsf or --depot; --absence goes with --dsf.")
_NOTHING = Text("Rien n'est connu sous ce numéro.", "Nothing is known under this number.")
_BY = Text("{what}, par {who}, dépôt {depot}", "{what}, by {who}, deposit {depot}")
_JUDGED = Text(
    "jugé par le passage {run}, règles {rules}, programme {program}, {extracts}",
    "judged by run {run}, rules {rules}, program {program}, {extracts}",
)
_EXTRACT = Text("extrait {nom} du {day}", "extract {nom} of {day}")
_NO_EXTRACT = Text("aucun extrait", "no extract")
_ABSENCE = Text(
    "{place} : absence {what} du {start} au {end}, séquence {sequence}, {hours} h",
    "{place}: absence {what} from {start} to {end}, séquence {sequence}, {hours} h",
)
_HOURS = Text(
    "{place} : du {start} au {end}, séquence {sequence}, {hours} h",
    "{place}: from {start} to {end}, séquence {sequence}, {hours} h",
)
_ROW = Text("{sheet}, ligne {row}", "{sheet}, row {row}")
_REFUSED = Text("refusé", "refused")


class _Event(NamedTuple):
    """Something that happened on a day, in the order in which it is told, with what is to be said of it."""

    day: str
    order: int
    word: Text
    head: str
    more: tuple[str, ...] = ()


def history(
    workspace: Workspace, settings: Settings, *, dsf: str = "", depot: str = "", absence: str = ""
) -> list[dict[str, Any]]:
    """Who, when, from which file, sheet and row, by which rules and extract: by deposit, by DSF, or by absence of a DSF.

    Each complement with ``saisie_le``, ``numero_kairos`` and ``vue_le``, "" until it has come so far.
    """
    with ledger.open(workspace, settings) as book:
        trail = book.trail(depot=depot, cle_dsf=key(dsf) if dsf else "", cle_absence=key(absence) if absence else "")
        for told in trail:
            for made in told.get("complements", ()):
                one = book.follow(made["numero"])
                made |= {
                    "saisie_le": one.saisie_le.isoformat() if one and one.saisie_le else "",
                    "numero_kairos": one.numero_kairos if one else "",
                    "vue_le": one.vue_le.isoformat() if one and one.vue_le else "",
                }
    return trail


def lines(trail: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What happened, day by day. No trainee is named: the row of the file says who it is."""
    if not trail:
        yield _NOTHING
    events = [event for depot in trail for event in _events(depot)]
    for event in sorted(events, key=lambda one: (one.day, one.order)):
        word, head = column(event.word, 8), event.head
        yield Text("{day}  {word} {head}", "{day}  {word} {head}").fill(day=_day(event.day), word=word, head=head)
        for more in event.more:
            yield Text("{pad}{more}", "{pad}{more}").fill(pad=" " * 21, more=more)


def _events(depot: Mapping[str, Any]) -> Iterator[_Event]:
    yield _Event(depot["date"], 0, _word(depot), _file(depot), tuple(_about(depot)))
    for made in depot.get("complements", ()):
        numero = plain(made["numero"])
        yield _Event(made["emis_le"], 1, Text("émise", "issued"), numero, tuple(_entries(made)))
        if made["saisie_le"]:
            kairos = Text("{numero}, numéro Kairos {kairos}", "{numero}, Kairos number {kairos}")
            head = kairos.fill(numero=numero, kairos=plain(made["numero_kairos"])) if made["numero_kairos"] else numero
            yield _Event(made["saisie_le"], 2, Text("saisie", "typed"), head)
        if made["vue_le"]:
            seen = Text("{numero}, dans un extrait de Kairos", "{numero}, in an extract of Kairos").fill(numero=numero)
            yield _Event(made["vue_le"], 3, Text("vue", "seen"), seen)


def _word(depot: Mapping[str, Any]) -> Text:
    return Text("essayé", "tried") if depot.get("essai") else Text("déposé", "dropped")


def _file(depot: Mapping[str, Any]) -> Text:
    who = plain(f"{depot['raison_sociale']} ({depot['siret']})" if depot["raison_sociale"] else depot["siret"])
    return _BY.fill(what=plain(depot["fichier"]), who=who, depot=depot["depot"])


def _about(depot: Mapping[str, Any]) -> Iterator[Text]:
    yield _REFUSED if depot["etat"] == "refuse" else _counted(depot)
    for one in depot.get("dsf", ()):
        yield Text("DSF {numero} : {counted}", "DSF {numero}: {counted}").fill(
            numero=plain(one["numero_dsf"]), counted=_counted(one)
        )
    if rules := depot.get("regles"):
        yield Text("constats : {rules}", "findings: {rules}").fill(
            rules=", ".join(f"{rule['code']} × {rule['constats']}" for rule in rules)
        )
    extracts = [_EXTRACT.fill(nom=plain(one["nom"]), day=_day(one["date_extraction"])) for one in depot["reference"]]
    versions = depot["versions"]
    yield _JUDGED.fill(
        run=depot["run"],
        rules=versions["regles"],
        program=versions["programme"],
        extracts=joined(extracts) if extracts else _NO_EXTRACT,
    )


def _counted(one: Mapping[str, Any]) -> Text:
    return counted(one["comptes"], {name: hours(value) for name, value in one["heures"].items()})


def _entries(made: Mapping[str, Any]) -> Iterator[Text]:
    """What was completed, with where it was read; numbers in capitals, as the ledger compares them."""
    for one in (*made["absences"], *made["heures"]):
        sheet = plain(one["feuille"])
        row = Text("ligne {row}", "row {row}").fill(row=one["ligne"])
        yield (_ABSENCE if "cle_absence" in one else _HOURS).fill(
            place=_ROW.fill(sheet=sheet, row=one["ligne"]) if sheet else row,
            what=plain(one.get("cle_absence", "")).upper(),
            start=_day(one["date_debut"]),
            end=_day(one["date_fin"]),
            sequence=plain(one["cle_sequence"]).upper(),
            hours=spent(hours(one["heures"])),
        )


def _day(text: str) -> str:
    return f"{date.fromisoformat(text[:10]):%d/%m/%Y}"
