"""Runs as the ledger tells them: synthetic organisations, deterministic by seed."""

import random
from datetime import date, timedelta
from typing import Any

from pipeline.judging.verdicts_csv import verdict_row
from pipeline.ledger.records import COUNTS

NOMS = ("Institut Carnot", "Association de formation du Val de Loire", "", "Centre Ampère", "GRETA des Deux Rivières")
SETS = (
    ["LIG-01"],
    ["LIG-04", "LIG-06"],
    ["REF-06"],
    ["REF-11", "REF-12"],
    ["DBL-01"],
    ["AVT-01"],
    ["REF-01"],
    ["LIG-09"],
)
HOSTILE = '=HYPERLINK("x")<script>alert(1)</script>\u202e.xlsx'


def siret(n: int) -> str:
    return f"{73282932000000 + n:014}"


def counts(*figures: int) -> dict[str, int]:
    return {"lues": sum(figures), **dict(zip(COUNTS, figures, strict=True))}


def deposit(day: date, n: int, chance: random.Random, *, fichier: str = "", refused: bool = False) -> dict[str, Any]:
    """One deposit of organisation ``n``, with its rows."""
    who, numero = siret(n), f"{day.isoformat()}-{n:08x}"
    name = fichier or f"compléments {n}.xlsx"
    rejected = 0 if refused or chance.random() < 0.6 else chance.randint(1, 6)
    held = chance.randint(0, 3) if rejected else 0
    lines = counts(0, 0, 0, 0) if refused else counts(chance.randint(0, 20), rejected, held, chance.randint(0, 2))
    hours = {name: 325 * figure for name, figure in lines.items()}
    found = [["FIC-01"]] if refused else [chance.choice(SETS) for _ in range(rejected)]
    rules: dict[str, int] = {}
    for codes in found:
        for code in codes:
            rules[code] = rules.get(code, 0) + 1
    common = {"depot": numero, "siret": who, "fichier": name}
    rows = b"".join(
        verdict_row(**common, feuille="Feuil1", ligne=k, numero_dsf="", verdict="rejetee", codes=codes, complement="")
        for k, codes in enumerate(found)
    )
    return {
        **common,
        "raison_sociale": NOMS[n % len(NOMS)],
        "sha256": f"{n:064x}",
        "octets": 12_345,
        "etat": "refuse" if refused else "traite",
        "format": "" if refused else "xlsx",
        "comptes": lines,
        "heures": hours,
        "regles": [
            {"code": code, "constats": many, "heures": 0 if refused else 325 * many}
            for code, many in sorted(rules.items())
        ],
        "dsf": [] if refused else [{"numero_dsf": f"DSF-{n:05}", "comptes": lines, "heures": hours}],
        "rows": rows,
    }


def run(day: date, listed: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    rows = b"".join(one["rows"] for one in listed)
    return {
        "run": f"{day.isoformat()}-1",
        "date": day.isoformat(),
        "debut": f"{day.isoformat()}T02:00:03+00:00",
        "fin": f"{day.isoformat()}T02:04:11+00:00",
        "versions": {"programme": "0.1.0", "regles": "1"},
        "reference": [{"nom": "extrait-mai", "date_extraction": "2025-05-31", "sha256": "ab" * 32}],
        "reglages": {"langue": "fr", "politique": "dsf", "ouverture": {"ESF": "2021-03-01"}, "severites": {}},
        "depots": [{name: value for name, value in one.items() if name != "rows"} for one in listed],
        "complements": [f"DSF-{n:05}-C01" for n in range(len(listed))],
        "attente": [{"chemin": "inbox/depots/73282932000074/x.part", "raison": "Envoi en cours"}],
        "laisses": [{"chemin": "inbox/depots/divers/x.xlsx", "raison": "Hors d'un dossier SIRET"}],
        "durees": {"lecture": 12.3456, "jugement": 0.5},
        "verdicts": rows,
        **changes,
    }


def suivi(many: int = 4) -> dict[str, Any]:
    """What follows complements once they have left: ``many`` rows of each list, of as many again."""
    whose = [{"siret": siret(n), "raison_sociale": NOMS[n % len(NOMS)], "emis_le": "2025-04-01"} for n in range(many)]
    lost = {"code_sequence": "S1", "date_debut": "2025-02-03", "date_fin": "2025-02-04"}
    lists = {
        "a_saisir": [{**one, "numero": f"DSF-{n:05}-C01", "jours": 90 - n} for n, one in enumerate(whose)],
        "a_voir": [
            {**one, "numero": f"DSF-{n:05}-C02", "saisie_le": "2025-05-01", "numero_kairos": HOSTILE, "jours": 60 - n}
            for n, one in enumerate(whose)
        ],
        "introuvables": [
            {**lost, "numero_dsf": f"DSF-{n:05}", "complement": f"DSF-{n:05}-C01", "id_absence": "" if n % 2 else "A1"}
            for n in range(many)
        ],
        "debloques": [
            {
                **{name: one[name] for name in ("siret", "raison_sociale")},
                **{"numero_dsf": f"DSF-{n:05}", "codes": "REF-02 REF-14", "lignes": 2, "heures": 1050},
                "depot": f"2025-05-20-{n:08x}",
            }
            for n, one in enumerate(whose)
        ],
    }
    lists["sondages"] = [
        {
            **{name: one[name] for name in ("siret", "raison_sociale")},
            **{"numero_dsf": f"DSF-{n:05}", "depots": 4, "heures": [10_000, 5_000, 2_500, 1_250]},
            **{"du": "2025-05-02", "au": "2025-05-20", "depot": f"2025-05-20-{n:08x}"},
        }
        for n, one in enumerate(whose)
    ]
    ouvert = {
        "suites": [
            {"suite": "corriger", "depots": 3, "lignes": 12, "heures": 4200, "refuses": 0},
            {"suite": "retenue", "depots": 2, "lignes": 1, "heures": 350, "refuses": 0},
            {"suite": "attendre", "depots": 0, "lignes": 0, "heures": 0, "refuses": 0},
            {"suite": "retirer", "depots": 0, "lignes": 0, "heures": 0, "refuses": 0},
            {"suite": "refuse", "depots": 1, "lignes": 0, "heures": 0, "refuses": 1},
        ],
        "organismes": [
            {**{name: one[name] for name in ("siret", "raison_sociale")}, "lignes": 2, "heures": 700, "refuses": n % 2}
            | {"depots": 1, "depuis": "2025-04-01"}
            for n, one in enumerate(whose)
        ],
        "regles": [{"code": "LIG-01", "lignes": 12, "heures": 4200, "refuses": 0, "organismes": many}],
        "depots": {
            "total": 2 * many,
            "lignes": [
                {**{name: one[name] for name in ("siret", "raison_sociale")}, "depot": f"2025-05-20-{n:08x}"}
                | {
                    "fichier": f"compléments {n}.xlsx" if n < many - 1 else HOSTILE,
                    "codes": "LIG-01 REF-06",
                    "lignes": 2,
                    "heures": 700,
                    "refuses": 0,
                }
                | {"juge_le": "2025-05-20", "jours": 11}
                for n, one in enumerate(whose)
            ],
        },
    }
    counts = {"emises": 2 * many, "saisies": 2 * many, "vues": 7}
    aged = [
        {"etat": state, "jours": age, "complements": n if age is None else 0, "heures": 700 * n if age is None else 0}
        for state, n in counts.items()
        for age in (7, 30, 90, None)
    ]
    return {
        "comptes": counts,
        "par_age": aged,
        "ouvert": ouvert,
        **{name: {"total": 2 * many, "lignes": rows} for name, rows in lists.items()},
    }


def runs(nights: int = 12, bodies: int = 40, seed: int = 1) -> list[dict[str, Any]]:
    """``nights`` runs, oldest first."""
    chance = random.Random(seed)
    made = []
    for night in range(nights):
        day = date(2025, 5, 20) + timedelta(days=night)
        who = sorted(chance.sample(range(bodies), k=min(bodies, 15 + night)))
        listed = [deposit(day, n, chance, refused=chance.random() < 0.08) for n in who]
        listed.append(deposit(day, bodies, chance, fichier=HOSTILE))
        made.append(run(day, listed, suivi=suivi()))
    return made
