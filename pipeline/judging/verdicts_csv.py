"""Rows of ``verdicts.csv``: one a line of a deposit, one for a whole refused file. Source: contract §7.

UTF-8 without BOM, comma, rows end with ``\\n`` alone (so that ``grep``, ``cut`` and ``sort`` see the same rows as a CSV
reader). What a sender made, ``fichier`` and ``feuille``, gets an apostrophe in front where a spreadsheet program would
take it for a formula.
"""

import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

COLUMNS = ("depot", "siret", "fichier", "feuille", "ligne", "numero_dsf", "verdict", "codes", "complement")
HEADER = (",".join(COLUMNS) + "\n").encode()

_FORMULA_STARTS = frozenset("=+-@\t\r\n")


def guarded(text: str) -> str:
    """``text`` with an apostrophe before it where it could pass for a formula; full-width signs count as well."""
    first = unicodedata.normalize("NFKC", text[:1])[:1]
    return f"'{text}" if first in _FORMULA_STARTS and text else text


def verdict_row(
    *,
    depot: str,
    siret: str,
    fichier: str,
    feuille: str,
    ligne: int,
    numero_dsf: str,
    verdict: str,
    codes: Iterable[str],
    complement: str,
) -> bytes:
    """One row, with its line end. A refused file: empty ``feuille``, ``ligne`` 0. ``codes`` are sorted, each once."""
    sorted_codes = " ".join(sorted(set(codes)))
    given = (guarded(fichier), guarded(feuille), str(ligne), numero_dsf, verdict, sorted_codes, complement)
    return row((depot, siret, *given))


def row(cells: Iterable[str]) -> bytes:
    """``cells`` as one CSV row. What is no character (half of a surrogate pair, from a file name) becomes ``?``."""
    texts = list(cells)
    buffer = io.StringIO()
    # The csv module quotes for the line end it writes: a lone CR inside a cell must be quoted too.
    lone = any("\r" in text for text in texts)
    csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL if lone else csv.QUOTE_MINIMAL).writerow(texts)
    return buffer.getvalue().encode("utf-8", errors="replace")


def rows(data: bytes) -> Iterator[dict[str, str]]:
    """The rows of ``data`` (as ``verdict_row`` made them, without the header line)."""
    text = io.StringIO(data.decode("utf-8"), newline="")
    return csv.DictReader(text, fieldnames=COLUMNS)


def combinations(data: bytes) -> Counter[str]:
    """How many rows have each combination of codes (parted by spaces, as in the file); rows with no code are left out."""
    text = io.StringIO(data.decode("utf-8"), newline="")
    place = COLUMNS.index("codes")
    return Counter(cells[place] for cells in csv.reader(text) if cells[place])
