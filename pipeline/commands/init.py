"""`dsf init`: a workspace to begin with, and every setting in its dsf.toml, commented out."""

from collections.abc import Iterator
from dataclasses import is_dataclass
from datetime import date
from pathlib import Path

from pipeline.bilingual import Text, said
from pipeline.commands.console import column, shown
from pipeline.commands.language import current
from pipeline.settings import Settings
from pipeline.workspace import Workspace

HEAD = Text(
    "Réglages de cet espace de travail. Une ligne en commentaire montre la valeur par défaut ; ôtez le # pour la changer.",
    "Settings of this workspace. A line that is commented out shows the default; take the # away to change it.",
)
MEANINGS = {
    "langue": Text('ou "en" : rapports et messages', 'or "en": reports and messages'),
    "politique": Text(
        'ou "ligne", "depot" : ce qu\'une ligne rejetée retient avec elle',
        'or "ligne", "depot": what a rejected line holds with it',
    ),
    "pas_heures": Text("pas des heures, en heures (LIG-09)", "step of hours, in hours (LIG-09)"),
    "delai_stabilite": Text(
        "secondes de repos avant qu'un dépôt soit pris ; 0 : aussitôt",
        "seconds a deposit rests before it is taken; 0: at once",
    ),
    "organisme": Text(
        "SIRET auquel reviennent les fichiers hors d'un dossier d'organisme",
        "SIRET that files outside an organisation's folder belong to",
    ),
    "ledger": Text(
        '"sqlite:///chemin" ou "postgresql+psycopg://utilisateur@machine/base" ; vide : var/registre.sqlite',
        '"sqlite:///path" or "postgresql+psycopg://user@machine/database"; empty: var/registre.sqlite',
    ),
    "moteur": Text(
        "ou l'adresse d'un ordonnanceur Dask, tls://machine:8786",
        "or the address of a Dask scheduler, tls://machine:8786",
    ),
    "processus": Text("processus de travail ; 0 : un par cœur", "worker processes; 0: one a core"),
    "motifs": Text("CSV qui ajoute des motifs ou en remplace", "CSV that adds motifs or replaces them"),
    "synonymes": Text("CSV qui ajoute des titres de colonnes", "CSV that adds headings"),
    "correspondances": Text("CSV des identifiants qui ont changé", "CSV of keys that were renamed"),
    "limites": Text("au-delà, un dépôt est refusé (FIC-03)", "beyond them a deposit is refused (FIC-03)"),
    "limites.octets": Text("taille d'un dépôt", "bytes of a deposit"),
    "limites.octets_decompresses": Text("une fois décompressé", "once unpacked"),
    "limites.lignes": Text("lignes", "lines"),
    "limites.feuilles": Text("feuilles", "sheets"),
    "limites.colonnes": Text("colonnes", "columns"),
    "limites.secondes": Text("secondes que la lecture peut durer", "seconds that reading may take"),
    "limites.memoire": Text("octets de mémoire que la lecture peut prendre", "bytes of memory that reading may take"),
    "ouverture": Text(
        "premier jour où chaque type de session peut être complété (REF-04)",
        "first day on which each kind of session can be completed (REF-04)",
    ),
    "severites": Text(
        'par règle : "rejet" ou "avertissement" ; dsf rules les liste',
        'by rule: "rejet" or "avertissement"; dsf rules lists them',
    ),
    "stockage": Text(
        "ce qui est sur un stockage partagé : sftp://… ou s3://… ; vide : dans cet espace de travail",
        "what lies on shared storage: sftp://… or s3://…; empty: in this workspace",
    ),
    "stockage.depots": Text("à la place de inbox/depots", "in the place of inbox/depots"),
    "stockage.extraits": Text("à la place de inbox/extraits", "in the place of inbox/extraits"),
    "stockage.saisies": Text("à la place de inbox/saisies", "in the place of inbox/saisies"),
    "stockage.outbox": Text("à la place de outbox", "in the place of outbox"),
    "stockage.reference": Text(
        "copie des extraits chargés, pour qu'une autre machine prenne la suite",
        "copy of the loaded extracts, so that another machine may take over",
    ),
    "stockage.hotes": Text("fichier known_hosts (SFTP) ; vide : le vôtre", "known_hosts file (SFTP); empty: your own"),
    "stockage.cle": Text(
        "fichier de clé privée (SFTP) ; vide : l'agent SSH", "private key file (SFTP); empty: the agent"
    ),
    "stockage.autorite": Text("certificat de l'autorité (S3), en PEM", "certificate of the authority (S3), PEM"),
    "conservation": Text(
        "jours au bout desquels dsf purge efface ; 0 : tout est gardé",
        "days after which dsf purge erases; 0: all is kept",
    ),
    "conservation.originaux": Text("fichiers déposés, dans var/originaux", "deposited files, in var/originaux"),
    "conservation.retours": Text("retours, dans outbox/<SIRET>/retours", "returns, in outbox/<SIRET>/retours"),
    "conservation.noms": Text(
        "personnes : registre, DSF complémentaires, extraits", "persons: ledger, complementary DSF, extracts"
    ),
    "conservation.cle": Text(
        "clé qui les reconnaît encore ; à garder à part de var/",
        "key that still knows them; to be kept apart from var/",
    ),
    "journal": Text("ce que le programme note de son travail", "what the program notes of its work"),
    "journal.dossier": Text(
        'un fichier par mois ; "-" : la sortie d\'erreur ; vide : rien',
        'a file a month; "-": standard error; empty: nothing',
    ),
    "journal.niveau": Text('ou "avertissement", "erreur"', 'or "avertissement", "erreur"'),
    "journal.mois": Text("mois gardés", "months that are kept"),
    "journal.octets": Text("octets gardés en tout", "bytes that are kept in all"),
    "mesures": Text("chiffres pour Prometheus, après chaque passage", "figures for Prometheus, after each run"),
    "mesures.fichier": Text("fichier .prom à remplacer ; vide : aucun", "file .prom to replace; empty: none"),
    "avis": Text("qui est prévenu après un passage", "who is told after a run"),
    "avis.serveur": Text(
        "machine[:port] qui envoie les courriels ; vide : aucun", "host[:port] that sends mail; empty: none"
    ),
    "avis.chiffrement": Text(
        'ou "tls" ; "aucun" sur cette machine seulement', 'or "tls"; "aucun" on this machine only'
    ),
    "avis.expediteur": Text("adresse de l'expéditeur", "address of the sender"),
    "avis.adresses": Text("CSV : siret, adresse", "CSV: siret, adresse"),
    "avis.identifiant": Text(
        "compte sur le serveur ; son mot de passe : DSF_AVIS_MOT_DE_PASSE",
        "account on the server; its password: DSF_AVIS_MOT_DE_PASSE",
    ),
    "avis.autorite": Text("certificat de l'autorité du serveur, en PEM", "certificate of the server's authority, PEM"),
    "avis.lieu": Text(
        "où l'organisme trouve son dossier ; {siret} est remplacé",
        "where an organisation finds its folder; {siret} is filled in",
    ),
    "avis.commande": Text("lancée après chaque passage, sans shell", "run after each run, without a shell"),
    "avis.secondes": Text(
        "secondes pour que le serveur ou la commande réponde", "seconds for the server, or the command, to answer"
    ),
    "avis.essais": Text("essais de ce qui échoue", "how often what fails is tried"),
}
"""What each setting means, in a few words, tables and their keys alike."""
EXAMPLES = {"severites": {"AVT-02": "rejet"}}
"""Of tables that are empty by default."""
_PLACES = (
    (Text("extraits de DSF initiales", "extracts of initial DSF"), "inbox/extraits"),
    (Text("un dossier par organisme", "one folder an organisation"), "inbox/depots/<SIRET>"),
    (Text("saisies faites dans Kairos", "what was typed into Kairos"), "inbox/saisies"),
    (Text("réglages, commentés", "settings, commented"), "dsf.toml"),
)


def create(folder: Path) -> Iterator[str]:
    """Make the folders and the settings file of a workspace; what is there already stays as it is."""
    workspace = Workspace(folder.resolve())
    workspace.create()
    path = workspace.root / "dsf.toml"
    if not path.exists():
        path.write_text(settings_file(current()), encoding="utf-8")
    yield Text("Espace de travail prêt : {folder}", "Workspace ready: {folder}").fill(folder=folder)
    for what, where in _PLACES:
        yield Text("  {what} : {where}", "  {what} : {where}").fill(
            what=column(what, 26), where=shown(workspace.root, where)
        )
    at = "" if workspace.root == Path.cwd() else f" -w {folder}"
    yield Text(
        "Ensuite : mettez un extrait dans inbox/extraits, puis dsf run{at}",
        "Next: put an extract into inbox/extraits, then dsf run{at}",
    ).fill(at=at)


def settings_file(language: str) -> str:
    """A dsf.toml with every setting at its default, commented out; ``langue`` is set where it is not French."""
    settings = Settings()
    lines, tables = [f"# {said(HEAD, language)}", ""], []
    for key in (name for name in MEANINGS if "." not in name):
        value = getattr(settings, key)
        inner = EXAMPLES.get(key) or (
            value if isinstance(value, dict) else vars(value) if is_dataclass(value) else None
        )
        if inner is None:
            lines.append(_line(key, value / 100 if key == "pas_heures" else value, language))
        else:
            tables += ["", f"# [{key}]  # {said(MEANINGS[key], language)}"]
            tables += [_line(name, one, language, within=f"{key}.") for name, one in inner.items()]
    if language != settings.langue:
        lines[2] = lines[2].removeprefix("# ").replace(settings.langue, language)
    return "\n".join([*lines, *tables]) + "\n"


def _line(key: str, value: object, language: str, within: str = "") -> str:
    name = f'"{key}"' if "-" in key else key
    shown_value = (
        f'"{value}"'
        if isinstance(value, str)
        else value.isoformat()
        if isinstance(value, date)
        else f"{value:g}"
        if isinstance(value, float)
        else value
    )
    meaning = MEANINGS.get(within + key)
    said_so = f"# {name} = {shown_value}"
    return f"{said_so:<36}  # {said(meaning, language)}" if meaning else said_so
