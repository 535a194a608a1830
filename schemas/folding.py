"""Text compared without regard to case, accents, spaces and punctuation. Source: spec §3, §4."""

import unicodedata


def folded(text: str) -> str:
    """Letters and digits only, lower case, without accents: « Validée par Pôle emploi » → valideeparpoleemploi."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if c.isalnum())
