"""A Dask scheduler and its workers, which die and are started again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.daskers import Cluster

WORKERS = 2


class Machines:
    """A context manager. Clusters of ``WORKERS``, one after another, in folders of ``root``."""

    def __init__(self, root: Path) -> None:
        self._root, self._made = root, 0
        self.cluster = self._new()

    def mend(self) -> None:
        """Workers that died are started again; with a scheduler that died all are new."""
        assert self.cluster.scheduler is not None
        if self.cluster.scheduler.poll() is not None:
            self.cluster.end()
            self.cluster = self._new()
            return
        alive = [one for one in self.cluster.workers if one.poll() is None]
        for _ in range(WORKERS - len(alive)):
            self.cluster.add_worker()
        self.cluster.wait_for(len(self.cluster.workers))

    @property
    def workers(self) -> list[int]:
        """Process numbers of those that live."""
        return [one.pid for one in self.cluster.workers if one.poll() is None]

    @property
    def scheduler(self) -> int:
        """Its process number."""
        assert self.cluster.scheduler is not None
        return self.cluster.scheduler.pid

    def logs(self) -> str:
        """All that any of them ever said."""
        return "".join(path.read_text(errors="replace") for path in sorted(self._root.rglob("*.log")))

    def _new(self) -> Cluster:
        self._made += 1
        root = self._root / str(self._made)
        root.mkdir(parents=True)
        made = Cluster(root).start()
        for _ in range(WORKERS):
            made.add_worker()
        made.wait_for(WORKERS)
        return made


@contextmanager
def machines(root: Path) -> Iterator[Machines]:
    """Running, gone at the end."""
    made = Machines(root)
    try:
        yield made
    finally:
        made.cluster.end()
