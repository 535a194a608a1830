"""The rules of contract §5, one function each: the file, the line in itself, the line against the initial DSF, twice, warnings.

Importing this package fills ``schemas.rule.CATALOGUE`` in the order of the spec.
"""

from schemas.rule import CATALOGUE
from schemas.rules import deposit, filled, line, reference, remaining, twice, warning  # in the order of the spec

__all__ = ["CATALOGUE", "RULES_VERSION", "deposit", "filled", "line", "reference", "remaining", "twice", "warning"]

RULES_VERSION = "2"
"""Changes with any change of what a rule decides; every report and every decision says under which it was made."""
