"""What `dsf status` and `dsf run` say of complements after they have left: counts, and what somebody has to do."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from pipeline.bilingual import Text
from pipeline.commands.console import OTHERS, SHOWN, ago, plain, spent
from pipeline.judging.follow_up import FollowUp

_COUNTS = Text(
    "DSF complémentaires : à saisir dans Kairos {emises}, saisies et pas encore vues {saisies}, vues dans un extrait {vues}",
    "Complementary DSF: to type into Kairos {emises}, typed and not seen yet {saisies}, seen in an extract {vues}",
)


def follow_up_lines(suivi: FollowUp, most: int = SHOWN) -> Iterator[str]:
    """The counts, then each list of ``suivi`` as JSON has it: at most ``most`` rows, the rest counted."""
    counts = suivi["comptes"]
    if any(counts.values()):
        yield _COUNTS.fill(**counts)
    yield from _rows(Text("à saisir", "to type"), suivi["a_saisir"], _issued, most)
    yield from _rows(Text("saisie, pas vue", "typed, not seen"), suivi["a_voir"], _typed, most)
    yield from _rows(Text("introuvable", "not found"), suivi["introuvables"], _missed, most)
    yield from _rows(Text("à redéposer", "to drop again"), suivi["debloques"], _lifted, most)


def _rows(what: Text, listed: Mapping[str, Any], say: Callable[[Mapping[str, Any]], Text], most: int) -> Iterator[str]:
    line = Text("  {what} : {row}", "  {what}: {row}")
    rows = listed["lignes"][:most]
    for row in rows:
        yield line.fill(what=what, row=say({name: _plain(value) for name, value in row.items()}))
    if listed["total"] > len(rows):
        yield line.fill(what=what, row=OTHERS.fill(n=listed["total"] - len(rows)))


def _plain(value: object) -> object:
    return plain(value) if isinstance(value, str) else value


def _day(text: str) -> str:
    return f"{date.fromisoformat(text):%d/%m/%Y}"


def _whose(row: Mapping[str, Any]) -> str:
    return f"{row['siret']} {row['raison_sociale']}".strip()


def _issued(row: Mapping[str, Any]) -> Text:
    return Text("{numero}, émise le {day}, {ago} ({whose})", "{numero}, issued on {day}, {ago} ({whose})").fill(
        numero=row["numero"], day=_day(row["emis_le"]), ago=ago(row["jours"]), whose=_whose(row)
    )


def _typed(row: Mapping[str, Any]) -> Text:
    number = (
        Text(" sous le numéro {n}", " under number {n}").fill(n=row["numero_kairos"]) if row["numero_kairos"] else ""
    )
    return Text(
        "{numero}, saisie le {day}{number}, {ago} ({whose})",
        "{numero}, typed on {day}{number}, {ago} ({whose})",
    ).fill(numero=row["numero"], day=_day(row["saisie_le"]), number=number, ago=ago(row["jours"]), whose=_whose(row))


def _missed(row: Mapping[str, Any]) -> Text:
    absence = Text("l'absence {id}", "absence {id}").fill(id=row["id_absence"])
    return Text(
        "DSF {numero_dsf}, complément {complement}, séquence {code_sequence} : {what} du {start} au {end} (REF-14 : ajoutez une "
        "correspondance, ou chargez un extrait plus récent)",
        "DSF {numero_dsf}, complement {complement}, séquence {code_sequence}: {what} from {start} to {end} (REF-14: add a "
        "correspondance, or load a more recent extract)",
    ).fill(
        **row,
        what=absence if row["id_absence"] else Text("les heures ajoutées", "the hours added"),
        start=_day(row["date_debut"]),
        end=_day(row["date_fin"]),
    )


def _lifted(row: Mapping[str, Any]) -> Text:
    return Text(
        "DSF {numero_dsf}, {counted}, {hours} h, plus retenue par {codes} depuis un extrait, dépôt {depot} ({whose})",
        "DSF {numero_dsf}, {counted}, {hours} h, no longer kept by {codes} since an extract, deposit {depot} ({whose})",
    ).fill(
        **{**row, "codes": row["codes"].replace(" ", ", ")},
        counted=Text("{n} ligne||{n} lignes", "{n} line||{n} lines").fill(n=row["lignes"]),
        hours=spent(str(row["heures"])),
        whose=_whose(row),
    )
