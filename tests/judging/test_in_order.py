"""First come, first served: a wave judged at once has the verdicts, words and bytes of its deposits judged one after another.

Random waves in a small world, so that nearly every deposit meets others: the same absences, séquences and plans, named in each
way there is, by titulaire and dispensateur, with a ledger that has some of it already.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest

from pipeline import nomenclature, reference
from pipeline.judging import frames, rounds
from pipeline.judging.deposit import Deposit
from pipeline.judging.identity import Present, present
from pipeline.judging.settle import Known, Settled, settle
from pipeline.ledger.records import Complement
from pipeline.settings import Settings
from schemas.fields import ABSENCES, HEURES
from schemas.rule import REJECTS, WARNS
from tests.judging.typed import Line, deposit, table
from tests.world import DAY, DISPENSATEUR, OTHER, SETTINGS, TITULAIRE, World, decisions, extracts
from tests.world.deposits import LINES

DSF = ("DSF-1", "DSF-2", "DSF-3")
PEOPLE = ("1234567A", "7654321B")
DAYS = [f"{day:02d}/02/2025" for day in range(10, 19)]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """Two DSF whose trainees share their plans, a third of another organisation on the same ones; complements on the first."""
    world = World(tmp_path_factory.mktemp("ws"))
    absences = [
        {"identifiant_de": who, "id_absence": name, "date_debut": f"2025-02-0{first}", "date_fin": f"2025-02-0{last}"}
        for who in PEOPLE
        for name, first, last in (("A1", 3, 4), ("A2", 5, 5), ("A3", 5, 5), ("A4", 6, 7))
    ]
    plans = [
        {"identifiant_de": who, "heures_prevues": hours, "heures_realisees": "10"}
        for who, hours in zip(PEOPLE, ("215", "160"), strict=True)
    ]
    for number, holders in zip(DSF, ({}, extracts.BY_ANOTHER, {"siret_titulaire": OTHER}), strict=True):
        world.add_dsf(number, absences=absences, sequences=plans, **{**extracts.BY_ANOTHER, **holders})
    extracts.load(world.write_extracts().workspace)
    store = reference.open(world.workspace)
    facts = store.facts([number.lower() for number in DSF])
    with decisions.opened(world.workspace) as book:
        run = decisions.begin(book)
        gone = replace(decisions.absence("A9"), date_debut=date(2025, 2, 6), date_fin=date(2025, 2, 7))
        decisions.decide(world.workspace, book, run, "DSF-1-C01", decisions.absence("A4"), gone, decisions.hours(10))
        decisions.decide(world.workspace, book, run, "DSF-2-C01", decisions.hours(11, dsf="DSF-2"), siret=DISPENSATEUR)
        entries = book.entries(facts.dsf["cle_dsf"], ["conv-1"])
        today = present(entries, facts, store.plans(entries.heures["cle_dsf"].unique()), ())
    # A9 is nowhere in the extract: without this its DSF would be judged by REF-14 alone.
    return Known(facts, replace(today, missing=today.missing.iloc[:0]), (), {"dsf-1": 1, "dsf-2": 1}, {})


# --- waves ------------------------------------------------------------------------------------------------------------


OWN = {TITULAIRE: DSF[:2], DISPENSATEUR: DSF, OTHER: DSF[2:]}


def hours(chance: Random, siret: str, *, careful: bool) -> Line:
    """A line of hours; a careless one has a fault now and then."""
    start = chance.choice(DAYS)
    end = chance.choice(["", "", start, *([] if careful else DAYS)])
    amount = chance.choice(["7", "7", "3,5"] if careful else ["7", "14", "30", "sept", "7,1", "-1"])
    who = _who(chance, siret, careful=careful)
    return {**LINES[HEURES], **who, "date_debut": start, "date_fin": end, "heures": amount}


def absence(chance: Random, siret: str, *, careful: bool) -> Line:
    """A line that completes an absence, named by its number, by its dates, by both, or by what is not there."""
    days = chance.choice([("03", "04"), ("06", "07"), ("06", "07") if careful else ("05", "05")])
    dates = {f"date_{end}": f"{day}/02/2025" for end, day in zip(("debut", "fin"), days, strict=True)}
    name = chance.choice(["A1", "A2", "A3", "A4", "", "" if careful else "A9"])
    how = {"id_absence": name, **(dates if not name or (not careful and chance.random() < 0.4) else {})}
    amount = chance.choice(["7", "7", "7", "3,5" if careful else "14"])
    waived = {"reliquat_abandonne": "oui" if careful else ""}
    return {**LINES[ABSENCES], **_who(chance, siret, careful=careful), **how, **waived, "heures": amount}


def _who(chance: Random, siret: str, *, careful: bool) -> Line:
    return {
        "numero_dsf": chance.choice(OWN[siret] if careful else [*DSF, "DSF-9"]),
        "identifiant_de": chance.choice([PEOPLE[0], PEOPLE[0], PEOPLE[1]]),
        "nom": chance.choice(["Exemple", "Exemple" if careful else "X"]),
    }


def wave(chance: Random) -> list[Deposit]:
    """Deposits of the titulaire and of others, some twice, some empty."""
    made: list[Deposit] = []
    for number in range(chance.randint(4, 14)):
        siret = chance.choice([TITULAIRE, TITULAIRE, TITULAIRE, DISPENSATEUR, OTHER])
        careful = chance.random() < 0.8
        tables = [
            table(kind, *[line(chance, siret, careful=careful) for _ in range(chance.randint(1, 4))], sheet=kind)
            for kind, line in ((HEURES, hours), (ABSENCES, absence))
            if chance.random() < 0.75
        ]
        behalf = "" if careful else chance.choice(["", DISPENSATEUR])
        one = deposit(*tables, siret=siret, numero=f"D{number:02d}", on_behalf_of=behalf)
        if made and chance.random() < 0.2:
            same = chance.choice(made)
            one = replace(one, packed=same.packed, snapshot=replace(one.snapshot, sha256=same.sha256))
        made.append(one)
    return made


def settings(chance: Random) -> Settings:
    """A policy, and severities as an operator may change them."""
    soft = chance.sample(["LIG-08", "LIG-09", "REF-12", "REF-13", "DBL-01", "DBL-02", "REF-09"], chance.randint(0, 3))
    hard = chance.sample(["AVT-01", "AVT-02", "AVT-04", "AVT-06", "AVT-07"], chance.choice([0, 0, 1]))
    severities = dict.fromkeys(soft, WARNS) | dict.fromkeys(hard, REJECTS)
    policy = chance.choice(["ligne", "dsf", "depot"])
    return replace(SETTINGS, politique=policy, severites=severities, pas_heures=chance.choice([25, 10]))


# --- one after another ------------------------------------------------------------------------------------------------


def judged(deposits: Sequence[Deposit], known: Known, given: Settings) -> Settled:
    return settle(frames.build(deposits), deposits, known, nomenclature.motifs(Path()), given, DAY)


def after(known: Known, one: Deposit, found: Settled) -> Known:
    """What is known once ``one`` was decided: its complements are in the ledger."""
    ranks, seen = dict(known.ranks), {(one.siret, one.sha256): (one.numero, DAY), **known.seen}
    entries = known.present.entries
    for made in found.complements:
        ranks[made.cle_dsf] = made.rang
        for name in ("absences", "heures"):
            entries = replace(entries, **{name: _added(getattr(entries, name), getattr(made, name), made)})
    return replace(
        known, present=Present(entries, known.present.missing, known.present.unplaced), ranks=ranks, seen=seen
    )


def _added(before: pd.DataFrame, entries: Sequence[Any], made: Complement) -> pd.DataFrame:
    issuer = {"complement": made.numero, "siret": made.siret, "date": pd.Timestamp(DAY)}
    rows = pd.DataFrame([asdict(entry) | issuer for entry in entries]).reindex(columns=before.columns)
    return pd.concat([before, rows.astype(before.dtypes.to_dict())], ignore_index=True) if entries else before


def one_after_another(deposits: Sequence[Deposit], known: Known, given: Settings) -> list[Settled]:
    every = []
    for one in deposits:
        every.append(judged([one], known, given))
        known = after(known, one, every[-1])
    return every


# --- compared ---------------------------------------------------------------------------------------------------------


def told(found: Settled, first_line: int, position: int) -> tuple[Any, ...]:
    """All of one deposit that settling says, its lines counted from 0."""
    lines = found.lines[found.lines["depot"] == position]
    findings = found.findings[found.findings["depot"] == position]
    at = findings["ligne_id"].where(findings["ligne_id"] < 0, findings["ligne_id"] - first_line)
    return (
        position in found.refused,
        _plain(lines.drop(columns=["depot", "table"]).set_axis(lines.index - first_line, axis=0).reset_index()),
        _plain(findings.drop(columns="depot").assign(ligne_id=at)),
    )


def _plain(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    return frame.astype("object").where(frame.notna(), None).to_dict("records")


@pytest.mark.parametrize("seed", range(6))
def test_a_wave_is_settled_as_its_deposits_one_after_another(
    known: Known, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = Random(seed)
    deposits, given = wave(chance), settings(chance)
    monkeypatch.setattr(rounds, "PATIENCE", chance.choice([0, 1, 8, 8]))  # layer by layer at once, soon, or hardly ever
    together = judged(deposits, known, given)
    apart = one_after_another(deposits, known, given)
    first_line = 0
    for position, (one, alone) in enumerate(zip(deposits, apart, strict=True)):
        assert told(together, first_line, position) == told(alone, 0, 0), position
        first_line += sum(len(each.rows) for each in one.reading.tables)
    assert together.complements == tuple(made for alone in apart for made in alone.complements)
    assert together.contents == {depot: made for alone in apart for depot, made in alone.contents.items()}


HOURS = {**LINES[HEURES], "numero_dsf": "DSF-1", "date_debut": "20/02/2025"}
ABSENCE = {**LINES[ABSENCES], "numero_dsf": "DSF-1"}


@pytest.mark.parametrize("patience", [0, 8])
@pytest.mark.parametrize(
    ("kind", "first", "second", "codes"),
    [
        (HEURES, {**HOURS, "heures": "85"}, {**HOURS, "numero_dsf": "DSF-2"}, {"REF-13"}),  # by the plan alone
        (HEURES, HOURS, {**HOURS, "date_fin": "21/02/2025"}, {"AVT-04"}),  # by the séquence alone
        (HEURES, HOURS, {**HOURS, "heures": "3,5"}, {"DBL-03"}),
        (ABSENCES, ABSENCE, {**ABSENCE, "heures": "3,5", "reliquat_abandonne": "oui"}, {"REF-10"}),
    ],
)
def test_what_was_granted_is_seen_wherever_it_may_count(
    known: Known, kind: str, first: Line, second: Line, codes: set[str], patience: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "PATIENCE", patience)
    deposits = [deposit(table(kind, line), numero=f"D{n}") for n, line in enumerate((first, second))]
    found = judged(deposits, known, SETTINGS).findings
    said = [set(found.loc[(found["depot"] == n) & (found["ligne_id"] >= 0), "code"]) - {"AVT-02"} for n in (0, 1)]
    assert said == [set(), codes]


def test_a_refusal_gives_back_what_a_guess_had_granted(known: Known) -> None:
    """The second deposit is refused for what the first was granted, so that the third, judged after it, is granted its line."""
    both = [ABSENCE, {**ABSENCE, "id_absence": "A2", "date_debut": "05/02/2025", "date_fin": "05/02/2025"}]
    waves = [[both[0]], [{**both[0], "heures": "3,5", "reliquat_abandonne": "oui"}, both[1]], [both[1]]]
    deposits = [deposit(table(ABSENCES, *lines), numero=f"D{n}") for n, lines in enumerate(waves)]
    found = judged(deposits, known, replace(SETTINGS, politique="depot"))
    assert found.lines["verdict"].tolist() == ["acceptee", "rejetee", "retenue", "acceptee"]
    assert [made.numero for made in found.complements] == ["DSF-1-C02", "DSF-1-C03"]
