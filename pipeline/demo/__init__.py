"""The sample workspace of `dsf demo`: as an operator finds it one morning, and its deposits corrected a week later.

    generate(workspace, seed)      extracts and deposits of the first round; run them as of ``AS_OF``
    second_round(workspace)        what came back, corrected and dropped again; run it as of ``AS_OF_SECOND``

The seed decides everything, bytes and times of the files included.
"""

import json

from pipeline.demo import extracts, scenes
from pipeline.demo.deposits import AS_OF, AS_OF_SECOND, ESP_OPENS, Desk, SampleDeposit, ordinary
from pipeline.demo.faults import FAULTS
from pipeline.demo.second import DemoError, drop, drop_on_a_changed_dsf
from pipeline.demo.world import build
from pipeline.workspace import Workspace

__all__ = ["AS_OF", "AS_OF_SECOND", "DemoError", "generate", "plan", "second_round"]

RECORD = "demo.json"
"""File of the workspace with the seed, and the date of each run."""

_SETTINGS = f"""\
# Réglages de l'atelier d'exemple (contract §10 : tous les réglages ont une valeur par défaut).
delai_stabilite = 0

[ouverture]
# Au premier tour (30 juin 2025) les sessions ESP ne sont pas encore ouvertes aux compléments ; au second, elles le sont.
ESP = {ESP_OPENS.isoformat()}
"""


def plan(seed: int) -> list[SampleDeposit]:
    """Every deposit of the first round, in the order in which they are dropped."""
    desk = Desk(build(seed), seed)
    organisations = [o for o in desk.world.organisations if desk.open_dsf(o.siret)]
    codes, waiting = list(FAULTS), list(FAULTS)
    found: list[SampleDeposit | None] = []
    for organisation in organisations:
        code = waiting.pop(0) if waiting else ""
        deposit = ordinary(desk, organisation, code)
        found.append(deposit)
        if code and not (deposit and any(line.fault for line in deposit.lines)):
            waiting.append(code)  # nothing here lends itself to it: left to another organisation
    titulaires = [o for o in organisations if len(scenes.delegates(desk, o)) > 1]
    found += scenes.refused(desk, organisations[5:])
    found += scenes.on_behalf(desk, titulaires[0], titulaires[1])
    found += scenes.two_claimants(desk, titulaires[2])
    found += scenes.again(desk, organisations[20])
    found += [scenes.closed(desk, code) for code in ("REF-02", "REF-03", "REF-10")]
    found += [ordinary(desk, organisation, desk.rng.choice(codes)) for organisation in organisations[::2]]
    return [deposit for deposit in found if deposit is not None]


def generate(workspace: Workspace, seed: int = 1) -> None:
    """Fill ``workspace`` with sample extracts and deposits, waiting in the inbox, and the settings that go with them."""
    workspace.create()
    (workspace.root / "dsf.toml").write_text(_SETTINGS, "utf-8")
    record = {"graine": seed, "premier_tour": AS_OF.isoformat(), "second_tour": AS_OF_SECOND.isoformat()}
    (workspace.root / RECORD).write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    extracts.write(build(seed), workspace.extracts)
    for deposit in plan(seed):
        extracts.put(workspace.deposits / deposit.folder / deposit.name, deposit.typed().content, deposit.when)


def second_round(workspace: Workspace) -> int:
    """Drop what came back, corrected, and count the files. Raises ``DemoError`` where the first round was not run."""
    try:
        record = json.loads((workspace.root / RECORD).read_text("utf-8"))
    except OSError:
        raise DemoError(f"{RECORD} manque : ce dossier n'est pas un atelier d'exemple.") from None
    deposits = plan(record["graine"])
    return drop(workspace, deposits) + drop_on_a_changed_dsf(workspace, build(record["graine"]), deposits)
