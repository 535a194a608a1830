"""What the workbook to correct knows of the depositor's own DSF: drop-down lists row by row, and a sheet with all of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from pipeline.documents import layout
from pipeline.documents.layout import Choices
from pipeline.documents.returns.entries import LineData, ReportData
from pipeline.documents.wording import Wording
from pipeline.documents.xlsx import Book, Paper, Style
from schemas.folding import key
from schemas.saying import days

_LIST = 255
"""Characters that a list typed into a cell's validation may have."""
_ROWS = 3_000
"""Rows that have lists of their own: each is a validation, and a spreadsheet program takes long to open many thousands."""

_COLUMNS = (
    *(("dsf", 14), ("periode", 26), ("stagiaire", 15), ("nom", 18), ("prenom", 16), ("sequence", 13)),
    *(("libelle", 28), ("prevues", 11), ("reste", 11), ("absence", 13), ("jours", 28), ("heures", 12)),
)
"""Columns of the sheet: texts of ``listes``, and their widths in characters."""


def choices(report: ReportData, lines: Sequence[LineData]) -> Choices:
    """The values that would do in the cells of each of ``lines`` that name a DSF, a trainee, a séquence or an absence."""
    known = _Known(report)
    found: dict[str, dict[tuple[str, ...], list[int]]] = {}
    for row, line in enumerate(lines[:_ROWS], 1):
        if line["verdict"] != "rejetee":
            continue
        for name, values in known.of(line).items():
            if _fits(values):
                found.setdefault(name, {}).setdefault(values, []).append(row)
    return found


def _fits(values: tuple[str, ...]) -> bool:
    return bool(values) and len(",".join(values)) <= _LIST and not any("," in value or not value for value in values)


class _Known:
    """The lists of a report by the keys that a line names."""

    def __init__(self, report: ReportData) -> None:
        self._dsf = tuple(one["numero_dsf"] for one in report["dsf"])
        self._people: dict[str, dict[str, None]] = {}
        self._sequences: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for one in report["sequences"]:
            self._people.setdefault(key(one["numero_dsf"]), {})[one["identifiant_de"]] = None
            self._sequences.setdefault((key(one["numero_dsf"]), key(one["identifiant_de"])), []).append(one)

    def of(self, line: LineData) -> dict[str, tuple[str, ...]]:
        """Name of a column → the values that would do in it on ``line``."""
        dsf, person = key(line["numero_dsf"]), key(line["identifiant_de"])
        own = self._sequences.get((dsf, person), [])
        here = [one for one in own if key(one["code_sequence"]) == key(line["code_sequence"])] or own
        return {
            "numero_dsf": self._dsf,
            "identifiant_de": tuple(self._people.get(dsf, ())),
            "code_sequence": tuple(one["code_sequence"] for one in own),
            "id_absence": tuple(absence["id_absence"] for one in here for absence in one["absences"]),
        }


def write_lists(book: Book, styles: Mapping[str, Style], report: ReportData, words: Wording) -> None:
    """Write the sheet of all that is known: a row a séquence of a trainee, and a row each of its absences."""
    sheet = book.add_sheet(words("listes.feuille"))
    for column, (name, _) in enumerate(_COLUMNS):
        sheet.put(0, column, words(f"listes.{name}"), styles["heading"])
    sheet.widths(width for _, width in _COLUMNS)
    sheet.height(0, 32)
    sheet.freeze(1)
    periods = {one["numero_dsf"]: _days(one["periode_debut"], one["periode_fin"], words) for one in report["dsf"]}
    rows = [row for one in report["sequences"] for row in _rows(one, periods, words)]
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            sheet.put(number, column, value, styles["text"], "0.00" if isinstance(value, float) else "@")
        texts = [(str(value), width) for value, (_, width) in zip(row, _COLUMNS, strict=True) if isinstance(value, str)]
        sheet.height(number, layout.row_height(*texts))
    sheet.filter(max(len(rows), 1), len(_COLUMNS) - 1)
    sheet.print_on(Paper(landscape=True, side=0.4, end=0.6, edge=0.3, first_row_again=True))


def _rows(
    one: Mapping[str, Any], periods: Mapping[str, str], words: Wording
) -> Iterable[tuple[str | float | None, ...]]:
    names = ("identifiant_de", "nom", "prenom", "code_sequence", "libelle_sequence")
    head = (one["numero_dsf"], periods.get(one["numero_dsf"], ""), *(one[name] for name in names))
    left = one["heures_reste"]
    head = (*head, float(one["heures_prevues"]), None if left is None else float(left))
    if not one["absences"]:
        yield (*head, "", "", None)
    for absence in one["absences"]:
        when = _days(absence["date_debut"], absence["date_fin"], words)
        yield (*head, absence["id_absence"], when, float(absence["heures"]))


def _days(first: str, last: str, words: Wording) -> str:
    return days(date.fromisoformat(first[:10]), date.fromisoformat(last[:10]), words.language)
