"""What comes back for one deposit, as pure data: the content of rapport.json, from which the page and the workbook are made."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from pipeline import __version__, jsonfile
from pipeline.cells import text
from pipeline.judging.context import Context
from pipeline.judging.decide import Decided
from pipeline.judging.deposit import Deposit
from pipeline.judging.frames import Frames, per_deposit
from pipeline.judging.verdicts import COUNTED, HELD, REJECTED, TAKEN, counts, state
from pipeline.reading.model import Reading, SheetColumn
from schemas.fields import SHEETS, column_letter
from schemas.noticed import Noticed
from schemas.rules import RULES_VERSION

NAMED = 20
"""Rejected lines that a held one names; the others are counted."""
_SHOWN = ("numero_dsf", "identifiant_de", "nom", "prenom", "code_sequence")
Model = dict[str, Any]


def models(decided: Decided, context: Context, run: str) -> list[Model]:
    """One model for each deposit, in deposit order; ``run``: its identifier, empty where nothing is recorded."""
    settled = decided.settled
    lines = per_deposit(settled.lines, len(decided.deposits))
    findings = per_deposit(settled.findings, len(decided.deposits))
    issued = settled.issued
    return [
        _model(deposit, position in settled.refused, mine, found, decided, issued, context, run)
        for position, (deposit, mine, found) in enumerate(zip(decided.deposits, lines, findings, strict=True))
    ]


def _model(
    deposit: Deposit,
    refused: bool,
    lines: pd.DataFrame,
    findings: pd.DataFrame,
    decided: Decided,
    issued: Mapping[str, Sequence[str]],
    context: Context,
    run: str,
) -> Model:
    arrival, settings = deposit.snapshot.arrival, context.settings
    of_lines, of_hours = counts(lines)
    read = datetime.fromtimestamp(arrival.mtime_ns // 1_000_000_000, UTC)
    return {
        "schema_version": 1,
        "langue": settings.langue,
        "depot": deposit.numero,
        "siret": deposit.siret,
        "raison_sociale": deposit.raison_sociale,
        "fichier": deposit.fichier,
        "sha256": deposit.sha256,
        "octets": arrival.octets,
        "recu_le": read.isoformat().replace("+00:00", "Z"),
        "declarant": {"pour_le_compte_de": deposit.reading.on_behalf_of, "contact": deposit.reading.contact},
        "run": run,
        "date": context.day.isoformat(),
        "politique": settings.politique,
        "etat": state(of_lines, refused=refused),
        "comptes": {"lues": of_lines.lues, **{name: getattr(of_lines, name) for name in COUNTED}},
        "heures": {name: jsonfile.hours(getattr(of_hours, name)) for name in ("lues", *COUNTED)},
        "complements": [_issued(decided.settled.payloads[numero]) for numero in issued.get(deposit.numero, ())],
        "constats": _constats(findings),
        "lignes": _lines(lines, findings, decided.frames, settings.politique),
        "tables": [] if refused else _tables(deposit.reading),
        "interpretations": [] if refused else _interpretations(deposit.reading, settings.langue),
        "motifs": [
            {"code": m.code, "libelle": m.libelle, "financable": m.financable}
            for m in context.motifs
            if m.valid_on(context.day)
        ],
        "juge_avec": {
            "regles": RULES_VERSION,
            "programme": __version__,
            "extraits": context.extracts_behind(lines),
            "reglages": {
                "politique": settings.politique,
                "pas_heures": jsonfile.hours(settings.pas_heures),
            },
        },
    }


def _issued(payload: Mapping[str, Any]) -> Model:
    people = payload["demandeurs"]
    return {
        "numero": payload["numero"],
        "numero_dsf": payload["dsf_initiale"]["numero"],
        "lignes": sum(len(s["lignes"]) + len(s["absences"]) for person in people for s in person["sequences"]),
        "heures_complementaires": payload["totaux"]["heures_complementaires"],
        "heures_valorisees": payload["totaux"]["heures_valorisees"],
    }


def _constats(findings: pd.DataFrame) -> list[Model]:
    """In sheet order: what is about the deposit first, then line by line, column by column."""
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


def _lines(lines: pd.DataFrame, findings: pd.DataFrame, frames: Frames, politique: str) -> list[Model]:
    codes: dict[int, set[str]] = {}
    for ligne_id, code in zip(findings["ligne_id"], findings["code"], strict=True):
        codes.setdefault(ligne_id, set()).add(code)
    waited = _waited(lines, politique)
    columns = ["table", "rang", "feuille", "ligne", "nature", "verdict", "heures", "complement", "complement_precedent"]
    columns += [*_SHOWN, "cle_dsf"]
    plain = lines[columns].astype("object").where(lines[columns].notna(), None)
    rows = []
    for index, row in zip(plain.index, plain.to_dict("records"), strict=True):
        verdict = row["verdict"]
        entry: Model = {
            "feuille": row["feuille"],
            "ligne": int(row["ligne"]),
            "nature": row["nature"],
            "verdict": verdict,
            **{name: row[name] or "" for name in _SHOWN},
            "heures": None if row["heures"] is None else jsonfile.hours(int(row["heures"])),
            "complement": row["complement_precedent"] if verdict == TAKEN else row["complement"] or "",
            "codes": sorted(codes.get(index, ())),
        }
        if verdict == HELD:
            places = waited.get(row["cle_dsf"] if politique == "dsf" else "", [])
            entry["attend"] = places[:NAMED]
            entry["attend_autres"] = len(places[NAMED:])
        if verdict in (REJECTED, HELD):
            table = frames.tables[row["table"]]
            entry["cellules"] = {c.field: _typed(c, row["rang"]) for c in table.columns if c.field}
            entry["autres"] = [
                {"titre": c.heading, **_typed(c, row["rang"])} for c in table.columns if c.field is None and c.heading
            ]
        rows.append(entry)
    return rows


def _waited(lines: pd.DataFrame, politique: str) -> dict[str, list[Model]]:
    """Where the rejected lines stand, by DSF (policy ``dsf``) or all together."""
    rejected = lines[lines["verdict"] == REJECTED]
    places: dict[str, list[Model]] = {}
    for feuille, ligne, dsf in zip(rejected["feuille"], rejected["ligne"], rejected["cle_dsf"], strict=True):
        key = dsf if politique == "dsf" else ""
        if isinstance(key, str):
            places.setdefault(key, []).append({"feuille": feuille, "ligne": int(ligne)})
    return places


def _typed(column: SheetColumn, rang: int) -> Model:
    """The cell as typed; a social security number is the one thing that does not travel back."""
    code = column.codes[rang]
    return text.encode(None if Noticed.NIR in column.meanings[code].noticed else column.cells[code])


def _tables(reading: Reading) -> list[Model]:
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


def _interpretations(reading: Reading, langue: str) -> list[str]:
    """How the file was understood, in sentences."""
    sentence, sheet, csv = _READ[langue]
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
