"""What comes back for one deposit, as plain data: the content of rapport.json, from which the page and the workbook are made.

docs/contract.md §7 lists its keys. Hours are ``Decimal`` hours, dates ISO texts. What is kept is bounded here, before anything is
rendered (``limits``): the driver never holds more of a deposit than may come back.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from pipeline import __version__, jsonfile
from pipeline.documents.returns import entries, limits
from pipeline.documents.returns.correction import Correction, Origin, Place, correction
from pipeline.documents.returns.keeping import Keeper
from pipeline.documents.returns.lists import Lists
from pipeline.documents.returns.portions import Stretch, sorted_findings, sorted_lines
from pipeline.documents.returns.to_do import ToDo
from pipeline.judging.complement import decode
from pipeline.judging.context import Terms
from pipeline.judging.decide import Decided
from pipeline.judging.deposit import Deposit
from pipeline.judging.frames import per_deposit, plain
from pipeline.judging.verdicts import COUNTED, codes, counts, state
from pipeline.reading.model import Reading, SheetTable
from schemas.fields import SHEETS
from schemas.rules import RULES_VERSION
from schemas.saying import form


def report_data(decided: Decided, terms: Terms, run: str) -> Iterator[dict[str, Any]]:
    """The report of each deposit, in deposit order, one after another. ``run``: its identifier, empty where nothing is recorded.

    A report has ``coupe`` where something of the deposit is left out of it: how much of what.
    """
    settled, number = decided.settled, len(decided.deposits)
    lines, places = per_deposit(settled.lines, number)
    verdicts, extracts = (list(zip(lines["verdict"], plain(lines["heures"]), strict=True)), plain(lines["extrait"]))
    of_line, to_do = codes(lines, settled.findings), ToDo(lines, settled.findings)
    by_line, by_finding = sorted_lines(lines, number), sorted_findings(settled, number)
    lists = Lists(settled.lines, decided.facts, decided.present)
    for position, (deposit, place) in enumerate(zip(decided.deposits, places, strict=True)):
        refused = position in settled.refused
        judged = _judged(deposit, refused, verdicts[place], terms)
        head = (
            _received(deposit)
            | judged
            | to_do.of(position, judged["etat"])
            | _judged_with(terms, {name for name in extracts[place] if name})
            | (_tried(lines.iloc[place]) if deposit.trial else {})
            | {"schema_version": 1, "run": run}
            | lists.of(position)
        )
        corrected = _corrected(deposit, lines.iloc[place], decided.tables)
        if corrected:
            head["origine"] = corrected.summary
        keeper = Keeper(decided.tables, of_line, limits.LINES - limits.in_json(head))
        issued = [entries.issued(decode(content)) for content in settled.contents.get(deposit.numero, ())]
        tables = [] if refused else list(entries.tables(deposit.reading))
        found = by_finding.of(position)
        came_from = corrected.places if corrected else {}
        yield head | _details(keeper, issued, tables, by_line.of(position), found, terms.settings.politique, came_from)


def _corrected(deposit: Deposit, lines: pd.DataFrame, tables: Sequence[SheetTable]) -> Correction | None:
    """What it corrects of the deposit that it says it comes from; None where it says so of none."""
    before = deposit.corrects
    if before is None:
        return None
    return correction(Origin.read(before.numero, before.fichier, before.verdicts), lines, tables)


def _received(deposit: Deposit) -> dict[str, Any]:
    """What came, from whom and when."""
    arrival = deposit.snapshot.arrival
    read = datetime.fromtimestamp(arrival.mtime_ns // 1_000_000_000, UTC)
    return {
        "depot": deposit.numero,
        "siret": deposit.siret,
        "raison_sociale": deposit.raison_sociale,
        "fichier": deposit.fichier,
        "sha256": deposit.sha256,
        "octets": arrival.octets,
        "recu_le": read.isoformat().replace("+00:00", "Z"),
        "declarant": {"pour_le_compte_de": deposit.reading.on_behalf_of, "contact": deposit.reading.contact},
    }


def _judged(deposit: Deposit, refused: bool, lines: Sequence[tuple[str, int | None]], terms: Terms) -> dict[str, Any]:
    """What became of it: state, counts, how it was read. ``refused``: the whole file is (FIC)."""
    of_lines, of_hours = counts(lines)
    return {
        "etat": state(of_lines, refused=refused),
        "comptes": {"lues": of_lines.lues, **{name: getattr(of_lines, name) for name in COUNTED}},
        "heures": {name: jsonfile.hours(getattr(of_hours, name)) for name in ("lues", *COUNTED)},
        "interpretations": [] if refused else _interpretations(deposit.reading, terms.settings.langue),
    }


def _judged_with(terms: Terms, extracts: set[str]) -> dict[str, Any]:
    """The settings, motifs, rules and ``extracts`` behind the verdicts."""
    settings = terms.settings
    return {
        "langue": settings.langue,
        "date": terms.day.isoformat(),
        "politique": settings.politique,
        "motifs": [
            {"code": m.code, "libelle": m.libelle, "financable": m.financable, "piece_attendue": m.piece_attendue}
            for m in terms.motifs
            if m.valid_on(terms.day)
        ],
        "juge_avec": {
            "regles": RULES_VERSION,
            "programme": __version__,
            "extraits": terms.extracts_behind(extracts),
            "reglages": {"politique": settings.politique, "pas_heures": jsonfile.hours(settings.pas_heures)},
        },
    }


def _tried(lines: pd.DataFrame) -> dict[str, Any]:
    """What only a trial says: that it is one, and which rules it does not ask, on how many lines."""
    unasked = int(lines["pif_tu"].sum())
    return {"essai": True, "non_verifie": {"REF-13": unasked} if unasked else {}}


def _details(
    keeper: Keeper,
    issued: list[dict[str, Any]],
    tables: list[dict[str, Any]],
    lines: tuple[Stretch, Stretch, Stretch],
    findings: tuple[Stretch, Stretch, Stretch],
    policy: str,
    came_from: Mapping[int, Place],
) -> dict[str, Any]:
    """The lists of the report, as much of them as ``keeper`` has room for, and ``coupe`` where something is left out.

    What serves to correct comes first: what refuses the file, rejected lines with their findings, held lines. Then the sender's
    own columns; then what nothing is to be done about.
    """
    (rejected, held, others), (wide, on_rejected, rest) = lines, findings
    keeper.findings(wide)
    lists = {"complements": keeper.entries(issued)}
    waited = entries.Waited(rejected if held else (), policy)
    keeper.to_correct(rejected, on_rejected, lambda index, _: entries.origin(came_from.get(index)))
    keeper.to_correct(held, (), lambda index, row: waited.by(row) | entries.origin(came_from.get(index)))
    columns = keeper.own_columns()
    keeper.findings(rest)
    keeper.lines(others)
    lists |= keeper.lists | {"tables": keeper.entries(tables)}
    whole = {
        "complements": len(issued),
        "constats": sum(map(len, findings)),
        "lignes": sum(map(len, lines)),
        "tables": len(tables),
    }
    left_out = {name: number - len(lists[name]) for name, number in whole.items()} | {"colonnes": columns}
    left_out["lignes_a_corriger"] = len(rejected) + len(held) - keeper.lines_to_correct
    return lists | ({"coupe": _cut(left_out, findings)} if any(left_out.values()) else {})


def _cut(left_out: dict[str, int], findings: Iterable[Stretch]) -> dict[str, Any]:
    """How much of what is left out of a report, and the findings that there are by rule, all counted."""
    counted = Counter((row["code"], row["severite"]) for stretch in findings for _, row in stretch)
    by_code = [{"code": code, "severite": s, "constats": n} for (code, s), n in sorted(counted.items())]
    return {"octets": limits.MOST, **left_out, "par_code": by_code}


_READ = {
    "fr": (
        "{place} : tableau « {nature} », titres en ligne {entete}, {n}.",
        "{lignes} ligne lue || {lignes} lignes lues",
        "Feuille « {feuille} »",
        "Fichier CSV",
    ),
    "en": (
        "{place}: table “{nature}”, headings on row {entete}, {n}.",
        "{lignes} line read || {lignes} lines read",
        "Sheet “{feuille}”",
        "CSV file",
    ),
}


def _interpretations(reading: Reading, language: str) -> list[str]:
    """How the file was read, in sentences."""
    sentence, number, sheet, csv = _READ[language]
    return [
        sentence.format(
            place=sheet.format(feuille=table.sheet) if table.sheet else csv,
            nature=SHEETS[table.kind],
            entete=table.heading_row,
            n=form(number, len(table.rows), language).format(lignes=len(table.rows)),
        )
        for table in reading.tables
        if len(table.rows)
    ]
