"""What comes back for one deposit, as plain data: the content of rapport.json, from which the page and the workbook are made.

docs/architecture.md lists its keys. Hours are ``Decimal`` hours, dates ISO texts.
"""

from collections.abc import Hashable, Mapping
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from pipeline import __version__, jsonfile
from pipeline.cells import text
from pipeline.judging.context import Context
from pipeline.judging.decide import Decided
from pipeline.judging.deposit import Deposit
from pipeline.judging.frames import Frames, per_deposit
from pipeline.judging.verdicts import COUNTED, HELD, REJECTED, TAKEN, codes, counts, state
from pipeline.reading.model import Reading, SheetColumn, SheetTable
from schemas.fields import SHEETS, column_letter
from schemas.noticed import Noticed
from schemas.rules import RULES_VERSION

NAMED = 20
"""Rejected lines that a held line names; the others are counted."""
_SHOWN = ("numero_dsf", "identifiant_de", "nom", "prenom", "code_sequence")

ReportData = Mapping[str, Any]
"""The content of rapport.json."""
FindingData = Mapping[str, Any]
"""One entry of ``constats`` in a report."""
LineData = Mapping[str, Any]
"""One entry of ``lignes`` in a report."""
CellData = Mapping[str, Any]
"""One cell of a line in a report, as typed: kind ``t`` and value ``v``."""


def report_data(decided: Decided, context: Context, run: str) -> list[dict[str, Any]]:
    """The report of each deposit, in deposit order. ``run``: its identifier, empty where nothing is recorded."""
    settled = decided.settled
    lines = per_deposit(settled.lines, len(decided.deposits))
    findings = per_deposit(settled.findings, len(decided.deposits))
    return [
        _received(deposit)
        | _judged(deposit, position in settled.refused, mine, found, decided, context)
        | _judged_with(context, mine)
        | (_tried(mine) if deposit.trial else {})
        | {"schema_version": 1, "run": run}
        for position, (deposit, mine, found) in enumerate(zip(decided.deposits, lines, findings, strict=True))
    ]


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


def _judged(
    deposit: Deposit,
    refused: bool,
    lines: pd.DataFrame,
    findings: pd.DataFrame,
    decided: Decided,
    context: Context,
) -> dict[str, Any]:
    """What became of it: verdicts, findings, what was issued. ``refused``: the whole file is (FIC)."""
    settings, settled = context.settings, decided.settled
    of_lines, of_hours = counts(lines)
    return {
        "etat": state(of_lines, refused=refused),
        "comptes": {"lues": of_lines.lues, **{name: getattr(of_lines, name) for name in COUNTED}},
        "heures": {name: jsonfile.hours(getattr(of_hours, name)) for name in ("lues", *COUNTED)},
        "complements": [_issued(content) for content in settled.contents.get(deposit.numero, ())],
        "constats": _findings(findings),
        "lignes": _lines(lines, findings, decided.frames, settings.politique),
        "tables": [] if refused else _tables(deposit.reading),
        "interpretations": [] if refused else _interpretations(deposit.reading, settings.langue),
    }


def _judged_with(context: Context, lines: pd.DataFrame) -> dict[str, Any]:
    """The settings, motifs, rules and extracts behind the verdicts of ``lines``."""
    settings = context.settings
    return {
        "langue": settings.langue,
        "date": context.day.isoformat(),
        "politique": settings.politique,
        "motifs": [
            {"code": m.code, "libelle": m.libelle, "financable": m.financable}
            for m in context.motifs
            if m.valid_on(context.day)
        ],
        "juge_avec": {
            "regles": RULES_VERSION,
            "programme": __version__,
            "extraits": context.extracts_behind(lines),
            "reglages": {"politique": settings.politique, "pas_heures": jsonfile.hours(settings.pas_heures)},
        },
    }


def _tried(lines: pd.DataFrame) -> dict[str, Any]:
    """What only a trial says: that it is one, and which rules it does not ask, on how many lines."""
    unasked = int(lines["pif_tu"].sum())
    return {"essai": True, "non_verifie": {"REF-13": unasked} if unasked else {}}


def _issued(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A complement issued from the deposit, or that a trial would give, in short."""
    people = payload["demandeurs"]
    return {
        "numero": payload["numero"],
        "numero_dsf": payload["dsf_initiale"]["numero"],
        "lignes": sum(len(s["lignes"]) + len(s["absences"]) for person in people for s in person["sequences"]),
        "heures_complementaires": payload["totaux"]["heures_complementaires"],
        "heures_valorisees": payload["totaux"]["heures_valorisees"],
    }


def _findings(findings: pd.DataFrame) -> list[FindingData]:
    """Findings in sheet order: first those on the deposit, then line by line, column by column."""
    width = findings["colonne"].str.len()
    ordered = findings.assign(_width=width).sort_values(
        ["ligne_id", "feuille", "ligne", "_width", "colonne", "code", "champ"], kind="stable"
    )
    return [
        {
            "code": row["code"],
            "severite": row["severite"],
            "portee": "ligne" if row["ligne_id"] >= 0 else "depot",
            "feuille": row["feuille"],
            "ligne": int(row["ligne"]),
            "nature": row["nature"],
            "colonne": row["colonne"],
            "cellule": f"{row['colonne']}{row['ligne']}" if row["colonne"] and row["ligne"] else "",
            "champ": row["champ"],
            "titre": row["titre"],
            "valeur": row["valeur"],
            "attendu": row["attendu"],
            "message": row["message"],
            "geste": row["geste"],
        }
        for row in ordered.to_dict("records")
    ]


def _lines(lines: pd.DataFrame, findings: pd.DataFrame, frames: Frames, policy: str) -> list[LineData]:
    of_line = codes(lines, findings)
    waited = _waited(lines, policy)
    columns = ["table", "rang", "feuille", "ligne", "nature", "verdict", "heures", "complement", "complement_precedent"]
    columns += [*_SHOWN, "cle_dsf"]
    plain = lines[columns].astype("object").where(lines[columns].notna(), None)
    rows: list[LineData] = []
    for index, row in zip(plain.index, plain.to_dict("records"), strict=True):
        entry = _line(row) | {"codes": of_line.get(index, [])}
        if row["verdict"] == HELD:
            places = waited.get(row["cle_dsf"] if policy == "dsf" else "", [])
            entry |= {"attend": places[:NAMED], "attend_autres": len(places[NAMED:])}
        if row["verdict"] in (REJECTED, HELD):
            entry |= _cells(frames.tables[row["table"]], row["rang"])
        rows.append(entry)
    return rows


def _line(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    """What every line says of itself, whatever its verdict."""
    taken = row["verdict"] == TAKEN
    return {
        "feuille": row["feuille"],
        "ligne": int(row["ligne"]),
        "nature": row["nature"],
        "verdict": row["verdict"],
        **{name: row[name] or "" for name in _SHOWN},
        "heures": None if row["heures"] is None else jsonfile.hours(int(row["heures"])),
        "complement": row["complement_precedent"] if taken else row["complement"] or "",
    }


def _cells(table: SheetTable, rank: int) -> dict[str, Any]:
    """The cells of one line as typed: those of our fields, and the sender's own."""
    return {
        "cellules": {c.field: _typed(c, rank) for c in table.columns if c.field},
        "autres": [{"titre": c.heading, **_typed(c, rank)} for c in table.columns if c.field is None and c.heading],
    }


def _waited(lines: pd.DataFrame, policy: str) -> dict[str, list[dict[str, Any]]]:
    """Sheet and row of the rejected lines, by DSF (policy ``dsf``) or all together."""
    rejected = lines[lines["verdict"] == REJECTED]
    places: dict[str, list[dict[str, Any]]] = {}
    for sheet, row, dsf in zip(rejected["feuille"], rejected["ligne"], rejected["cle_dsf"], strict=True):
        key = dsf if policy == "dsf" else ""
        if isinstance(key, str):
            places.setdefault(key, []).append({"feuille": sheet, "ligne": int(row)})
    return places


def _typed(column: SheetColumn, rank: int) -> dict[str, object]:
    """The cell as typed, except a social security number, which does not travel back."""
    code = column.codes[rank]
    return text.encode(None if Noticed.NIR in column.meanings[code].noticed else column.cells[code])


def _tables(reading: Reading) -> list[dict[str, Any]]:
    return [
        {
            "feuille": table.sheet,
            "nature": table.kind,
            "entete": table.heading_row,
            "colonnes": [
                {"champ": c.field, "titre": c.heading, "lettre": column_letter(c.index)} for c in table.columns
            ],
        }
        for table in reading.tables
    ]


_READ = {
    "fr": (
        "{place} : tableau « {nature} », titres en ligne {entete}, {lignes} ligne(s) lue(s).",
        "Feuille « {feuille} »",
        "Fichier CSV",
    ),
    "en": (
        "{place}: table “{nature}”, headings on row {entete}, {lignes} line(s) read.",
        "Sheet “{feuille}”",
        "CSV file",
    ),
}


def _interpretations(reading: Reading, language: str) -> list[str]:
    """How the file was read, in sentences."""
    sentence, sheet, csv = _READ[language]
    return [
        sentence.format(
            place=sheet.format(feuille=table.sheet) if table.sheet else csv,
            nature=SHEETS[table.kind],
            entete=table.heading_row,
            lignes=len(table.rows),
        )
        for table in reading.tables
        if len(table.rows)
    ]
