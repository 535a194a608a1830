"""Names of files made from numbers that others chose. Source: spec §5, settled points."""

import re
from hashlib import sha256

_FOREIGN = re.compile(r"[^A-Za-z0-9._-]")
LONGEST = 120


def file_name(numero: str) -> str:
    """``numero`` as a plain file name: foreign characters become ``_``, and a short hash keeps two such names apart."""
    plain = _FOREIGN.sub("_", numero)
    if plain.startswith("."):  # a hidden file, or a way upwards
        plain = "_" + plain[1:]
    if plain == numero and len(plain) <= LONGEST:
        return plain
    return f"{plain[:LONGEST]}-{sha256(numero.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
