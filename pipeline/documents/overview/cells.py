"""Columns and cells that several tables of the reviewer's pages have."""

from collections.abc import Mapping

from markupsafe import Markup

from pipeline.documents.overview import figures
from pipeline.documents.overview.figures import DepositData, counts
from pipeline.documents.overview.tables import ColumnKind, PageCell, PageColumn
from pipeline.documents.page import typed
from pipeline.documents.wording import Wording
from pipeline.jsonfile import hours
from pipeline.ledger.records import Counts

MOST = 200
"""Rows of other tables than that of the files: a page stays under 1.5 MB."""

_TONES = {"accepte": "bon", "partiel": "attend", "rejete": "faux", "refuse": "faux refuse"}
"""How the badge of each state looks."""


def columns(words: Wording, *names: str) -> list[PageColumn]:
    """Columns from ``kind:name``: a ``ColumnKind`` in small letters, and a name of the section ``col`` of the texts."""
    split = [name.split(":") for name in names]
    return [PageColumn(words(f"col.{name}"), ColumnKind[kind.upper()]) for kind, name in split]


def organisation(name: str, siret: str) -> tuple[PageCell, PageCell]:
    """The name with its SIRET under it; and the SIRET alone, for the CSV."""
    under = Markup("{}<br><small>{}</small>").format(typed(name), siret) if name else Markup("{}").format(siret)
    return PageCell(name or siret, shown=under), PageCell(siret)


def report(up: str, siret: str, deposit: str, kind: str = "retours") -> str:
    """The address of a deposit's report."""
    return f"{up}{siret}/{kind}/{deposit}/rapport.html"


def codes(found: Mapping[str, int], words: Wording, most: int = 6) -> PageCell:
    """Codes in their order, with what they mean on hover; past ``most`` how many more."""
    codes = sorted(found)
    shown = [Markup('<abbr title="{}">{}</abbr>').format(words.rule(code), code) for code in codes[:most]]
    more = Markup(" +{}").format(len(codes) - most) if len(codes) > most else Markup("")
    return PageCell(" ".join(codes), shown=Markup(" ").join(shown) + more)


def rule(code: str, words: Wording) -> PageCell:
    """A code with what it means beside it."""
    return PageCell(code, shown=Markup("{} <small>{}</small>").format(code, words.rule(code)))


def state(deposit: DepositData, words: Wording) -> PageCell:
    """What became of a deposit, as a badge."""
    state = figures.state(deposit)
    text = words(f"etat.{state}")
    return PageCell(text, shown=Markup('<span class="etat {}">{}</span>').format(_TONES[state], text))


def stake(hundredths: int, refused: int, words: Wording) -> PageCell:
    """Hours at stake. Those of ``refused`` files are unknown, and never shown as none."""
    if not refused:
        return PageCell(hundredths)
    if not hundredths:
        alone = words("mots.heures_inconnues") if refused == 1 else words("mots.refuses_inconnues", n=refused)
        return PageCell(None, shown=Markup("<small>{}</small>").format(alone))
    more = words("mots.et_refuses_inconnues", n=refused)
    known = words.hours(hours(hundredths))
    return PageCell(hundredths, shown=Markup("{} <small>{}</small>").format(known, more))


def lines_of(deposit: DepositData) -> tuple[int | None, ...]:
    """The lines of a deposit by verdict; of a refused file none was counted."""
    lines = by_verdict(counts(deposit["comptes"]))
    return (None,) * len(lines) if deposit["etat"] == "refuse" else lines


def by_verdict(lines: Counts) -> tuple[int, ...]:
    """All that was read, then by verdict."""
    return (lines.lues, lines.acceptees, lines.rejetees, lines.retenues, lines.deja_prises)
