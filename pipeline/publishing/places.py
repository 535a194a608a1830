"""Which outbox a workspace has."""

from pipeline.publishing.local import FolderOutbox
from pipeline.publishing.place import Outbox
from pipeline.publishing.remote import StoreOutbox
from pipeline.storage import store_of
from pipeline.workspace import Workspace


def place_of(workspace: Workspace) -> Outbox:
    """The outbox: the folder of the workspace, or the store that its settings name."""
    store = store_of(workspace, "outbox")
    return StoreOutbox(workspace, store) if store else FolderOutbox(workspace)
