"""Where the work of a run is done: in this process, in children of it, or on other machines. Knows nothing of what it is.

A *task* is a pure function from bytes to bytes, done by an ``Engine`` through the ``Executor`` of the standard library:
``local`` makes one over this machine's cores, ``dask`` one over the workers of a Dask scheduler. Both run a task in ``children``
that may die of it, and give an ``answers.Answer``, which holds no data where it is no success. So a task may be done twice, or
anywhere: storage, ledger and secrets stay with who asks.
"""

from pipeline.settings import Settings
from pipeline.work.answers import Died
from pipeline.work.engine import Engine, Task

__all__ = ["Died", "Engine", "Task", "engine"]


def engine(settings: Settings) -> Engine:
    """The engine that ``moteur`` names, a context manager. Raises ``EngineHalt`` where it does not answer."""
    if settings.moteur == "local":
        from pipeline.work.local import local  # noqa: PLC0415 - so that each loads only its own

        return local(settings.processus, settings.limites)
    from pipeline.work.dask import dask  # noqa: PLC0415 - an extra

    return dask(settings)
