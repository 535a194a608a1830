"""What a run tells of itself, beside its report: ``events`` of the journal, ``measures`` for Prometheus, notices to people."""
