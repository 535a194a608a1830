"""What `dsf status` knows of the care that a workspace is given: when it was last backed up, and last compared."""

import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline import jsonfile


def note(path: Path, **facts: Any) -> None:
    """Note in ``path`` that something was done now. Where it cannot be noted it was done all the same."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with suppress(OSError):
        draft.write_bytes(jsonfile.dumps({"le": datetime.now(UTC).isoformat(timespec="seconds"), **facts}))
        draft.replace(path)


def noted(path: Path) -> dict[str, Any]:
    """What was noted last, with ``le``, its instant (ISO, UTC); nothing where nothing was, or it cannot be read."""
    with suppress(OSError, ValueError):
        value = json.loads(path.read_bytes())
        if isinstance(value, dict) and datetime.fromisoformat(str(value.get("le"))).tzinfo:
            return value
    return {}
