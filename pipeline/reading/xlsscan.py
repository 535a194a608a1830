from dataclasses import dataclass, field
from pipeline.reading.xmlscan import Marks


@dataclass
class XlsScan:
    feuilles: dict[str, Marks] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    epoque_1904: bool = False


def scan_xls(data: bytes) -> XlsScan:
    return XlsScan()
