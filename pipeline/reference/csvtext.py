"""A csv extract as chunks of text columns with exact line numbers, in memory that does not grow with the file.

The file is cut into blocks of whole records. A block is parsed by Arrow; only where its line count does not explain its
row count (a line feed inside quotes, a blank line, a row of another width) is it read again record by record.
"""

import codecs
import csv
import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv

from pipeline.bilingual import Text
from pipeline.reference.model import Problem, Problems

BLOCK = 8 << 20
"""Bytes of one block; a single record may be as long."""
_READ = 1 << 20
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
DELIMITERS = ";,\t"


ENCODING = Text("ni UTF-8, ni UTF-16, ni cp1252", "neither UTF-8, nor UTF-16, nor cp1252")
CELLS = Text("{found} cellules, {wanted} attendues", "{found} cells, {wanted} expected")
OPEN_QUOTE = Text("guillemet jamais refermé", "a quote that is never closed")


@dataclass(frozen=True)
class Chunk:
    """Rows of one table: named text columns (Arrow strings, "" for blank) and the line number of each row."""

    columns: dict[str, pa.Array]
    lignes: np.ndarray

    def __len__(self) -> int:
        return len(self.lignes)


@dataclass(frozen=True)
class Fingerprint:
    """A file's content: ``utf8`` says whether it decodes as UTF-8."""

    sha256: str
    octets: int
    utf8: bool


def fingerprint(path: Path, *, text: bool) -> Fingerprint:
    """Hash ``path`` in one pass and, for a ``text``, find out whether it is UTF-8."""
    digest, size = hashlib.sha256(), 0
    decoder = codecs.getincrementaldecoder("utf-8")() if text else None
    with path.open("rb") as file:
        while block := file.read(_READ):
            digest.update(block)
            size += len(block)
            try:
                if decoder:
                    decoder.decode(block)
            except UnicodeDecodeError:
                decoder = None
    try:
        if decoder:
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        decoder = None
    return Fingerprint(digest.hexdigest(), size, decoder is not None)


class CsvTable:
    """One csv file: ``header`` as written, then ``chunks()``, read as they are asked for. Faults go to ``problems``."""

    def __init__(self, path: Path, *, utf8: bool, problems: Problems) -> None:
        self._path = path
        self._problems = problems
        with path.open("rb") as file:
            head = file.read(4)
        bom, self._encoding = next(
            ((b, e) for b, e in _BOMS if head.startswith(b)), (b"", "utf-8" if utf8 else "cp1252")
        )
        self._skip = len(bom)
        self.header: list[str] = []
        self._first_line = 1
        self._delimiter = ";"

    def _fault(self, code: str, ligne: int, detail: str) -> None:
        self._problems.add(Problem(code, self._path.name, ligne=ligne, detail=detail))

    def _bytes(self) -> Iterator[bytes]:
        """The content as UTF-8, line ends ``\\n``."""
        decoder = codecs.getincrementaldecoder(self._encoding)("strict")
        held = b""
        with self._path.open("rb") as file:
            file.seek(self._skip)
            while True:
                raw = file.read(_READ)
                data = raw if self._encoding == "utf-8" else decoder.decode(raw, final=not raw).encode()
                if b"\r" in data or held:
                    # A \r at the end waits for the \n that may follow it.
                    data, held = held + data, b""
                    if data.endswith(b"\r") and raw:
                        data, held = data[:-1], b"\r"
                    data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
                if data:
                    yield data
                if not raw:
                    return

    def _blocks(self) -> Iterator[bytes]:
        """Blocks of whole records: cut where the quotes so far are balanced."""
        buffer = bytearray()
        for data in self._bytes():
            buffer += data
            if len(buffer) >= BLOCK and (cut := _balanced_cut(buffer)):
                yield bytes(buffer[:cut])
                del buffer[:cut]
            elif len(buffer) > 4 * BLOCK:
                raise csv.Error(OPEN_QUOTE)
        if buffer:
            yield bytes(buffer)

    def chunks(self, choose: Callable[[list[str]], dict[str, int] | None]) -> Iterator[Chunk]:
        """Chunks of the columns that ``choose`` picks from the header (name → position; None: do not read on)."""
        line, wanted, block = 1, None, b""
        try:
            for block in self._blocks():
                data = block
                if wanted is None:
                    data, line = self._open(data, line)
                    wanted = choose(self.header)
                    if wanted is None:
                        return
                yield self._parse(data, line, wanted)
                line += data.count(b"\n")
            if block and not block.endswith(b"\n"):
                self._fault("EXT-31", line, "")
        except UnicodeDecodeError:
            self._fault("EXT-01", line, ENCODING)
        except csv.Error as error:
            self._fault("EXT-05", line, error.args[0])
        if wanted is None and not self.header:
            choose([])

    def _open(self, block: bytes, line: int) -> tuple[bytes, int]:
        """Take the heading (first line that is not blank, after a possible ``sep=``) off the first block."""
        while block:
            end = block.find(b"\n") + 1 or len(block)
            text, block = block[:end].decode().strip("\r\n"), block[end:]
            line += 1
            if text.strip() and not text.lower().startswith("sep="):
                self._delimiter = max(DELIMITERS, key=text.count)
                self.header = next(csv.reader([text], delimiter=self._delimiter))
                break
        return block, line

    def _parse(self, block: bytes, line: int, wanted: dict[str, int]) -> Chunk:
        expected = block.count(b"\n") + (not block.endswith(b"\n") and bool(block))
        names = [str(place) for place in range(len(self.header))]
        if expected:
            try:
                table = pv.read_csv(
                    pa.BufferReader(block),
                    pv.ReadOptions(column_names=names, block_size=max(len(block) // 4, 1 << 16)),
                    pv.ParseOptions(delimiter=self._delimiter, newlines_in_values=b'"' in block),
                    pv.ConvertOptions(
                        column_types=dict.fromkeys(names, pa.string()),
                        include_columns=[str(place) for place in wanted.values()],
                        strings_can_be_null=False,
                    ),
                )
            except pa.ArrowInvalid:
                return self._parse_slowly(block, line, wanted)
            if table.num_rows != expected:
                return self._parse_slowly(block, line, wanted)
            columns = {name: table.column(str(place)).combine_chunks() for name, place in wanted.items()}
        else:
            columns = dict.fromkeys(wanted, pa.array([], pa.string()))
        return Chunk(columns, np.arange(line, line + expected, dtype=np.int64))

    def _parse_slowly(self, block: bytes, line: int, wanted: dict[str, int]) -> Chunk:
        """Record by record: the line number of each, and which are of another width."""
        reader = csv.reader(io.StringIO(block.decode(), newline=""), delimiter=self._delimiter, strict=True)
        lines: list[int] = []
        cells: dict[str, list[str]] = {name: [] for name in wanted}
        start = line
        while True:
            here = start + reader.line_num
            try:
                record = next(reader, None)
            except csv.Error as error:
                self._fault("EXT-05", here, error.args[0])
                continue
            if record is None:
                break
            if not any(cell.strip() for cell in record):
                continue
            if len(record) != len(self.header):
                self._fault("EXT-05", here, CELLS.fill(found=len(record), wanted=len(self.header)))
                continue
            lines.append(here)
            for name, place in wanted.items():
                cells[name].append(record[place])
        columns = {name: pa.array(values, pa.string()) for name, values in cells.items()}
        return Chunk(columns, np.array(lines, dtype=np.int64))


def _balanced_cut(buffer: bytearray) -> int:
    """Length of the longest run of whole records in ``buffer`` (0: none): after a line end with all quotes closed."""
    cut = buffer.rfind(b"\n") + 1
    quotes = buffer.count(b'"', 0, cut)
    while cut and quotes % 2:
        earlier = buffer.rfind(b"\n", 0, cut - 1) + 1
        quotes -= buffer.count(b'"', earlier, cut)
        cut = earlier
    return cut
