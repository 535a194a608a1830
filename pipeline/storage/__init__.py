"""Shared storage: SFTP and S3, each behind one small ``Store``; which parts of a workspace lie there. Source: contract §10.

``store`` says what a ``Store`` does, ``sftp`` and ``s3`` do it. Whoever uses one asks the workspace: ``opened`` gives a
``Shared`` one where the setting ``[stockage]`` names an address, and the workspace as it is where it names none.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

from pipeline.bilingual import Text
from pipeline.errors import StoreHalt
from pipeline.settings import Settings, Storage
from pipeline.settings.values import inside
from pipeline.storage.store import Store
from pipeline.workspace import Workspace

_P = ParamSpec("_P")
_T = TypeVar("_T")

NO_FILE = Text(
    "Le fichier du réglage {key} est introuvable : {file}.", "The file of the setting {key} is not to be found: {file}."
)

PARTS = ("depots", "extraits", "saisies", "outbox", "reference")
"""Parts of a workspace that may lie elsewhere, as the settings name them."""


@dataclass(frozen=True)
class Shared(Workspace):
    """A workspace of which some parts lie on shared storage. ``stores``: by the names of ``PARTS``; the others are its folders.

    State (ledger, originals, spool, lock) stays on the machine that runs. It may cross to child processes: a store that was
    pickled connects anew when it is asked.
    """

    stores: Mapping[str, Store] = field(default_factory=dict, compare=False)

    def folders(self) -> tuple[Path, ...]:
        """Those that are in its own folder."""
        elsewhere = {"depots": (self.deposits,), "outbox": (self.outbox, self.reports)}
        gone = {folder for part in self.stores for folder in elsewhere.get(part, ())}
        return tuple(folder for folder in super().folders() if folder not in gone)


def store_of(workspace: Workspace, part: str) -> Store | None:
    """The store that a part of the workspace lies on; None: in its own folder, as ever."""
    return workspace.stores.get(part) if isinstance(workspace, Shared) else None


@contextmanager
def opened(workspace: Workspace, settings: Settings) -> Iterator[Workspace]:
    """The workspace with what ``settings.stockage`` names; connections are made when first needed and end here.

    Raises ``NotInstalled`` where the library for an address is missing, ``StoreHalt`` where a file that the settings name is.
    """
    chosen = settings.stockage
    addresses = {part: getattr(chosen, part) for part in PARTS if getattr(chosen, part)}
    if isinstance(workspace, Shared) or not addresses:
        yield workspace
        return
    with ExitStack() as stack:
        files = _files(workspace.root, chosen)
        stores = {part: at(address, files) for part, address in addresses.items()}
        for store in stores.values():
            stack.callback(store.close)
        yield Shared(workspace.root, stores)


def reaching(
    verb: Callable[Concatenate[Workspace, Settings, _P], _T],
) -> Callable[Concatenate[Workspace, Settings, _P], _T]:
    """A verb that finds the parts of its workspace wherever they lie: it is called inside ``opened``."""

    @wraps(verb)
    def reached(workspace: Workspace, settings: Settings, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        with opened(workspace, settings) as laid_out:
            return verb(laid_out, settings, *args, **kwargs)

    return reached


def _files(root: Path, chosen: Storage) -> Storage:
    """``chosen`` with its files as paths from anywhere. Raises ``StoreHalt`` for one that is not there."""
    found = {name: getattr(chosen, name) for name in ("hotes", "cle", "autorite") if getattr(chosen, name)}
    paths = {name: inside(root, file) for name, file in found.items()}
    for name, path in paths.items():
        if not path.is_file():
            raise StoreHalt(NO_FILE.fill(key=f"stockage.{name}", file=found[name]))
    return replace(chosen, **{name: str(path) for name, path in paths.items()})


def at(address: str, chosen: Storage) -> Store:
    """The store at an address that the settings have accepted. ``chosen`` says with which keys and authorities."""
    # The libraries behind them are extras: one machine needs neither.
    if urlsplit(address).scheme == "s3":
        from pipeline.storage.s3 import S3  # noqa: PLC0415

        return S3(address, chosen.autorite)
    from pipeline.storage.sftp import Sftp  # noqa: PLC0415

    return Sftp(address, chosen.hotes, chosen.cle)
