"""What an organisation may still complete, for its template: trainees with what is left of their plans, open absences."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from pipeline.judging.context import Context
from pipeline.judging.facts import join_plan, on_a_changed_plan, position, take
from pipeline.judging.identity import DATED, SEQUENCE, Present
from pipeline.reference import Facts
from schemas.fields import HEURES
from schemas.rules.remaining import PIF_KEY


@dataclass(frozen=True)
class Completable:
    """Rows of the extracts, in the order of a template.

    ``sequences``: with the period of their DSF, and ``heures_reste``: the hundredths that REF-13 still lets pass (Int64), missing
    where that would tell of the hours of others, or cannot be counted. ``absences``: those that nothing has completed, with
    ``nom`` and ``prenom``.
    """

    raison_sociale: str
    sequences: pd.DataFrame
    absences: pd.DataFrame


def completable(context: Context, siret: str, numeros: Iterable[str] | None = None) -> Completable:
    """What ``siret`` may complete today, as titulaire or dispensateur. ``numeros``: only on these DSF."""
    rows = context.reference.of_organisation(siret, numeros)
    facts = context.as_named_today(rows.facts)
    now = context.present(facts.dsf["cle_dsf"].tolist(), facts)
    dsf = position(facts.dsf, ["cle_dsf"], facts.sequences, ["cle_dsf"])
    period = take(facts.dsf, {name: name for name in ("periode_debut", "periode_fin")}, dsf)
    sequences = pd.concat([facts.sequences, period], axis=1).assign(heures_reste=left(siret, facts, now))
    return Completable(rows.raison_sociale, _ordered(sequences, "code_sequence"), open_absences(facts, now))


def left(siret: str, facts: Facts, now: Present) -> "pd.Series[int]":
    """Hundredths left of the plan of each of ``facts.sequences``: as REF-13 counts them, told only where its message does."""
    lines = facts.sequences.assign(siret=siret, nature=HEURES)
    dsf = position(facts.dsf, ["cle_dsf"], lines, ["cle_dsf"])
    lines["cle_convention"] = take(facts.dsf, {"cle_convention": "c"}, dsf)["c"]
    lines["pif_change"] = on_a_changed_plan(lines, facts, now.unplaced) | lines["cle_dsf"].isin(now.changed)
    lines = join_plan(lines, facts)
    issued = now.entries.heures
    added = issued.groupby(PIF_KEY)["heures"].sum().reset_index()
    of_plan = take(added, {"heures": "h"}, position(added, PIF_KEY, lines, PIF_KEY))["h"].fillna(0).astype("int64")
    theirs = issued.loc[issued["siret"] != siret, PIF_KEY].dropna().drop_duplicates().reset_index(drop=True)
    shared = lines["pif_partage"] | (position(theirs, PIF_KEY, lines, PIF_KEY) >= 0)
    return (lines["heures_libres"] - of_plan).clip(lower=0).mask(shared)


def open_absences(facts: Facts, now: Present) -> pd.DataFrame:
    """Absences with hours left, completed neither by an extract nor by the ledger, with the names of their trainees."""
    taken = now.entries.absences.drop_duplicates(DATED)
    absences = facts.absences[facts.absences["heures_non_financables"] > 0]
    absences = absences[~absences["deja_complementee"].astype(bool)]
    absences = absences[position(taken, DATED, absences, DATED) < 0]
    people = facts.sequences[[*SEQUENCE, "nom", "prenom"]]
    named = absences.merge(people, on=SEQUENCE, how="left").fillna({"nom": "", "prenom": ""})
    return _ordered(named, "date_debut", "id_absence")


def _ordered(rows: pd.DataFrame, *then: str) -> pd.DataFrame:
    return rows.sort_values(["numero_dsf", "nom", "prenom", "identifiant_de", *then], kind="stable")
