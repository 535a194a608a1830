"""From findings to verdicts: deposit order, what the ledger has already, the policy, the numbers of the complements.

Nothing here writes. The same deposits in the same order against the same ledger give the same result, however the wave was cut.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from pipeline.judging import facts as fact_room
from pipeline.judging import findings as judge
from pipeline.judging import identity, same_thing
from pipeline.judging.deposit import Deposit
from pipeline.judging.frames import Frames
from pipeline.judging.granted import Bools, Ints, Register
from pipeline.judging.identity import Present
from pipeline.judging.issue import issue
from pipeline.judging.rounds import Judged, in_order
from pipeline.judging.verdicts import ACCEPTED, HELD, REJECTED, TAKEN
from pipeline.ledger.records import Complement
from pipeline.nomenclature import Motif, Rename
from pipeline.reference import Facts
from pipeline.settings import Settings
from schemas.fields import ABSENCES, HEURES
from schemas.rule import CATALOGUE, REJECTS, Rule

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
    ``complements`` in deposit order; ``contents``: deposit → the bytes of its complements, in their order; of a trial, what they
    would say.
    """

    lines: pd.DataFrame
    findings: pd.DataFrame
    refused: frozenset[int]
    complements: tuple[Complement, ...]
    contents: Mapping[str, Sequence[bytes]]


KEPT = (
    "depot table rang siret feuille ligne nature numero_dsf identifiant_de nom prenom code_sequence heures cle_dsf "
    "dsf_connue numero_dsf_exact extrait siret_titulaire siret_dispensateur verdict complement complement_precedent pif_tu "
    "cle cle_de"
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
    lines = frames.lines[~frames.lines["depot"].isin(refused)] if refused else frames.lines
    lines = identity.read_through(lines, known.facts, known.renames)
    lines = fact_room.join(lines, known.facts, known.present, motifs, settings, day)
    lines["essai"] = lines["depot"].isin([position for position, one in enumerate(deposits) if one.trial])
    lig = judge.silenced(judge.broken(judge.line_rules("LIG"), lines), {})
    lines["saine"] = ~_faulty(lines, lig, noticed, settings)
    noticed = noticed[
        noticed["depot"].isin(refused) & noticed["code"].str.startswith("FIC") | ~noticed["depot"].isin(refused)
    ]
    of_deposits = judge.on_deposits(_deposit_frame(deposits, lines, known, refused, day), settings)
    wide = pd.concat([noticed[noticed["ligne_id"] < 0], of_deposits], ignore_index=True)
    if lines.empty:
        return Settled(_none_settled(lines), wide, frozenset(refused), (), {})
    on_lines = noticed[noticed["ligne_id"].isin(lines.index)].reset_index(drop=True)
    whole = _rejected_whole(wide, refused)
    register = Register(lines, known.facts, known.present.entries, day, settings.langue)
    wave = _Wave(lines, register, lig, on_lines, whole, settings)
    judged = in_order(lines, register, wave.judge)
    lines = lines.assign(verdict=judged.lines["verdict"], pif_tu=judged.lines["pif_tu"])
    issued, numbers = issue(lines[lines["verdict"] == ACCEPTED], deposits, known.facts, known.ranks, day)
    lines["cle"] = same_thing.keys(lines)
    lines["complement"] = numbers.reindex(lines.index, fill_value="")
    lines = pd.concat([lines, register.told(judged.lines, lines["complement"])], axis=1)
    findings = pd.concat([wide, _said(judged.found, on_lines, lines, frames, settings)], ignore_index=True)
    contents: dict[str, list[bytes]] = {}
    for made in issued:
        contents.setdefault(made.depot, []).append(made.payload)
    return Settled(lines[KEPT], findings, frozenset(refused), tuple(issued), contents)


@dataclass(frozen=True)
class _Wave:
    """What does not change from round to round. ``noticed``: on ``lines``; ``whole``: deposits that are rejected whole."""

    lines: pd.DataFrame
    register: Register
    lig: judge.Broken
    noticed: pd.DataFrame
    whole: set[int]
    settings: Settings

    @cached_property
    def alone(self) -> judge.Broken:
        """What is broken on the lines whatever was granted, LIG apart."""
        return judge.broken([rule for rule in _after_lig() if not rule.ledger], self.lines)

    def judge(self, rows: Ints, granted: Bools) -> Judged:
        """Judge whole deposits, the lines ``rows``, against the entries ``granted``."""
        before = self.register.before(rows, granted)
        lines = self.lines if len(rows) == len(self.lines) else self.lines.iloc[rows]
        lines = pd.concat([lines, self.register.told(before)], axis=1)
        found = self._found(lines, rows)
        found = _with_severities(found, lines)
        found = _without_soundings(found, lines, self.whole, self.settings)
        verdict, unasked = _verdicts(lines, found, self.whole, self.settings)
        return Judged(before.assign(verdict=verdict, pif_tu=unasked), found)

    def _found(self, lines: pd.DataFrame, rows: Ints) -> pd.DataFrame:
        """What reading noticed and what rules find on ``lines``, not in words; of one taken before there is nothing to say."""
        lig, alone = ({key: broken.iloc[rows] for key, broken in one.items()} for one in (self.lig, self.alone))
        asked = judge.broken([rule for rule in _after_lig() if rule.ledger], lines)
        found = lig | judge.silenced(alone | asked, lig)
        taken = lines["deja_prise"]
        marked = judge.marks({key: broken & ~taken for key, broken in found.items()}, lines, self.settings)
        here = self.noticed["ligne_id"].isin(lines.index[~taken])
        return pd.concat(
            [self.noticed.loc[here, judge.MARK].assign(notice=np.flatnonzero(here)), marked.assign(notice=-1)]
        )


def _after_lig() -> tuple[Rule, ...]:
    return judge.line_rules("REF", "DBL", "AVT")


def _said(
    found: pd.DataFrame, noticed: pd.DataFrame, lines: pd.DataFrame, frames: Frames, settings: Settings
) -> pd.DataFrame:
    """``found`` in words, in its order."""
    marked = found["notice"] < 0
    read = noticed.iloc[found.loc[~marked, "notice"]].set_axis(found.index[~marked], axis=0)
    read["severite"] = found.loc[~marked, "severite"]
    return pd.concat([read, judge.on_lines(found[marked], lines, frames, settings)]).sort_index()


def _none_settled(lines: pd.DataFrame) -> pd.DataFrame:
    return lines.iloc[:0].assign(verdict="", complement="", complement_precedent="", pif_tu=False, cle=None)[KEPT]


def _refused(frames: Frames, noticed: pd.DataFrame) -> set[int]:
    """Deposits with a FIC finding that rejects; and, whatever the severities say, those in which there is no line."""
    fic = noticed[noticed["code"].str.startswith("FIC") & (noticed["severite"] == REJECTS)]
    with_lines = set(frames.lines["depot"])
    return set(fic["depot"]) | {d for d in range(len(frames.deposits)) if d not in with_lines}


def _rejected_whole(findings: pd.DataFrame, refused: set[int]) -> set[int]:
    """Deposits of which a warning about the whole of them is set to reject: all their lines are rejected."""
    wide = findings[(findings["ligne_id"] < 0) & (findings["severite"] == REJECTS) & ~findings["depot"].isin(refused)]
    return set(wide["depot"])


def _faulty(lines: pd.DataFrame, lig: judge.Broken, noticed: pd.DataFrame, settings: Settings) -> "pd.Series[bool]":
    """Lines with a LIG finding that rejects, other than LIG-09."""
    hard = noticed["code"].str.startswith("LIG") & (noticed["severite"] == REJECTS)
    faulty = lines.index.isin(noticed.loc[hard, "ligne_id"])
    for (code, _), rows in lig.items():
        if code != "LIG-09" and settings.severites.get(code, REJECTS) == REJECTS:
            faulty = faulty | rows.to_numpy()
    return pd.Series(faulty, index=lines.index)


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


def _verdicts(
    lines: pd.DataFrame, findings: pd.DataFrame, whole: set[int], settings: Settings
) -> tuple["pd.Series[str]", "pd.Series[bool]"]:
    """The verdict of each line, by the findings and the policy; and whether a trial leaves REF-13 unasked of it."""
    rejected = _rejected(lines, findings, whole)
    verdict = (
        pd.Series(ACCEPTED, index=lines.index, dtype="str").mask(rejected, REJECTED).mask(lines["deja_prise"], TAKEN)
    )
    incomplete = (verdict == ACCEPTED) & ~_complete(lines)
    if incomplete.any():
        raise Unwritable("une ligne sans constat ne peut pas être écrite dans un complément")
    verdict = verdict.mask((verdict == ACCEPTED) & _held_by(lines, rejected, settings), HELD)
    unasked = lines["essai"] & (lines["nature"] == HEURES) & ~lines["pif_du_deposant"] & verdict.isin([ACCEPTED, HELD])
    return verdict, unasked


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
