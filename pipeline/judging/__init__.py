"""From readings to verdicts: frames, facts, findings, settlement, the decision the ledger keeps."""
