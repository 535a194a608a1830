"""From the bytes of a deposit to tables of cells with their addresses: ``read``."""

from pipeline.reading.reader import read
from pipeline.reading.sheets import ReadOptions

__all__ = ["ReadOptions", "read"]
