"""A settled wave as the rows the ledger keeps: nothing of a person in them but the keys of what was completed."""

from collections.abc import Sequence

import pandas as pd

from pipeline.judging.deposit import Deposit
from pipeline.judging.frames import per_deposit
from pipeline.judging.settle import Settled
from pipeline.judging.verdicts import REJECTED, TAKEN, codes, counts
from pipeline.judging.verdicts_csv import verdict_row
from pipeline.ledger.records import DepositRecord, DsfCount, RuleCount, WaitCount

LIFTED = ("REF-01", "REF-02", "REF-14")
"""Rules that a later extract may lift: the DSF is there, is validated, shows again what was completed."""


def deposits(decided: Sequence[Deposit], settled: Settled) -> tuple[DepositRecord, ...]:
    """One record for each deposit, in deposit order."""
    lines = per_deposit(settled.lines, len(decided))
    findings = per_deposit(settled.findings, len(decided))
    records = []
    for position, (deposit, mine, found) in enumerate(zip(decided, lines, findings, strict=True)):
        arrival = deposit.snapshot.arrival
        refused = position in settled.refused
        of_lines, of_hours = counts(mine)
        records.append(
            DepositRecord(
                numero=deposit.numero,
                siret=deposit.siret,
                raison_sociale=deposit.raison_sociale,
                chemin=arrival.chemin,
                fichier=deposit.fichier,
                sha256=deposit.sha256,
                octets=arrival.octets,
                mtime_ns=arrival.mtime_ns,
                identite=arrival.identite,
                format=deposit.reading.format,
                etat="refuse" if refused else "traite",
                lignes=of_lines,
                heures=of_hours,
                regles=_rules(found, mine),
                dsf=_by_dsf(mine),
                attentes=_waiting(found, mine),
                verdicts=_refusal(deposit, found) if refused else _rows(deposit, mine, found),
                essai=deposit.trial,
            )
        )
    return tuple(records)


def _rules(findings: pd.DataFrame, lines: pd.DataFrame) -> tuple[RuleCount, ...]:
    """How often each rule fired, and the hours of the lines it fired on (each line once)."""
    rules = []
    for code, rows in findings.groupby("code", sort=True):
        on_lines = rows.loc[rows["ligne_id"] >= 0, "ligne_id"].unique()
        hours = int(lines["heures"].reindex(on_lines).fillna(0).sum())
        rules.append(RuleCount(str(code), len(rows), hours))
    return tuple(rules)


def _by_dsf(lines: pd.DataFrame) -> tuple[DsfCount, ...]:
    """Only the depositor's own DSF: of others nothing is kept, for nothing is known."""
    own = lines.loc[lines["dsf_connue"], ["cle_dsf", "numero_dsf_exact", "verdict", "heures"]]
    return tuple(
        DsfCount(str(cle), str(group["numero_dsf_exact"].iloc[0]), *counts(group))
        for cle, group in own.groupby("cle_dsf", sort=True)
    )


def _waiting(findings: pd.DataFrame, lines: pd.DataFrame) -> tuple[WaitCount, ...]:
    """Lines, and their hours, on each DSF that a rule of ``LIFTED`` keeps from passing."""
    kept = findings.loc[findings["code"].isin(LIFTED), ["code", "ligne_id"]].drop_duplicates()
    on_lines = kept.join(lines[["cle_dsf", "heures"]], on="ligne_id").dropna(subset=["cle_dsf"])
    return tuple(
        WaitCount(str(cle), str(code), len(group), int(group["heures"].fillna(0).sum()))
        for (cle, code), group in on_lines.groupby(["cle_dsf", "code"], sort=True)
    )


def _refusal(deposit: Deposit, findings: pd.DataFrame) -> bytes:
    return verdict_row(
        depot=deposit.numero,
        siret=deposit.siret,
        fichier=deposit.fichier,
        feuille="",
        ligne=0,
        numero_dsf="",
        verdict=REJECTED,
        codes=findings["code"],
        complement="",
    )


def _rows(deposit: Deposit, lines: pd.DataFrame, findings: pd.DataFrame) -> bytes:
    of_line = codes(lines, findings)
    exact = lines["numero_dsf_exact"].astype("object").where(lines["dsf_connue"], "")
    complement = lines["complement"].astype("object").where(lines["verdict"] != TAKEN, lines["complement_precedent"])
    return b"".join(
        verdict_row(
            depot=deposit.numero,
            siret=deposit.siret,
            fichier=deposit.fichier,
            feuille=feuille,
            ligne=int(ligne),
            numero_dsf=numero,
            verdict=verdict,
            codes=of_line.get(index, ()),
            complement=issued,
        )
        for index, feuille, ligne, numero, verdict, issued in zip(
            lines.index, lines["feuille"], lines["ligne"], exact, lines["verdict"], complement, strict=True
        )
    )
