"""The chain of complementary DSF: each link holds the one before, so none can be changed, left out or put in between."""

import hashlib


def sha256(data: bytes) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(data).hexdigest()


def link(before: str, seq: int, numero: str, payload_sha256: str) -> str:
    """The link of complement ``seq``: ``before`` is the link of ``seq - 1``, "" for the first."""
    return sha256(f"{before}\n{seq}\n{numero}\n{payload_sha256}".encode())
