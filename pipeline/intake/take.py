"""From arrivals to archived originals: each copied from one descriptor into ``var/originaux/<sha256>``, durably; sources stay."""

import os
from collections.abc import Sequence
from pathlib import Path

from pipeline import disk
from pipeline.bilingual import Text
from pipeline.disk import hash_of
from pipeline.intake.arrival import Arrival, Said, Snapshot
from pipeline.intake.inbox import inbox_of
from pipeline.workspace import Workspace

CRAMPED = Text(
    "pas assez de place sur le disque de var/ pour l'archiver ({size} Mo, et {room} Mo libres)",
    "not enough room on the disk of var/ to archive it ({size} MB, and {room} MB free)",
)


def take(workspace: Workspace, arrivals: Sequence[Arrival]) -> list[Snapshot | None]:
    """Archive many arrivals at the price of one flush; same order, None for one that was withdrawn or changed."""
    copies = [_copy(workspace, arrival, n) for n, arrival in enumerate(arrivals)]
    fresh = [draft for draft, _ in filter(None, copies) if draft]
    if fresh:
        disk.flush(fresh, "originaux")
    for draft, sha in filter(None, copies):
        if draft:
            disk.rename(draft, workspace.originals / sha, "originaux")
    if fresh:
        disk.flush([workspace.originals], "originaux")
    return [
        Snapshot(arrival, copy[1], workspace.originals / copy[1]) if copy else None
        for arrival, copy in zip(arrivals, copies, strict=True)
    ]


def _copy(workspace: Workspace, arrival: Arrival, n: int) -> tuple[Path | None, str] | None:
    """(draft, sha256) of what one descriptor gave; draft None when the archive has these very bytes already."""
    draft = workspace.originals / f"copie-{n}.{os.getpid()}.tmp"
    disk.unlink(draft, "originaux")
    try:
        sha = inbox_of(workspace).copy(arrival, draft)
    except OSError:  # withdrawn, held by its sender, or a share that does not answer: the next run looks again
        disk.unlink(draft, "originaux")
        return None
    if hash_of(workspace.originals / sha) == sha:
        disk.unlink(draft, "originaux")
        return None, sha
    return draft, sha


def fitting(workspace: Workspace, arrivals: Sequence[Arrival]) -> tuple[list[Arrival], list[Said]]:
    """Those that there is room for, one after the other, and the others with the reason: known before a byte is copied.

    None may take more than half of what is free then: the rest of the run, and whoever comes after, need some too.
    """
    fit: list[Arrival] = []
    cramped: list[Said] = []
    room = disk.room(workspace.originals if workspace.originals.exists() else workspace.var)
    for arrival in arrivals:
        if 2 * arrival.octets <= room:
            room -= arrival.octets
            fit.append(arrival)
        else:
            cramped.append((arrival.chemin, CRAMPED.fill(size=arrival.octets // 1_000_000, room=room // 1_000_000)))
    return fit, cramped


def sweep(workspace: Workspace) -> None:
    """Remove what an earlier run left when it was killed: copies that it did not finish, files that only tried the disk."""
    for draft in sorted({*workspace.originals.glob("*.tmp"), *workspace.originals.glob(".essai.*")}):
        disk.unlink(draft, "originaux")
