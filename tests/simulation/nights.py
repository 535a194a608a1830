"""The nights: a run to its end or to its death, what then must hold, and the troubles that a run may meet."""

import errno
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from pipeline import disk, ledger
from pipeline.commands.verify import verify
from pipeline.errors import Halt
from tests.crash.scenario import in_process
from tests.servers.proxy import Cut
from tests.simulation.secretaries import Secretaries
from tests.simulation.stage import Bad

chain: Any = import_module("pipeline.run")


class Nights(Secretaries):
    """Runs."""

    def night(self) -> None:
        """A run to its end, and everything that must hold after it."""
        try:
            self._run()
        except Halt as halt:
            if halt.exit_code != 4:
                raise
        self.check()

    def _run(self, wait: float = ledger.WAIT) -> None:
        """In this process, in waves of some size."""
        lines = self.rng.choice((1, 5, 200_000))
        opened = partial(ledger.open, wait=wait)
        engine = SimpleNamespace(engine=in_process)
        with patch.multiple(chain, work=engine, LINES=lines), patch.object(chain.ledger, "open", opened):
            chain.run(self.workspace, self.settings, self._today(), lambda *_: None)

    def _today(self) -> date:
        return max(self.truth.day, date(2025, 6, 1))

    def check(self) -> None:
        bad = self.model.look(self.workspace.outbox, self._loaded())
        report = verify(self.workspace, self.settings)
        bad += report.erreurs
        if bad:
            raise Bad("; ".join(bad[:6]))

    def dies(self) -> None:
        """The run is killed at a random step; the next one goes on."""
        at = self.rng.randrange(1, 60)
        self._in_child(lambda n: os.kill(os.getpid(), signal.SIGKILL) if n == at else None)
        self.night()

    def disk_is_full(self) -> None:
        """From a random step on nothing more can be written; then there is room again."""
        at = self.rng.randrange(1, 60)

        def refuse(n: int) -> None:
            if n >= at:
                raise OSError(errno.ENOSPC, "full")

        self._in_child(refuse)
        self.night()

    def connection_cut(self) -> None:
        """The connection to the ledger is lost at a random statement, or nobody reaches the server from then on."""
        assert self.base
        at, how, down = self.rng.randrange(1, 200), self.rng.choice(list(Cut)), self.rng.random() < 0.3
        self.base.proxy.arm(at, how, down=down)
        self._in_child(lambda _: None)
        self.base.proxy.arm()
        self.night()

    def server_restarts(self) -> None:
        """The ledger's server loses its power at a random step of the run, and is there again at once."""
        base, at = self.base, self.rng.randrange(1, 60)
        assert base
        self._in_child(lambda n: base.loses_power() if n == at else None)
        self.night()

    def another_machine(self) -> None:
        """A machine that stands still at a random step is taken for dead; another one takes over; the first wakes up."""
        at = self.rng.randrange(1, 60)
        child = self._forked(lambda n: os.kill(os.getpid(), signal.SIGSTOP) if n == at else None)
        _, status = os.waitpid(child, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            self.workspace.lock.unlink()  # the other machine does not see it
            with suppress(Halt):  # the first one may hold the ledger
                self._run(wait=0.3)
            os.kill(child, signal.SIGCONT)
            os.waitpid(child, 0)
        self.night()

    def _in_child(self, trouble: Callable[[int], None]) -> None:
        os.waitpid(self._forked(trouble), 0)

    def _forked(self, trouble: Callable[[int], None]) -> int:
        """A run in a child, which meets ``trouble`` at each of its steps."""
        child = os.fork()
        if child:
            return child
        steps = 0

        def reached(_label: str, *_paths: Path) -> None:
            nonlocal steps
            steps += 1
            trouble(steps)

        try:
            disk.reached = reached
            self._run(wait=1)
        except BaseException:
            os._exit(1)
        os._exit(0)

    def clock(self) -> None:
        """Some nights nobody runs it; and once in a while a clock is wrong for a night."""
        self.truth.day += timedelta(days=self.rng.randint(1, 9))
