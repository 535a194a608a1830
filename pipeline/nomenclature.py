"""Reviewed lists that the operator extends by setting: the motifs that justify an absence, the headings of columns.

The product's own stand in ``schemas/nomenclature``. Source: contract §4, §10.
"""

import csv
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path

from pipeline.bilingual import Text
from pipeline.settings import SettingError
from schemas.fields import FIELDS
from schemas.folding import folded, key

_COLUMNS = ("code", "libelle", "financable", "piece_attendue", "valide_du", "valide_au")


_UNREADABLE = Text(
    "Réglage {key} : le fichier {file} ne peut pas être lu (CSV en UTF-8 attendu).",
    "Setting {key}: the file {file} cannot be read (a CSV in UTF-8 is expected).",
)
_NO_COLUMNS = Text(
    "Réglage {key} : {file} doit avoir les colonnes {columns}.",
    "Setting {key}: {file} must have the columns {columns}.",
)
_BAD_MOTIF = Text(
    "Réglage motifs : {file}, ligne {line} inutilisable (financable : oui ou non ; dates : 2025-01-31).",
    "Setting motifs: {file}, row {line} cannot be used (financable: oui or non; dates: 2025-01-31).",
)
_BAD_HEADING = Text(
    "Réglage synonymes : {file}, ligne {line} : champ inconnu ou titre vide. Champs : {known}.",
    "Setting synonymes: {file}, row {line}: unknown field or blank heading. Fields: {known}.",
)
_BAD_RENAME = Text(
    "Réglage correspondances : {file}, ligne {line} : {why}.", "Setting correspondances: {file}, row {line}: {why}."
)
_UNKNOWN_FIELD = Text("champ inconnu ; attendu : {known}", "unknown field; expected: {known}")
_BAD_DATE = Text(
    "date illisible ; attendu : 2025-07-01 ou 01/07/2025", "the date cannot be read; expected: 2025-07-01 or 01/07/2025"
)
_SAME = Text(
    "ancien et nouveau doivent être remplis, et différents", "ancien and nouveau must be filled in, and differ"
)
_TWO_ENDS = Text("cette clé a déjà un autre nouveau nom", "this key has another new name already")
_CIRCLE = Text(
    "les noms tournent en rond : le dernier ramène au premier",
    "the names go round: the last one leads back to the first",
)


@dataclass(frozen=True)
class Motif:
    """One reason. Valid from ``valide_du`` to ``valide_au``, both included; None is open."""

    code: str
    libelle: str
    financable: bool
    piece_attendue: str
    valide_du: date | None
    valide_au: date | None

    def valid_on(self, day: date) -> bool:
        """Whether the motif had its course on ``day``."""
        return (self.valide_du is None or self.valide_du <= day) and (self.valide_au is None or day <= self.valide_au)


def motifs(root: Path, extra: str = "") -> tuple[Motif, ...]:
    """The product's reasons, those of the CSV ``extra`` (relative to ``root``) added or put in their place by code.

    Raises ``SettingError`` naming the line that cannot be used.
    """
    text = resources.files("schemas").joinpath("nomenclature/motifs.csv").read_text(encoding="utf-8")
    found = {motif.code: motif for motif in _read(text, "motifs.csv")}
    if extra:
        path = root / extra
        try:
            found |= {motif.code: motif for motif in _read(path.read_text(encoding="utf-8-sig"), extra)}
        except (OSError, UnicodeDecodeError):
            raise SettingError(_UNREADABLE.fill(key="motifs", file=extra)) from None
    return tuple(found.values())


def _read(text: str, name: str) -> list[Motif]:
    rows = csv.DictReader(text.splitlines(), strict=True)
    if rows.fieldnames is None or not set(_COLUMNS) <= set(rows.fieldnames):
        raise SettingError(_NO_COLUMNS.fill(key="motifs", file=name, columns=", ".join(_COLUMNS)))
    motifs = []
    for row in rows:
        try:
            motifs.append(
                Motif(
                    row["code"].strip().upper(),
                    row["libelle"].strip(),
                    {"oui": True, "non": False}[folded(row["financable"])],
                    row["piece_attendue"].strip(),
                    *(date.fromisoformat(row[c].strip()) if row[c].strip() else None for c in _COLUMNS[4:]),
                )
            )
        except (KeyError, ValueError, AttributeError):
            raise SettingError(_BAD_MOTIF.fill(file=name, line=rows.line_num)) from None
    return motifs


def by_name(motifs: tuple[Motif, ...]) -> dict[str, Motif]:
    """Each reason under its code and under its label, folded; a code wins over a label."""
    return {folded(m.libelle): m for m in motifs} | {folded(m.code): m for m in motifs}


# --- headings ---------------------------------------------------------------------------------------------------------


def synonyms(root: Path, extra: str) -> tuple[tuple[str, str], ...]:
    """(field, heading) pairs of the CSV ``extra`` (columns champ, titre; relative to ``root``); none when it is empty.

    Raises ``SettingError`` naming the line that cannot be used.
    """
    if not extra:
        return ()
    try:
        text = (root / extra).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise SettingError(_UNREADABLE.fill(key="synonymes", file=extra)) from None
    rows = csv.DictReader(text.splitlines(), strict=True)
    if rows.fieldnames is None or not {"champ", "titre"} <= set(rows.fieldnames):
        raise SettingError(_NO_COLUMNS.fill(key="synonymes", file=extra, columns="champ, titre"))
    pairs = []
    for row in rows:
        champ, titre = (row["champ"] or "").strip(), (row["titre"] or "").strip()
        if champ not in FIELDS or not titre:
            raise SettingError(_BAD_HEADING.fill(file=extra, line=rows.line_num, known=", ".join(FIELDS)))
        pairs.append((champ, titre))
    return tuple(pairs)


# --- keys that were renamed -------------------------------------------------------------------------------------------

RENAMED = ("identifiant_de", "code_sequence", "id_absence", "numero_pif", "numero_convention")
"""Columns of the extracts whose keys a correspondance may rename."""


@dataclass(frozen=True)
class Rename:
    """One row of the operator's correspondances: what the key ``ancien`` is called now. All keys are folded.

    ``cle_dsf`` and ``cle_de``: where it holds, empty for everywhere. ``day``: since when, None when nobody said.
    """

    champ: str
    cle_dsf: str
    cle_de: str
    ancien: str
    nouveau: str
    day: date | None

    def meets(self, other: "Rename") -> bool:
        """Whether one key could fall under both at one time; an id that is a rank may shift on one day and again on another."""
        pairs: list[tuple[object, object]] = [(self.cle_dsf, other.cle_dsf), (self.cle_de, other.cle_de)]
        if self.champ not in ("numero_pif", "numero_convention"):
            pairs.append((self.day, other.day))
        return self.champ == other.champ and all(not a or not b or a == b for a, b in pairs)


_RENAME_COLUMNS = ("champ", "numero_dsf", "identifiant_de", "ancien", "nouveau", "source", "date")


def renames(root: Path, extra: str) -> tuple[Rename, ...]:
    """The correspondances of the CSV ``extra`` (``,`` or ``;``; relative to ``root``), oldest first; none when it is empty.

    Raises ``SettingError`` naming the line: a column or a value that cannot be used, two ends for one key, a circle. Renamings of
    two days are no circle and no two ends: one comes after the other. Plans are followed without days.
    """
    if not extra:
        return ()
    try:
        text = (root / extra).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise SettingError(_UNREADABLE.fill(key="correspondances", file=extra)) from None
    first = text.partition("\n")[0]
    rows = csv.DictReader(text.splitlines(), delimiter=max(",;", key=first.count), strict=True)
    if rows.fieldnames is None or not set(_RENAME_COLUMNS) <= {name.strip() for name in rows.fieldnames}:
        raise SettingError(_NO_COLUMNS.fill(key="correspondances", file=extra, columns=", ".join(_RENAME_COLUMNS)))
    found: list[Rename] = []
    for row in rows:
        if any((cell or "").strip() for cell in row.values() if isinstance(cell, str)):
            _add_rename(
                found, {name.strip(): (cell or "").strip() for name, cell in row.items() if name}, extra, rows.line_num
            )
    return tuple(sorted(found, key=lambda one: (one.day is None, one.day or date.min)))


def _add_rename(found: list[Rename], row: dict[str, str], name: str, line: int) -> None:
    def refuse(why: Text) -> SettingError:
        return SettingError(_BAD_RENAME.fill(file=name, line=line, why=why))

    if row["champ"] not in RENAMED:
        raise refuse(_UNKNOWN_FIELD.fill(known=", ".join(RENAMED)))
    try:
        day = _any_day(row["date"])
    except ValueError:
        raise refuse(_BAD_DATE) from None
    ancien, nouveau = key(row["ancien"]), key(row["nouveau"])
    if not ancien or not nouveau or ancien == nouveau:
        raise refuse(_SAME)
    one = Rename(row["champ"], key(row["numero_dsf"]), key(row["identifiant_de"]), ancien, nouveau, day)
    if any(one.meets(other) and one.ancien == other.ancien and one.nouveau != other.nouveau for other in found):
        raise refuse(_TWO_ENDS)
    reached = {one.nouveau}
    while wider := {o.nouveau for o in found if one.meets(o) and o.ancien in reached} - reached:
        reached |= wider
    if one.ancien in reached:
        raise refuse(_CIRCLE)
    found.append(one)


def _any_day(text: str) -> date | None:
    if not text:
        return None
    if "/" in text:
        day, month, year = text.split("/")
        return date(int(year), int(month), int(day))
    return date.fromisoformat(text)
