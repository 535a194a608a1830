"""The nights: a run to its end, apart from this process where that must be, and what must hold after it."""

import os
import pickle
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from importlib import import_module
from types import SimpleNamespace
from typing import Any, TypeVar
from unittest.mock import patch

from pipeline import ledger
from pipeline.commands.verify import verify
from pipeline.errors import Halt
from pipeline.publishing import outbox
from tests.crash.scenario import in_process
from tests.simulation.secretaries import Secretaries
from tests.simulation.stage import Bad

chain: Any = import_module("pipeline.run")
NO_EXTRACT = 4
T = TypeVar("T")


class Nights(Secretaries):
    """Runs that nothing happens to."""

    def night(self) -> None:
        """A run to its end, and everything that must hold after it."""
        self.whole_run()
        if self._asked_about():
            self.whole_run()
            if left := self._in_doubt():
                raise Bad(f"still in doubt: {left}")
        self.check()

    def whole_run(self) -> None:
        """One that nothing happens to."""
        try:
            self._apart(self._run)
        except Halt as halt:
            if halt.exit_code != NO_EXTRACT:
                raise

    def _run(self, wait: float = ledger.WAIT, progress: Callable[..., None] = lambda *_: None) -> None:
        """In this process, in waves of some size."""
        lines = self.rng.choice((1, 5, 200_000))
        opened = partial(ledger.open, wait=wait)
        with ExitStack() as patches:
            patches.enter_context(patch.object(chain, "LINES", lines))
            patches.enter_context(patch.object(chain.ledger, "open", opened))
            if self.machines:
                patches.enter_context(
                    patch("pipeline.work.dask.ANSWER", 5)
                )  # how long a scheduler that died is waited for
            else:
                patches.enter_context(patch.object(chain, "work", SimpleNamespace(engine=in_process)))
            chain.run(self.workspace, self._settings(), self._today(), progress)

    def _settings(self) -> Any:
        return replace(self.settings, moteur=self.machines.cluster.address) if self.machines else self.settings

    def _today(self) -> date:
        return max(self.truth.day, date(2025, 6, 1))

    def clock(self) -> None:
        """Some nights nobody runs it; and once in a while a clock is wrong for a night."""
        self.truth.day += timedelta(days=self.rng.randint(1, 9))

    # --- what must hold -----------------------------------------------------------------------------------------------

    def look(self) -> list[str]:
        """What is wrong with what has left since the last look."""
        found = self.model.look(self.place.outbox(), self._loaded())
        return found + [f"{folder} left twice" for folder in self.place.folders() if folder in self.place.taken]

    def check(self) -> None:
        """All that must hold after a run that came to its end."""
        bad = self.look() + self._apart(lambda: verify(self.workspace, self._settings()).erreurs)
        if bad:
            raise Bad("; ".join(bad[:6]))

    def _in_doubt(self) -> list[str]:
        with ledger.open(self.workspace, self.settings) as book:
            return list(outbox.in_doubt(self.workspace, book))

    def _asked_about(self) -> bool:
        """Whoever receives is asked about what is in doubt: what never arrived is to leave, what did is said."""
        if not self.shelf:
            return False
        with ledger.open(self.workspace, self.settings) as book:
            doubtful = outbox.in_doubt(self.workspace, book)
            if doubtful and self.shelf.kind == "sftp":
                raise Bad(f"in doubt on SFTP: {sorted(doubtful)}")
            for place, publication in doubtful.items():
                if publication.cible in self.place.taken:
                    spool = self.workspace.spool
                    (spool / f"{publication.nom}.engage").rename(spool / f"{publication.nom}.emis")
                else:
                    outbox.try_again(self.workspace, book, [place])
        return bool(doubtful)

    # --- in a child ---------------------------------------------------------------------------------------------------

    def _apart(self, work: Callable[[], T]) -> T:
        """What ``work`` gives. Done in a child where it speaks with storage or machines: those libraries do not survive that
        a process forks, and troubles fork."""
        if not self.shelf and not self.machines:
            return work()
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            os.close(reader)
            _tell(writer, work)
        os.close(writer)
        with os.fdopen(reader, "rb") as answer:
            said = answer.read()
        os.waitpid(child, 0)
        self.rng.random()  # what is drawn in a child is drawn again here
        kind, what = pickle.loads(said)
        if kind == "halt":
            halt = Halt(what[0])
            halt.exit_code = what[1]
            raise halt
        if kind == "fault":
            raise Bad(what)
        return what


def _tell(writer: int, work: Callable[[], object]) -> None:
    """In a child: do ``work``, write what came of it, end."""
    try:
        said: tuple[str, Any] = "done", work()
    except Halt as halt:
        said = "halt", (str(halt), halt.exit_code)
    except BaseException:
        said = "fault", traceback.format_exc()
    with os.fdopen(writer, "wb") as answer:
        answer.write(pickle.dumps(said))
    os._exit(0)
