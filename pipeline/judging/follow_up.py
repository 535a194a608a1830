"""How things stand today, from the ledger and the newest reference alone: complements that have left, and what did not.

Source: contract §6, §7.

How many are issued, typed, seen, and which are not, with their age: that is where money is lost now. What REF-14 misses. What the
newest extracts let pass that was rejected or held before. What is still open. Who may be sounding out REF-13. Nothing here
names a person, and nothing is issued for it.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from pipeline import jsonfile
from pipeline.judging.context import Context
from pipeline.judging.decision import LIFTED
from pipeline.judging.facts import join_dsf
from pipeline.judging.seen import looked_at
from pipeline.judging.soundings import soundings
from pipeline.judging.still_open import still_open
from pipeline.ledger import Followed, InState, Wait
from schemas.rule import CATALOGUE, REJECTS

LISTED = 500
"""Rows of each list; the others are counted."""
AGES = (7, 30, 90)
"""Days up to which complements are counted together; the older ones too."""
STATES = ("emises", "saisies", "vues")
"""Of a complement: issued and not typed, typed and not seen, seen."""
ON_DSF = ("REF-01", "REF-02", "REF-03", "REF-04")
"""Rules that look at a whole DSF: all must hold before a line on it passes."""

Data = dict[str, Any]
FollowUp = Mapping[str, Any]
"""What ``follow_up`` gives."""


def follow_up(context: Context) -> Data:
    """``comptes`` by state, ``par_age``, and five lists {total, lignes} of at most ``LISTED`` rows, as run.json has them.

    ``par_age``: complements and hours for each state and each of ``AGES``; None: older. ``a_saisir`` and ``a_voir``:
    complements not typed, typed and not seen, the oldest first. ``introuvables``: what REF-14 misses on the DSF of lines that
    wait for an extract, then of complements not seen yet. ``debloques``: by organisation and DSF, lines that the newest extract
    lets pass. ``ouvert``, ``sondages``: as ``still_open`` and ``soundings`` give them. Hours int hundredths, days ISO text,
    ``jours`` by the context's day.
    """
    standing = context.book.by_state()
    unseen, waits = context.book.followed(unseen=True), context.book.waits()
    sounded = soundings(context)
    missing = missed(context, {one.cle_dsf for one in unseen}, {one.cle_dsf for one in waits})
    return {
        "comptes": {state: sum(one.complements for one in standing if one.etat == state) for state in STATES},
        "par_age": _by_age(standing, context.day),
        "a_saisir": _waiting(context, [one for one in unseen if one.saisie_le is None]),
        "a_voir": _waiting(context, [one for one in unseen if one.saisie_le is not None]),
        "introuvables": _listed(missing.drop(columns="cle_dsf")),
        "debloques": _listed(lifted(context, waits, set(missing["cle_dsf"]))),
        "ouvert": still_open(context, LISTED),
        "sondages": {"total": len(sounded), "lignes": sounded[:LISTED]},
    }


def as_numbers(given: FollowUp) -> Data:
    """The same as JSON has it: hours as numbers with two decimals."""
    numbers: Data = _as_numbers(given)
    return numbers


def _as_numbers(given: Any) -> Any:
    if isinstance(given, Mapping):
        return {name: _hours(value) if name == "heures" else _as_numbers(value) for name, value in given.items()}
    return [_as_numbers(one) for one in given] if isinstance(given, list) else given


def _hours(given: int | list[int]) -> Any:
    return [jsonfile.hours(one) for one in given] if isinstance(given, list) else jsonfile.hours(given)


def _listed(rows: pd.DataFrame) -> Data:
    return {"total": len(rows), "lignes": rows.head(LISTED).to_dict("records")}


# --- issued and not typed, typed and not seen -------------------------------------------------------------------------


def _by_age(standing: Sequence[InState], day: date) -> list[Data]:
    """Each state by age: the first of ``AGES`` that its days do not exceed, None past the last."""
    counted = {(state, age): [0, 0] for state in STATES for age in (*AGES, None)}
    for one in standing:
        days = (day - one.depuis).days
        cell = counted[one.etat, next((age for age in AGES if days <= age), None)]
        cell[0] += one.complements
        cell[1] += one.heures
    return [
        {"etat": state, "jours": age, "complements": many, "heures": hours}
        for (state, age), (many, hours) in counted.items()
    ]


def _waiting(context: Context, complements: Sequence[Followed]) -> Data:
    """The complements with their age since the last that is known of them, the oldest first."""
    ordered = sorted(complements, key=lambda one: (_last(one), one.seq))
    names = context.reference.raisons_sociales({one.siret for one in ordered[:LISTED]})
    rows = [_row(one, names.get(one.siret, ""), context.day) for one in ordered[:LISTED]]
    return {"total": len(ordered), "lignes": rows}


def _last(one: Followed) -> date:
    return one.saisie_le or one.emis_le


def _row(one: Followed, name: str, day: date) -> Data:
    row: Data = {"numero": one.numero, "siret": one.siret, "raison_sociale": name, "emis_le": one.emis_le.isoformat()}
    if one.saisie_le:
        row |= {"saisie_le": one.saisie_le.isoformat(), "numero_kairos": one.numero_kairos}
    return row | {"jours": (day - _last(one)).days}


# --- what REF-14 misses -----------------------------------------------------------------------------------------------

_MISSED = ["cle_dsf", "numero_dsf", "complement", "code_sequence", "id_absence", "date_debut", "date_fin"]


def missed(context: Context, unseen: set[str], waiting: set[str]) -> pd.DataFrame:
    """What was completed on these DSF and is not in the newest extract, first on those that lines are ``waiting`` for.

    The columns ``_MISSED``, all texts, and no trainee. Numbers of séquences and absences are as they are compared, in capitals;
    ``id_absence`` is "" for hours.
    """
    parts = []
    for facts, entries in looked_at(context, unseen | waiting):
        rows = entries.missing.merge(facts.dsf[["cle_dsf", "numero_dsf"]], on="cle_dsf")
        rows["code_sequence"] = rows["cle_sequence"].str.upper()
        rows["id_absence"] = rows["cle_absence"].str.upper().fillna("")
        for column in ("date_debut", "date_fin"):
            rows[column] = rows[column].dt.strftime("%Y-%m-%d")
        parts.append(rows[_MISSED])
    every = pd.concat(parts) if parts else pd.DataFrame(columns=_MISSED)
    every = every.drop_duplicates().assign(later=~every["cle_dsf"].isin(waiting))
    return every.sort_values(["later", *_MISSED], ignore_index=True)[_MISSED]


# --- what is no longer kept from passing ------------------------------------------------------------------------------

_LIFTED = ["siret", "raison_sociale", "numero_dsf", "codes", "lignes", "heures", "depot"]


def lifted(context: Context, waits: Sequence[Wait], changed: set[str]) -> pd.DataFrame:
    """The ``waits`` that no rule on the DSF keeps any more, by organisation and DSF: the columns ``_LIFTED``.

    ``changed``: keys of the DSF that REF-14 keeps; what it keeps of other DSF of their conventions stays so as long as they
    do. Most hours first. ``codes``: what kept them, parted by spaces.
    """
    if not waits:
        return pd.DataFrame(columns=_LIFTED)
    kept = pd.DataFrame([vars(one) for one in waits if one.code in LIFTED])
    # REF-02 and REF-14 stand on the same lines of a deposit, which count once.
    by_dsf = kept.groupby(["siret", "cle_dsf", "depot"], as_index=False).agg(
        codes=("code", " ".join), lignes=("lignes", "max"), heures=("heures", "max")
    )
    open_now = _asked(context, by_dsf, changed)
    names = context.reference.raisons_sociales(open_now["siret"])
    open_now["raison_sociale"] = [names.get(siret, "") for siret in open_now["siret"]]
    open_now["numero_dsf"] = open_now["numero_dsf_exact"]
    return open_now.sort_values(["heures", "siret", "numero_dsf"], ascending=[False, True, True])[_LIFTED]


def _asked(context: Context, rows: pd.DataFrame, changed: set[str]) -> pd.DataFrame:
    """``rows`` (siret, cle_dsf) on which every rule on the DSF holds today, with what is known of it."""
    known = context.reference.dsf(rows["cle_dsf"])
    rows = join_dsf(rows.assign(date_run=pd.Timestamp(context.day).as_unit("s")), known, context.settings)
    conventions = context.reference.dsf(changed)["cle_convention"].dropna()
    beside = rows["codes"].str.contains("REF-14") & rows["cle_convention"].isin(conventions)
    holds = ~(rows["cle_dsf"].isin(changed) | beside)
    for code in ON_DSF:
        if context.settings.severites.get(code, REJECTS) == REJECTS:
            holds &= CATALOGUE[code].on(rows, "numero_dsf")
    return rows[holds].copy()
