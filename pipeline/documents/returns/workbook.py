"""``a-corriger-<depot>.xlsx``: the lines that need work, as typed, in the template's layout; dropped again, it is read."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from pipeline.cells import text
from pipeline.documents import layout
from pipeline.documents.layout import LayoutColumn
from pipeline.documents.returns.causes import LinePlace, awaited, place
from pipeline.documents.returns.entries import CellData, FindingData, LineData, ReportData
from pipeline.documents.returns.keeping import OwnColumn
from pipeline.documents.returns.known import choices, write_lists
from pipeline.documents.returns.limits import COMMENTS, SAID, left_out, to_correct
from pipeline.documents.wording import Wording, cut
from pipeline.documents.xlsx import Book, BookSheet, CellValue, clean
from schemas import informative
from schemas.fields import FIELDS, KINDS, SHEETS

_OURS = 3
"""Columns before the fields: what to do, what is expected, where the line comes from."""
_OLDEST = date(1900, 3, 1)  # spreadsheets do not agree on the days before this one


def corrections(report: ReportData) -> bytes:
    """The workbook to correct; ``b""`` where no line is rejected or held."""
    lines = [line for line in report["lignes"] if line["verdict"] in ("rejetee", "retenue")]
    return _Corrections(report, lines).made() if lines else b""


def value(cell: CellData) -> CellValue:
    """A cell of a report as the value to type again; ``cells.text.encode`` lists the kinds of cells."""
    kind, content = cell["t"], cell["v"]
    if content is None or content == "":
        return None
    if kind == "d":
        return _day(date.fromisoformat(content))
    if kind == "dt":
        moment = datetime.fromisoformat(content)
        return _day(moment if moment.time() != time() else moment.date())
    if kind == "h":
        return timedelta(microseconds=int((Decimal(str(content)) * 1_000_000).to_integral_value()))
    if kind == "n":
        return float(content) if isinstance(content, Decimal) else content
    return bool(content) if kind == "b" else str(content)


def _day(day: date) -> date | str:
    """A day that spreadsheets do not know is typed as text, which reads the same."""
    plain = day.date() if isinstance(day, datetime) else day
    return day if plain >= _OLDEST else text.day(plain)


class _Corrections:
    """One workbook being made. ``faults``: the rejecting findings of each line; ``wide``: those of the whole deposit."""

    def __init__(self, report: ReportData, lines: list[LineData]) -> None:
        self.report = report
        self.lines = lines
        self.words = Wording.of(report)
        self.book = Book(date.fromisoformat(report["date"]))
        self.styles = layout.styles(self.book)
        self.comments = 0
        self.faults: dict[LinePlace, list[FindingData]] = {}
        self.wide = [f for f in report["constats"] if f["severite"] == "rejet" and f["portee"] == "depot"]
        for finding in report["constats"]:
            if finding["severite"] == "rejet" and finding["portee"] == "ligne":
                self.faults.setdefault((finding["feuille"], finding["ligne"]), []).append(finding)

    def made(self) -> bytes:
        """The bytes of the workbook, opened on the first sheet that has lines, or on what it says to be left out."""
        tables = [self._add_table(kind, [line for line in self.lines if line["nature"] == kind]) for kind in KINDS]
        declared = self.report.get("declarant", {})
        known = {
            "SIRET": self.report["siret"],
            "Pour le compte de": declared.get("pour_le_compte_de", ""),
            "Contact": declared.get("contact", ""),
            layout.ORIGIN: self.report["depot"],
        }
        layout.write_declarant(self.book, self.styles, known, self.words)
        guide = self._add_guide()
        if self.report["sequences"]:
            write_lists(self.book, self.styles, self.report, self.words)
        filled = {SHEETS[line["nature"]] for line in self.lines}
        first = guide if self._left_out() else next(sheet for sheet in tables if sheet.name in filled)
        first.open_here()
        return self.book.made()

    def _left_out(self) -> list[str]:
        """What is not in the workbook, and what else may be done."""
        kept, whole = to_correct(self.report)
        said = [self.words("classeur.reprise_limite", n=whole, montrees=kept)] if kept < whole else []
        columns = left_out(self.report, "colonnes")
        return said + ([self.words("classeur.reprise_colonnes", n=columns)] if columns else [])

    def _add_guide(self) -> BookSheet:
        steps = [*self._left_out(), self.words("classeur.reprise_1", fichier=self.report["fichier"][:200])]
        steps += [self.words(f"classeur.reprise_{step}", feuille=self.words("listes.feuille")) for step in (2, 3, 4)]
        if self.comments >= COMMENTS:
            steps.append(self.words("classeur.reprise_coupe", n=COMMENTS))
        motifs = [(m["code"], m["libelle"], m["piece_attendue"]) for m in self.report["motifs"] if m["financable"]]
        return layout.write_guide(
            self.book, self.styles, self.words("classeur.reprise_titre"), steps, motifs, self.words
        )

    def _add_table(self, kind: str, lines: list[LineData]) -> BookSheet:
        sheet = self.book.add_sheet(SHEETS[kind])
        own = _own_columns(lines)
        columns = [
            LayoutColumn(informative.QUE_FAIRE, width=42, ours=True),
            LayoutColumn(informative.ATTENDU, width=26, ours=True),
            LayoutColumn(informative.ORIGINE, width=14, ours=True),
            *layout.field_columns(kind),
            *(LayoutColumn(clean(heading), width=15) for heading, _ in own),
        ]
        layout.write_headings(sheet, columns, self.styles, frozen=_OURS)
        for row, line in enumerate(lines, 1):
            self._add_line(sheet, row, line, columns, own)
        last = max(len(lines), 1)
        layout.add_help(sheet, columns, last, self.words, choices(self.report, lines))
        layout.set_up_sheet(sheet, len(columns), last, self.words)
        return sheet

    def _add_line(
        self, sheet: BookSheet, row: int, line: LineData, columns: list[LayoutColumn], own: list[OwnColumn]
    ) -> None:
        """Write one line: what to do, where it comes from, our fields, then the sender's own columns."""
        rejected = line["verdict"] == "rejetee"
        faults = self.faults.get((line["feuille"], line["ligne"]), self.wide) if rejected else []
        to_do = (self.words("classeur.essai") if self.words.trial else "") + self._to_do(line, faults)
        sheet.put(row, 0, to_do, self.styles["text" if rejected else "held"])
        expected, origin = _expected(faults), self._origin(line, sheet.name)
        sheet.put(row, 1, expected, self.styles["text"])
        sheet.put(row, 2, origin, self.styles["text"])
        shown: list[tuple[object, int]] = [
            (said, column.width) for said, column in zip((to_do, expected, origin), columns, strict=False)
        ]
        others = _by_own_column(line["autres"])
        cells = [line["cellules"].get(column.name) for column in columns[_OURS:] if column.field]
        cells += [others.get(column) for column in own]
        faulty = _by_column(faults)
        for index, (column, cell) in enumerate(zip(columns[_OURS:], cells, strict=True), _OURS):
            content = value(cell) if cell else None
            here = faulty.get((column.field.name, "") if column.field else ("", column.heading))
            style = self.styles["faulty" if here else "input"]
            sheet.put(row, index, content, style, layout.input_format(column.field, content))
            shown += [(content, column.width)] if isinstance(content, str) else []
            if here:
                self._comment(sheet, row, index, here)
        sheet.height(row, layout.row_height(*shown))

    def _to_do(self, line: LineData, faults: list[FindingData]) -> str:
        """The cell « Que faire » of a line."""
        if line["verdict"] == "retenue":
            if not line.get("attend"):
                return self.words("classeur.faire_attend_seule")
            waits = awaited(self.words, line, line["feuille"], "mots.ligne_d_origine")
            return self.words("classeur.faire_attend", attend=" ; ".join(waits))
        said = [self._sentence(finding) for finding in faults]
        if len(said) > 1:
            said = [f"{number}. {sentence}" for number, sentence in enumerate(said, 1)]
        return cut("\n".join(said), SAID)

    def _origin(self, line: LineData, home: str) -> str:
        """Where the line stands in the file that was dropped, and where it stood in the one that this corrects."""
        here = place(self.words, line["feuille"] if line["feuille"] != home else "", [line["ligne"]])
        if "origine" not in line:
            return here
        earlier = line["origine"]
        before = place(self.words, earlier["feuille"] if earlier["feuille"] != home else "", [earlier["ligne"]])
        return self.words("rapport.d_origine", place=here, origine=before)

    def _sentence(self, finding: FindingData) -> str:
        """What is wrong and what to do, under the heading that the column has in this workbook."""
        name, message, action = finding["champ"], finding["message"], finding["geste"]
        heading = FIELDS[name].headings[finding["nature"]] if name in FIELDS else finding["titre"]
        if not heading or heading in message:
            return self.words.typeset(f"{message} {action}".strip())
        said = self.words("classeur.faire_constat", titre=heading, message=message, geste=action)
        return self.words.typeset(said.strip())

    def _comment(self, sheet: BookSheet, row: int, column: int, faults: Iterable[FindingData]) -> None:
        """Comment a cell with its faults, unless ``COMMENTS`` cells have a comment already."""
        if self.comments >= COMMENTS:
            return
        self.comments += 1
        said = cut("\n".join(f"{f['message']} {f['geste']}".strip() for f in faults), SAID)
        sheet.comment(row, column, said, width=300, height=min(24 + 18 * layout.wrapped_lines(said, 38), 400))


def _expected(faults: Iterable[FindingData]) -> str:
    """The cell « Attendu » of a line: what each of its faults expects, numbered as in « Que faire »."""
    said = [fault["attendu"] for fault in faults]
    if len(said) > 1:
        said = [f"{number}. {expected or '—'}" for number, expected in enumerate(said, 1)]
    return cut("\n".join(said), SAID)


def _by_own_column(others: Iterable[CellData]) -> dict[OwnColumn, CellData]:
    """The sender's own cells of a line by column; the columns that we add to inform are left out."""
    seen: dict[str, int] = {}
    found: dict[OwnColumn, CellData] = {}
    for other in others:
        heading = other["titre"]
        if heading.strip() in (informative.QUE_FAIRE, informative.ATTENDU, informative.ORIGINE):
            continue
        rank = seen[heading] = seen.get(heading, -1) + 1
        found[heading, rank] = other
    return found


def _own_columns(lines: Iterable[LineData]) -> list[OwnColumn]:
    """The sender's own columns that hold something, in the order in which they are met."""
    ordered: dict[OwnColumn, bool] = {}
    for line in lines:
        for column, cell in _by_own_column(line["autres"]).items():
            ordered[column] = ordered.get(column, False) or cell["v"] not in (None, "")
    return [column for column, filled in ordered.items() if filled]


def _by_column(faults: Iterable[FindingData]) -> dict[tuple[str, str], list[FindingData]]:
    """Findings by the column of the workbook whose cell they are about: its field, or the heading of one that has none."""
    found: dict[tuple[str, str], list[FindingData]] = {}
    for fault in faults:
        column = (fault["champ"], "") if fault["champ"] else ("", clean(fault["titre"]))
        found.setdefault(column, []).append(fault)
    return found
