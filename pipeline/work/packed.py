"""A reading as it travels: packed by the child that made it, opened only where it is judged."""

import pickle
from dataclasses import dataclass
from typing import Self

from pipeline.reading.model import Reading
from schemas.folding import key


@dataclass(frozen=True)
class Packed:
    """A ``Reading`` as bytes, and what is asked of it before it is opened.

    ``lines``: how many. ``dsf``: the keys of the DSF that its lines name. ``origin``: of the reading.
    """

    lines: int
    dsf: frozenset[str]
    origin: str
    data: bytes

    @classmethod
    def of(cls, reading: Reading) -> Self:
        """Pack ``reading``."""
        columns = (column for table in reading.tables for column in table.columns if column.field == "numero_dsf")
        dsf = frozenset(key(m.value) for column in columns for m in column.meanings if isinstance(m.value, str))
        lines = sum(len(table.rows) for table in reading.tables)
        return cls(lines, dsf, reading.origin, pickle.dumps(reading, pickle.HIGHEST_PROTOCOL))

    def open(self) -> Reading:
        """The reading. Only ever of bytes that a process of ours has packed."""
        reading: Reading = pickle.loads(self.data)
        return reading
