"""``a-corriger.xlsx``: the lines that need work, as they were typed, in the template's layout; dropped again, it is read."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.documents import layout, xlsx
from pipeline.documents.returns.causes import Finding, awaited, place
from pipeline.documents.wording import Words
from schemas import informative
from schemas.fields import FIELDS, KINDS, SHEETS

Model = Mapping[str, Any]
Extra = tuple[str, int]
"""A column of the sender's own: its heading, and which of the columns with that heading."""

COMMENTS = 3_000
"""Cells with a comment, at most: each is a drawing, and a spreadsheet program takes long to open thousands of them."""
_TOLD = 1_500  # signs of « Que faire » or of a comment
_OLDEST = date(1900, 3, 1)  # a spreadsheet has no other day before that one for sure


def corrections(model: Model) -> bytes:
    """The workbook, or ``b""`` when no line is rejected or held."""
    lines = [line for line in model["lignes"] if line["verdict"] in ("rejetee", "retenue")]
    if not lines:
        return b""
    return _Corrections(model, lines).make()


def value(cell: Model) -> xlsx.Value:
    """A cell of the model as what is typed again; see the codec in docs/architecture.md."""
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
    """A day older than spreadsheets know is typed as text, which reads the same."""
    plain = day.date() if isinstance(day, datetime) else day
    return day if plain >= _OLDEST else f"{plain:%d/%m/}{plain.year:04d}"


class _Corrections:
    def __init__(self, model: Model, lines: list[Model]) -> None:
        self.model = model
        self.lines = lines
        self.words = Words(model["langue"])
        self.book = Workbook()
        self.book.remove(self.book.worksheets[0])
        self.styles = layout.Styles(self.book)
        self.comments = 0
        self.faults: dict[tuple[str, int], list[Finding]] = {}
        for constat in model["constats"]:
            if constat["severite"] == "rejet" and constat["portee"] == "ligne":
                self.faults.setdefault((constat["feuille"], constat["ligne"]), []).append(constat)

    def make(self) -> bytes:
        for nature in KINDS:
            self._table(nature, [line for line in self.lines if line["nature"] == nature])
        filled = {SHEETS[line["nature"]] for line in self.lines}
        self.book.active = next(i for i, sheet in enumerate(self.book.worksheets) if sheet.title in filled)
        declared = self.model.get("declarant", {})
        known = {
            "SIRET": self.model["siret"],
            "Pour le compte de": declared.get("pour_le_compte_de", ""),
            "Contact": declared.get("contact", ""),
        }
        layout.declarant(self.book, self.styles, known, self.words)
        self._guide()
        for sheet in self.book.worksheets:
            sheet.sheet_view.tabSelected = sheet is self.book.active
        return xlsx.save(self.book, date.fromisoformat(self.model["date"]))

    def _guide(self) -> None:
        steps = [self.words("classeur.reprise_1", fichier=self.model["fichier"][:200])]
        steps += [self.words(f"classeur.reprise_{step}") for step in (2, 3, 4)]
        if self.comments >= COMMENTS:
            steps.append(self.words("classeur.reprise_coupe", n=COMMENTS))
        motifs = [
            (m["code"], m["libelle"], m.get("piece_attendue", "")) for m in self.model["motifs"] if m["financable"]
        ]
        layout.guide(self.book, self.styles, self.words("classeur.reprise_titre"), steps, motifs, self.words)

    def _table(self, nature: str, lines: list[Model]) -> None:
        sheet = self.book.create_sheet(SHEETS[nature])
        extras = _extras(lines)
        columns = [
            layout.Column(informative.QUE_FAIRE, largeur=42, ours=True),
            layout.Column(informative.ORIGINE, largeur=14, ours=True),
            *layout.field_columns(nature),
            *(layout.Column(xlsx.clean(titre), largeur=15) for titre, _ in extras),
        ]
        layout.heading(sheet, columns, self.styles, frozen=2)
        for row, line in enumerate(lines, 2):
            self._line(sheet, row, line, columns, extras)
        last = len(lines) + 1
        layout.validate(sheet, columns, last, self.words)
        layout.finish(sheet, len(columns), last, self.words)

    def _line(self, sheet: Worksheet, row: int, line: Model, columns: list[layout.Column], extras: list[Extra]) -> None:
        faults = self.faults.get((line["feuille"], line["ligne"]), []) if line["verdict"] == "rejetee" else []
        told = self._told(line, faults)
        self.styles.put(sheet.cell(row, 1), told, "texte" if line["verdict"] == "rejetee" else "attend")
        origin = place(self.words, line["feuille"] if line["feuille"] != sheet.title else "", [line["ligne"]])
        self.styles.put(sheet.cell(row, 2), origin, "texte")
        shown: list[tuple[object, int]] = [(told, columns[0].largeur), (origin, columns[1].largeur)]
        typed = line["cellules"]
        own = _numbered(line["autres"])
        for index, column in enumerate(columns[2:], 3):
            extra = extras[index - len(columns) - 1] if column.champ is None else ("", 0)
            cell = own.get(extra) if column.champ is None else typed.get(column.champ)
            content = value(cell) if cell else None
            here = [c for c in faults if _stands_on(c, column)]
            target = sheet.cell(row, index)
            form = layout.input_format(column.field, content)
            self.styles.put(target, content, "faux" if here else "saisie", form)
            shown += [(content, column.largeur)] if isinstance(content, str) else []
            if here:
                self._comment(sheet, f"{get_column_letter(index)}{row}", here)
        sheet.row_dimensions[row].height = layout.height(*shown)

    def _told(self, line: Model, faults: list[Finding]) -> str:
        if line["verdict"] == "retenue":
            if not line.get("attend"):
                return self.words("classeur.faire_attend_seule")
            return self.words("classeur.faire_attend", attend=" ; ".join(awaited(self.words, line, line["feuille"])))
        said = [self._says(constat) for constat in faults]
        if len(said) > 1:
            said = [f"{number}. {text}" for number, text in enumerate(said, 1)]
        return _cut("\n".join(said))

    def _says(self, constat: Finding) -> str:
        """What is wrong and what to do, under the heading that the column has in this workbook."""
        champ, message, geste = constat["champ"], constat["message"], constat["geste"]
        titre = FIELDS[champ].headings[constat["nature"]] if champ in FIELDS else constat["titre"]
        if not titre or titre in message:
            return f"{message} {geste}".strip()
        return self.words("classeur.faire_constat", titre=titre, message=message, geste=geste).strip()

    def _comment(self, sheet: Worksheet, at: str, faults: Iterable[Finding]) -> None:
        if self.comments >= COMMENTS:
            return
        self.comments += 1
        text = _cut("\n".join(f"{c['message']} {c['geste']}".strip() for c in faults))
        lines = sum(1 + len(part) // 38 for part in text.split("\n"))
        sheet[at].comment = Comment(xlsx.clean(text), "DSF", height=min(24 + 18 * lines, 400), width=300)


def _cut(text: str) -> str:
    return text if len(text) <= _TOLD else text[: _TOLD - 1] + "…"


def _numbered(others: Iterable[Model]) -> dict[Extra, Model]:
    """The sender's own cells of a line, by heading and rank among those of the same heading; ours are left out."""
    seen: dict[str, int] = {}
    found: dict[Extra, Model] = {}
    for other in others:
        titre = other["titre"]
        if titre.strip() in (informative.QUE_FAIRE, informative.ORIGINE):
            continue
        rank = seen[titre] = seen.get(titre, -1) + 1
        found[titre, rank] = other
    return found


def _extras(lines: Iterable[Model]) -> list[Extra]:
    """The sender's own columns that hold something, in the order in which they are met."""
    ordered: dict[Extra, bool] = {}
    for line in lines:
        for extra, cell in _numbered(line["autres"]).items():
            ordered[extra] = ordered.get(extra, False) or cell["v"] not in (None, "")
    return [extra for extra, filled in ordered.items() if filled]


def _stands_on(constat: Finding, column: layout.Column) -> bool:
    if constat["champ"]:
        return bool(constat["champ"] == column.champ)
    return column.champ is None and not column.ours and xlsx.clean(constat["titre"]) == column.titre
