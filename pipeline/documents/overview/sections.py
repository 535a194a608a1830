"""The tables of the reviewer's pages: what ``figures`` counted, in the words of the page.

``up``, where it is asked for, leads from the page to the outbox (to the folders of the runs for ``runs_table``).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from markupsafe import Markup

from pipeline.documents.overview import charts, figures
from pipeline.documents.overview.figures import (
    DepositData,
    FirstTime,
    FollowedDsf,
    OrganisationFigures,
    RunData,
    at_stake,
    counts,
)
from pipeline.documents.overview.tables import ColumnKind, PageCell, PageColumn, PageTable, PageValue, table
from pipeline.documents.page import typed
from pipeline.documents.wording import Wording
from pipeline.jsonfile import hours
from pipeline.judging.follow_up import FollowUp
from pipeline.ledger.records import Counts
from schemas.rules import CATALOGUE

MOST_ORGANISATIONS = 300
"""Organisations that one table shows."""
MOST = 200
"""Rows of other tables than that of the files: a page stays under 1.5 MB."""

_TONES = {"accepte": "bon", "partiel": "attend", "rejete": "faux", "refuse": "faux refuse"}
"""How the badge of each state looks."""


def deposits_table(
    listed: Iterable[DepositData], words: Wording, up: str, *, most: int = 500, refused_first: bool = True
) -> PageTable:
    """Deposits in the order of ``figures.worst``, each with a link to its report."""
    ordered = figures.worst(listed, refused_first=refused_first)
    rows = (
        (
            *_organisation(one.get("raison_sociale", ""), one["siret"]),
            PageCell(one["fichier"], _report(up, one["siret"], one["depot"])),
            one["depot"],
            _state(one, words),
            _stake(at_stake(counts(one["heures"])), int(one["etat"] == "refuse"), words),
            _codes(figures.findings(one), words),
            *_read(one),
        )
        for one in ordered
    )
    columns = _columns(
        words,
        *("free:organisme", "hidden:siret", "free:fichier", "hidden:depot", "code:etat", "hours:enjeu", "text:regles"),
        *("number:lues", "number:acceptees", "number:rejetees", "number:retenues", "number:deja_prises"),
    )
    note = words("section.fichiers_note")
    return table("fichiers", words("section.fichiers"), columns, rows, len(ordered), most=most, note=note)


def trials_table(tried: Sequence[DepositData], words: Wording, up: str) -> PageTable:
    """Trials in their order, each with a link to its report. ``words``: those of trials."""
    rows = (
        (
            *_organisation(one["raison_sociale"], one["siret"]),
            PageCell(one["fichier"], _report(up, one["siret"], one["depot"], "essais")),
            one["depot"],
            _state(one, words),
            *_read(one),
        )
        for one in tried
    )
    columns = _columns(
        words,
        *("free:organisme", "hidden:siret", "free:fichier", "hidden:depot", "code:etat"),
        *("number:lues", "number:acceptees", "number:rejetees", "number:retenues", "number:deja_prises"),
    )
    return table("essais", words("section.essais"), columns, rows, len(tried), note=words("section.essais_note"))


def organisations_table(
    found: Sequence[OrganisationFigures],
    followed: Iterable[FollowedDsf],
    words: Wording,
    most: int = MOST_ORGANISATIONS,
) -> PageTable:
    """Organisations in the order of ``found``. ``followed``: the DSF that count as new."""
    first = figures.first_time_by_siret(followed)
    rows = (
        (
            *_organisation(one.name, one.siret),
            one.deposits,
            one.refused,
            _stake(at_stake(one.hours), one.refused, words),
            one.hours.acceptees,
            one.lines.lues,
            one.lines.rejetees,
            one.lines.retenues,
            figures.accepted_share(one.lines),
            first.get(one.siret, FirstTime()).share,
        )
        for one in found
    )
    columns = _columns(
        words,
        *("free:organisme", "hidden:siret", "number:depots", "number:refuses", "hours:enjeu", "hours:heures_acceptees"),
        *("number:lues", "number:rejetees", "number:retenues", "share:part", "share:premier"),
    )
    return table("organismes", words("section.organismes"), columns, rows, len(found), most=most)


def rules_table(runs: Sequence[RunData], words: Wording) -> PageTable:
    """The rules that fired, those that reject first; over several runs, with the findings of each from run to run."""
    trend = len(runs) > 1
    rows: list[tuple[PageCell | PageValue, ...]] = []
    for one in sorted(figures.rules(runs), key=lambda rule: _warns(rule.code, runs)):
        warns = _warns(one.code, runs)
        said = (one.code, words.rule(one.code), words("effet.avertit" if warns else "effet.rejette"))
        stake = None if warns else _stake(one.hours, one.refused, words)  # a warning costs no hour
        row = (*said, one.findings, one.deposits, len(one.organisations), stake)
        rows.append((*row, PageCell(shown=charts.spark(one.per_run))) if trend else row)
    columns = _columns(
        words,
        *("code:regle", "text:sens", "text:effet", "number:constats", "number:depots", "number:organismes"),
        *("hours:enjeu", *(["drawn:tendance"] if trend else [])),
    )
    return table("regles", words("section.regles"), columns, rows, len(rows), note=words("section.regles_note"))


def never_fired(runs: Iterable[RunData]) -> list[str]:
    """The codes of the catalogue's rules that no deposit of ``runs`` broke."""
    fired = {code for run in runs for deposit in figures.deposits(run) for code in figures.findings(deposit)}
    return [code for code in CATALOGUE if code not in fired]


def matrix(found: Sequence[OrganisationFigures], words: Wording, most: int = MOST_ORGANISATIONS) -> PageTable:
    """Findings by organisation and rule; only organisations and rules that have any."""
    with_findings = [one for one in found if one.rules]
    fired = {code for one in with_findings for code in one.rules}
    codes = [code for code in CATALOGUE if code in fired] + sorted(fired - set(CATALOGUE))
    rows = (
        (*_organisation(one.name, one.siret), sum(one.rules.values()), *(one.rules.get(code) for code in codes))
        for one in with_findings
    )
    columns = [
        *_columns(words, "free:organisme", "hidden:siret", "number:constats"),
        *(PageColumn(code, ColumnKind.NUMBER, words.rule(code)) for code in codes),
    ]
    note, title = words("section.matrice_note"), words("section.matrice")
    return table("organismes-regles", title, columns, rows, len(with_findings), most=most, note=note, upright=True)


def pairs_table(runs: Iterable[RunData], words: Wording) -> PageTable:
    """Pairs of rules that stand on the same lines."""
    rows = [
        (
            _rule(pair.first, words),
            _rule(pair.second, words),
            pair.lines_of_first,
            pair.lines_of_second,
            pair.lines_of_both,
            pair.share,
        )
        for pair in figures.pairs(figures.combinations(runs))
    ]
    columns = _columns(
        words,
        "text:regle",
        "text:autre",
        "number:lignes_a",
        "number:lignes_b",
        "number:ensemble",
        "share:part_ensemble",
    )
    note = words("section.ensemble_note")
    return table("regles-ensemble", words("section.ensemble"), columns, rows, len(rows), most=50, note=note)


def held_table(followed: Iterable[FollowedDsf], day: date, words: Wording, up: str) -> PageTable:
    """The DSF with held lines on ``day``, the oldest first, each with a link to its last report."""
    rows = [
        (
            *_organisation(one.organisation, one.siret),
            PageCell(one.dsf, _report(up, one.siret, one.deposit)),
            one.deposit,
            one.held_since,
            (day - one.held_since).days if one.held_since else None,
            one.lines.retenues,
            one.lines.rejetees,
            one.hours.retenues,
        )
        for one in figures.held(followed)
    ]
    columns = _columns(
        words,
        *("free:organisme", "hidden:siret", "code:dsf", "hidden:depot", "date:depuis", "number:jours"),
        *("number:retenues", "number:rejetees", "hours:heures_retenues"),
    )
    note = words("section.retenues_note")
    return table("retenues", words("section.retenues"), columns, rows, len(rows), most=MOST, note=note)


def runs_table(runs: Sequence[RunData], first: Mapping[str, FirstTime], words: Wording, up: str) -> PageTable:
    """One row for each run, the last first. ``first``: as ``figures.first_time_by_run`` gives."""
    rows = [_run_row(run, first.get(run["run"], FirstTime()), words, up) for run in reversed(runs)]
    columns = _columns(
        words,
        *("code:execution", "date:date", "number:depots", "number:lues", "number:acceptees", "number:rejetees"),
        *("number:retenues", "number:deja_prises", "hours:heures_acceptees", "hours:enjeu", "share:part"),
        "share:premier",
    )
    return table("executions", words("section.tendance"), columns, rows, len(rows), most=400)


def _run_row(run: RunData, first: FirstTime, words: Wording, up: str) -> tuple[PageCell | PageValue, ...]:
    totals = figures.totals(run)
    return (
        PageCell(run["run"], f"{up}{run['run']}/index.html"),
        figures.day_of(run),
        totals.deposits,
        *_lines(totals.lines),
        totals.hours.acceptees,
        _stake(at_stake(totals.hours), totals.refused, words),
        figures.accepted_share(totals.lines),
        first.share,
    )


# --- after complements have left --------------------------------------------------------------------------------------


def after_tables(suivi: FollowUp, words: Wording, up: str) -> list[PageTable]:
    """To be typed, to be seen, missed by the extracts, let pass by them: each list of ``suivi`` as a table."""
    return [_to_type(suivi, words), _to_see(suivi, words), _missed(suivi, words), _let_pass(suivi, words, up)]


def _to_type(suivi: FollowUp, words: Wording) -> PageTable:
    rows = (
        (*_organisation(one["raison_sociale"], one["siret"]), one["numero"], _day(one["emis_le"]), one["jours"])
        for one in suivi["a_saisir"]["lignes"]
    )
    columns = ("free:organisme", "hidden:siret", "code:complement", "date:emis_le", "number:jours")
    return _after("a_saisir", suivi, words, columns, rows)


def _to_see(suivi: FollowUp, words: Wording) -> PageTable:
    rows = (
        (
            *_organisation(one["raison_sociale"], one["siret"]),
            *(one["numero"], one["numero_kairos"], _day(one["saisie_le"]), one["jours"]),
        )
        for one in suivi["a_voir"]["lignes"]
    )
    columns = ("free:organisme", "hidden:siret", "code:complement", "free:kairos", "date:saisie_le", "number:jours")
    return _after("a_voir", suivi, words, columns, rows)


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
    return _after("introuvables", suivi, words, columns, rows)


def _let_pass(suivi: FollowUp, words: Wording, up: str) -> PageTable:
    rows = (
        (
            *_organisation(one["raison_sociale"], one["siret"]),
            PageCell(one["numero_dsf"], _report(up, one["siret"], one["depot"])),
            one["depot"],
            _codes(dict.fromkeys(one["codes"].split(), 1), words),
            *(one["lignes"], one["heures"]),
        )
        for one in suivi["debloques"]["lignes"]
    )
    columns = ("free:organisme", "hidden:siret", "code:dsf", "hidden:depot", "text:levees")
    return _after("debloques", suivi, words, (*columns, "number:lignes", "hours:heures"), rows)


def _after(
    name: str,
    suivi: FollowUp,
    words: Wording,
    columns: Sequence[str],
    rows: Iterable[Sequence[PageCell | PageValue]],
) -> PageTable:
    title, note = words(f"section.{name}"), words(f"section.{name}_note")
    total = suivi[name]["total"]
    return table(name.replace("_", "-"), title, _columns(words, *columns), rows, total, most=MOST, note=note)


def _day(text: str) -> date:
    return date.fromisoformat(text)


# --- columns and cells ------------------------------------------------------------------------------------------------


def _columns(words: Wording, *names: str) -> list[PageColumn]:
    """Columns from ``kind:name``: a ``ColumnKind`` in small letters, and a name of the section ``col`` of the texts."""
    split = [name.split(":") for name in names]
    return [PageColumn(words(f"col.{name}"), ColumnKind[kind.upper()]) for kind, name in split]


def _organisation(name: str, siret: str) -> tuple[PageCell, PageCell]:
    """The name with its SIRET under it; and the SIRET alone, for the CSV."""
    under = Markup("{}<br><small>{}</small>").format(typed(name), siret) if name else Markup("{}").format(siret)
    return PageCell(name or siret, shown=under), PageCell(siret)


def _report(up: str, siret: str, deposit: str, kind: str = "retours") -> str:
    """The address of a deposit's report."""
    return f"{up}{siret}/{kind}/{deposit}/rapport.html"


def _codes(found: Mapping[str, int], words: Wording, most: int = 6) -> PageCell:
    """Codes in their order, with what they mean on hover; past ``most`` how many more."""
    codes = sorted(found)
    shown = [Markup('<abbr title="{}">{}</abbr>').format(words.rule(code), code) for code in codes[:most]]
    more = Markup(" +{}").format(len(codes) - most) if len(codes) > most else Markup("")
    return PageCell(" ".join(codes), shown=Markup(" ").join(shown) + more)


def _rule(code: str, words: Wording) -> PageCell:
    """A code with what it means beside it."""
    return PageCell(code, shown=Markup("{} <small>{}</small>").format(code, words.rule(code)))


def _state(deposit: DepositData, words: Wording) -> PageCell:
    """What became of a deposit, as a badge."""
    state = figures.state(deposit)
    text = words(f"etat.{state}")
    return PageCell(text, shown=Markup('<span class="etat {}">{}</span>').format(_TONES[state], text))


def _stake(hundredths: int, refused: int, words: Wording) -> PageCell:
    """Hours at stake. Those of ``refused`` files are unknown, and never shown as none."""
    if not refused:
        return PageCell(hundredths)
    if not hundredths:
        alone = words("mots.heures_inconnues") if refused == 1 else words("mots.refuses_inconnues", n=refused)
        return PageCell(None, shown=Markup("<small>{}</small>").format(alone))
    more = words("mots.et_refuses_inconnues", n=refused)
    known = words.hours(hours(hundredths))
    return PageCell(hundredths, shown=Markup("{} <small>{}</small>").format(known, more))


def _read(deposit: DepositData) -> tuple[int | None, ...]:
    """The lines of a deposit by verdict; of a refused file none was counted."""
    lines = _lines(counts(deposit["comptes"]))
    return (None,) * len(lines) if deposit["etat"] == "refuse" else lines


def _lines(lines: Counts) -> tuple[int, ...]:
    return (lines.lues, lines.acceptees, lines.rejetees, lines.retenues, lines.deja_prises)


def _warns(code: str, runs: Sequence[RunData]) -> bool:
    """Whether a rule only warned in the last of these runs."""
    chosen = runs[-1].get("reglages", {}).get("severites", {}).get(code)
    return chosen == "avertissement" if chosen else code.startswith("AVT")
