"""Models of deposits as ``returns.model`` makes them, in every case the pages know. Every name is invented."""

from collections import Counter
from decimal import Decimal
from typing import Any

from pipeline.jsonfile import hours
from schemas.fields import FIELDS, SHEETS, column_letter, fields_of

Model = dict[str, Any]
SIRET = "12345678200010"
ABSENCES, HEURES = SHEETS["absences"], SHEETS["heures"]
HOSTILE = (
    '<script>alert("x")</script>',
    '=HYPERLINK("http://exemple.invalid";"clic")',
    "\u202eDIAMREM\u202c",
    "A\x07B\x00",
)
MOTIFS = [
    ("MAL", "maladie", True),
    ("AT", "accident du travail", True),
    ("CONV", "convocation administrative ou judiciaire", True),
    ("INJ", "injustifiée", False),
]
_PEOPLE = [
    ("MARTIN-DUVAL", "Éloïse"),
    ("ÜNLÜ", "Kemal"),
    ("LEFÈVRE", "Anaïs"),
    ("N'DIAYE", "Awa"),
    ("DE LA TOUR", "Jean-Noël"),
]
_VERDICTS = {"acceptees": "acceptee", "rejetees": "rejetee", "retenues": "retenue", "deja_prises": "deja_prise"}


def cell(value: object) -> Model:
    """A cell in the codec of ``cells.text.encode``, from a Python value (a pair gives kind and value)."""
    if isinstance(value, tuple):
        return {"t": value[0], "v": value[1]}
    if isinstance(value, bool):
        return {"t": "b", "v": value}
    return {"t": "n" if isinstance(value, int | float) else "s", "v": value}


def line(ligne: int, verdict: str, nature: str = "absences", heures: int | None = 700, **changes: Any) -> Model:
    """One line. ``cellules`` given replace those of a plausible line; ``feuille``, ``nom``… may be given too."""
    nom, prenom = _PEOPLE[ligne % len(_PEOPLE)]
    base = {
        "numero_dsf": "41C0000123",
        "identifiant_de": f"{1234500 + ligne:07d}{'ABCDEFGHJK'[ligne % 10]}",
        "nom": nom,
        "prenom": prenom,
        "code_sequence": "SEQ-01",
    }
    base |= {name: changes.pop(name) for name in tuple(changes) if name in base}
    typed: Model = {**base, "date_debut": ("d", "2025-03-05"), "date_fin": ("d", "2025-03-06"), "heures": 7}
    typed |= {"reference_justificatif": f"CM-{ligne}", "commentaire": ""}
    if nature == "absences":
        typed |= {"id_absence": f"A{ligne}", "motif": "MAL", "date_justificatif": ("d", "2025-03-10")}
        typed |= {"reliquat_abandonne": ""}
    typed |= changes.pop("cellules", {})
    made = {
        "feuille": SHEETS[nature],
        "ligne": ligne,
        "nature": nature,
        "verdict": verdict,
        **base,
        "heures": None if heures is None else hours(heures),
        "complement": "41C0000123-C01" if verdict in ("acceptee", "deja_prise") else "",
        "codes": [],
    }
    if verdict == "retenue":
        made["attend"] = [{"feuille": SHEETS["absences"], "ligne": 12}]
    if verdict in ("rejetee", "retenue"):
        made["cellules"] = {name: cell(value) for name, value in typed.items()}
        made["autres"] = [{"titre": "Groupe", **cell("B")}, {"titre": "Formateur", **cell("Mme Roze")}]
    return made | changes


def finding(
    code: str,
    at: Model | None,
    champ: str,
    message: str,
    geste: str,
    valeur: str = "",
    attendu: str = "",
    **changes: Any,
) -> Model:
    """One finding on the line ``at``, or on the deposit when there is none."""
    nature = at["nature"] if at else ""
    names = [field.name for field in fields_of(nature)] if nature else []
    letter = column_letter(names.index(champ)) if champ in names else ""
    return {
        "code": code,
        "severite": "avertissement" if code.startswith("AVT") else "rejet",
        "portee": "ligne" if at else "depot",
        "feuille": at["feuille"] if at else "",
        "ligne": at["ligne"] if at else 0,
        "nature": nature,
        "colonne": letter,
        "cellule": f"{letter}{at['ligne']}" if at and letter else "",
        "champ": champ,
        "titre": FIELDS[champ].headings.get(nature, "") if champ in FIELDS else "",
        "valeur": valeur,
        "attendu": attendu,
        "message": message,
        "geste": geste,
        **({} if code.startswith("AVT") else {"suite": "corriger", "des": ""}),
        **changes,
    }


def known(dsf: str = "41C0000123", person: str = "1234512C") -> Model:
    """What is known of one DSF: a trainee with two séquences, two absences on the first."""
    days = {"date_debut": "2025-03-05", "date_fin": "2025-03-06"}
    one_day = {"date_debut": "2025-03-10", "date_fin": "2025-03-10"}
    absences = [
        {"id_absence": "A12", **days, "heures": hours(700)},
        {"id_absence": "A13", **one_day, "heures": hours(350)},
    ]
    trainee = {"numero_dsf": dsf, "identifiant_de": person, "nom": "LEFÈVRE", "prenom": "Anaïs"}
    sequences = [
        trainee
        | {
            "code_sequence": code,
            "libelle_sequence": f"Module {code}",
            "heures_prevues": hours(7000),
            "heures_reste": hours(1250),
            "absences": some,
        }
        for code, some in (("SEQ-01", absences), ("SEQ-02", []))
    ]
    period = {"periode_debut": "2025-03-01", "periode_fin": "2025-03-31"}
    return {"dsf": [{"numero_dsf": dsf, "intitule": "Anglais", **period}], "sequences": sequences}


def model(lignes: list[Model], constats: list[Model], **changes: Any) -> Model:
    """A whole model whose counts follow from its lines."""
    by_verdict = Counter(entry["verdict"] for entry in lignes)
    of_hours: dict[str, Decimal] = {
        verdict: sum((e["heures"] or Decimal() for e in lignes if e["verdict"] == verdict), Decimal())
        for verdict in _VERDICTS.values()
    }
    rejected = by_verdict["rejetee"] + by_verdict["retenue"]
    etat = "accepte" if not rejected else "partiel" if by_verdict["acceptee"] else "rejete"
    natures = list(dict.fromkeys((e["feuille"], e["nature"]) for e in lignes))
    for entry in lignes:
        entry["codes"] = (
            sorted({c["code"] for c in constats if (c["feuille"], c["ligne"]) == (entry["feuille"], entry["ligne"])})
            if len(lignes) < 1000
            else []
        )
    remedies: dict[tuple[str, int], str] = {}
    for one in constats:
        if one["severite"] == "rejet" and one["portee"] == "ligne":
            remedies[one["feuille"], one["ligne"]] = one["suite"]
    of = Counter(remedies.get((e["feuille"], e["ligne"]), "corriger") for e in lignes if e["verdict"] == "rejetee")
    causes = {(c["code"], c["champ"], c["message"]) for c in constats if c["severite"] == "rejet"}
    return {
        "schema_version": 1,
        "code_retour": 2 if rejected else 0,
        "suites": {name: of[name] for name in ("retirer", "corriger", "attendre")},
        "des": "",
        "causes": len(causes),
        **known(),
        "langue": "fr",
        "depot": "20250402-3fa9c1d2",
        "siret": SIRET,
        "raison_sociale": "Centre de formation des Trois Rivières",
        "fichier": "absences mars 2025.xlsx",
        "sha256": "3fa9c1d2" * 8,
        "octets": 18432,
        "recu_le": "2025-04-01T14:05:09Z",
        "run": "20250402-0200",
        "date": "2025-04-02",
        "politique": "dsf",
        "etat": etat,
        "comptes": {"lues": len(lignes), **{name: by_verdict[v] for name, v in _VERDICTS.items()}},
        "heures": {
            "lues": sum(of_hours.values(), hours(0)),
            **{n: of_hours[v] + hours(0) for n, v in _VERDICTS.items()},
        },
        "complements": [],
        "constats": constats,
        "lignes": lignes,
        "tables": [
            {
                "feuille": feuille,
                "nature": nature,
                "entete": 3,
                "colonnes": [
                    {"champ": f.name, "titre": f.headings[nature], "lettre": column_letter(i)}
                    for i, f in enumerate(fields_of(nature))
                ],
            }
            for feuille, nature in natures
        ],
        "interpretations": [
            "Feuille « Absences justifiées » : tableau « Absences justifiées », titres en ligne 3, 18 lignes lues."
        ],
        "motifs": [{"code": c, "libelle": t, "financable": f, "piece_attendue": "certificat"} for c, t, f in MOTIFS],
        "juge_avec": {
            "regles": "5c1f0a9be2d4",
            "programme": "0.1.0",
            "extraits": [{"nom": "2025-03-31-1", "date_extraction": "2025-03-31", "sha256": "ab12" * 16}],
            "reglages": {"politique": "dsf", "pas_heures": hours(25)},
        },
    } | changes


def full(**changes: Any) -> Model:
    """Every case at once: rejected alone and together, held, warned, accepted, already taken, hostile texts."""
    accepted = [line(row, "acceptee", numero_dsf="41C0000999") for row in range(4, 9)]
    taken = [line(row, "deja_prise", numero_dsf="41C0000999") for row in (9, 10)]
    wrong = line(12, "rejetee", cellules={"heures": "7h20", "motif": "Maladi"}, heures=733)
    empty = line(13, "rejetee", cellules={"heures": "", "date_justificatif": ""}, heures=None)
    same = [
        line(row, "rejetee", numero_dsf="41C0000124", cellules={"date_debut": "03/25"})
        for row in (*range(20, 40), 43, 44)
    ]
    few = [line(row, "rejetee", cellules={"reference_justificatif": ""}) for row in (50, 52, 54)]
    held = [line(row, "retenue") for row in (14, 15, 16, 18)]
    hostile = line(
        60,
        "rejetee",
        nom=HOSTILE[0],
        prenom=HOSTILE[2],
        cellules={
            "nom": HOSTILE[0],
            "prenom": HOSTILE[2],
            "commentaire": HOSTILE[1],
            "reference_justificatif": HOSTILE[3],
            "identifiant_de": 1234567,
            "heures": ("h", 27000),
            "motif": ("v", "#REF!"),
        },
        autres=[{"titre": '=1+1 "<b>"', **cell(HOSTILE[1])}, {"titre": "Groupe", **cell(12.5)}],
    )
    extra = line(
        6,
        "rejetee",
        "heures",
        heures=1200,
        cellules={"heures": 12, "date_debut": ("dt", "2025-03-05T00:00:00"), "identifiant_de": "0123456"},
    )
    absents = [*accepted, *taken, wrong, empty, *held, *same, *few, hostile]
    depot = "Vérifiez ce point ; rien d'autre à faire."
    constats = [
        finding("AVT-06", None, "", "Vous agissez pour le dispensateur 98765432100019, en tant que titulaire.", depot),
        finding(
            "REF-13",
            extra,
            "heures",
            "Il ne reste que 4 h sur cette séquence, vous en ajoutez 12.",
            "Réduisez les heures à 4 h au plus.",
            "12",
            "4 h au plus",
        ),
        finding(
            "AVT-01",
            accepted[1],
            "nom",
            "Le nom n'est pas celui de la DSF : « MARTIN ».",
            "Vérifiez qu'il s'agit de la bonne personne.",
            "MARTIN-DUVAL",
            "MARTIN",
        ),
        finding(
            "LIG-09",
            wrong,
            "heures",
            "7h20 n'est pas un multiple de 0,25 h.",
            "Arrondissez au quart d'heure : 7,25 ou 7,50.",
            "7h20",
            "7,25 ou 7,50",
        ),
        finding(
            "LIG-10",
            wrong,
            "motif",
            "Le motif « Maladi » n'est pas dans la liste.",
            "Choisissez un motif de la liste.",
            "Maladi",
            "maladie",
        ),
        finding(
            "LIG-01",
            empty,
            "heures",
            "La cellule « Heures à valoriser » est vide.",
            "Remplissez « Heures à valoriser » sur cette ligne.",
            "",
            "une valeur",
        ),
        finding(
            "LIG-01",
            empty,
            "date_justificatif",
            "La cellule « Date du justificatif » est vide.",
            "Remplissez « Date du justificatif » sur cette ligne.",
            "",
            "une valeur",
        ),
        *(
            finding(
                "LIG-04",
                at,
                "date_debut",
                "La date « 03/25 » ne peut pas être lue.",
                "Écrivez le jour, le mois et l'année : 05/03/2025.",
                "03/25",
                "une date comme 05/03/2025",
            )
            for at in same
        ),
        finding(
            "REF-06",
            same[2],
            "identifiant_de",
            "Aucun stagiaire « 1234522C » ne figure sur la DSF 41C0000124.",
            "Vérifiez l'identifiant DE et le numéro de la DSF.",
            "1234522C",
            "un stagiaire de cette DSF",
        ),
        *(
            finding(
                "LIG-01",
                at,
                "reference_justificatif",
                "La cellule « Référence du justificatif » est vide.",
                "Remplissez « Référence du justificatif » sur cette ligne.",
                "",
                "une valeur",
            )
            for at in few
        ),
        finding(
            "LIG-02",
            hostile,
            "motif",
            "La cellule « Motif justifié » contient l'erreur de tableur #REF!.",
            "Remplacez-la par la valeur elle-même.",
            "#REF!",
            "une valeur, non une erreur",
        ),
        finding(
            "LIG-13",
            hostile,
            "reference_justificatif",
            f"Le texte « {HOSTILE[3]} » contient des signes interdits.",
            "Retapez ce texte.",
            HOSTILE[3],
            "du texte simple",
        ),
        finding(
            "AVT-01",
            hostile,
            "nom",
            f"Le nom {HOSTILE[0]} n'est pas celui de la DSF.",
            "Vérifiez la personne.",
            HOSTILE[0],
            "ROZE",
        ),
    ]
    return model([extra, *absents], constats, complements=[complement()]) | changes


def complement(numero: str = "41C0000999-C02") -> Model:
    return {
        "numero": numero,
        "numero_dsf": numero[:10],
        "lignes": 5,
        "heures_complementaires": hours(0),
        "heures_valorisees": hours(3500),
    }


def accepted(**changes: Any) -> Model:
    return model([line(row, "acceptee") for row in range(4, 30)], [], complements=[complement()]) | changes


def taken(**changes: Any) -> Model:
    """Everything had been accepted before."""
    return model([line(row, "deja_prise") for row in range(4, 9)], []) | changes


def as_csv(**changes: Any) -> Model:
    """``full`` as a csv: no sheet has a name."""
    made = full(fichier="absences.csv")
    for entry in (*made["lignes"], *made["constats"], *made["tables"]):
        entry["feuille"] = ""
    for entry in made["lignes"]:
        for at in entry.get("attend", ()):
            at["feuille"] = ""
    return made | changes


def refused(**changes: Any) -> Model:
    constats = [
        finding(
            "FIC-05",
            None,
            "date_justificatif",
            "La colonne « Date du justificatif » manque dans la feuille « mars ».",
            "Renommez « Date justif » en « Date du justificatif », puis déposez le fichier de nouveau.",
            "",
            "Date du justificatif",
            feuille="mars",
        ),
        finding(
            "FIC-08",
            None,
            "",
            "La feuille Déclarant porte le SIRET 98765432100019, qui n'est pas celui de ce dossier.",
            "Déposez le fichier dans le bon dossier, ou corrigez le SIRET.",
            "98765432100019",
            SIRET,
            feuille="Déclarant",
            ligne=2,
            colonne="B",
            cellule="B2",
        ),
    ]
    return model([], constats, etat="refuse", tables=[], interpretations=[]) | changes


def many(count: int = 10_000, same: bool = False) -> Model:
    """A deposit with ``count`` findings, one a line, each saying something else unless ``same``."""
    lines = [line(row, "rejetee") for row in range(4, 4 + count)]
    constats = [
        finding(
            "LIG-03",
            at,
            "identifiant_de",
            f"L'identifiant DE « {'X' if same else at['ligne']} » est mal formé : il a sept chiffres, puis une lettre.",
            "Recopiez l'identifiant depuis Kairos, puis vérifiez qu'il ne manque pas de zéro au début.",
            "X" if same else f"<{at['ligne']}>",
            "7 chiffres puis une lettre ou un chiffre",
        )
        for at in lines
    ]
    return model(lines, constats)
