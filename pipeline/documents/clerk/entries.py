"""Blocks 5 and 6: what to type, person by person, and the totals to compare before validating."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import groupby
from typing import Any

from pipeline.documents.clerk import sheet
from pipeline.documents.clerk.rows import (
    LAST,
    ZERO,
    day_text,
    entry_count,
    every_absence,
    full_name,
    heads,
    hours_text,
    period,
    place,
    section,
    wide,
)
from pipeline.documents.clerk.sheet import BOX, Part, Row, readable, row
from pipeline.documents.wording import french

SMALL = 300.0
"""Points under which all of a person stays on one page."""


def entries(payload: Mapping[str, Any], motifs: Mapping[str, str]) -> Iterator[Row]:
    yield from section("5. Saisie, demandeur par demandeur")
    for position, demandeur in enumerate(payload["demandeurs"], 1):
        block = list(_demandeur(position, demandeur, motifs))
        if sum(one.height for one in block) <= SMALL:
            block = [replace(one, glued=True) for one in block[:-1]] + block[-1:]
        yield from block


def _demandeur(position: int, demandeur: Mapping[str, Any], motifs: Mapping[str, str]) -> Iterator[Row]:
    name = f"{position}. {full_name(demandeur)}"
    ids = readable(f"DE {demandeur['identifiant_de']} · PIF {demandeur['numero_pif']}")

    def bar(more: str = "") -> Row:
        return row(
            Part(0, 2, name + more, sheet.PERSON), Part(3, LAST, ids, replace(sheet.PERSON, size=10)), glued=True
        )

    yield bar()
    for sequence in demandeur["sequences"]:
        yield from _sequence(sequence, bar(" (suite)"), motifs)
    yield from _sums(demandeur, bar(" (suite)"))
    yield sheet.BLANK


def _sequence(sequence: Mapping[str, Any], bar: Row, motifs: Mapping[str, str]) -> Iterator[Row]:
    label = readable(f"Séquence {sequence['code']} · {sequence['libelle']}".removesuffix(" · "))
    title = row(Part(0, LAST, label, sheet.SEQUENCE), glued=True, again=(bar,))
    yield title
    if sequence["lignes"]:
        head = heads("Heures à ajouter", "Prévues au PIF", "Déclarées avant", "À SAISIR", "Après saisie")
        yield head
        yield from _hours_rows(sequence, (bar, title, head))
    if sequence["absences"]:
        head = heads(
            "Absences à rendre finançables", "Dates", "Non finançables avant", "À SAISIR", "Non finançables après"
        )
        yield replace(head, again=(bar, title))
        for kind, absences in groupby(sequence["absences"], key=lambda absence: absence["type_absence"]):
            if kind:
                told = french(readable(f"Type « {kind} »"))
                yield row(
                    Part(0, 0, None),
                    Part(1, LAST, told, replace(sheet.KIND, indent=0)),
                    glued=True,
                    again=(bar, title, head),
                )
            for absence in absences:
                yield from _absence_rows(absence, (bar, title, head), motifs)


def _hours_rows(sequence: Mapping[str, Any], again: tuple[Row, ...]) -> Iterator[Row]:
    before, added = sequence["heures_realisees_initiales"], sequence["heures_complementaires"]
    yield row(
        Part(0, 0, BOX, sheet.TICK),
        Part(1, 1, "Total de la séquence", sheet.ENTRY),
        Part(2, 2, sequence["heures_prevues"], sheet.NUMBER),
        Part(3, 3, before, sheet.NUMBER),
        Part(4, 4, added, sheet.TO_TYPE),
        Part(5, 5, before + added, sheet.NUMBER),
        glued=True,
        again=again,
        at_least=22,
    )
    for line in sequence["lignes"]:
        dates = period(line["date_debut"], line["date_fin"])
        told = f"dont {dates} : {hours_text(line['heures'])} h · {line['justificatif']} ({place(line)})"
        yield row(Part(0, 0, None), Part(1, LAST, french(readable(told)), sheet.DETAIL), again=again)


def _absence_rows(absence: Mapping[str, Any], again: tuple[Row, ...], motifs: Mapping[str, str]) -> Iterator[Row]:
    yield row(
        Part(0, 0, BOX, sheet.TICK),
        Part(1, 1, readable(f"Absence {absence['id_absence']}"), sheet.ENTRY),
        Part(2, 2, period(absence["date_debut"], absence["date_fin"]), sheet.ENTRY),
        Part(3, 3, absence["heures_non_financables_initiales"], sheet.NUMBER),
        Part(4, 4, absence["heures_valorisees"], sheet.TO_TYPE),
        Part(5, 5, absence["heures_restantes"], sheet.NUMBER),
        glued=True,
        again=again,
        at_least=22,
    )
    code, proof = absence["motif"], absence["justificatif"]
    motif = f"{code} ({motifs[code]})" if motifs.get(code) else code
    told = f"Motif {motif} · {proof['reference']}, du {day_text(proof['date'])} ({place(absence)})"
    left = absence["heures_restantes"]
    yield row(Part(0, 0, None), Part(1, LAST, french(readable(told)), sheet.DETAIL), glued=bool(left), again=again)
    if left:
        lost = f"{hours_text(left)} h perdues définitivement : une absence ne se complète qu'une seule fois."
        yield row(Part(0, 0, None), Part(1, LAST, french(lost), replace(sheet.DETAIL, bold=True)), again=again)


def _sums(demandeur: Mapping[str, Any], bar: Row) -> Iterator[Row]:
    """What the séquences and the absences of this person come to, where there are several."""
    typed = [sequence for sequence in demandeur["sequences"] if sequence["lignes"]]
    if len(typed) > 1:
        before = sum((sequence["heures_realisees_initiales"] for sequence in typed), ZERO)
        yield _sum_row("Total des heures réalisées", before, demandeur["totaux"]["heures_complementaires"], 1, bar)
    absences = [absence for sequence in demandeur["sequences"] for absence in sequence["absences"]]
    if len(absences) > 1:
        before = sum((absence["heures_non_financables_initiales"] for absence in absences), ZERO)
        yield _sum_row("Total des absences", before, demandeur["totaux"]["heures_valorisees"], -1, bar)


def _sum_row(label: str, before: Decimal, typed: Decimal, sign: int, bar: Row) -> Row:
    numbers = (before, typed, before + sign * typed)
    parts = [Part(3 + n, 3 + n, number, sheet.SUM_NUMBER) for n, number in enumerate(numbers)]
    return row(Part(0, 2, label, sheet.SUM), *parts, again=(bar,))


def closing(payload: Mapping[str, Any]) -> Iterator[Row]:
    totals = payload["totaux"]
    lost = sum((absence["heures_restantes"] for absence in every_absence(payload)), ZERO)
    every: list[tuple[str, Decimal | int]] = [
        ("Heures ajoutées", totals["heures_complementaires"]),
        ("Heures d'absence rendues finançables", totals["heures_valorisees"]),
        ("Heures d'absence perdues définitivement", lost),
        ("Demandeurs d'emploi", totals["demandeurs"]),
        ("Saisies faites (cases cochées au point 5)", entry_count(payload)),
    ]
    block = [
        *section("6. Totaux à comparer avec Kairos avant de valider"),
        wide(
            "Une DSF complémentaire ne peut pas être rouverte : ne validez que si tous les totaux sont égaux.",
            sheet.BOLD,
        ),
        *(
            row(
                Part(0, 0, BOX, sheet.TICK),
                Part(1, 3, label, sheet.ENTRY),
                Part(4, 4, value, sheet.TO_TYPE),
                at_least=22,
            )
            for label, value in every
            if value
        ),
        wide("Saisi le ____ /____ /________        par ______________________________", sheet.BODY, at_least=30),
    ]
    yield from (replace(one, glued=True) for one in block[:-1])
    yield block[-1]
