"""A receiver that takes away whatever it sees, whole folders, as soon as it sees them."""

from contextlib import suppress
from pathlib import Path

KINDS = ("dsf", "retours")


def receive(outbox: Path, taken: Path) -> None:
    """Move every complement and return to ``taken``; one that was taken before under the same name is kept beside: a double."""
    for folder in sorted(outbox.glob("*/*/*")):
        if folder.parent.name not in KINDS:
            continue
        target = taken / folder.relative_to(outbox)
        while target.exists():
            target = target.with_name(f"{target.name}.double")
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            folder.rename(target)
