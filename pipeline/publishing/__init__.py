"""From the spool to the outbox, exactly once; what must hold before anything is decided."""
