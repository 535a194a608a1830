"""Real servers for tests, started from packages: no root, no fixed port, nothing left behind."""
