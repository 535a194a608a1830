"""JSON as the product writes it: UTF-8, keys sorted, hours as numbers with their two decimals."""

from decimal import Decimal

import simplejson


def hours(hundredths: int) -> Decimal:
    """Whole hundredths of an hour as a number that prints with two decimals: 750 → ``7.50``."""
    return Decimal(hundredths).scaleb(-2).quantize(Decimal("0.01"))


def dumps(value: object) -> bytes:
    """``value`` as bytes: the same value always gives the same ones.

    A ``Decimal`` prints as it stands (``hours`` gives it two decimals). What JSON cannot say becomes ``null`` (NaN)
    or ``?`` (half of a surrogate pair), for such things come from a sender and must not stop anybody's report.
    """
    text = simplejson.dumps(value, use_decimal=True, sort_keys=True, ensure_ascii=False, indent=1, ignore_nan=True)
    return (text + "\n").encode("utf-8", errors="replace")
