"""What the initial DSF say of each line, joined to it as columns, so that a rule needs nothing else; ``granted`` has the ledger.

Facts of a DSF are joined only where the depositor is its titulaire or its dispensateur: elsewhere every such column is missing,
and no message can tell a DSF of someone else from one that does not exist.
"""

from collections.abc import Mapping, Set
from datetime import date

import numpy as np
import pandas as pd

from pipeline.judging.identity import ABSENCE, HOURS, SEQUENCE, Present
from pipeline.nomenclature import Motif, by_name
from pipeline.reference import Facts
from pipeline.settings import Settings
from schemas.fields import ABSENCES, FIELDS, HEURES
from schemas.folding import folded
from schemas.rules.remaining import PIF_KEY
from schemas.saying import days, spans

LISTED = 12
"""Séquences or absences named in a message."""

_DSF = {
    "numero_dsf": "numero_dsf_exact",
    "type_session": "type_session",
    "statut": "statut",
    "nature": "nature_dsf",
    "siret_titulaire": "siret_titulaire",
    "siret_dispensateur": "siret_dispensateur",
    "periode_debut": "periode_debut",
    "periode_fin": "periode_fin",
    "cle_convention": "cle_convention",
    "extrait": "extrait",
}
_SEQUENCE = {"cle_pif": "cle_pif", "heures_prevues": "heures_prevues"}
_ABSENCE = {
    "id_absence": "id_absence_exact",
    "cle_absence": "cle_absence_trouvee",
    "date_debut": "absence_debut",
    "date_fin": "absence_fin",
    "heures_non_financables": "heures_non_financables",
    "deja_complementee": "deja_complementee",
}


def position(table: pd.DataFrame, key: list[str], lines: pd.DataFrame, line_key: list[str]) -> "pd.Series[int]":
    """For each line, the row of ``table`` (whose ``key`` is unique) with its key, -1 where there is none."""
    if len(key) == 1:
        found = pd.Index(table[key[0]]).get_indexer(lines[line_key[0]])
    else:
        left = lines[line_key].set_axis(key, axis=1)
        numbered = table[key].assign(_row=range(len(table)))
        found = left.merge(numbered, on=key, how="left")["_row"].fillna(-1).astype("int64").to_numpy()
    present = lines[line_key].notna().all(axis=1).to_numpy()
    return pd.Series(found, index=lines.index).where(present, -1)


def take(table: pd.DataFrame, names: Mapping[str, str], rows: "pd.Series[int]") -> pd.DataFrame:
    """The columns ``names`` (old → new) of ``table`` at ``rows``, missing at -1."""
    taken = table[list(names)].reset_index(drop=True).reindex(rows.to_numpy())
    return taken.set_axis(rows.index, axis=0).rename(columns=dict(names))


def join(
    lines: pd.DataFrame, facts: Facts, present: Present, motifs: tuple[Motif, ...], settings: Settings, day: date
) -> pd.DataFrame:
    """``lines`` with everything the reference and the settings say of them.

    On the DSF whose extract no longer shows what was completed (``present.changed``, REF-14) nothing is joined that goes by a
    trainee's, a séquence's or an absence's key: nobody knows who they are today.
    """
    lines = lines.copy(deep=False)
    lines["date_run"] = pd.Timestamp(day).as_unit("s")
    lines["pas_heures"] = settings.pas_heures
    lines = join_dsf(lines, facts.dsf, settings)
    lines["dsf_changee"] = lines["dsf_connue"] & lines["cle_dsf"].isin(present.changed)
    lines = _join_sequence(lines, facts)
    lines["pif_change"] = on_a_changed_plan(lines, facts, present.unplaced)
    lines = _join_absence(lines, facts, settings.langue)
    lines = _join_motif(lines, motifs, settings.langue)
    lines = join_plan(lines, facts)
    return _join_overlaps(lines, facts, settings.langue)


def join_dsf(lines: pd.DataFrame, dsf: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """``lines`` (siret, cle_dsf) with what ``dsf`` says of the DSF that are the depositor's."""
    row = position(dsf, ["cle_dsf"], lines, ["cle_dsf"])
    holders = take(dsf, {"siret_titulaire": "t", "siret_dispensateur": "d"}, row)
    own = (holders["t"] == lines["siret"]) | (holders["d"] == lines["siret"])
    lines["dsf_connue"] = own.fillna(False).astype(bool)
    joined = pd.concat([lines, take(dsf, _DSF, row.where(lines["dsf_connue"], -1))], axis=1)
    joined["type_session"] = joined["type_session"].str.upper()
    for column, new in {"statut": "statut_plie", "nature_dsf": "nature_pliee"}.items():
        joined[new] = joined[column].map({v: folded(v) for v in joined[column].dropna().unique()}).astype("str")
    opening = {kind: pd.Timestamp(start) for kind, start in settings.ouverture.items()}
    joined["ouverture"] = joined["type_session"].map(opening).astype("datetime64[s]")
    return joined


def _join_sequence(lines: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    own = lines["dsf_connue"] & ~lines["dsf_changee"]
    people = facts.sequences.drop_duplicates(["cle_dsf", "cle_de"])
    row = position(people, ["cle_dsf", "cle_de"], lines, ["cle_dsf", "cle_de"]).where(own, -1)
    lines = pd.concat([lines, take(people, {"nom": "de_nom", "prenom": "de_prenom"}, row)], axis=1)
    lines["de_connu"] = (row >= 0).astype("boolean").where(own & lines["cle_de"].notna())
    typed = (lines["nom"].fillna("") + " " + lines["prenom"].fillna("")).str.strip()
    lines["nom_lu"] = typed.mask(typed == "")
    unread = (lines["abimes"] & (FIELDS["nom"].bit | FIELDS["prenom"].bit)) != 0
    lines["nom_connu"] = (lines["de_prenom"] + " " + lines["de_nom"]).where((row >= 0) & (typed != "") & ~unread)
    row = position(facts.sequences, SEQUENCE, lines, SEQUENCE).where(own, -1)
    lines["rang_sequence"] = row
    asked = lines["de_connu"].fillna(False).astype(bool) & lines["cle_sequence"].notna()
    lines["sequence_connue"] = (row >= 0).astype("boolean").where(asked)
    lines = pd.concat([lines, take(facts.sequences, _SEQUENCE, row)], axis=1)
    lines["sequences_du_de"] = _listed(
        lines, lines["sequence_connue"].eq(False).fillna(False), facts.sequences, ["cle_dsf", "cle_de"], "code_sequence"
    )
    return lines


def on_a_changed_plan(lines: pd.DataFrame, facts: Facts, unplaced: Set[str]) -> "pd.Series[bool]":
    """Added hours of a plan that is also on a DSF with added hours of which nobody knows the plan any more (REF-14)."""
    plans = facts.declared[facts.declared["cle_dsf"].isin(unplaced)].reset_index(drop=True)
    return (lines["nature"] == HEURES) & (position(plans, PIF_KEY, lines, PIF_KEY) >= 0)


def _listed(
    lines: pd.DataFrame, wanted: "pd.Series[bool]", table: pd.DataFrame, key: list[str], column: str
) -> "pd.Series[str]":
    """For the lines ``wanted``, the texts of ``column`` in the rows of ``table`` with their key, parted by commas."""
    keys = lines.loc[wanted.astype(bool), key].drop_duplicates()
    rows = table.merge(keys, on=key).groupby(key, sort=False)[column]
    texts = {k: ", ".join(sorted(v)[:LISTED]) + ("…" if len(v) > LISTED else "") for k, v in rows}
    named = [texts.get(k, "") for k in lines.loc[wanted.astype(bool), key].itertuples(index=False, name=None)]
    return pd.Series(named, index=lines.index[wanted.astype(bool)], dtype="str").reindex(lines.index)


def _join_absence(lines: pd.DataFrame, facts: Facts, langue: str) -> pd.DataFrame:
    """Find the absence each line means: by its identifier, else by its two dates."""
    known = (lines["nature"] == ABSENCES) & (lines["rang_sequence"] >= 0)
    by_id = known & lines["cle_absence"].notna()
    damaged = (lines["abimes"] & FIELDS["id_absence"].bit) != 0
    by_dates = known & lines["cle_absence"].isna() & ~damaged & lines["date_debut"].notna() & lines["date_fin"].notna()
    row = position(facts.absences, ABSENCE, lines, ABSENCE).where(by_id, -1)
    alike = facts.absences.duplicated(HOURS, keep=False)
    single = facts.absences[~alike]
    dated = position(single, HOURS, lines, HOURS).where(by_dates, -1)
    # ``dated`` counts the rows of ``single``; -1 takes the last one, which the mask then leaves out.
    of_all = np.append(single.index.to_numpy(), -1)[dated.to_numpy()]
    row = pd.Series(np.where(dated >= 0, of_all, row), index=lines.index, dtype="int64")
    several = position(facts.absences[alike].drop_duplicates(HOURS), HOURS, lines, HOURS).where(by_dates, -1) >= 0
    found = take(facts.absences, _ABSENCE, row)
    other = pd.Series(False, index=lines.index)
    for date_column in ("debut", "fin"):
        typed = lines[f"date_{date_column}"]
        other |= typed.notna() & found[f"absence_{date_column}"].notna() & (typed != found[f"absence_{date_column}"])
    state = pd.Series(None, index=lines.index, dtype="str")
    state = state.mask(by_id | by_dates, "introuvable").mask(several, "ambigue").mask(row >= 0, "trouvee")
    lines["absence_etat"] = state.mask((row >= 0) & other, "dates")
    found["cle_absence_trouvee"] = found["cle_absence_trouvee"].where(~other)
    found["heures_non_financables"] = found["heures_non_financables"].astype("Int64").where(~other)
    lines["rang_absence"] = row.where(~other, -1)
    lines = pd.concat([lines, found], axis=1)
    wanted = lines["absence_etat"].isin(["introuvable", "ambigue", "dates"])
    lines["absence_dite"] = _said(lines, wanted & found["absence_debut"].notna(), langue)
    concerned = facts.absences[facts.absences["cle_dsf"].isin(set(lines.loc[wanted, "cle_dsf"]))]
    said = spans(concerned["date_debut"], concerned["date_fin"], langue)
    named = concerned.assign(dit=concerned["id_absence"].astype("str") + " (" + said + ")")
    lines["absences_du_de"] = _listed(lines, wanted, named, SEQUENCE, "dit")
    lines["absences_du_de"] = lines["absences_du_de"].mask(lines["absences_du_de"] == "", "—")
    return lines


def _said(lines: pd.DataFrame, rows: "pd.Series[bool]", langue: str) -> "pd.Series[str]":
    """The days of the absence that was found, on ``rows``."""
    return spans(lines.loc[rows, "absence_debut"], lines.loc[rows, "absence_fin"], langue).reindex(lines.index)


def _join_motif(lines: pd.DataFrame, motifs: tuple[Motif, ...], langue: str) -> pd.DataFrame:
    known = by_name(motifs)
    meant = {text: known.get(folded(text)) for text in lines["motif"].dropna().unique()}
    codes = {text: m.code for text, m in meant.items() if m}
    lines["motif_code"] = lines["motif"].map(codes).astype("str")
    lines["motif_financable"] = lines["motif"].map({t: m.financable for t, m in meant.items() if m}).astype("boolean")
    # A reason is one that had its course when the absence was; where that is not known, on the run's date.
    day = lines["absence_debut"].fillna(lines["date_debut"]).fillna(lines["date_run"])
    by_code = {m.code: m for m in motifs}
    start = {c: pd.Timestamp(m.valide_du) for c, m in by_code.items() if m.valide_du}
    end = {c: pd.Timestamp(m.valide_au) for c, m in by_code.items() if m.valide_au}
    after = ~(day < lines["motif_code"].map(start).astype("datetime64[s]"))
    before = ~(day > lines["motif_code"].map(end).astype("datetime64[s]"))
    lines["motif_en_cours"] = (after & before).astype("boolean").where(lines["motif_code"].notna())
    validity = {c: days(m.valide_du, m.valide_au, langue) for c, m in by_code.items()}
    lines["motif_validite"] = lines["motif_code"].map(validity).astype("str")
    lines["motifs_financables"] = ", ".join(f"{m.code} ({m.libelle})" for m in motifs if m.financable)
    return lines


def _join_overlaps(lines: pd.DataFrame, facts: Facts, langue: str) -> pd.DataFrame:
    """AVT-03: a declared absence of the DE on this DSF that shares a day with added hours."""
    asked = (lines["nature"] == HEURES) & lines["de_connu"].fillna(False).astype(bool)
    hours = lines.loc[asked, ["cle_dsf", "cle_de", "date_debut", "date_fin_lue"]].reset_index(names="ligne_id")
    pairs = hours.merge(
        facts.absences[["cle_dsf", "cle_de", "date_debut", "date_fin"]],
        on=["cle_dsf", "cle_de"],
        suffixes=("", "_absence"),
    )
    pairs = pairs[(pairs["date_debut_absence"] <= pairs["date_fin_lue"]) & (pairs["date_fin"] >= pairs["date_debut"])]
    pairs = pairs.sort_values("date_debut_absence", kind="stable").drop_duplicates("ligne_id").set_index("ligne_id")
    said = spans(pairs["date_debut_absence"], pairs["date_fin"], langue)
    lines["absence_chevauchee"] = said.reindex(lines.index).astype("str")
    return lines


def join_plan(lines: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """REF-13: what the extracts leave of the PIF (missing where it cannot be counted), and whether others declared of it."""
    declared = facts.declared.groupby(PIF_KEY)[["heures_declarees"]].sum().reset_index()
    used = take(declared, {"heures_declarees": "d"}, position(declared, PIF_KEY, lines, PIF_KEY))["d"]
    left = lines["heures_prevues"].astype("Int64") - used.fillna(0).astype("int64")
    lines["heures_libres"] = left.mask(lines["pif_change"])
    pairs = lines[[*PIF_KEY, "siret"]].dropna().drop_duplicates()
    known = pairs.merge(facts.declared, on=PIF_KEY)
    foreign = known[(known["siret"] != known["siret_titulaire"]) & (known["siret"] != known["siret_dispensateur"])]
    foreign = foreign[[*PIF_KEY, "siret"]].drop_duplicates().reset_index(drop=True)
    lines["pif_partage"] = position(foreign, [*PIF_KEY, "siret"], lines, [*PIF_KEY, "siret"]) >= 0
    return lines
