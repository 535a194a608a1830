"""What comes back of work that was done elsewhere: its bytes, or in plain words why there are none. Never an error with data."""

from collections.abc import Callable
from typing import Any

from pipeline.bilingual import Text
from pipeline.errors import AGAIN, EngineHalt, Halt, NotDecided, scrubbed

Answer = tuple[str, Any]
"""How it ended, and what there is to say of that."""

DONE, FAULT, REFUSED, DIED, STRANGER = "done", "fault", "refused", "died", "stranger"


class Died(Exception):
    """A child did not live to answer, however often it was tried."""


_STRANGER = Text(
    "La machine de calcul {machine} n'a pas le même programme que celle-ci ({what}). Installez-y la même version, avec le même "
    "fichier requirements, puis redémarrez ses processus Dask.",
    "The worker machine {machine} has not the same program as this one ({what}). Install the same version there, from the same "
    "requirements file, then restart its Dask processes.",
).then(AGAIN)


def stranger(machine: str, what: str) -> EngineHalt:
    """The halt for a machine with another program; ``what`` differs."""
    return EngineHalt(_STRANGER.fill(machine=machine, what=what))


def guarded(function: Callable[..., Any], *arguments: Any) -> Answer:
    """``function(*arguments)`` as an answer: what it raises is told as a word and a text without data; a stop passes."""
    try:
        return DONE, function(*arguments)
    except Halt:
        raise
    except Died:
        return DIED, ""
    except NotDecided as error:
        return FAULT, str(error)
    except OSError as error:
        return (REFUSED, error.errno) if error.errno else (FAULT, scrubbed(error))
    except Exception as error:
        return FAULT, scrubbed(error)


def taken(answer: Answer) -> Any:
    """What was done. Raises ``Died``, ``NotDecided``, ``OSError`` or ``EngineHalt`` where nothing was."""
    how, what = answer
    if how == DONE:
        return what
    if how == REFUSED:
        raise OSError(what, "refused where the work is done")
    if how == DIED:
        raise Died
    if how == STRANGER:
        raise stranger(*what)
    raise NotDecided(what)
