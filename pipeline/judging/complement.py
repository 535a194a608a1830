"""The content of a complementary DSF: built from accepted lines, checked, written as canonical JSON. Source: contract §6.

Orders, all stable whatever the order of arrival: demandeurs as Kairos lists them (nom, prénom, without regard to case
and accents, then identifiant and PIF); séquences by code; hours by dates; absences by type then dates; equal ones by
place in the deposit.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any

import pandas as pd
from jsonschema_rs import Draft202012Validator

from pipeline import jsonfile
from pipeline.pseudonyms import Pseudonyms
from schemas.fields import ABSENCES
from schemas.folding import key, plain

Line = Mapping[str, Any]
"""One accepted line, reference facts joined: nature, identifiant_de, nom, prenom, numero_pif, code_sequence,
libelle_sequence, heures_prevues, heures_realisees, date_debut, date_fin, heures, reference_justificatif,
date_justificatif, motif (its code), id_absence, type_absence, absence_debut, absence_fin, heures_non_financables,
feuille, ligne; de_heures_realisees and de_heures_absence_non_financables (of all séquences of the DE on the DSF). Hours are int
hundredths; what stands in the extract is given as the extract writes it."""

ZERO = Decimal("0.00")

DECLARED = ("heures_realisees", "heures_absence_non_financables")
"""Hours that the initial DSF has of a DE, over all its séquences: ``totaux`` of a demandeur has them as ``…_initiales``."""


class ComplementError(Exception):
    """A complementary DSF that must not leave: our fault, never the sender's. Says where, and no value (a person's)."""


# --- building ---------------------------------------------------------------------------------------------------------


def payload(
    numero: str,
    dsf: Mapping[str, Any],
    declarant: Mapping[str, Any],
    lines: Sequence[Line],
    depot: Mapping[str, Any],
    emis_le: date,
) -> dict[str, Any]:
    """The complementary DSF ``numero`` that adds ``lines`` (at least one) to the initial ``dsf``.

    ``dsf``: a row of the extract's ``dsf`` table. ``declarant``: siret, qualite, pour_le_compte_de (or None).
    ``depot``: numero, sha256, fichier. Hours in the result are ``Decimal`` with two decimals, dates ISO text; nothing
    is validated yet.
    """
    demandeurs = [_demandeur(group) for group in _grouped(lines, "identifiant_de", "numero_pif")]
    demandeurs.sort(key=_as_kairos_lists)
    return {
        "schema_version": 1,
        "numero": numero,
        "dsf_initiale": {
            "numero": _text(dsf["numero_dsf"]),
            "type_session": _text(dsf["type_session"]).strip().upper(),
            "periode_debut": _day(dsf["periode_debut"]),
            "periode_fin": _day(dsf["periode_fin"]),
            "date_validation": _day(dsf["date_validation"]),
        },
        "convention": {"numero": _text(dsf["numero_convention"]), "intitule": _text(dsf["intitule"])},
        "organismes": {
            role: {"siret": _text(dsf[f"siret_{role}"]), "raison_sociale": _text(dsf[f"raison_sociale_{role}"])}
            for role in ("titulaire", "dispensateur")
        },
        "declarant": {
            "siret": _text(declarant["siret"]),
            "qualite": _text(declarant["qualite"]),
            "pour_le_compte_de": _text(declarant["pour_le_compte_de"]) or None,
        },
        "demandeurs": demandeurs,
        "totaux": {**_sums(demandeur["totaux"] for demandeur in demandeurs), "demandeurs": _persons(demandeurs)},
        "depot": {name: _text(depot[name]) for name in ("numero", "sha256", "fichier")},
        "emis_le": emis_le.isoformat(),
    }


def _demandeur(lines: Sequence[Line]) -> dict[str, Any]:
    """One DE on one PIF."""
    sequences = [_sequence(group) for group in _grouped(lines, "code_sequence")]
    sequences.sort(key=lambda sequence: (plain(sequence["code"]), sequence["code"]))
    first = lines[0]
    return {
        **{name: _text(first[name]) for name in ("identifiant_de", "nom", "prenom", "numero_pif")},
        "sequences": sequences,
        "totaux": _sums(_totals(sequence) for sequence in sequences)
        | {f"{name}_initiales": jsonfile.hours(int(first[f"de_{name}"])) for name in DECLARED},
    }


def _sequence(lines: Sequence[Line]) -> dict[str, Any]:
    """One séquence of a DE: the hours added and the absences completed."""
    added = [_added(line) for line in lines if line["nature"] != ABSENCES]
    absences = [_absence(line) for line in lines if line["nature"] == ABSENCES]
    added.sort(key=lambda item: (item["date_debut"], item["date_fin"], *_place(item)))
    absences.sort(key=lambda item: (plain(item["type_absence"]), item["date_debut"], item["date_fin"], *_place(item)))
    first = lines[0]
    return {
        "code": _text(first["code_sequence"]),
        "libelle": _text(first["libelle_sequence"]),
        "heures_prevues": jsonfile.hours(int(first["heures_prevues"])),
        "heures_realisees_initiales": jsonfile.hours(int(first["heures_realisees"])),
        "heures_complementaires": sum((item["heures"] for item in added), ZERO),
        "lignes": added,
        "absences": absences,
    }


def _added(line: Line) -> dict[str, Any]:
    start = _day(line["date_debut"])
    return {
        "date_debut": start,
        "date_fin": _day(line["date_fin"]) or start,  # contract §4: an empty end means the start
        "heures": jsonfile.hours(int(line["heures"])),
        "justificatif": _text(line["reference_justificatif"]),
        "origine": _origin(line),
    }


def _absence(line: Line) -> dict[str, Any]:
    initial, turned = int(line["heures_non_financables"]), int(line["heures"])
    return {
        "id_absence": _text(line["id_absence"]),
        "type_absence": _text(line["type_absence"]),
        "date_debut": _day(line["absence_debut"]),
        "date_fin": _day(line["absence_fin"]),
        "heures_non_financables_initiales": jsonfile.hours(initial),
        "heures_valorisees": jsonfile.hours(turned),
        "heures_restantes": jsonfile.hours(initial - turned),
        "motif": _text(line["motif"]),
        "justificatif": {"reference": _text(line["reference_justificatif"]), "date": _day(line["date_justificatif"])},
        "origine": _origin(line),
    }


def _origin(line: Line) -> dict[str, Any]:
    return {"feuille": _text(line["feuille"]), "ligne": int(line["ligne"])}


def _grouped(lines: Iterable[Line], *columns: str) -> list[list[Line]]:
    """Lines that share the numbers in ``columns`` (compared as numbers are: contract §3), each group in the given order."""
    groups: dict[tuple[str, ...], list[Line]] = {}
    for line in lines:
        groups.setdefault(tuple(key(_text(line[column])) for column in columns), []).append(line)
    return list(groups.values())


def _place(item: Mapping[str, Any]) -> tuple[str, int]:
    return item["origine"]["feuille"], item["origine"]["ligne"]


def _as_kairos_lists(demandeur: Mapping[str, Any]) -> tuple[str, ...]:
    named = [plain(demandeur[name]) for name in ("nom", "prenom")]
    exact = [demandeur[name] for name in ("identifiant_de", "numero_pif", "nom", "prenom")]
    return (*named, *exact)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if pd.isna(value) else str(value)


def _day(value: Any) -> str | None:
    """ISO day of a date, a timestamp or an ISO text; None where there is none."""
    if isinstance(value, str):
        return value[:10] or None
    if pd.isna(value):
        return None
    return (value.date() if isinstance(value, datetime) else value).isoformat()[:10]


# --- totals -----------------------------------------------------------------------------------------------------------


def _totals(sequence: Mapping[str, Any]) -> dict[str, Decimal]:
    """What one séquence comes to, from its lines and absences alone."""
    return {
        "heures_complementaires": sum((line["heures"] for line in sequence["lignes"]), ZERO),
        "heures_valorisees": sum((absence["heures_valorisees"] for absence in sequence["absences"]), ZERO),
    }


def _sums(totals: Iterable[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    both = list(totals)
    return {name: sum((one[name] for one in both), ZERO) for name in ("heures_complementaires", "heures_valorisees")}


def _persons(demandeurs: Iterable[Mapping[str, Any]]) -> int:
    return len({key(demandeur["identifiant_de"]) for demandeur in demandeurs})


# --- checking ---------------------------------------------------------------------------------------------------------


@cache
def _validator() -> Draft202012Validator:
    text = resources.files("schemas").joinpath("complement.schema.json").read_text(encoding="utf-8")
    # Read with decimals, so that multipleOf 0.01 is exact.
    return Draft202012Validator(json.loads(text, parse_float=Decimal), validate_formats=True)


def validate(content: Mapping[str, Any]) -> None:
    """Check ``content`` against ``schemas/complement.schema.json`` and its own arithmetic.

    Raises ``ComplementError``, which names the place and the rule broken and no value.
    """
    error = next(_validator().iter_errors(content), None)
    if error is not None:
        place = "/".join(str(step) for step in error.instance_path) or "(racine)"
        # `from None`, and no error.message: both quote the instance, hence persons.
        raise ComplementError(f"complementary DSF against its schema: {error.schema_path[-1]} at {place}") from None
    place = next(_unequal(content), "")
    if place:
        raise ComplementError(f"complementary DSF whose figures do not add up: {place}")


def _unequal(content: Mapping[str, Any]) -> Iterator[str]:
    """Places whose figures are not the sum of what stands under them."""
    every: list[Mapping[str, Decimal]] = []
    for i, demandeur in enumerate(content["demandeurs"]):
        own = [_totals(sequence) for sequence in demandeur["sequences"]]
        for j, (sequence, totals) in enumerate(zip(demandeur["sequences"], own, strict=True)):
            yield from (f"demandeurs/{i}/sequences/{j}/{place}" for place in _unequal_sequence(sequence, totals))
        if demandeur["totaux"] != demandeur["totaux"] | _sums(own):
            yield f"demandeurs/{i}/totaux"
        every += own
    if content["totaux"] != {**_sums(every), "demandeurs": _persons(content["demandeurs"])}:
        yield "totaux"


def _unequal_sequence(sequence: Mapping[str, Any], totals: Mapping[str, Decimal]) -> Iterator[str]:
    if sequence["heures_complementaires"] != totals["heures_complementaires"]:
        yield "heures_complementaires"
    for n, absence in enumerate(sequence["absences"]):
        parts = absence["heures_valorisees"] + absence["heures_restantes"]
        if absence["heures_non_financables_initiales"] != parts:
            yield f"absences/{n}/heures_restantes"


def encode(content: Mapping[str, Any]) -> bytes:
    """The exact bytes of ``<numero>.json``: UTF-8, keys sorted, hours with two decimals. ``validate`` comes before."""
    return jsonfile.dumps(content)


def decode(data: bytes) -> dict[str, Any]:
    """What ``encode`` wrote, hours as ``Decimal`` again: from the ledger's bytes back to the clerk's workbook."""
    content: dict[str, Any] = json.loads(data, parse_float=Decimal)
    return content


def without_persons(data: bytes, pseudonyms: Pseudonyms) -> bytes:
    """``<numero>.json`` with pseudonyms in the place of its persons, without names, plans, reasons and proofs.

    What it adds and turns, and the chain of its numbers, can be followed as before.
    """
    content = decode(data)
    cle_dsf = key(content["dsf_initiale"]["numero"])
    for person in content["demandeurs"]:
        person |= {"identifiant_de": pseudonyms.of(cle_dsf, key(person["identifiant_de"]))}
        person |= {"nom": "", "prenom": "", "numero_pif": ""}
        for sequence in person["sequences"]:
            for line in sequence["lignes"]:
                line["justificatif"] = ""
            for absence in sequence["absences"]:
                absence |= {"type_absence": "", "motif": "", "justificatif": {"reference": "", "date": None}}
    content["depot"]["fichier"] = ""
    return encode(content)


def with_persons(data: bytes, names: Mapping[str, str]) -> bytes:
    """What ``without_persons`` gave, with the persons whose names ``names`` has of their pseudonyms."""
    content = decode(data)
    for person in content["demandeurs"]:
        person["identifiant_de"] = names.get(person["identifiant_de"], person["identifiant_de"])
    return encode(content)


_FOREIGN = re.compile(r"[^A-Za-z0-9._-]")


LONGEST = 120


def file_name(numero: str) -> str:
    """``numero`` as a plain file name: foreign characters become ``_``, and a short hash keeps two such names apart."""
    plain = _FOREIGN.sub("_", numero)
    if plain.startswith("."):  # a hidden file, or a way upwards
        plain = "_" + plain[1:]
    if plain == numero and len(plain) <= LONGEST:
        return plain
    return f"{plain[:LONGEST]}-{sha256(numero.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
