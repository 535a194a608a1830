"""One sweep's bench: a template workspace, what an uninterrupted run makes of it, and interrupted runs over copies of it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from pipeline.commands import verify
from pipeline.workspace import Workspace
from tests.crash import scenario
from tests.servers.ledgers import Base
from tests.servers.proxy import Cut

TIMES = ("durees", "debut", "fin")
"""What differs between two runs in run.json."""


@dataclass
class Bench:
    """``labels``: the announced steps of the uninterrupted run, in order; ``outputs``: its outbox; ``steps``: what it asked of
    ``base``, where its ledger is on a server."""

    root: Path
    server: "subprocess.Popen[str]"
    base: "Base | None" = None
    template: str = ""
    steps: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    outputs: dict[str, bytes] = field(default_factory=dict)
    sources: set[str] = field(default_factory=set)
    count: int = 0

    def ask(self, **order: Any) -> int:
        """Run once in a forked child; its exit code (negative: the signal it died of)."""
        return self.ask_both(**order)[0]

    def ask_both(self, **order: Any) -> list[int]:
        """``ask``, and the exit code of the second runner when there was one."""
        return self._said({"log": str(self.root / "log"), "memo": str(self.root / "memo"), **order})

    def ask_while(self, meanwhile: Callable[[], None], **order: Any) -> int:
        """``ask``, with something done while the run stands still at its step ``at``."""
        order |= {"signal": "SIGSTOP", "pause": True}
        codes = self.ask_both(**order)
        if codes:
            return codes[0]  # it never came to stand still
        meanwhile()
        return self._said({})[0]

    def _said(self, order: dict[str, Any]) -> list[int]:
        assert self.server.stdin and self.server.stdout
        self.server.stdin.write(json.dumps(order) + "\n")
        self.server.stdin.flush()
        answer = self.server.stdout.readline()
        if not answer:
            raise RuntimeError(f"the bench died: {(self.root / 'server.log').read_text()[-2000:]}")
        return [int(code) for code in json.loads(answer)]

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """A fresh copy of the template, times included; gone afterwards."""
        self.count += 1
        place = self.root / f"essai-{self.count}"
        shutil.copytree(self.root / "modele", place)
        try:
            with self.base.ledger_of(place, self.template) if self.base else nullcontext():
                yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def arm(self, at: int = 0, how: Cut = Cut.BEFORE, *, down: bool = False) -> None:
        """Count what is asked of the base anew, and cut there: see ``Proxy.arm``."""
        if self.base:
            self.base.proxy.arm(at, how, down=down)

    def log(self) -> str:
        path = self.root / "log"
        return path.read_text(errors="replace") if path.exists() else ""


@contextmanager
def bench(base: "Base | None" = None, **first: Any) -> Iterator[Bench]:
    """Start the server, prepare the template, and see what an uninterrupted run gives. ``base``: where ledgers are."""
    memory = Path("/dev/shm")
    root = Path(mkdtemp(prefix="balayage-", dir=memory if os.access(memory, os.W_OK) else None))
    model = root / "modele"
    model.mkdir()
    its_ledger = base.ledger_of(model) if base else nullcontext("")
    with (root / "server.log").open("w") as errors, its_ledger as template:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        made = Bench(root, server, base, template)
        try:
            prepare = "from pathlib import Path; from tests.crash import scenario; scenario.prepare(Path(%r))"
            subprocess.run([sys.executable, "-c", prepare % str(model)], check=True, cwd=Path(__file__).parents[2])
            made.sources = {sha256(p.read_bytes()).hexdigest() for p in files(model / "inbox" / "depots")}
            for _ in range(2):  # computing the pure steps, then without
                with made.workspace() as place:
                    made.ask(root=str(place), warm=True)
            with made.workspace() as place:
                made.arm()
                code = made.ask(root=str(place), labels=str(root / "labels"), **first)
                if code:
                    raise RuntimeError(f"the uninterrupted run ended with {code}: {made.log()[-3000:]}")
                if left := files(place / "inbox" / "depots"):
                    raise RuntimeError(f"the uninterrupted run left {len(left)} deposits: {made.log()[-3000:]}")
                made.steps = base.proxy.steps if base else []
                made.labels = (root / "labels").read_text().splitlines()
                made.outputs = outputs(place / "outbox")
            yield made
        finally:
            server.kill()
            server.wait()
            for stream in (server.stdin, server.stdout):
                assert stream
                stream.close()
            shutil.rmtree(root, ignore_errors=True)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def outputs(outbox: Path) -> dict[str, bytes]:
    """Every file of complements, returns, run reports and organisations' pages; of run.json all but the times."""
    found = {}
    for path in files(outbox):
        name = str(path.relative_to(outbox))
        if path.name.startswith(".") or (path.name == "index.html" and name.startswith("rapports/")):
            continue
        data = path.read_bytes()
        if path.name == "run.json":
            view = {key: value for key, value in json.loads(data).items() if key not in TIMES}
            data = json.dumps(view, sort_keys=True).encode()
        found[name] = data
    return found


def problems(made: Bench, place: Path, taken: Mapping[str, bytes] | None = None) -> list[str]:
    """What is wrong after the last run: the oracle of issue 4. ``taken``: what a receiver took away meanwhile."""
    bad = []
    workspace = Workspace(place)
    report = verify.verify(workspace, scenario.settings(place))
    bad += report.erreurs
    seen = {**outputs(workspace.outbox), **(taken or {})}
    for name in sorted({*made.outputs, *seen}):
        if name in made.outputs and name not in seen:
            bad.append(f"missing: {name}")
        elif name in made.outputs and seen[name] != made.outputs[name]:
            bad.append(f"differs: {name}")
        elif name not in made.outputs and not _is_report_of_an_empty_run(name, seen):
            bad.append(f"too much: {name}")
    left = files(workspace.deposits)
    if left:
        bad.append(f"{len(left)} sources still in the inbox")
    archived = {path.name for path in files(workspace.originals)}
    if made.sources - archived:
        bad.append(f"{len(made.sources - archived)} sources lost")
    if list(workspace.spool.iterdir()):
        bad.append("the spool is not empty")
    if scenario.CANARY in made.log():
        bad.append("a name of a person in a log")
    return bad


def _is_report_of_an_empty_run(name: str, seen: Mapping[str, bytes]) -> bool:
    """A run that found nothing left to do reports too, under the next number."""
    parts = name.split("/")
    if parts[0] != "rapports":
        return False
    view = json.loads(seen.get(f"rapports/{parts[1]}/run.json", b"{}"))
    return view.get("depots") == [] and view.get("complements") == []
