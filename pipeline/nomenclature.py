"""Reviewed lists that the operator extends by setting: the motifs that justify an absence, the headings of columns.

The product's own stand in ``schemas/nomenclature``. Source: spec §4, §10.
"""

import csv
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path

from pipeline.settings import SettingError
from schemas.fields import FIELDS
from schemas.folding import folded

_COLUMNS = ("code", "libelle", "financable", "piece_attendue", "valide_du", "valide_au")


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
            raise SettingError(
                f"Réglage motifs : le fichier {extra} ne peut pas être lu (CSV en UTF-8 attendu)."
            ) from None
    return tuple(found.values())


def _read(text: str, name: str) -> list[Motif]:
    rows = csv.DictReader(text.splitlines(), strict=True)
    if rows.fieldnames is None or not set(_COLUMNS) <= set(rows.fieldnames):
        raise SettingError(f"Réglage motifs : {name} doit avoir les colonnes {', '.join(_COLUMNS)}.")
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
            raise SettingError(
                f"Réglage motifs : {name}, ligne {rows.line_num} inutilisable (financable : oui ou non ; dates : 2025-01-31)."
            ) from None
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
        raise SettingError(
            f"Réglage synonymes : le fichier {extra} ne peut pas être lu (CSV en UTF-8 attendu)."
        ) from None
    rows = csv.DictReader(text.splitlines(), strict=True)
    if rows.fieldnames is None or not {"champ", "titre"} <= set(rows.fieldnames):
        raise SettingError(f"Réglage synonymes : {extra} doit avoir les colonnes champ, titre.")
    pairs = []
    for row in rows:
        champ, titre = (row["champ"] or "").strip(), (row["titre"] or "").strip()
        if champ not in FIELDS or not titre:
            known = ", ".join(FIELDS)
            raise SettingError(
                f"Réglage synonymes : {extra}, ligne {rows.line_num} : champ inconnu ou titre vide. Champs : {known}."
            )
        pairs.append((champ, titre))
    return tuple(pairs)
