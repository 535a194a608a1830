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
    hours,
    origin,
    period,
    section,
    sentence,
    table_headings,
)
from pipeline.documents.clerk.sheet import BLANK, BOX, LAST, PrintedRow, Span, readable, row
from pipeline.judging.earlier import Added, Before, Earlier, by_person
from schemas.folding import key

SMALL = 300.0
"""Points under which all rows of a person stay on one page."""
_ENTRY_HEIGHT = 22.0
_NAMED = 12  # absences of an earlier complement
_DONE = sentence("Heures réalisées du demandeur, toutes séquences")
_MISSED = sentence("Absences non finançables du demandeur, toutes séquences")
_TURNING = sentence("« Compléter les absences »")
_OUTSIDE = sentence("+ compléments précédents, pas encore dans l'extrait")
_NEVER_AGAIN = "Une DSF complémentaire ne peut pas être rouverte : ne validez que si tous les totaux sont égaux."
_AFTERWARDS = (
    "Une fois la DSF complémentaire validée, reportez au point 3 le n° attribué par Kairos, puis signalez que la saisie est "
    "faite : tant que personne ne le dit, ce complément reste compté « à saisir »."
)
_UNSURE = sentence("+ compléments précédents, peut-être en partie dans l'extrait")


def entries(payload: Mapping[str, Any], motifs: Mapping[str, str], earlier: Earlier) -> Iterator[PrintedRow]:
    """Block 5: each person with the hours and absences to type. ``motifs``: labels by code."""
    dsf = payload["dsf_initiale"]["numero"]
    people = by_person(payload)
    yield from section("5. Saisie complémentaire, demandeur par demandeur")
    for position, person in enumerate(payload["demandeurs"], 1):
        identifiant = person["identifiant_de"]
        before = [earlier.on(dsf, identifiant, sequence["code"]) for sequence in person["sequences"]]
        first, later = _bars(position, person)
        plans = people[key(identifiant)]
        ending = _declared(plans, earlier, earlier.of(dsf, identifiant), later) if person is plans[-1] else ()
        block = [first, *_person(person, before, later, motifs), *ending, BLANK]
        yield from _glued(block) if sum(one.height for one in block) <= SMALL else block


def _glued(block: list[PrintedRow]) -> Iterator[PrintedRow]:
    """``block`` on one page."""
    yield from (one._replace(glued=True) for one in block[:-1])
    yield block[-1]


def _bars(position: int, person: Mapping[str, Any]) -> tuple[PrintedRow, PrintedRow]:
    """The bar that names a person, and the one that does so again on a new page."""
    name = f"{position}. {full_name(person)}"
    ids = readable(f"DE {person['identifiant_de']} · PIF {person['numero_pif']}")
    first, later = (
        row(Span(0, 2, shown, styles.PERSON), Span(3, LAST, ids, styles.PERSON_IDS), glued=True)
        for shown in (name, f"{name} (suite)")
    )
    return first, later


def _person(
    person: Mapping[str, Any], before: list[Before], bar: PrintedRow, motifs: Mapping[str, str]
) -> Iterator[PrintedRow]:
    """What is to be typed for a person, séquence by séquence. ``before``: of each séquence; ``bar``: as in ``_sequence``."""
    for sequence, added in zip(person["sequences"], before, strict=True):
        yield from _sequence(sequence, added, bar, motifs)


def _sequence(
    sequence: Mapping[str, Any], before: Before, bar: PrintedRow, motifs: Mapping[str, str]
) -> Iterator[PrintedRow]:
    """One séquence of a person; ``bar`` names the person again on a new page."""
    label = readable(f"Séquence {sequence['code']} · {sequence['libelle']}".removesuffix(" · "))
    title = row(Span(0, LAST, label, styles.SEQUENCE), glued=True, again=(bar,))
    yield title
    yield from (_detail(_added(one), (bar, title), glued=True) for one in before.added)
    if sequence["lignes"]:
        head = table_headings("Heures réalisées", "Prévues au PIF", "Déclarées avant", "À SAISIR", "Après saisie")
        yield head
        yield from _hours_rows(sequence, before, (bar, title, head))
    if sequence["absences"]:
        head = table_headings(_TURNING, "Dates", "Non finançables avant", "À SAISIR", "Non finançables après")
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
        told = sentence(
            "dont {dates} : {heures} · {piece} ({place})",
            dates=period(line["date_debut"], line["date_fin"]),
            heures=hours(line["heures"]),
            piece=line["justificatif"],
            place=origin(line),
        )
        yield _detail(told, again)


def _hours_before(known: Decimal, before: Before, again: tuple[PrintedRow, ...]) -> Iterator[PrintedRow]:
    """The hours of earlier complements beside the ``known`` ones of the extract: those to add, and those that are in it."""
    inside = sum((one.heures for one in before.added), ZERO) - before.outside
    if before.outside:
        yield _plus_row(_OUTSIDE if before.sure else _UNSURE, before.outside, styles.DETAIL, styles.NUMBER, again)
    if before.outside and before.sure:
        told = "Une fois les compléments précédents saisis, Kairos affiche {heures} avant cette saisie."
        yield _detail(sentence(told, heures=hours(known + before.outside)), again)
    if not before.sure:
        yield _detail(sentence("Comparez avec les heures que Kairos affiche avant cette saisie."), again)
    if inside:
        told = "« Déclarées avant » compte déjà {heures} des compléments précédents."
        yield _detail(sentence(told, heures=hours(inside)), again)


def _plus_row(
    label: str, amount: Decimal, text: styles.CellStyle, number: styles.CellStyle, again: tuple[PrintedRow, ...]
) -> PrintedRow:
    """Hours of earlier complements, under those of the extract."""
    return row(Span(0, 0, None), Span(1, 2, label, text), Span(3, 3, amount, number), glued=True, again=again)


def _added(one: Added) -> str:
    """What an earlier complement added to a séquence, in words."""
    said = [sentence("{heures} ajoutées", heures=hours(one.heures))] if one.heures else []
    if one.absences:
        turned = hours(sum((amount for _, amount in one.absences), ZERO))
        named = FRENCH.listing([readable(name) for name, _ in one.absences[:_NAMED]])
        more = len(one.absences) - _NAMED
        others = f" et {more} autres" if more > 0 else ""
        which = "absence" if len(one.absences) == 1 else "absences"
        said.append(f"{turned} rendues finançables ({which} {named}{others})")
    return sentence("Déjà complétée par {numero} : ", numero=one.numero) + sentence(" ; ").join(said) + "."


def _absences(
    absences: list[Mapping[str, Any]], again: tuple[PrintedRow, ...], motifs: Mapping[str, str]
) -> Iterator[PrintedRow]:
    """The absences of a séquence, type by type: of several, their sums stand beside the type."""
    for kind, group in groupby(absences, key=lambda absence: absence["type_absence"]):
        of_kind = list(group)
        if kind or len(of_kind) > 1:
            yield _kind_row(kind, of_kind, again)
        for absence in of_kind:
            yield from _absence_rows(absence, again, motifs)


def _kind_row(kind: str, absences: list[Mapping[str, Any]], again: tuple[PrintedRow, ...]) -> PrintedRow:
    """A type of absence (``""``: the extract gives none), with the sums of its ``absences`` where they are several."""
    title = sentence("Type « {type} »", type=kind) if kind else sentence("Sans type")
    if len(absences) == 1:
        return row(Span(0, 0, None), Span(1, LAST, title, styles.ABSENCE_TYPE), glued=True, again=again)
    title += sentence(", sous-total de {n} absences", n=str(len(absences)))
    names = ("heures_non_financables_initiales", "heures_valorisees", "heures_restantes")
    sums = [sum((absence[name] for absence in absences), ZERO) for name in names]
    numbers = [Span(column, column, amount, styles.SUBTOTAL) for column, amount in enumerate(sums, 3)]
    return row(Span(0, 0, None), Span(1, 2, title, styles.ABSENCE_TYPE), *numbers, glued=True, again=again)


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
    reason = sentence(
        "Motif {motif} · {piece}, du {jour} ({place})",
        motif=f"{code} ({motifs[code]})" if motifs.get(code) else code,
        piece=proof["reference"],
        jour=FRENCH.day(proof["date"]),
        place=origin(absence),
    )
    yield _detail(reason, again, glued=bool(left))
    if left:
        told = "{heures} perdues définitivement : une absence ne se complète qu'une seule fois."
        yield _detail(sentence(told, heures=hours(left)), again, styles.LOST)


def _detail(
    said: str, again: tuple[PrintedRow, ...], style: styles.CellStyle = styles.DETAIL, *, glued: bool = False
) -> PrintedRow:
    """A sentence beside the tick boxes."""
    return row(Span(0, 0, None), Span(1, LAST, said, style), glued=glued, again=again)


def _declared(
    plans: list[Mapping[str, Any]], earlier: Earlier, before: Before, bar: PrintedRow
) -> Iterator[PrintedRow]:
    """What the initial DSF declares of a DE over all its séquences, what is typed, and what that makes.

    ``plans``: its entries. ``before``: of the DE. Complements that are older than these totals do not have them.
    """
    totals = plans[0]["totaux"]
    if "heures_realisees_initiales" not in totals:
        return
    known, added = totals["heures_realisees_initiales"], _sum_of(plans, "heures_complementaires")
    if added:
        yield _sum_row(_DONE, known, added, known + before.outside + added, bar)
        if before.outside:
            label = _OUTSIDE if before.sure else _UNSURE
            yield _plus_row(label, before.outside, styles.SUM, styles.SUM_NUMBER, (bar,))
    known, turned = totals["heures_absence_non_financables_initiales"], _sum_of(plans, "heures_valorisees")
    if turned:
        # Extracts differ on whether an absence that an earlier complement turned still counts: then nobody can say.
        after = None if earlier.own or earlier.others else known - turned
        yield _sum_row(_MISSED, known, turned, after, bar)


def _sum_of(plans: list[Mapping[str, Any]], name: str) -> Decimal:
    return sum((person["totaux"][name] for person in plans), ZERO)


def _sum_row(label: str, known: Decimal, typed: Decimal, after: Decimal | None, bar: PrintedRow) -> PrintedRow:
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
            full_width(sentence(_NEVER_AGAIN), styles.BOLD),
            *(_total_row(sentence(label), value) for label, value in every if value),
            full_width(
                "Saisi le ____ /____ /________        par ______________________________", styles.BODY, at_least=30
            ),
            full_width(sentence(_AFTERWARDS), styles.BODY),
        ]
    )


def _total_row(label: str, value: Decimal | int) -> PrintedRow:
    return row(
        Span(0, 0, BOX, styles.TICK),
        Span(1, 3, label, styles.ENTRY),
        Span(4, 4, value, styles.TO_TYPE),
        at_least=_ENTRY_HEIGHT,
    )
