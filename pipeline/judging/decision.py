"""A settled wave as the rows the ledger keeps: nothing of a person in them but the keys of what was completed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pipeline.judging.deposit import Deposit
from pipeline.judging.frames import per_deposit, plain
from pipeline.judging.settle import Settled
from pipeline.judging.verdicts import HELD, REJECTED, TAKEN, codes, counts, remedies
from pipeline.judging.verdicts_csv import verdict_row
from pipeline.ledger.records import REFUSED, WAITING, DepositRecord, DsfCount, OpenLine, RuleCount, WaitCount
from schemas.rule import CORRECT, REJECTS

LIFTED = ("REF-01", "REF-02", "REF-14")
"""Rules that a later extract may lift: the DSF is there, is validated, shows again what was completed."""


class _Line(NamedTuple):
    """A settled line: the columns of ``Settled.lines`` that the ledger asks for."""

    ligne_id: int
    feuille: str
    ligne: int
    cle_dsf: str | None
    dsf_connue: bool
    numero_dsf_exact: str | None
    verdict: str
    heures: int | None
    complement: str
    complement_precedent: str | None
    cle: bytes | None


_Finding = tuple[str, int]
"""Code, and line: -1 where it is on the deposit."""


def deposits(decided: Sequence[Deposit], settled: Settled) -> tuple[DepositRecord, ...]:
    """One record for each deposit, in deposit order."""
    lines, places = per_deposit(settled.lines, len(decided))
    findings, found_at = per_deposit(settled.findings, len(decided))
    columns = [list(lines.index), *(plain(lines[name]) for name in _Line._fields[1:])]
    found = list(zip(findings["code"], findings["ligne_id"], strict=True))
    of_line, remedy = codes(lines, findings), remedies(findings)
    rejecting = codes(lines, findings[findings["severite"] == REJECTS])
    records = []
    for position, (deposit, place, at) in enumerate(zip(decided, places, found_at, strict=True)):
        mine = [_Line(*values) for values in zip(*(column[place] for column in columns), strict=True)]
        left_open = tuple(_open(mine, rejecting, remedy))
        records.append(_record(deposit, position in settled.refused, mine, found[at], of_line, left_open))
    return tuple(records)


def _record(
    deposit: Deposit,
    refused: bool,
    lines: list[_Line],
    found: list[_Finding],
    of_line: Mapping[int, list[str]],
    left_open: tuple[OpenLine, ...],
) -> DepositRecord:
    arrival = deposit.snapshot.arrival
    of_lines, of_hours = counts((line.verdict, line.heures) for line in lines)
    return DepositRecord(
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
        regles=_rules(found, lines),
        dsf=_by_dsf(lines),
        attentes=_waiting(found, lines),
        verdicts=_refusal(deposit, found) if refused else b"".join(_row(deposit, line, of_line) for line in lines),
        essai=deposit.trial,
        origine=deposit.corrects.numero if deposit.corrects else "",
        ouvertes=_refused(found) if refused else left_open,
        cles=frozenset(line.cle for line in lines if line.cle),
        precedents=frozenset(line.complement_precedent or "" for line in lines if line.verdict == TAKEN),
    )


def _refused(found: list[_Finding]) -> tuple[OpenLine, ...]:
    return (OpenLine("", 0, None, REFUSED, " ".join(sorted({code for code, _ in found})), 0),)


def _open(lines: list[_Line], rejecting: Mapping[int, list[str]], remedy: Mapping[int, str]) -> Iterator[OpenLine]:
    """The lines that are rejected or held. What rejects a whole deposit is corrected; what only warns is not said."""
    for line in lines:
        if line.verdict == REJECTED:
            suite = remedy.get(line.ligne_id, CORRECT)
            said = " ".join(rejecting.get(line.ligne_id, ()))
            yield OpenLine(line.feuille, line.ligne, line.cle, suite, said, line.heures or 0)
        elif line.verdict == HELD:
            yield OpenLine(line.feuille, line.ligne, line.cle, WAITING, "", line.heures or 0)


def _rules(findings: list[_Finding], lines: list[_Line]) -> tuple[RuleCount, ...]:
    """How often each rule fired, and the hours of the lines it fired on (each line once)."""
    number = Counter(code for code, _ in findings)
    amount = {line.ligne_id: line.heures or 0 for line in lines}
    hours: Counter[str] = Counter()
    for code, line in set(findings):
        hours[code] += amount.get(line, 0)
    return tuple(RuleCount(code, number[code], hours[code]) for code in sorted(number))


def _by_dsf(lines: list[_Line]) -> tuple[DsfCount, ...]:
    """Only the depositor's own DSF: of others nothing is kept, for nothing is known."""
    own: dict[str, list[_Line]] = {}
    for line in lines:
        if line.dsf_connue and line.cle_dsf is not None:
            own.setdefault(line.cle_dsf, []).append(line)
    return tuple(
        DsfCount(cle, str(group[0].numero_dsf_exact), *counts((line.verdict, line.heures) for line in group))
        for cle, group in sorted(own.items())
    )


def _waiting(findings: list[_Finding], lines: list[_Line]) -> tuple[WaitCount, ...]:
    """Lines, and their hours, on each DSF that a rule of ``LIFTED`` keeps from passing."""
    kept = {(code, line) for code, line in findings if code in LIFTED}
    if not kept:
        return ()
    by_id = {line.ligne_id: line for line in lines}
    waiting: dict[tuple[str, str], list[int]] = {}
    for code, number in kept:
        line = by_id.get(number)
        if line is not None and line.cle_dsf is not None:
            waiting.setdefault((line.cle_dsf, code), []).append(line.heures or 0)
    return tuple(WaitCount(cle, code, len(hours), sum(hours)) for (cle, code), hours in sorted(waiting.items()))


def _refusal(deposit: Deposit, findings: list[_Finding]) -> bytes:
    return verdict_row(
        depot=deposit.numero,
        siret=deposit.siret,
        fichier=deposit.fichier,
        feuille="",
        ligne=0,
        numero_dsf="",
        verdict=REJECTED,
        codes=[code for code, _ in findings],
        complement="",
    )


def _row(deposit: Deposit, line: _Line, of_line: Mapping[int, list[str]]) -> bytes:
    return verdict_row(
        depot=deposit.numero,
        siret=deposit.siret,
        fichier=deposit.fichier,
        feuille=line.feuille,
        ligne=line.ligne,
        numero_dsf=(line.numero_dsf_exact or "") if line.dsf_connue else "",
        verdict=line.verdict,
        codes=of_line.get(line.ligne_id, ()),
        complement=(line.complement_precedent or "") if line.verdict == TAKEN else line.complement,
    )
