"""What stands in the inbox: ready, waiting or left alone, each with the reason. Looks only. Source: contract §2, §9."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.bilingual import Text
from pipeline.errors import DiskHalt
from pipeline.intake import take
from pipeline.intake.arrival import Arrival, Said
from pipeline.intake.inbox import Inbox, inbox_of
from pipeline.intake.settled import Clock, Settling
from pipeline.intake.walk import Walk
from pipeline.ledger import Aside, Ledger
from pipeline.settings import Settings
from pipeline.workspace import Workspace

EMPTY = Text(
    "inbox/depots ne contient rien alors que {n} organisme y a déjà déposé"
    "||inbox/depots ne contient rien alors que {n} organismes y ont déjà déposé",
    "inbox/depots holds nothing although {n} organisation has dropped files there"
    "||inbox/depots holds nothing although {n} organisations have dropped files there",
)
EMPTY_MOUNT = Text(
    "{empty} : un montage vide n'est pas une boîte vide. Remontez le partage, ou recréez le dossier d'un organisme.",
    "{empty}: an empty mount is no empty inbox. Mount the share, or make the folder of an organisation again.",
)


@dataclass(frozen=True)
class Scan:
    """What the inbox holds. ``ready`` in deposit order, trials last; ``retire`` removes the sources of decided deposits.

    ``aside``: deposits that an earlier run put aside; those that wait for `dsf run --retry` are not in ``ready``.
    ``cramped``: files that there is no room for in the archive.
    """

    ready: tuple[Arrival, ...] = ()
    waiting: tuple[Said, ...] = ()
    left: tuple[Said, ...] = ()
    aside: tuple[Aside, ...] = ()
    cramped: tuple[Said, ...] = ()


def scan(
    workspace: Workspace, settings: Settings, ledger: Ledger, *, clock: Clock | None = None, sleep: bool = True
) -> Scan:
    """Look at the inbox twice, and say what is ready; ``sleep=False`` (`dsf status`) neither waits nor notes anything.

    A file is ready when two looks, at least ``delai_stabilite`` apart by our own clock, saw it the same; the first may be
    an earlier run's, else the remaining time is slept once for all. Raises ``DiskHalt`` for a missing or empty mount.
    """
    inbox = inbox_of(workspace)
    seen, fresh = _undecided(inbox, settings, ledger)
    settling = Settling(ledger, settings.delai_stabilite, clock or Clock(), workspace.relative(workspace.deposits))
    ready, waiting = settling.settle(fresh, inbox.same, inbox.part, sleep=sleep)
    aside = _set_aside(ledger, fresh, forget=sleep)
    held = {one.chemin for one in aside if one.attend}
    ordered = sorted((a for a in ready if a.chemin not in held), key=lambda a: (a.trial, a.claimed_ns, a.chemin))
    fitting, cramped = take.fitting(workspace, ordered)
    return Scan(tuple(fitting), tuple(sorted(seen.waiting + waiting)), tuple(sorted(seen.left)), aside, tuple(cramped))


def settled_by_now(
    workspace: Workspace, settings: Settings, ledger: Ledger, *, clock: Clock | None = None
) -> list[Arrival]:
    """The deposits that have settled, in no order: one look, which counts for the next ones. As ``scan`` raises."""
    inbox = inbox_of(workspace)
    settling = Settling(ledger, settings.delai_stabilite, clock or Clock(), workspace.relative(workspace.deposits))
    return settling.by_now(_undecided(inbox, settings, ledger)[1], inbox.same, inbox.part)


def _undecided(inbox: Inbox, settings: Settings, ledger: Ledger) -> tuple[Walk, list[Arrival]]:
    """What a walk sees, and the files in it that are not the source of a decided deposit."""
    seen = inbox.walk(settings)
    _refuse_empty_mount(inbox, seen, ledger)
    decided = {(s.chemin, s.identite, s.octets, s.mtime_ns) for s in ledger.sources()}
    return seen, [a for a in seen.found if a.sight not in decided]


def _set_aside(ledger: Ledger, fresh: Sequence[Arrival], *, forget: bool) -> tuple[Aside, ...]:
    """What was put aside and is still there, the same file; ``forget`` what is not."""
    sights = {arrival.sight for arrival in fresh}
    known = ledger.set_aside()
    still = tuple(one for one in known if one.sight in sights)
    if forget:
        ledger.no_longer_aside(one.chemin for one in known if one.sight not in sights)
    return still


def _refuse_empty_mount(inbox: Inbox, seen: Walk, ledger: Ledger) -> None:
    if seen.found or seen.waiting or seen.left:
        return
    if inbox.is_bare() and (known := ledger.depositors()):
        raise DiskHalt(EMPTY_MOUNT.fill(empty=EMPTY.fill(n=known)))
