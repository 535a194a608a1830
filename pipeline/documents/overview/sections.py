"""The tables of the reviewer's pages: what ``figures`` counted, in the words of the page."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from markupsafe import Markup

from pipeline.documents.overview import charts, figures
from pipeline.documents.overview.figures import Deposit, File, Organisation, Run, at_stake, counts
from pipeline.documents.overview.tables import Cell, Column, Table, Value, table
from pipeline.documents.page import typed
from pipeline.documents.wording import Words
from pipeline.ledger.records import Counts
from schemas.rules import CATALOGUE

"""Every rule, in the order of the catalogue."""
MOST_ORGANISATIONS = 300


def _columns(words: Words, *names: str) -> list[Column]:
    """Columns by ``kind:name``; a name alone is a text."""
    split = [name.rpartition(":") for name in names]
    return [Column(words(f"col.{name}"), kind or "texte") for kind, _, name in split]


def _share(lines: Counts) -> float | None:
    """Of the lines that were new, the part that was accepted."""
    new = lines.lues - lines.deja_prises
    return lines.acceptees / new if new else None


def organisation(name: str, siret: str) -> tuple[Cell, Cell]:
    """The name with its SIRET under it; and the SIRET alone, for the CSV."""
    under = Markup("{}<br><small>{}</small>").format(typed(name), siret) if name else Markup("{}").format(siret)
    return Cell(name or siret, shown=under), Cell(siret)


def report(up: str, siret: str, depot: str) -> str:
    """Address of a deposit's report, from the page. ``up``: from the page to the outbox."""
    return f"{up}{siret}/retours/{depot}/rapport.html"


def codes(found: Mapping[str, int], words: Words, most: int = 6) -> Cell:
    """Codes with what they mean on hover, in their order; past ``most`` their number."""
    known = sorted(found)
    shown = [Markup('<abbr title="{}">{}</abbr>').format(words.rule(code), code) for code in known[:most]]
    more = Markup(" +{}").format(len(known) - most) if len(known) > most else Markup("")
    return Cell(" ".join(known), shown=Markup(" ").join(shown) + more)


def files(listed: Iterable[Deposit], words: Words, up: str, *, most: int = 500, refused_first: bool = True) -> Table:
    """Deposits, the worst first. ``up``: from the page to the outbox."""
    ordered = figures.worst(listed, refused_first=refused_first)
    rows = (
        (
            *organisation(one.get("raison_sociale", ""), one["siret"]),
            Cell(one["fichier"], report(up, one["siret"], one["depot"])),
            one["depot"],
            words(f"etat.{figures.state(one)}"),
            at_stake(counts(one["heures"])),
            codes({rule["code"]: rule["constats"] for rule in one["regles"]}, words),
            *_lines(counts(one["comptes"])),
        )
        for one in ordered
    )
    columns = _columns(
        words,
        *("libre:organisme", "cache:siret", "libre:fichier", "cache:depot", "code:etat", "heures:enjeu", "regles"),
        *("nombre:lues", "nombre:acceptees", "nombre:rejetees", "nombre:retenues", "nombre:deja_prises"),
    )
    note = words("section.fichiers_note")
    return table("fichiers", words("section.fichiers"), columns, rows, len(ordered), most=most, note=note)


def _lines(lines: Counts) -> tuple[int, ...]:
    return (lines.lues, lines.acceptees, lines.rejetees, lines.retenues, lines.deja_prises)


def organisations(
    found: Sequence[Organisation], followed: Iterable[File], words: Words, most: int = MOST_ORGANISATIONS
) -> Table:
    """Organisations with most hours at stake first."""
    new: dict[str, tuple[int, int]] = {}
    for one in followed:
        count, right = new.get(one.siret, (0, 0))
        new[one.siret] = (count + 1, right + one.bon)
    rows = (
        (
            *organisation(one.raison_sociale, one.siret),
            one.depots,
            one.refuses,
            at_stake(one.heures),
            one.heures.acceptees,
            one.lignes.lues,
            one.lignes.rejetees,
            one.lignes.retenues,
            _share(one.lignes),
            new[one.siret][1] / new[one.siret][0] if one.siret in new else None,
        )
        for one in found
    )
    columns = _columns(
        words,
        *(
            "libre:organisme",
            "cache:siret",
            "nombre:depots",
            "nombre:refuses",
            "heures:enjeu",
            "heures:heures_acceptees",
        ),
        *("nombre:lues", "nombre:rejetees", "nombre:retenues", "part:part", "part:premier"),
    )
    return table("organismes", words("section.organismes"), columns, rows, len(found), most=most)


def _warns(code: str, runs: Sequence[Run]) -> bool:
    """Whether a rule only warned in the last of these runs."""
    chosen = runs[-1].get("reglages", {}).get("severites", {}).get(code)
    return chosen == "avertissement" if chosen else code.startswith("AVT")


def rules(runs: Sequence[Run], words: Words) -> Table:
    """Rules that fired, those that reject first; with several runs, how each went from one to the next."""
    trend = len(runs) > 1
    rows: list[tuple[Cell | Value, ...]] = []
    for one in sorted(figures.rules(runs), key=lambda rule: _warns(rule.code, runs)):
        warns = _warns(one.code, runs)
        said = (one.code, words.rule(one.code), words("effet.avertit" if warns else "effet.rejette"))
        stake = None if warns else one.heures  # a warning costs no hour
        row = (*said, one.constats, one.depots, len(one.organismes), stake)
        rows.append((*row, Cell(shown=charts.spark(one.par_run))) if trend else row)
    names = ["code:regle", "sens", "effet", "nombre:constats", "nombre:depots", "nombre:organismes", "heures:enjeu"]
    columns = _columns(words, *names, *(["image:tendance"] if trend else []))
    return table("regles", words("section.regles"), columns, rows, len(rows), note=words("section.regles_note"))


def never(runs: Iterable[Run]) -> list[str]:
    """Rules of the catalogue that no deposit of these runs broke."""
    fired = {rule["code"] for run in runs for deposit in figures.deposits(run) for rule in deposit["regles"]}
    return [code for code in CATALOGUE if code not in fired]


def matrix(found: Sequence[Organisation], words: Words, most: int = MOST_ORGANISATIONS) -> Table:
    """Organisations × rules: findings. Only organisations and rules with any."""
    with_rules = [one for one in found if one.regles]
    fired = {code for one in with_rules for code in one.regles}
    known = [code for code in CATALOGUE if code in fired] + sorted(fired - set(CATALOGUE))
    rows = (
        (
            *organisation(one.raison_sociale, one.siret),
            sum(one.regles.values()),
            *(one.regles.get(code) for code in known),
        )
        for one in with_rules
    )
    columns = [
        *_columns(words, "libre:organisme", "cache:siret", "nombre:constats"),
        *(Column(code, "nombre", words.rule(code)) for code in known),
    ]
    note, title = words("section.matrice_note"), words("section.matrice")
    return table("organismes-regles", title, columns, rows, len(with_rules), most=most, note=note, upright=True)


def pairs(runs: Iterable[Run], words: Words) -> Table:
    """Rules that fire on the same lines."""
    rows = [
        (
            Cell(pair.premiere, shown=_named(pair.premiere, words)),
            Cell(pair.seconde, shown=_named(pair.seconde, words)),
            pair.lignes_premiere,
            pair.lignes_seconde,
            pair.ensemble,
            pair.share,
        )
        for pair in figures.pairs(figures.combinations(runs))
    ]
    columns = _columns(
        words, *("regle", "autre", "nombre:lignes_a", "nombre:lignes_b", "nombre:ensemble", "part:part_ensemble")
    )
    note = words("section.ensemble_note")
    return table("regles-ensemble", words("section.ensemble"), columns, rows, len(rows), most=50, note=note)


def _named(code: str, words: Words) -> Markup:
    return Markup("{} <small>{}</small>").format(code, words.rule(code))


def waiting(followed: Iterable[File], day: date, words: Words, up: str) -> Table:
    """Held lines still waiting on ``day``, the oldest first."""
    rows = [
        (
            *organisation(one.raison_sociale, one.siret),
            Cell(one.numero_dsf, report(up, one.siret, one.depot)),
            one.depot,
            one.depuis,
            (day - one.depuis).days if one.depuis else None,
            one.lignes.retenues,
            one.lignes.rejetees,
            one.heures.retenues,
        )
        for one in figures.held(followed)
    ]
    columns = _columns(
        words,
        *("libre:organisme", "cache:siret", "code:dsf", "cache:depot", "date:depuis", "nombre:jours"),
        *("nombre:retenues", "nombre:rejetees", "heures:heures_retenues"),
    )
    note = words("section.retenues_note")
    return table("retenues", words("section.retenues"), columns, rows, len(rows), note=note)


def runs_table(runs: Sequence[Run], first: Mapping[str, tuple[int, int]], words: Words, up: str) -> Table:
    """One row a run, the last first. ``up``: from the page to the runs' folders."""
    rows: list[tuple[Cell | Value, ...]] = []
    for run in reversed(runs):
        whole = figures.whole(run)
        new, right = first.get(run["run"], (0, 0))
        rows.append(
            (
                Cell(run["run"], f"{up}{run['run']}/index.html"),
                figures.day_of(run),
                whole.depots,
                *_lines(whole.lignes),
                whole.heures.acceptees,
                at_stake(whole.heures),
                _share(whole.lignes),
                right / new if new else None,
            )
        )
    columns = _columns(
        words,
        *("code:execution", "date:date", "nombre:depots", "nombre:lues", "nombre:acceptees", "nombre:rejetees"),
        *(
            "nombre:retenues",
            "nombre:deja_prises",
            "heures:heures_acceptees",
            "heures:enjeu",
            "part:part",
            "part:premier",
        ),
    )
    return table("executions", words("section.tendance"), columns, rows, len(rows), most=400)
