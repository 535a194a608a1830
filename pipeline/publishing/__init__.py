"""From the spool to the outbox, exactly once. Source: reliability §3.3, fitted to waves (docs/architecture.md).

The spool is private and on the file system of the outbox. A *token* is a folder in the spool whose name ends with the fence of
the run that wrote it. **Moving it into the outbox is its emission**: one rename of one folder, which can happen once. So, for
a token the ledger knows, its absence proves that it was emitted, whether or not the receiver has taken it away since.

    state of a folder        how it is known                         what leads on               killed right after → next run
    ─────────────────        ───────────────                         ─────────────               ─────────────────────────────
    PLANNED                  nowhere                                 stage: write, flush         garbage: swept
    WRITTEN                  token in the spool, not in the ledger   ledger.commit               garbage: swept (older fence)
    STAGED                   ledger says STAGED, token in the spool  witness, then rename        renamed now
    EMITTED                  ledger says STAGED, token gone          flush both folders, mark    marked now; nothing is written
    PUBLISHED                ledger says PUBLISHED                   the end                     nothing to do

    and where nothing is overwritten:
    BLOCKED                  token there, its place in the outbox     waits, and is said; the others leave
                             taken or unreachable
    TAKEN                    token there, another complement of the   stops everything (StateHalt)
                             same number in its place
    DAMAGED                  token there, other content than the      stops everything (StateHalt)
                             ledger's hash

``spool`` leads to WRITTEN, ``outbox`` from STAGED to PUBLISHED and through recovery; ``witness`` is brought up to date *before*
the renames, so that no receiver ever holds a folder that it does not know; ``preflight`` is what must hold before any of it.
Many tokens share each step: verify all, one witness, rename all, one flush, one transaction. ``local`` is an outbox that is a
folder here; ``remote`` one on shared storage, where answers are lost: it has the states of that.
"""
