"""Blocks 5 and 6: what to type, person by person, and the totals to compare before validating."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

from pipeline.documents.clerk import styles
from pipeline.documents.clerk.rows import (
    FRENCH,
    ZERO,
    entry_count,
    every_absence,
    full_name,
    full_width,
    origin,
    period,
    section,
    table_headings,
)
from pipeline.documents.clerk.sheet import BLANK, BOX, LAST, PrintedRow, Span, readable, row
from pipeline.documents.wording import french
from pipeline.judging.earlier import Added, Before, Earlier

SMALL = 300.0
"""Points under which all rows of a person stay on one page."""
_ENTRY_HEIGHT = 22.0
_NAMED = 12  # absences of an earlier complement
_OUTSIDE = "+ compléments précédents, pas encore dans l'extrait"
_UNSURE = "+ compléments précédents, peut-être en partie dans l'extrait"


def entries(payload: Mapping[str, Any], motifs: Mapping[str, str], earlier: Earlier) -> Iterator[PrintedRow]:
    """Block 5: each person with the hours and absences to type. ``motifs``: labels by code."""
    dsf = payload["dsf_initiale"]["numero"]
    yield from section("5. Saisie, demandeur par demandeur")
    for position, person in enumerate(payload["demandeurs"], 1):
        before = [earlier.on(dsf, person["identifiant_de"], sequence["code"]) for sequence in person["sequences"]]
        block = list(_person(position, person, before, motifs))
        yield from _glued(block) if sum(one.height for one in block) <= SMALL else block


def _glued(block: list[PrintedRow]) -> Iterator[PrintedRow]:
    """``block`` on one page."""
    yield from (one._replace(glued=True) for one in block[:-1])
    yield block[-1]


def _person(
    position: int, person: Mapping[str, Any], before: list[Before], motifs: Mapping[str, str]
) -> Iterator[PrintedRow]:
    name = f"{position}. {full_name(person)}"
    ids = readable(f"DE {person['identifiant_de']} · PIF {person['numero_pif']}")
    first, later = (
        row(
            Span(0, 2, shown, styles.PERSON),
            Span(3, LAST, ids, styles.PERSON_IDS),
            glued=True,
        )
        for shown in (name, f"{name} (suite)")
    )
    yield first
    for sequence, added in zip(person["sequences"], before, strict=True):
        yield from _sequence(sequence, added, later, motifs)
    yield from _sums(person, before, later)
    yield BLANK


def _sequence(
    sequence: Mapping[str, Any], before: Before, bar: PrintedRow, motifs: Mapping[str, str]
) -> Iterator[PrintedRow]:
    """One séquence of a person; ``bar`` names the person again on a new page."""
    label = readable(f"Séquence {sequence['code']} · {sequence['libelle']}".removesuffix(" · "))
    title = row(Span(0, LAST, label, styles.SEQUENCE), glued=True, again=(bar,))
    yield title
    yield from (_detail(readable(_added(one)), (bar, title), glued=True) for one in before.added)
    if sequence["lignes"]:
        head = table_headings("Heures à ajouter", "Prévues au PIF", "Déclarées avant", "À SAISIR", "Après saisie")
        yield head
        yield from _hours_rows(sequence, before, (bar, title, head))
    if sequence["absences"]:
        head = table_headings(
            "Absences à rendre finançables", "Dates", "Non finançables avant", "À SAISIR", "Non finançables après"
        )
        yield head._replace(again=(bar, title))
        yield from _absences(sequence["absences"], (bar, title, head), motifs)


def _hours_rows(sequence: Mapping[str, Any], before: Before, again: tuple[PrintedRow, ...]) -> Iterator[PrintedRow]:
    """The hours to type for a séquence in one entry, what earlier complements added, then the lines they come from."""
    known, added = sequence["heures_realisees_initiales"], sequence["heures_complementaires"]
    yield row(
        Span(0, 0, BOX, styles.TICK),
        Span(1, 1, "Total de la séquence", styles.ENTRY),
        Span(2, 2, sequence["heures_prevues"], styles.NUMBER),
        Span(3, 3, known, styles.NUMBER),
        Span(4, 4, added, styles.TO_TYPE),
        Span(5, 5, known + before.outside + added, styles.NUMBER),
        glued=True,
        again=again,
        at_least=_ENTRY_HEIGHT,
    )
    yield from _hours_before(known, before, again)
    for line in sequence["lignes"]:
        dates, hours = period(line["date_debut"], line["date_fin"]), FRENCH.hours(line["heures"])
        yield _detail(readable(f"dont {dates} : {hours} h · {line['justificatif']} ({origin(line)})"), again)


def _hours_before(known: Decimal, before: Before, again: tuple[PrintedRow, ...]) -> Iterator[PrintedRow]:
    """The hours of earlier complements beside the ``known`` ones of the extract: those to add, and those that are in it."""
    inside = sum((one.heures for one in before.added), ZERO) - before.outside
    if before.outside:
        yield _plus_row(_OUTSIDE if before.sure else _UNSURE, before.outside, styles.DETAIL, styles.NUMBER, again)
    if before.outside and before.sure:
        seen = f"{FRENCH.hours(known + before.outside)} h"
        yield _detail(f"Une fois les compléments précédents saisis, Kairos affiche {seen} avant cette saisie.", again)
    if not before.sure:
        yield _detail("Comparez avec les heures que Kairos affiche avant cette saisie.", again)
    if inside:
        yield _detail(f"« Déclarées avant » compte déjà {FRENCH.hours(inside)} h des compléments précédents.", again)


def _plus_row(
    label: str, hours: Decimal, text: styles.CellStyle, number: styles.CellStyle, again: tuple[PrintedRow, ...]
) -> PrintedRow:
    """Hours of earlier complements, under those of the extract."""
    return row(Span(0, 0, None), Span(1, 2, label, text), Span(3, 3, hours, number), glued=True, again=again)


def _added(one: Added) -> str:
    """What an earlier complement added to a séquence, in words."""
    said = [f"{FRENCH.hours(one.heures)} h ajoutées"] if one.heures else []
    if one.absences:
        hours = sum((hours for _, hours in one.absences), ZERO)
        named = FRENCH.listing([name for name, _ in one.absences[:_NAMED]])
        more = len(one.absences) - _NAMED
        others = f" et {more} autres" if more > 0 else ""
        which = "absence" if len(one.absences) == 1 else "absences"
        said.append(f"{FRENCH.hours(hours)} h rendues finançables ({which} {named}{others})")
    return f"Déjà complétée par {one.numero} : {' ; '.join(said)}."


def _absences(
    absences: list[Mapping[str, Any]], again: tuple[PrintedRow, ...], motifs: Mapping[str, str]
) -> Iterator[PrintedRow]:
    """The absences of a séquence, type by type."""
    for kind, of_kind in groupby(absences, key=lambda absence: absence["type_absence"]):
        if kind:
            yield _detail(readable(f"Type « {kind} »"), again, styles.ABSENCE_TYPE, glued=True)
        for absence in of_kind:
            yield from _absence_rows(absence, again, motifs)


def _absence_rows(
    absence: Mapping[str, Any], again: tuple[PrintedRow, ...], motifs: Mapping[str, str]
) -> Iterator[PrintedRow]:
    """One absence to complete, then its motif and proof, and the hours it loses."""
    left = absence["heures_restantes"]
    yield row(
        Span(0, 0, BOX, styles.TICK),
        Span(1, 1, readable(f"Absence {absence['id_absence']}"), styles.ENTRY),
        Span(2, 2, period(absence["date_debut"], absence["date_fin"]), styles.ENTRY),
        Span(3, 3, absence["heures_non_financables_initiales"], styles.NUMBER),
        Span(4, 4, absence["heures_valorisees"], styles.TO_TYPE),
        Span(5, 5, left, styles.NUMBER),
        glued=True,
        again=again,
        at_least=_ENTRY_HEIGHT,
    )
    code, proof = absence["motif"], absence["justificatif"]
    motif = f"{code} ({motifs[code]})" if motifs.get(code) else code
    reason = f"Motif {motif} · {proof['reference']}, du {FRENCH.day(proof['date'])} ({origin(absence)})"
    yield _detail(readable(reason), again, glued=bool(left))
    if left:
        lost = f"{FRENCH.hours(left)} h perdues définitivement : une absence ne se complète qu'une seule fois."
        yield _detail(lost, again, styles.LOST)


def _detail(
    sentence: str, again: tuple[PrintedRow, ...], style: styles.CellStyle = styles.DETAIL, *, glued: bool = False
) -> PrintedRow:
    """A sentence beside the tick boxes."""
    return row(Span(0, 0, None), Span(1, LAST, french(sentence), style), glued=glued, again=again)


def _sums(person: Mapping[str, Any], before: list[Before], bar: PrintedRow) -> Iterator[PrintedRow]:
    """The totals of a person's séquences and absences, where there are several."""
    typed = [
        (sequence, added) for sequence, added in zip(person["sequences"], before, strict=True) if sequence["lignes"]
    ]
    if len(typed) > 1:
        known = sum((sequence["heures_realisees_initiales"] for sequence, _ in typed), ZERO)
        plus = sum((added.outside for _, added in typed), ZERO)
        added = person["totaux"]["heures_complementaires"]
        yield _sum_row("Total des heures réalisées", known, added, known + plus + added, bar)
        if plus:
            sure = all(one.sure for _, one in typed)
            yield _plus_row(_OUTSIDE if sure else _UNSURE, plus, styles.SUM, styles.SUM_NUMBER, (bar,))
    absences = [absence for sequence in person["sequences"] for absence in sequence["absences"]]
    if len(absences) > 1:
        known = sum((absence["heures_non_financables_initiales"] for absence in absences), ZERO)
        turned = person["totaux"]["heures_valorisees"]
        yield _sum_row("Total des absences", known, turned, known - turned, bar)


def _sum_row(label: str, known: Decimal, typed: Decimal, after: Decimal, bar: PrintedRow) -> PrintedRow:
    """What the extract has, what is typed, and what that makes."""
    numbers = enumerate((known, typed, after), 3)
    spans = [Span(column, column, number, styles.SUM_NUMBER) for column, number in numbers]
    return row(Span(0, 2, label, styles.SUM), *spans, again=(bar,))


def closing(payload: Mapping[str, Any]) -> Iterator[PrintedRow]:
    """Block 6, on one page: the totals to compare with Kairos, and who typed it when."""
    totals = payload["totaux"]
    lost = sum((absence["heures_restantes"] for absence in every_absence(payload)), ZERO)
    every: list[tuple[str, Decimal | int]] = [
        ("Heures ajoutées", totals["heures_complementaires"]),
        ("Heures d'absence rendues finançables", totals["heures_valorisees"]),
        ("Heures d'absence perdues définitivement", lost),
        ("Demandeurs d'emploi", totals["demandeurs"]),
        ("Saisies faites (cases cochées au point 5)", entry_count(payload)),
    ]
    yield from _glued(
        [
            *section("6. Totaux à comparer avec Kairos avant de valider"),
            full_width(
                "Une DSF complémentaire ne peut pas être rouverte : ne validez que si tous les totaux sont égaux.",
                styles.BOLD,
            ),
            *(_total_row(label, value) for label, value in every if value),
            full_width(
                "Saisi le ____ /____ /________        par ______________________________", styles.BODY, at_least=30
            ),
        ]
    )


def _total_row(label: str, value: Decimal | int) -> PrintedRow:
    return row(
        Span(0, 0, BOX, styles.TICK),
        Span(1, 3, label, styles.ENTRY),
        Span(4, 4, value, styles.TO_TYPE),
        at_least=_ENTRY_HEIGHT,
    )
