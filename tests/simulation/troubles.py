"""What a run may meet: it dies, the disk is full; the ledger's server, storage or machines are lost, or the way to them.

Each ends with a night that nothing happens to, after which all must hold.
"""

import errno
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress

from pipeline import disk
from pipeline.errors import Halt
from tests.servers.proxy import Cut
from tests.simulation.nights import NO_EXTRACT, Nights
from tests.simulation.places import There
from tests.simulation.stage import Bad


class Troubles(Nights):
    """Runs that something happens to."""

    # --- this machine -------------------------------------------------------------------------------------------------

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

    # --- the ledger's server ------------------------------------------------------------------------------------------

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
                self._apart(lambda: self._run(wait=0.3))
            os.kill(child, signal.SIGCONT)
            os.waitpid(child, 0)
        self.night()

    # --- storage ------------------------------------------------------------------------------------------------------

    def storage_dies(self) -> None:
        """The server of the storage dies at a random act: before it is done or after, for a moment or for the night."""
        with self._there.dying():
            self._in_child(lambda _: None)
        self._morning()

    def answers_lost(self) -> None:
        """The storage does what it is asked and its answers do not arrive."""
        with self._there.answers_lost():
            self._in_child(lambda _: None)
        self._morning()

    def storage_unreachable(self) -> None:
        """Nobody reaches the storage for a night."""
        with self._there.unreachable():
            self._in_child(lambda _: None)
        self._morning()

    def busy_night(self) -> None:
        """While a run is at work a receiver takes all that has appeared, and a secretary drops one more file."""
        wrong: list[str] = []

        def meanwhile() -> None:
            wrong.extend(self.look())
            for folder in self._there.folders():
                self._there.take(folder)
            self.deposit()

        with self._there.meanwhile(meanwhile):
            self._in_child(lambda _: None)
        if wrong:
            raise Bad("; ".join(wrong[:6]))
        self._morning()

    @property
    def _there(self) -> There:
        assert isinstance(self.place, There)
        return self.place

    def _morning(self) -> None:
        """A receiver may be there before the next run is."""
        if self.rng.random() < 0.5:
            if wrong := self.look():
                raise Bad("; ".join(wrong[:6]))
            for folder in self._there.folders():
                self._there.take(folder)
        self.night()

    # --- machines -----------------------------------------------------------------------------------------------------

    def worker_dies(self) -> None:
        """One of two workers is killed, at a random step or a random moment; the other does its work, and the run ends well."""
        assert self.machines
        self._killed(self.rng.choice(self.machines.workers), well=True)

    def scheduler_dies(self) -> None:
        """The scheduler is killed, at a random step or a random moment."""
        assert self.machines
        self._killed(self.machines.scheduler)

    def _killed(self, pid: int, *, well: bool = False) -> None:
        assert self.machines
        if self.rng.random() < 0.5:
            at = self.rng.randrange(1, 80)
            code = self._in_child(lambda n: os.kill(pid, signal.SIGKILL) if n == at else None)
        else:
            killer = threading.Timer(self.rng.uniform(0, 2), os.kill, (pid, signal.SIGKILL))
            killer.start()
            code = self._in_child(lambda _: None)
            killer.cancel()
            killer.join()
        self.machines.mend()
        if well and code not in (0, NO_EXTRACT):
            raise Bad(f"the run ended with {code} though a worker was left")
        self.night()

    # --- runs that meet it --------------------------------------------------------------------------------------------

    def _in_child(self, trouble: Callable[[int], None]) -> int:
        """How it ended: its exit code, or minus the signal."""
        _, status = os.waitpid(self._forked(trouble), 0)
        return os.waitstatus_to_exitcode(status)

    def _forked(self, trouble: Callable[[int], None]) -> int:
        """A run in a child, which meets ``trouble`` at each of its steps."""
        child = os.fork()
        if child:
            return child
        steps = 0

        def reached(_label: str, *_: object) -> None:
            nonlocal steps
            steps += 1
            trouble(steps)

        try:
            disk.reached = reached
            self._run(wait=1, **({"progress": reached} if self.machines else {}))
        except Halt as halt:
            os._exit(halt.exit_code)
        except BaseException:
            os._exit(1)
        os._exit(0)
