"""The operator's own headings: the CSV that the setting ``synonymes`` names. Source: spec §4, §10."""

import csv
from pathlib import Path

from pipeline.settings import SettingError
from schemas.fields import FIELDS


def load(root: Path, extra: str) -> tuple[tuple[str, str], ...]:
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
