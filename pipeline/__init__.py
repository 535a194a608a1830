"""DSF complémentaires, checked and emitted once. The front door for other programs (docs/library.md):

    from pipeline import Settings, Workspace, check, run

What the four need is imported when they are first asked for, so that ``import pipeline`` costs nothing.
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.commands.check import check as check
    from pipeline.run import run as run
    from pipeline.settings import Settings as Settings
    from pipeline.workspace import Workspace as Workspace

__all__ = ["Settings", "Workspace", "__version__", "check", "run"]

__version__ = "0.2.0"

_DOORS = {
    "Settings": "pipeline.settings",
    "Workspace": "pipeline.workspace",
    "check": "pipeline.commands.check",
    "run": "pipeline.run",
}


def __getattr__(name: str) -> Any:
    if name not in _DOORS:
        raise AttributeError(f"module 'pipeline' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only when a door is opened

    return getattr(import_module(_DOORS[name]), name)


class _Package(ModuleType):
    """Importing the module ``pipeline.run`` would put it in the place of the function of that name: it does not."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _DOORS or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
