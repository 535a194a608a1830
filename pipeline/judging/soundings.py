"""Who may be sounding out REF-13: dropping the same lines with other hours until it is silent tells what others have left.

Source: contract §5 (Groups), §7. REF-13 is asked of otherwise sound lines alone, so that the answer costs a complement; the
answers « no » before it cost nothing, and this counts them. Nothing here names a person.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from pipeline.judging.context import Context
from pipeline.judging.verdicts import REJECTED
from pipeline.judging.verdicts_csv import rows
from pipeline.ledger import Attempt
from pipeline.settings import Settings
from schemas.rule import CATALOGUE, REJECTS
from schemas.rules.remaining import PIF_KEY

CODE = "REF-13"
LEAST, DAYS = 4, 30
"""Rejections with different hours, and within how many days, that make a series: to correct once or twice makes none."""

_Key = tuple[str, str]


def soundings(context: Context) -> list[dict[str, Any]]:
    """The series that end on the context's day or before, those of most deposits first.

    Each: siret, raison_sociale, numero_dsf, depots (how many), heures (the hundredths rejected, each amount once, in their
    order), du and au (ISO days), depot (the last one). A series is of one organisation and one DSF: at least ``LEAST`` deposits
    in ``DAYS`` days with a line that only REF-13 rejects, each time with other hours, where others count in the plan too.
    """
    first = context.day - timedelta(days=DAYS)
    tried = context.book.tried_again(CODE, first, context.day, LEAST)
    alone = _rejected_alone(context, {one.depot for one in tried})
    asked = [one for one in tried if (one.depot, one.numero_dsf) in alone]
    series = {whose: _each_amount_once(list(every)) for whose, every in groupby(asked, _whose)}
    shared = _shared(context, [whose for whose, each in series.items() if len(each) >= LEAST])
    names = context.reference.raisons_sociales({siret for siret, _ in shared})
    found = [_row(series[whose], names.get(whose[0], "")) for whose in shared]
    return sorted(found, key=lambda row: (-row["depots"], row["siret"], row["numero_dsf"]))


def _whose(one: Attempt) -> _Key:
    return one.siret, one.cle_dsf


def _each_amount_once(tried: Sequence[Attempt]) -> list[Attempt]:
    """The first attempt with each amount of hours: the same file dropped again asks nothing new."""
    return list({one.heures: one for one in reversed(tried)}.values())[::-1]


def _row(tried: Sequence[Attempt], name: str) -> dict[str, Any]:
    last = tried[-1]
    return {
        "siret": last.siret,
        "raison_sociale": name,
        "numero_dsf": last.numero_dsf,
        "depots": len(tried),
        "heures": [one.heures for one in tried],
        "du": tried[0].jour.isoformat(),
        "au": last.jour.isoformat(),
        "depot": last.depot,
    }


def _rejected_alone(context: Context, depots: Collection[str]) -> set[tuple[str, str]]:
    """(deposit, DSF) with a line that REF-13 rejected and nothing else did, by today's severities."""
    found = set()
    for data in context.book.rows_of(depots):
        for row in rows(data):
            codes = row["codes"].split()
            if row["verdict"] == REJECTED and CODE in codes and _rejecting(codes, context.settings) == [CODE]:
                found.add((row["depot"], row["numero_dsf"]))
    return found


def _rejecting(codes: Sequence[str], settings: Settings) -> list[str]:
    """Those that reject; a code that this version does not know rejects."""
    known = {code: CATALOGUE[code].severity for code in codes if code in CATALOGUE}
    return [code for code in codes if settings.severites.get(code, known.get(code, REJECTS)) == REJECTS]


def _shared(context: Context, keys: Collection[_Key]) -> set[_Key]:
    """(SIRET, DSF) with a plan on which somebody else may declare: where all is its own, REF-13 says what remains."""
    if not keys:
        return set()
    declared = context.reference.facts({cle for _, cle in keys}).declared
    found = set()
    for siret, cle in keys:
        plans = declared.loc[declared["cle_dsf"] == cle, PIF_KEY].drop_duplicates()
        beside = declared.merge(plans, on=PIF_KEY)
        if ((beside["siret_titulaire"] != siret) | (beside["siret_dispensateur"] != siret)).any():
            found.add((siret, cle))
    return found
