"""Which complements a later extract shows: what they turned or added is there by as much.

Source: contract §6, after it has left.
"""

from collections.abc import Iterable, Iterator

import pandas as pd

from pipeline.judging.context import Context
from pipeline.judging.identity import DATED, SEQUENCE, Present
from pipeline.reference import Facts

PORTION = 5_000
"""DSF looked at together."""


def note_seen(context: Context) -> None:
    """Note in the ledger which complements the newest extracts show for the first time."""
    waiting = {one.numero: one for one in context.book.followed(unseen=True)}
    known = context.reference.dsf(one.cle_dsf for one in waiting.values())
    extracts = dict(
        zip(known["cle_dsf"], zip(known["date_extraction"].dt.date, known["extrait"], strict=True), strict=True)
    )
    newer = {
        one.cle_dsf for one in waiting.values() if one.cle_dsf in extracts and one.since < extracts[one.cle_dsf][0]
    }
    shown: dict[str, list[int]] = {}
    for facts, entries in looked_at(context, newer):
        for numero in seen(entries, facts) & waiting.keys():
            shown.setdefault(extracts[waiting[numero].cle_dsf][1], []).append(waiting[numero].seq)
    for name, seqs in sorted(shown.items()):
        context.book.see(seqs, extract=name, day=context.day)


def looked_at(context: Context, cles_dsf: Iterable[str]) -> Iterator[tuple[Facts, Present]]:
    """The newest extracts of these DSF, in portions, each with all that the ledger completed on them under today's keys."""
    keys = sorted(set(cles_dsf))
    for low in range(0, len(keys), PORTION):
        portion = keys[low : low + PORTION]
        facts = context.facts(portion)
        yield facts, context.present(portion, facts, siblings=False)


def seen(present: Present, facts: Facts) -> frozenset[str]:
    """Numbers of the complements that the extracts in ``facts`` show whole, among those with an entry in ``present``.

    Only an extract newer than the one a complement was judged with can show it. Each absence must be there and completed, or
    gone with its séquence's hours grown (then nothing is missing); the hours réalisées of each séquence must have grown by what
    was added, after what earlier complements added to it.
    """
    columns = ["complement", "cle_dsf", "extrait_du", "date"]
    entries = present.entries
    rows = pd.concat(
        [
            entries.absences[columns].assign(shown=_absences_shown(present, facts).to_numpy()),
            entries.heures[columns].assign(shown=_hours_shown(entries.heures, facts).to_numpy()),
        ],
        ignore_index=True,
    )
    extracted = rows["cle_dsf"].map(facts.dsf.set_index("cle_dsf")["date_extraction"]).dt.normalize()
    later = (extracted > rows["extrait_du"].fillna(rows["date"])).fillna(False).astype(bool)
    whole = (rows["shown"].astype(bool) & later).groupby(rows["complement"]).all()
    return frozenset(whole.index[whole.astype(bool)])


def _absences_shown(present: Present, facts: Facts) -> "pd.Series[bool]":
    """For each absence of the ledger: completed in the extract, or gone and not missed."""
    absences = present.entries.absences
    found = absences[DATED].merge(facts.absences[[*DATED, "deja_complementee"]], on=DATED, how="left")
    missed = absences[[*DATED, "complement"]].merge(
        present.missing[[*DATED, "complement"]].drop_duplicates().assign(missed=True),
        on=[*DATED, "complement"],
        how="left",
    )["missed"]
    state = found["deja_complementee"]
    return state.eq(True) | (state.isna() & missed.isna())


def _hours_shown(hours: pd.DataFrame, facts: Facts) -> "pd.Series[bool]":
    """For each hours entry of the ledger: its séquence has grown by it, and by what came before it and is still to come."""
    by_complement = [*SEQUENCE, "rang_complement"]
    added = hours.groupby(by_complement, as_index=False).agg(avant=("realisees_avant", "min"), heures=("heures", "sum"))
    added["wanted"] = pd.array(list(_wanted(added)), dtype="Int64")
    sequences = facts.sequences[[*SEQUENCE, "heures_realisees"]]
    now = hours[by_complement].merge(added, on=by_complement, how="left").merge(sequences, on=SEQUENCE, how="left")
    return (now["heures_realisees"] >= now["wanted"]).fillna(False).astype(bool)


def _wanted(added: pd.DataFrame) -> Iterator[int | None]:
    """Heures réalisées from which on a séquence shows each complement on it, for rows in the order of séquences and ranks.

    What an earlier complement added counts again unless the extract that the later one was judged with showed it already.
    None where it is not known what the séquence had before.
    """
    place: tuple[str, ...] = ()
    earlier: list[tuple[int | None, int]] = []
    for row in added[[*SEQUENCE, "avant", "heures"]].itertuples(index=False, name=None):
        if row[:3] != place:
            place, earlier = row[:3], []
        before, hours = None if pd.isna(row[3]) else int(row[3]), int(row[4])
        wanted = None
        if before is not None:
            wanted = before + hours + sum(more for total, more in earlier if total is None or total > before)
        earlier.append((wanted, hours))
        yield wanted
