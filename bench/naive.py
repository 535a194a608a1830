"""What a pandas user writes in an afternoon, to be measured against: one file after the other, openpyxl in and out.

    python -m bench.naive WORKSPACE OUT [--looks-first]

Per deposit: ``read_excel``, one pandera schema a table with the rules of the contract, a merge with the extract in memory, the
same kinds of files, in two processes. ``--looks-first``: a pandas user who has thought again keeps the rows of the deposit's DSF
before merging. It promises nothing else: no ledger, no archive, nothing across deposits, no care for foreign files, no
recovery. `python -m bench.naive --same OURS THEIRS` compares two ``verdicts.csv`` line by line.
"""

import csv
import html
import json
import multiprocessing
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

from bench.made import AS_OF
from pipeline.nomenclature import motifs
from schemas.fields import ABSENCES, HEURES, SHEETS, fields_of

TODAY = pd.Timestamp(AS_OF)
STEP = 25
_BAD_CODES = ("LIG", "REF", "DBL")
PROCESSES = 2
LOOKS_FIRST = "--looks-first" in sys.argv
EXTRACT: dict[str, pd.DataFrame] = {}
PAYABLE = {one.code: one.financable for one in motifs(Path())}


def hundredths(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Hours as whole hundredths."""
    return (pd.to_numeric(column.astype("str").str.replace(",", ".")) * 100).round().astype("Int64")


def load_extract(folder: Path) -> None:
    """The three tables of the extract, in memory for every deposit."""
    for name in ("dsf", "sequences", "absences"):
        EXTRACT[name] = pd.read_csv(folder / f"{name}.csv", sep=";", dtype="str", keep_default_na=False)
    for name, columns in {
        "dsf": ["periode_debut", "periode_fin"],
        "absences": ["date_debut", "date_fin"],
    }.items():
        for column in columns:
            EXTRACT[name][column] = pd.to_datetime(EXTRACT[name][column])
    EXTRACT["absences"]["heures_non_financables"] = hundredths(EXTRACT["absences"]["heures_non_financables"])
    for column in EXTRACT["sequences"].filter(like="heures_"):
        EXTRACT["sequences"][column] = hundredths(EXTRACT["sequences"][column])


def read(path: Path) -> pd.DataFrame:
    """Every line of a deposit, of both tables."""
    tables = []
    for kind, sheet in SHEETS.items():
        table = pd.read_excel(path, sheet_name=sheet, dtype="object", engine="openpyxl")
        table = table.rename(columns={one.headings[kind]: one.name for one in fields_of(kind)})
        tables.append(table.assign(nature=kind, feuille=sheet, ligne=range(2, len(table) + 2)))
    lines = pd.concat(tables, ignore_index=True)
    texts = "numero_dsf identifiant_de nom prenom code_sequence id_absence motif reference_justificatif commentaire"
    for name in texts.split():
        lines[name] = lines[name].astype("string").str.strip()
    for name in ("date_debut", "date_fin", "date_justificatif"):
        lines[name] = pd.to_datetime(lines[name])
    lines["date_fin"] = lines["date_fin"].fillna(lines["date_debut"])
    lines["heures"] = hundredths(lines["heures"])
    return lines


def with_facts(lines: pd.DataFrame, siret: str) -> pd.DataFrame:
    """``lines`` merged with what the extract says of their DSF, trainee, séquence and absence."""
    mine = EXTRACT
    if LOOKS_FIRST:
        wanted = lines["numero_dsf"].unique()
        mine = {name: table[table["numero_dsf"].isin(wanted)] for name, table in EXTRACT.items()}
    dsf = mine["dsf"]
    dsf = dsf[(dsf["siret_titulaire"] == siret) | (dsf["siret_dispensateur"] == siret)]
    lines = lines.merge(dsf, on="numero_dsf", how="left", suffixes=("", "_dsf"), indicator="dsf_trouvee")
    people = mine["sequences"][["numero_dsf", "identifiant_de", "nom", "prenom"]].drop_duplicates()
    people = people.rename(columns={"nom": "nom_connu", "prenom": "prenom_connu"})
    lines = lines.merge(people, on=["numero_dsf", "identifiant_de"], how="left", indicator="de_trouve")
    key = ["numero_dsf", "identifiant_de", "code_sequence"]
    sequences = mine["sequences"].drop(columns=["nom", "prenom"])
    lines = lines.merge(sequences, on=key, how="left", indicator="sequence_trouvee")
    absences = mine["absences"].rename(columns={"date_debut": "absence_debut", "date_fin": "absence_fin"})
    lines = lines.merge(absences, on=[*key, "id_absence"], how="left", suffixes=("", "_absence"), indicator="absence")
    declared = lines["heures_realisees"] + lines["heures_absence_financables"] + lines["heures_absence_non_financables"]
    lines["reste"] = lines["heures_prevues"] - declared
    asked = lines[lines["nature"] == HEURES].groupby(["numero_pif", "numero_convention", *key[1:]])["heures"]
    lines["demandees"] = asked.transform("sum").reindex(lines.index)
    return lines


def _found(lines: pd.DataFrame, column: str) -> "pd.Series[bool]":
    return lines[column] == "both"


def _twice(lines: pd.DataFrame, key: list[str]) -> "pd.Series[bool]":
    return lines.duplicated(["numero_dsf", "identifiant_de", "code_sequence", *key], keep=False)


def _same_name(lines: pd.DataFrame) -> "pd.Series[bool]":
    typed = (lines["nom"] + " " + lines["prenom"]).str.casefold()
    return (typed == (lines["nom_connu"] + " " + lines["prenom_connu"]).str.casefold()) | ~_found(lines, "de_trouve")


_EVERY = {
    "LIG-01": lambda t: t[["numero_dsf", "identifiant_de", "code_sequence", "heures"]].notna().all(axis=1),
    "LIG-01 référence": lambda t: t["reference_justificatif"].notna(),
    "LIG-03": lambda t: t["identifiant_de"].str.fullmatch(r"[0-9]{7}[0-9A-Za-z]|[0-9]{11}|0[0-9]{9}[0-9A-Za-z]"),
    "LIG-05": lambda t: t["date_fin"] >= t["date_debut"],
    "LIG-06": lambda t: (t["date_debut"] <= TODAY) & (t["date_fin"] <= TODAY),
    "LIG-08": lambda t: t["heures"] > 0,
    "LIG-13": lambda t: t["reference_justificatif"].str.len() <= 200,
    "REF-01": lambda t: _found(t, "dsf_trouvee"),
    "REF-02": lambda t: t["statut"].str.startswith("Validée"),
    "REF-03": lambda t: t["nature_dsf"] == "INTERMEDIAIRE",
    "REF-06": lambda t: _found(t, "de_trouve") | ~_found(t, "dsf_trouvee"),
    "REF-07": lambda t: _found(t, "sequence_trouvee") | ~_found(t, "de_trouve"),
    "AVT-01": _same_name,
}
_HOURS = _EVERY | {
    "LIG-01 date": lambda t: t["date_debut"].notna(),
    "LIG-09": lambda t: t["heures"] % STEP == 0,
    "REF-08": lambda t: (t["date_debut"] >= t["periode_debut"]) & (t["date_fin"] <= t["periode_fin"]),
    "REF-13": lambda t: t["demandees"] <= t["reste"],
    "DBL-01": lambda t: ~_twice(t, ["date_debut", "date_fin"]),
    "AVT-02": lambda t: t["heures"] <= 1000 * ((t["date_fin"] - t["date_debut"]).dt.days + 1),
    "AVT-03": lambda t: ~t["jour_absent"],
}
_ABSENCES = _EVERY | {
    "LIG-01 pièce": lambda t: t["date_justificatif"].notna(),
    "LIG-09": lambda t: (t["heures"] % STEP == 0) | (t["heures"] == t["heures_non_financables"]),
    "LIG-10": lambda t: t["motif"].isin(PAYABLE),
    "LIG-11": lambda t: t["motif"].map(PAYABLE),
    "REF-09": lambda t: (
        (_found(t, "absence") & (t["date_debut"] == t["absence_debut"]) & (t["date_fin"] == t["absence_fin"]))
        | ~_found(t, "sequence_trouvee")
    ),
    "REF-10": lambda t: t["deja_complementee"] != "oui",
    "REF-11": lambda t: t["heures"] <= t["heures_non_financables"],
    "REF-12": lambda t: (t["heures"] >= t["heures_non_financables"]) | (t["reliquat_abandonne"] == "oui"),
    "DBL-02": lambda t: ~_twice(t, ["id_absence"]),
}


def _schema(checks: dict[str, Any]) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(checks=[pa.Check(check, name=name, ignore_na=True) for name, check in checks.items()])


SCHEMAS = {HEURES: _schema(_HOURS), ABSENCES: _schema(_ABSENCES)}


def judge(lines: pd.DataFrame) -> pd.DataFrame:
    """``lines`` with ``codes`` and ``verdict``, by the policy ``dsf``."""
    absent = lines[["numero_dsf", "identifiant_de", "date_debut", "date_fin"]].reset_index().merge(
        EXTRACT["absences"][EXTRACT["absences"]["numero_dsf"].isin(lines["numero_dsf"].unique())],
        on=["numero_dsf", "identifiant_de"], suffixes=("", "_absence"),
    )  # fmt: skip
    met = (absent["date_debut_absence"] <= absent["date_fin"]) & (absent["date_fin_absence"] >= absent["date_debut"])
    lines["jour_absent"] = lines.index.isin(absent.loc[met, "index"])
    found: dict[int, set[str]] = {}
    for kind, schema in SCHEMAS.items():
        try:
            schema.validate(lines[lines["nature"] == kind], lazy=True)
        except pa.errors.SchemaErrors as errors:
            for error in errors.schema_errors:
                kept = error.check_output
                for index in kept.index[~kept.fillna(True).astype(bool)]:
                    found.setdefault(index, set()).add(error.check.name[:6])
    lines["codes"] = [_unsilenced(found.get(index, set())) for index in lines.index]
    lines["rejet"] = [any(code.startswith(_BAD_CODES) for code in codes) for codes in lines["codes"]]
    held = lines.groupby("numero_dsf")["rejet"].transform("any")
    lines["verdict"] = held.map({True: "retenue", False: "acceptee"}).mask(lines["rejet"], "rejetee")
    return lines


def _unsilenced(codes: set[str]) -> list[str]:
    """One cause, one finding: what comes of another fault is not said."""
    if "LIG-03" in codes:
        codes = codes - {"REF-06"}
    if "LIG-08" in codes:
        codes = codes - {"LIG-09", "REF-11", "REF-12", "REF-13"}
    if "REF-06" in codes:
        codes = codes - {"REF-07", "REF-09", "REF-13"}
    return sorted(codes)


THIN = Side(style="thin")
FRAME = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)
BOLD, GREY = Font(name="Arial", bold=True), PatternFill("solid", fgColor="D9D9D9")
WRAP = Alignment(wrap_text=True, vertical="top")


def _row(sheet: Any, number: int, values: list[object], *, head: bool = False) -> None:
    for column, value in enumerate(values, 1):
        cell = sheet.cell(number, column, value)
        cell.border, cell.alignment, cell.font = FRAME, WRAP, BOLD if head else Font(name="Arial")
        if head:
            cell.fill = GREY
        if isinstance(value, float):
            cell.number_format = "#,##0.00"


def _title(sheet: Any, number: int, text: str) -> None:
    sheet.merge_cells(start_row=number, end_row=number, start_column=1, end_column=6)
    _row(sheet, number, [text, None, None, None, None, None], head=True)


def clerk_workbook(payload: dict[str, Any]) -> Workbook:
    """What is to be typed, person by person, with a box a line."""
    book = Workbook()
    sheet = book.active
    _title(sheet, 1, f"DSF complémentaire {payload['numero']}")
    number = 2
    for label in ("convention", "organisme", "dsf_initiale"):
        _row(sheet, number, [label, payload[label], None, None, None, None])
        number += 1
    for person in payload["demandeurs"]:
        _row(sheet, number, ["☐", person["nom"], person["identifiant_de"], person["heures"], None, None])
        number += 1
    for person in payload["demandeurs"]:
        _title(sheet, number, f"{person['nom']} · DE {person['identifiant_de']}")
        number += 1
        for sequence in person["sequences"]:
            _title(sheet, number, f"Séquence {sequence['code']}")
            _row(sheet, number + 1, ["", "", "Prévues", "Déclarées", "À saisir", "Après"], head=True)
            number += 2
            for line in sequence["lignes"]:
                before, typed = sequence["realisees"], line["heures"]
                values = ["☐", line["quoi"], sequence["prevues"], before, typed, before + typed]
                _row(sheet, number, values)
                _row(sheet, number + 1, [None, f"{line['reference']} ({line['feuille']}, ligne {line['ligne']})"])
                number += 2
    for letter, width in zip("ABCDEF", (5, 28, 26, 12, 12, 12), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.page_setup.paperSize = 9
    return book


def payload_of(numero: str, group: pd.DataFrame) -> dict[str, Any]:
    """The content of one complement."""
    first = group.iloc[0]
    people = []
    rows = group.sort_values(["identifiant_de", "code_sequence"]).to_dict("records")
    for de, of_person in groupby(rows, key=lambda row: row["identifiant_de"]):
        sequences, name = [], ""
        for code, of_sequence in groupby(of_person, key=lambda row: row["code_sequence"]):
            lines = list(of_sequence)
            name = f"{lines[0]['nom_connu']} {lines[0]['prenom_connu']}"
            sequences.append(
                {
                    "code": code,
                    "prevues": lines[0]["heures_prevues"] / 100,
                    "realisees": lines[0]["heures_realisees"] / 100,
                    "lignes": [_line(row) for row in lines],
                }
            )
        hours = sum(line["heures"] for sequence in sequences for line in sequence["lignes"])
        people.append({"identifiant_de": de, "nom": name, "heures": hours, "sequences": sequences})
    return {
        "numero": numero,
        "convention": f"{first['numero_convention']} {first['intitule']}",
        "organisme": f"{first['siret_titulaire']} {first['raison_sociale_titulaire']}",
        "dsf_initiale": first["numero_dsf"],
        "emis_le": AS_OF.isoformat(),
        "demandeurs": people,
    }


def _line(row: dict[str, Any]) -> dict[str, Any]:
    what = f"Absence {row['id_absence']}" if row["nature"] == ABSENCES else f"du {row['date_debut']:%d/%m/%Y}"
    place = {"feuille": row["feuille"], "ligne": row["ligne"], "reference": row["reference_justificatif"]}
    return {"quoi": what, "heures": row["heures"] / 100} | place


def _shown(value: object) -> object:
    if value is None or pd.isna(value):
        return None
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value


def to_correct(lines: pd.DataFrame) -> Workbook:
    """The lines that were not accepted, in the columns of the template."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for kind, name in SHEETS.items():
        sheet, fields = book.create_sheet(name), fields_of(kind)
        _row(sheet, 1, ["Que faire", *(one.headings[kind] for one in fields)], head=True)
        for number, row in enumerate(lines[lines["nature"] == kind].to_dict("records"), 2):
            row["heures"] = row["heures"] / 100
            _row(sheet, number, [" ".join(row["codes"]), *(_shown(row[one.name]) for one in fields)])
    return book


def report(lines: pd.DataFrame, path: Path) -> str:
    """The page for the organisation."""
    columns = ["feuille", "ligne", "numero_dsf", "identifiant_de", "nom", "heures", "verdict", "codes"]
    bad = lines.loc[lines["verdict"] != "acceptee", columns].to_html(index=False)
    counts = lines["verdict"].value_counts().to_dict()
    return f"<!doctype html><meta charset=utf-8><h1>{html.escape(path.name)}</h1><p>{counts}</p>{bad}"


def one(task: tuple[Path, Path]) -> list[list[object]]:
    """One deposit from its file to its outputs; the rows of verdicts.csv."""
    path, out = task
    siret = path.parent.name
    lines = judge(with_facts(read(path), siret))
    lines["complement"] = ""
    for numero_dsf, group in lines[lines["verdict"] == "acceptee"].groupby("numero_dsf"):
        numero = f"{numero_dsf}-C01"
        folder = out / siret / "dsf" / numero
        folder.mkdir(parents=True)
        payload = payload_of(numero, group)
        text = json.dumps(payload, ensure_ascii=False, indent=1, sort_keys=True)
        (folder / f"{numero}.json").write_text(text, encoding="utf-8")
        clerk_workbook(payload).save(folder / f"{numero}.xlsx")
        lines.loc[group.index, "complement"] = numero
    folder = out / siret / "retours" / path.stem
    folder.mkdir(parents=True)
    (folder / "rapport.html").write_text(report(lines, path), encoding="utf-8")
    shown = lines.astype("object").where(lines.notna(), None)
    text = json.dumps(shown.to_dict("records"), ensure_ascii=False, indent=1, default=str)
    (folder / "rapport.json").write_text(text, encoding="utf-8")
    if (lines["verdict"] != "acceptee").any():
        to_correct(lines[lines["verdict"] != "acceptee"]).save(folder / "a-corriger.xlsx")
    names = ["feuille", "ligne", "numero_dsf", "verdict"]
    rows = lines[[*names, "codes", "complement"]].itertuples(index=False, name=None)
    return [[siret, path.name, *row[:4], " ".join(row[4]), row[5]] for row in rows]


def main(workspace: Path, out: Path) -> None:
    """The whole night."""
    load_extract(workspace / "inbox" / "extraits")
    paths = sorted((workspace / "inbox" / "depots").rglob("*.xlsx"))
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        done = pool.map(one, [(path, out) for path in paths], chunksize=4)
    with (out / "verdicts.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow("siret fichier feuille ligne numero_dsf verdict codes complement".split())
        writer.writerows(row for rows in done for row in rows)
    summary = pd.DataFrame([row for rows in done for row in rows])
    (out / "index.html").write_text(summary.groupby([0, 5]).size().unstack().to_html(), encoding="utf-8")


def verdicts(path: Path) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Place → verdict, codes and complement of each line of a ``verdicts.csv``."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    place, said = ("siret", "fichier", "feuille", "ligne"), ("verdict", "codes", "complement")
    return {tuple(row[name] for name in place): tuple(row[name] for name in said) for row in rows}


if __name__ == "__main__":
    if sys.argv[1] == "--same":
        ours, theirs = (verdicts(Path(path)) for path in sys.argv[2:])
        different = {place for place in ours.keys() | theirs.keys() if ours.get(place) != theirs.get(place)}
        print(f"{len(ours)} lines, {len(different)} differences")
        sys.exit(bool(different) or not ours)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
