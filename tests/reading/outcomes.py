"""What becomes of each file of the corpus: ``python -m tests.reading.outcomes`` writes the table of docs/formats.md again.

The corpus is no part of the repository: spreadsheets of other projects' test suites, in ``../shared/corpus/spreadsheets``.
"""

import random
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.reading import ReadOptions, read
from pipeline.reading.model import Reading
from schemas.noticed import Noticed
from tests.memory import peak

ROOT = Path(__file__).resolve().parent.parent.parent
CORPUS = ROOT.parent / "shared" / "corpus" / "spreadsheets"
DOCUMENT = ROOT / "docs" / "formats.md"
START, END = "<!-- outcomes: written by tests.reading.outcomes -->", "<!-- end of outcomes -->"
SEED = 20240305

CODES = {
    Noticed.FILE_UNREADABLE: "FIC-01",
    Noticed.PASSWORD: "FIC-02",
    Noticed.BEYOND_LIMIT: "FIC-03",
    Noticed.NO_TABLE: "FIC-04",
    Noticed.COLUMN_MISSING: "FIC-05",
    Noticed.COLUMN_TWICE: "FIC-06",
    Noticed.NO_LINE: "FIC-07",
    Noticed.DECLARANT_IS_ANOTHER: "FIC-08",
    Noticed.DECLARANT_UNUSABLE: "FIC-09",
}
ALONE = frozenset({"FIC-01", "FIC-02", "FIC-03"})
"""Codes that come alone: the file was refused before or while it was opened."""


def code(reading: Reading) -> str:
    """The first FIC code of a reading, ``lu`` where its lines go on."""
    return min((CODES[o.noticed] for o in reading.observations if o.noticed in CODES), default="lu")


def corpus() -> list[Path]:
    return sorted(CORPUS.iterdir()) if CORPUS.is_dir() else []


def mutations(sources: Sequence[Path], count: int, seed: int = SEED) -> Iterator[bytes]:
    """``count`` damaged copies of ``sources``: cut, or with bytes flipped. The same for the same seed."""
    chance = random.Random(seed)
    for i in range(count):
        data = bytearray(sources[i % len(sources)].read_bytes())
        if chance.random() < 0.5:
            del data[chance.randrange(len(data) + 1) :]
        else:
            for _ in range(chance.choice((1, 4, 32))):
                if data:
                    data[chance.randrange(len(data))] = chance.randrange(256)
        yield bytes(data)


def measure(paths: Sequence[Path]) -> list[tuple[str, float, int]]:
    """(code, seconds of CPU, megabytes of the process so far) of each file, all read in one fresh process."""
    command = [sys.executable, "-m", "tests.reading.outcomes", "--measure"]
    done = subprocess.run(
        command, input="\n".join(map(str, paths)), capture_output=True, text=True, check=True, cwd=ROOT, timeout=500
    )
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return [(fic, float(seconds), int(megabytes)) for fic, seconds, megabytes in rows]


def _measure() -> None:
    for name in sys.stdin.read().splitlines():
        before = _spent()
        fic = code(read(Path(name), ReadOptions()))
        print(fic, f"{_spent() - before:.3f}", peak(), sep="\t")


def _spent() -> float:
    """Seconds of CPU of this process so far: what the work costs, whoever else is on the machine."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def table() -> str:
    """The outcomes as a Markdown table: kind of file by code."""
    counts: Counter[tuple[str, str]] = Counter()
    for path in corpus():
        reading = read(path, ReadOptions())
        counts[path.suffix.lower() or "(none)", code(reading)] += 1
    codes = sorted({fic for _, fic in counts})
    lines = ["| files | " + " | ".join(codes) + " | all |", "|---|" + "---:|" * (len(codes) + 1)]
    for suffix in sorted({suffix for suffix, _ in counts}):
        row = [counts[suffix, fic] for fic in codes]
        lines.append(f"| {suffix} | " + " | ".join(str(n or "") for n in row) + f" | {sum(row)} |")
    totals = [sum(counts[s, fic] for s, f in counts if f == fic) for fic in codes]
    lines.append("| all | " + " | ".join(map(str, totals)) + f" | {sum(totals)} |")
    return "\n".join(lines)


def main() -> int:
    if "--measure" in sys.argv:
        _measure()
        return 0
    text = DOCUMENT.read_text(encoding="utf-8")
    before, after = text.split(START)[0], text.split(END)[1]
    DOCUMENT.write_text(f"{before}{START}\n{table()}\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
