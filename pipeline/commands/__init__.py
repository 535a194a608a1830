"""One file a verb: what it does, and what it says of it."""
