"""Compound files, in which an xls is kept: the stream of its workbook, found by us and handed on alone. Source: [MS-CFB].

The fast reader takes the first stream of that name anywhere in the file, that of a workbook embedded in a sheet too. So the
one at the root is taken here, and packed again as the only one.
"""

import io
import struct
from array import array

import olefile

from pipeline.reading.sheets import password, unreadable

_SECTOR = 4096
_END, _FREE, _OF_FAT, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF
_IN_HEADER = 109  # places of the table of sectors that the header lists
_DIRECTORY, _STREAM, _ROOT = 128, 2, 5


def workbook_stream(data: bytes) -> tuple[bytes, bool]:
    """Return the workbook at the root of a compound file, and whether it has macros. Raises ``RefusedError``."""
    _check_header(data)
    try:
        # What is odd about the container alone (sizes rounded up, an identifier forgotten) harms nothing: what the records
        # of the workbook say is checked one by one.
        with olefile.OleFileIO(io.BytesIO(data), raise_defects=olefile.DEFECT_FATAL) as container:
            streams = {"/".join(path).lower(): path for path in container.listdir(streams=True, storages=True)}
            if "encryptedpackage" in streams:
                raise password()
            path = streams.get("workbook") or streams.get("book")
            if path is None:
                raise unreadable("word_document" if "worddocument" in streams else "other_document")
            content = container.openstream(path).read()
    except (OSError, ValueError, IndexError, struct.error, TypeError, AttributeError, KeyError, RecursionError):
        raise unreadable("damaged_workbook") from None
    return content, any(name.startswith("_vba_project") for name in streams)


def _check_header(data: bytes) -> None:
    """Refuse counts of sectors that the file cannot hold: a reader would ask for their memory at once."""
    if len(data) < 512:
        raise unreadable("damaged_workbook")
    (shift,) = struct.unpack_from("<H", data, 0x1E)
    if shift not in (9, 12):
        raise unreadable("damaged_workbook")
    held = len(data) >> shift
    for offset in (0x28, 0x2C, 0x40, 0x48):
        (count,) = struct.unpack_from("<I", data, offset)
        if count > held:
            raise unreadable("false_count")


def packed(stream: bytes) -> bytes:
    """Return a compound file that holds ``stream`` as its Workbook, and nothing else."""
    size = max(len(stream), _SECTOR)  # a smaller stream would go elsewhere
    used = -(-size // _SECTOR)
    tables = -(-(used + 2) // (_SECTOR // 4 - 1))
    if tables > _IN_HEADER:
        raise unreadable("damaged_workbook")  # 450 MB: beyond all limits
    directory, spare = used, used + 1
    sectors = array("I", range(1, used + 1))
    sectors[-1] = _END
    sectors.extend([_END, _END] + [_OF_FAT] * tables)
    sectors.extend([_FREE] * (tables * _SECTOR // 4 - len(sectors)))
    listed = [spare + 1 + i for i in range(tables)] + [_FREE] * (_IN_HEADER - tables)
    header = struct.pack("<8s16xHHHHH6x", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 4, 0xFFFE, 12, 6)
    header += struct.pack("<9I", 1, tables, directory, 0, _SECTOR, _END, 0, _END, 0) + struct.pack("<109I", *listed)
    entries = _entry("Root Entry", _ROOT, spare, _SECTOR, child=1) + _entry("Workbook", _STREAM, 0, size)
    whole = [_padded(header), _padded(stream), _padded(entries), bytes(_SECTOR), sectors.tobytes()]
    return b"".join(whole)


def _entry(name: str, kind: int, start: int, size: int, child: int = _NONE) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    head = struct.pack("<64sHBB3I", text, len(text), kind, 1, _NONE, _NONE, child)
    return head + struct.pack("<36xIQ", start, size)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _SECTOR or (0 if data else _SECTOR))
