"""From findings to verdicts: deposit order, what the ledger has already, the policy, the numbers of the complements.

Nothing here writes. The same deposits in the same order against the same ledger give the same result, however the wave was cut.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, cast

import pandas as pd

from pipeline.judging import complement, identity
from pipeline.judging import facts as fact_room
from pipeline.judging import findings as judge
from pipeline.judging.deposit import Deposit
from pipeline.judging.frames import Frames
from pipeline.judging.identity import Present
from pipeline.judging.layers import layers
from pipeline.judging.verdicts import ACCEPTED, HELD, REJECTED, TAKEN
from pipeline.ledger import Entries
from pipeline.ledger.records import AbsenceTaken, Complement, HoursIssued
from pipeline.nomenclature import Motif, Rename
from pipeline.reference import Facts
from pipeline.settings import Settings
from schemas.fields import ABSENCES, HEURES
from schemas.rule import CATALOGUE, REJECTS

_UNIQUE = ("DBL-01", "DBL-02")


class Unwritable(Exception):
    """A line without a finding that a complement could not hold: our fault. Says the rule book's version, no data."""


@dataclass(frozen=True)
class Known:
    """What is known before the wave: the initial DSF, what was completed, the last rank of each DSF's complements.

    ``renames``: the operator's correspondances. ``seen``: (SIRET, sha256) → first deposit of that content and its date.
    """

    facts: Facts
    present: Present
    renames: Sequence[Rename]
    ranks: Mapping[str, int]
    seen: Mapping[tuple[str, str], tuple[str, date]]


@dataclass(frozen=True)
class Settled:
    """The wave decided.

    ``lines``: those of the deposits that were not refused, with ``verdict``, ``complement``, ``complement_precedent``, and
    ``pif_tu`` (good, but a trial does not ask whether its hours fit their plan); ``findings`` as ``judge`` makes them;
    ``complements`` in deposit order, each with the payload it was encoded from.
    """

    lines: pd.DataFrame
    findings: pd.DataFrame
    refused: frozenset[int]
    complements: tuple[Complement, ...]
    payloads: Mapping[str, Mapping[str, Any]]

    @property
    def contents(self) -> dict[str, list[Mapping[str, Any]]]:
        """Deposit → what its complements say, in their order; of a trial, what they would say."""
        contents: dict[str, list[Mapping[str, Any]]] = {}
        for content in self.payloads.values():
            contents.setdefault(content["depot"]["numero"], []).append(content)
        return contents


KEPT = (
    "depot table rang siret feuille ligne nature numero_dsf identifiant_de nom prenom code_sequence heures cle_dsf "
    "dsf_connue numero_dsf_exact extrait siret_titulaire siret_dispensateur verdict complement complement_precedent pif_tu"
).split()
"""What the reports and the ledger still need of a line once it is settled."""


def settle(
    frames: Frames,
    deposits: Sequence[Deposit],
    known: Known,
    motifs: tuple[Motif, ...],
    settings: Settings,
    day: date,
) -> Settled:
    """Decide a wave; ``deposits`` goes with ``frames.deposits``, both in deposit order."""
    noticed = judge.on_observations(frames, settings)
    refused = _refused(frames, noticed)
    lines = frames.lines[~frames.lines["depot"].isin(refused)]
    lines = identity.read_through(lines, known.facts, known.renames)
    lines = fact_room.join(lines, known.facts, known.present, motifs, settings, day)
    lines["essai"] = lines["depot"].isin([position for position, one in enumerate(deposits) if one.trial])
    lig = judge.silenced(judge.broken(judge.line_rules("LIG"), lines), {})
    lines["saine"] = ~_faulty(lines, lig, noticed, settings)
    noticed = noticed[
        noticed["depot"].isin(refused) & noticed["code"].str.startswith("FIC") | ~noticed["depot"].isin(refused)
    ]
    of_deposits = judge.on_deposits(_deposit_frame(deposits, lines, known, refused, day), settings)
    whole = _rejected_whole(pd.concat([noticed, of_deposits]), refused)
    layer = layers(lines, [d for d in range(len(deposits)) if d not in refused])
    state, ranks = known.present.entries, dict(known.ranks)
    done: list[pd.DataFrame] = []
    findings = [noticed[noticed["ligne_id"] < 0], of_deposits]
    complements: list[Complement] = []
    payloads: dict[str, Mapping[str, Any]] = {}
    for number in sorted(set(layer.values())):
        mine = lines[lines["depot"].map(layer) == number]
        judged, found = _judge_layer(mine, lig, known.facts, state, frames, settings)
        found = pd.concat([_of_lines(noticed, judged), found], ignore_index=True)
        found = _with_severities(found, judged)
        found = _without_soundings(found, judged, whole, settings)
        judged = _verdicts(judged, found, whole, settings)
        for made, content in _complements(judged, deposits, known.facts, ranks, day):
            complements.append(made)
            payloads[made.numero] = content
            judged.loc[content_index(judged, made), "complement"] = made.numero
        state = _with(state, judged, day)
        done.append(judged[KEPT])
        findings.append(found)
    settled = pd.concat(done).sort_index() if done else _none_settled(lines)
    all_findings = pd.concat(findings, ignore_index=True)
    order = {named.numero: position for position, named in enumerate(deposits)}
    complements.sort(key=lambda c: (order[c.depot], c.cle_dsf))
    return Settled(settled, all_findings, frozenset(refused), tuple(complements), payloads)


def _none_settled(lines: pd.DataFrame) -> pd.DataFrame:
    return lines.iloc[:0].assign(verdict="", complement="", complement_precedent="", pif_tu=False)[KEPT]


def content_index(judged: pd.DataFrame, made: Complement) -> "pd.Index[int]":
    """The lines of ``judged`` that stand in the complement ``made``."""
    here = (
        (judged["verdict"] == ACCEPTED) & (judged["cle_dsf"] == made.cle_dsf) & (judged["numero_depot"] == made.depot)
    )
    return judged.index[here]


def _refused(frames: Frames, noticed: pd.DataFrame) -> set[int]:
    """Deposits with a FIC finding that rejects; and, whatever the severities say, those in which there is no line."""
    fic = noticed[noticed["code"].str.startswith("FIC") & (noticed["severite"] == REJECTS)]
    with_lines = set(frames.lines["depot"])
    return set(fic["depot"]) | {d for d in range(len(frames.deposits)) if d not in with_lines}


def _rejected_whole(findings: pd.DataFrame, refused: set[int]) -> set[int]:
    """Deposits of which a warning about the whole of them is set to reject: all their lines are rejected."""
    wide = findings[(findings["ligne_id"] < 0) & (findings["severite"] == REJECTS) & ~findings["depot"].isin(refused)]
    return set(wide["depot"])


def _of_lines(noticed: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """What reading noticed on these lines; of one that was taken before there is nothing to warn of."""
    taken = lines.index[lines["deja_prise"]]
    return noticed[noticed["ligne_id"].isin(lines.index) & ~noticed["ligne_id"].isin(taken)]


def _faulty(lines: pd.DataFrame, lig: judge.Broken, noticed: pd.DataFrame, settings: Settings) -> "pd.Series[bool]":
    """Lines with a LIG finding that rejects, other than LIG-09."""
    hard = noticed["code"].str.startswith("LIG") & (noticed["severite"] == REJECTS)
    faulty = lines.index.isin(noticed.loc[hard, "ligne_id"])
    for (code, _), rows in lig.items():
        if code != "LIG-09" and settings.severites.get(code, REJECTS) == REJECTS:
            faulty = faulty | rows.to_numpy()
    return pd.Series(faulty, index=lines.index)


def _judge_layer(
    lines: pd.DataFrame, lig: judge.Broken, facts: Facts, state: Entries, frames: Frames, settings: Settings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    judged = fact_room.join_ledger(lines, facts, state)
    taken = judged["deja_prise"]
    before = {key: rows.reindex(judged.index) for key, rows in lig.items()}
    found = judge.silenced(judge.broken(judge.line_rules("REF", "DBL", "AVT"), judged), before)
    found = {**before, **found}
    quiet = {key: rows & ~taken for key, rows in found.items()}
    return judged, judge.on_lines({k: rows for k, rows in quiet.items() if rows.any()}, judged, frames, settings)


def _complete(lines: pd.DataFrame) -> "pd.Series[bool]":
    """Whether a complement could hold the line at all: settings may soften a rule, never make the impossible possible."""
    common = (lines["rang_sequence"] >= 0) & (lines["heures"] > 0).fillna(False)
    hours = (
        (lines["nature"] == HEURES)
        & lines[["date_debut", "date_fin_lue", "reference_justificatif"]].notna().all(axis=1)
        & (lines["date_fin_lue"] >= lines["date_debut"])
        & lines["emises_complement"].isna()
    )
    absences = (lines["nature"] == ABSENCES) & lines[
        ["cle_absence_trouvee", "motif_code", "reference_justificatif", "date_justificatif"]
    ].notna().all(axis=1)
    return common & lines["dsf_connue"] & (hours | absences)


def _with_severities(found: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Give back their severity to softened rules on lines that could not be written, and to those that keep keys unique."""
    softened = (found["severite"] != REJECTS) & found["code"].map(lambda c: CATALOGUE[c].severity == REJECTS)
    if not softened.any():
        return found
    complete = found["ligne_id"].map(_complete(lines)).fillna(True).astype(bool)
    hard = softened & (~complete | found["code"].isin(_UNIQUE))
    return found.assign(severite=found["severite"].mask(hard, REJECTS))


def _without_soundings(found: pd.DataFrame, lines: pd.DataFrame, whole: set[int], settings: Settings) -> pd.DataFrame:
    """Leave REF-13 out where its plan holds hours of others and the line would not be accepted anyway, or is only tried.

    To learn another's hours must cost a complement: a line that something else rejects or holds would ask for nothing.
    """
    foreign = (found["code"] == "REF-13") & ~found["ligne_id"].map(lines["pif_du_deposant"]).fillna(True).astype(bool)
    if not foreign.any():
        return found
    rejected = _rejected(lines, found[found["code"] != "REF-13"], whole)
    lost = lines.index[rejected | _held_by(lines, rejected, settings) | lines["essai"]]
    return found[~(foreign & found["ligne_id"].isin(lost))]


def _rejected(lines: pd.DataFrame, findings: pd.DataFrame, whole: set[int]) -> "pd.Series[bool]":
    """Lines with a finding that rejects, and those of a deposit that is rejected whole; not what was taken before."""
    rejecting = findings.loc[findings["severite"] == REJECTS, "ligne_id"]
    rejected = pd.Series(lines.index.isin(rejecting), index=lines.index) | lines["depot"].isin(whole)
    return rejected & ~lines["deja_prise"]


def _held_by(lines: pd.DataFrame, rejected: "pd.Series[bool]", settings: Settings) -> "pd.Series[bool]":
    """Lines that share with a rejected one what the policy holds together."""
    if settings.politique == "ligne":
        return pd.Series(False, index=lines.index)
    key = ["depot", "cle_dsf"] if settings.politique == "dsf" else ["depot"]
    return rejected.groupby([lines[k] for k in key]).transform("max").fillna(False).astype(bool)


def _verdicts(lines: pd.DataFrame, findings: pd.DataFrame, whole: set[int], settings: Settings) -> pd.DataFrame:
    """Add ``verdict`` by the findings and the policy."""
    rejected = _rejected(lines, findings, whole)
    verdict = (
        pd.Series(ACCEPTED, index=lines.index, dtype="str").mask(rejected, REJECTED).mask(lines["deja_prise"], TAKEN)
    )
    incomplete = (verdict == ACCEPTED) & ~_complete(lines)
    if incomplete.any():
        raise Unwritable("une ligne sans constat ne peut pas être écrite dans un complément")
    verdict = verdict.mask((verdict == ACCEPTED) & _held_by(lines, rejected, settings), HELD)
    unasked = lines["essai"] & (lines["nature"] == HEURES) & ~lines["pif_du_deposant"] & verdict.isin([ACCEPTED, HELD])
    return lines.assign(verdict=verdict, complement="", pif_tu=unasked)


def _complements(
    judged: pd.DataFrame, deposits: Sequence[Deposit], facts: Facts, ranks: dict[str, int], day: date
) -> list[tuple[Complement, Mapping[str, Any]]]:
    """One complement per (deposit, initial DSF) with accepted lines; ``ranks`` moves on."""
    judged["numero_depot"] = judged["depot"].map({i: d.numero for i, d in enumerate(deposits)})
    accepted = judged[judged["verdict"] == ACCEPTED]
    if accepted.empty:
        return []
    rows = _payload_lines(accepted, facts)
    dsf_rows = facts.dsf.set_index("cle_dsf")
    made: list[tuple[Complement, Mapping[str, Any]]] = []
    for key, group in accepted.groupby(["depot", "cle_dsf"], sort=True):
        depot, cle_dsf = cast("tuple[int, str]", key)
        named, dsf = deposits[depot], cast("dict[str, Any]", dsf_rows.loc[cle_dsf].to_dict())
        rank = ranks[cle_dsf] = ranks.get(cle_dsf, 0) + 1
        numero = f"{dsf['numero_dsf']}-C{rank:02d}"
        content = complement.payload(
            numero,
            dsf,
            _declarant(named.siret, dsf),
            [rows[index] for index in group.index],
            {"numero": named.numero, "sha256": named.sha256, "fichier": named.fichier},
            day,
        )
        complement.validate(content)
        record = Complement(
            numero,
            cle_dsf,
            rank,
            named.numero,
            named.siret,
            complement.encode(content),
            tuple(_absence(rows[i]) for i in group.index if rows[i]["nature"] == ABSENCES),
            tuple(_hours(rows[i]) for i in group.index if rows[i]["nature"] == HEURES),
            dsf["date_extraction"].date(),
        )
        made.append((record, content))
    return made


def _declarant(siret: str, dsf: Mapping[str, Any]) -> dict[str, str | None]:
    holder = siret == dsf["siret_titulaire"]
    other = holder and siret != dsf["siret_dispensateur"]
    return {
        "siret": siret,
        "qualite": "TITULAIRE" if holder else "DISPENSATEUR",
        "pour_le_compte_de": dsf["siret_dispensateur"] if other else None,
    }


_FROM_SEQUENCE = {
    "identifiant_de": "identifiant_de",
    "nom": "nom",
    "prenom": "prenom",
    "numero_pif": "numero_pif",
    "code_sequence": "code_sequence",
    "libelle_sequence": "libelle_sequence",
    "heures_prevues": "heures_prevues",
    "heures_realisees": "heures_realisees",
    "heures_absence_financables": "heures_absence_financables",
}
_FROM_LINE = (
    "nature feuille ligne date_debut heures reference_justificatif date_justificatif cle_dsf cle_de cle_sequence "
    "cle_convention cle_pif cle_absence_trouvee absence_debut absence_fin heures_non_financables"
).split()


def _payload_lines(accepted: pd.DataFrame, facts: Facts) -> dict[int, dict[str, Any]]:
    """What a complement says of each accepted line: the extract's own writing wherever it has the thing."""
    frame = accepted[_FROM_LINE].assign(date_fin=accepted["date_fin_lue"], motif=accepted["motif_code"])
    frame = frame.join(fact_room.take(facts.sequences, _FROM_SEQUENCE, accepted["rang_sequence"]))
    absence = {"id_absence": "id_absence", "type_absence": "type_absence"}
    frame = frame.join(fact_room.take(facts.absences, absence, accepted["rang_absence"]))
    plain = frame.astype("object").where(frame.notna(), None)
    return dict(zip(plain.index, plain.to_dict("records"), strict=True))


def _absence(row: Mapping[str, Any]) -> AbsenceTaken:
    return AbsenceTaken(
        row["cle_dsf"],
        row["cle_de"],
        row["cle_sequence"],
        row["cle_absence_trouvee"],
        row["absence_debut"].date(),
        row["absence_fin"].date(),
        int(row["heures"]),
        row["feuille"],
        int(row["ligne"]),
        int(row["heures_absence_financables"]),
    )


def _hours(row: Mapping[str, Any]) -> HoursIssued:
    return HoursIssued(
        row["cle_dsf"],
        row["cle_de"],
        row["cle_sequence"],
        row["date_debut"].date(),
        row["date_fin"].date(),
        int(row["heures"]),
        row["cle_convention"],
        row["cle_pif"],
        row["feuille"],
        int(row["ligne"]),
        int(row["heures_realisees"]),
    )


def _with(state: Entries, judged: pd.DataFrame, day: date) -> Entries:
    """``state`` with what the layer was granted."""
    accepted = judged[judged["verdict"] == ACCEPTED].assign(date=pd.Timestamp(day).as_unit("s"))
    absences = accepted[accepted["nature"] == ABSENCES]
    absences = absences.assign(
        cle_absence=absences["cle_absence_trouvee"],
        date_debut=absences["absence_debut"],
        date_fin=absences["absence_fin"],
    )
    hours = accepted[accepted["nature"] == HEURES]
    hours = hours.assign(date_fin=hours["date_fin_lue"])
    return replace(state, absences=_appended(state.absences, absences), heures=_appended(state.heures, hours))


def _appended(table: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    if rows.empty:
        return table
    rows = rows.reindex(columns=table.columns).astype(table.dtypes.to_dict())
    return rows.reset_index(drop=True) if table.empty else pd.concat([table, rows], ignore_index=True)


def _deposit_frame(
    deposits: Sequence[Deposit], lines: pd.DataFrame, known: Known, refused: set[int], day: date
) -> pd.DataFrame:
    """One row a deposit, with what AVT-06 and AVT-07 look at; a refused deposit has nothing to warn of."""
    third = lines[(lines["siret"] == lines["siret_titulaire"]) & (lines["siret"] != lines["siret_dispensateur"])]
    others = {depot: ", ".join(sorted(set(sirets))) for depot, sirets in third.groupby("depot")["siret_dispensateur"]}
    seen = dict(known.seen)
    rows = []
    for position, named in enumerate(deposits):
        before = seen.get((named.siret, named.sha256))
        seen.setdefault((named.siret, named.sha256), (named.numero, day))
        said = before is not None and position not in refused
        rows.append(
            {
                "siret": named.siret,
                "dispensateurs_tiers": others.get(position, ""),
                "meme_contenu_depot": before[0] if said and before else "",
                "meme_contenu_date": f"{before[1]:%d/%m/%Y}" if said and before else "",
            }
        )
    return pd.DataFrame(
        rows, columns=["siret", "dispensateurs_tiers", "meme_contenu_depot", "meme_contenu_date"]
    ).astype("str")
