"""Backups: all that a workspace needs to go on elsewhere, taken while it works. Source: contract §8, reliability C12.

``save`` takes one, ``restore`` makes a workspace of one, ``shelf`` is the folder that they lie in.

What is decided lies in the ledger, and files only ever come *before* what refers to them. So the order is: the ledger first, in
one view, then the files that this view knows.

    what               why it is whole, whatever a run does meanwhile
    ────               ───────────────────────────────────────────────
    ledger             one view of it (SQLite's online backup; one REPEATABLE READ snapshot of PostgreSQL)
    spool              a token is durable before the commit that the view has; one that is gone by now has been emitted
    reference          a load is there before anything is judged with it, and never changes; its files have known hashes
    originals          archived before they are decided, named by their hash; undecided ones are still in the inbox: not taken
    archived extracts  whole where their hash is one of their load's; one that is still on its way is still in the inbox
    second witness     made from the view itself: never ahead of it, never behind it
    settings           as they stand: dsf.toml and the files that it names; never a key

Neither inbox nor outbox is in it. What the outbox has received since, a restored ledger does not know: the witness in that outbox
is ahead of it and stops the run. Where that outbox is lost too, its witness is missing, which stops the run until a person has
asked the receivers.

A complement that the view has as STAGED may have left just afterwards, and nobody can tell from here. Its token comes back as one
that was begun (``.engage``): in doubt, said by each run, emitted only when a person asks for it. Returns and reports come back as
they were: to emit one again does no harm.
"""

from pipeline.backup.restore import Restored, restore
from pipeline.backup.save import Saved, save

__all__ = ["Restored", "Saved", "restore", "save"]
