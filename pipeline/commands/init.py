"""`dsf init`: a workspace to begin with."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.workspace import Workspace

SETTINGS = """\
# Réglages de cet espace de travail ; ceux qui sont en commentaire ont ici leur valeur par défaut.
# langue = "fr"
# politique = "dsf"          # "ligne", "depot" : ce qu'une ligne rejetée retient avec elle
# pas_heures = 0.25
# delai_stabilite = 5        # secondes de repos avant qu'un dépôt soit pris
# organisme = ""
# processus = 0
"""


def create(folder: Path) -> Iterator[str]:
    """Make the folders and the settings file of a workspace; what is there already stays as it is."""
    workspace = Workspace(folder.resolve())
    workspace.create()
    settings = workspace.root / "dsf.toml"
    if not settings.exists():
        settings.write_text(SETTINGS, encoding="utf-8")
    yield f"Espace de travail prêt : {folder}"
    yield f"  extraits de DSF initiales  : {folder / 'inbox' / 'extraits'}"
    yield f"  un dossier par organisme   : {folder / 'inbox' / 'depots'}/<SIRET>"
    yield f"  saisies faites dans Kairos : {folder / 'inbox' / 'saisies'}"
    yield f"Ensuite : dsf run -w {folder}"
