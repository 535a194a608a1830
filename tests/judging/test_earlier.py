"""What earlier complements of a DSF added to a séquence: counted once, under today's names, each organisation its own."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from pipeline.judging import complement
from pipeline.judging.earlier import NOTHING, Before, Earlier, Issued, earlier
from pipeline.ledger.records import Complement
from pipeline.nomenclature import Rename
from schemas.folding import key
from tests.judging import samples
from tests.judging.samples import DISPENSATEUR, TITULAIRE

MARCH, MAY, JULY = date(2025, 3, 31), date(2025, 5, 31), date(2025, 7, 31)
DSF, (DE, *_) = samples.DSF["numero_dsf"], samples.PERSONS[0]


def issued(
    rang: int, *lines: dict[str, Any], siret: str = TITULAIRE, extrait_du: date = MARCH, dsf: str = DSF
) -> Complement:
    """A complement of rank ``rang`` with ``lines``, judged with the extract of ``extrait_du``."""
    numero = f"{dsf}-C{rang:02d}"
    merged = {**samples.DSF, "numero_dsf": dsf}
    content = complement.payload(numero, merged, samples.DECLARANT, lines, samples.DEPOT, samples.EMIS_LE)
    return Complement(numero, key(dsf), rang, "D", siret, complement.encode(content), (), (), extrait_du)


def hours(amount: int, **changes: Any) -> dict[str, Any]:
    return samples.hours(5, amount, **changes)


def before(
    made: Complement, *others: Complement, renames: tuple[Rename, ...] = (), de: str = DE, code: str = "S01"
) -> Before:
    return earlier(made, [*others, made], renames).on(DSF, de, code)


def test_a_first_complement_has_nothing_before_it() -> None:
    first, second = issued(1, hours(750)), issued(2, hours(750))
    assert earlier(first, [first, second], ()) == NOTHING == Earlier()
    assert earlier(first, [issued(1, hours(100), dsf="DSF-9"), first], ()) == NOTHING


def test_hours_of_lower_ranks_on_the_same_sequence_count_and_no_others() -> None:
    other = samples.sequence(1)
    first = issued(1, hours(750), hours(100, **samples.sequence(0, "S02")), hours(200, **other))
    third = issued(3, hours(25))
    found = before(third, issued(4, hours(900)), first, issued(2, hours(150)))
    assert [(one.numero[-3:], one.heures) for one in found.added] == [
        ("C01", Decimal("7.50")),
        ("C02", Decimal("1.50")),
    ]
    assert (found.outside, found.sure) == (Decimal("9.00"), True)
    assert earlier(third, [first, third], ()).own == (
        Issued(f"{DSF}-C01", "2025-06-02", Decimal("10.50"), Decimal("0.00")),
    )


def test_what_the_extract_shows_since_is_not_counted_twice() -> None:
    first, second = issued(1, hours(750)), issued(2, hours(150))
    for realisees, outside in (
        (9825, "9.00"),
        (9975, "7.50"),
        (10575, "1.50"),
        (10725, "0.00"),
        (20000, "0.00"),
        (9000, "9.00"),
    ):
        third = issued(3, hours(25, heures_realisees=realisees), extrait_du=MAY)
        assert before(third, first, second).outside == Decimal(outside), realisees


def test_absences_turned_are_named_with_their_hours() -> None:
    first = issued(1, samples.absence(4, 1400, 1400), samples.absence(5, 350, 700, id_absence="B"))
    (added,) = before(issued(2, hours(25)), first).added
    assert added.absences == (("ABS-004", Decimal("14.00")), ("B", Decimal("3.50"))) and not added.heures
    assert before(issued(2, hours(25)), first).outside == 0


def test_a_trainee_who_was_renamed_is_the_same() -> None:
    first = issued(1, hours(750))
    second = issued(2, hours(25, identifiant_de="01234567890"), extrait_du=MAY)
    for day in (date(2025, 5, 1), date(2025, 8, 1), None):
        told = (Rename("identifiant_de", "", "", key(DE), "01234567890", day),)
        assert before(second, first, renames=told, de="01234567890").outside == Decimal("7.50")
    assert before(second, first, de="01234567890") == Before()
    later = issued(2, hours(25))  # both under the old name, and renamed only afterwards
    assert before(later, first, renames=told).outside == Decimal("7.50")


def test_sequences_whose_codes_shift_are_not_taken_for_each_other() -> None:
    day = date(2025, 5, 1)
    told = tuple(Rename("code_sequence", "", "", f"s0{n}", f"s0{n + 1}", day) for n in (1, 2))
    first = issued(1, hours(100), hours(200, **samples.sequence(0, "S02")))
    second = issued(2, hours(25, **samples.sequence(0, "S02")), hours(25, **samples.sequence(0, "S03")), extrait_du=MAY)
    assert before(second, first, renames=told, code="S02").outside == Decimal("1.00")
    assert before(second, first, renames=told, code="S03").outside == Decimal("2.00")
    only = issued(2, hours(25, **samples.sequence(0, "S02")), extrait_du=MAY)
    assert before(only, first, renames=told, code="S02").outside == Decimal("1.00")


def test_another_organisation_is_neither_counted_nor_named() -> None:
    theirs = issued(1, hours(750), samples.absence(4, 1400, 1400), siret=DISPENSATEUR)
    mine, next_one = issued(2, hours(150)), issued(3, hours(25))
    found = earlier(next_one, [theirs, mine, next_one], ())
    assert ([one.numero for one in found.own], found.others) == ([f"{DSF}-C02"], 1)
    place = found.on(DSF, DE, "S01")
    assert [one.numero for one in place.added] == [mine.numero]
    assert (place.outside, place.sure) == (Decimal("1.50"), True)
    alone = before(issued(2, hours(25)), theirs)
    assert alone == Before(), "not a number of theirs"


def test_where_nobody_can_tell_whose_hours_the_extract_shows_it_is_not_said() -> None:
    theirs, mine = issued(1, hours(750), siret=DISPENSATEUR), issued(2, hours(150))
    for realisees, outside, sure in ((9825, "1.50", True), (9975, "1.50", False), (10725, "0.00", True)):
        third = issued(3, hours(25, heures_realisees=realisees), extrait_du=JULY)
        found = before(third, theirs, mine)
        assert (found.outside, found.sure) == (Decimal(outside), sure), realisees


def test_a_person_as_a_whole_counts_every_sequence_of_earlier_complements() -> None:
    first = issued(1, hours(750), hours(150, **samples.sequence(0, "S02")))
    for declared, outside in ((20000, "9.00"), (20150, "7.50"), (20900, "0.00"), (19000, "9.00")):
        third = issued(3, hours(25, de_heures_realisees=declared), extrait_du=MAY)
        assert earlier(third, [first], ()).of(DSF, DE).outside == Decimal(outside), declared
    assert earlier(issued(2, hours(25, **samples.sequence(1))), [first], ()).of(DSF, DE) == Before()


def test_of_complements_that_do_not_say_what_was_declared_nobody_is_sure() -> None:
    first, second = issued(1, hours(750)), issued(2, hours(25))
    old = complement.decode(first.payload)
    del old["demandeurs"][0]["totaux"]["heures_realisees_initiales"]
    found = earlier(second, [replace(first, payload=complement.encode(old))], ())
    assert (found.of(DSF, DE).outside, found.of(DSF, DE).sure) == (Decimal("7.50"), False)
    assert found.on(DSF, DE, "S01").sure, "of the séquence it says so"
