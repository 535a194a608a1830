"""A compound file with one stream is a compound file to others too, whatever the size of the stream."""

import io

import olefile
import pytest

from pipeline.reading.compound import packed, workbook_stream


@pytest.mark.parametrize("size", [1, 4095, 4096, 4097, 1022 * 4096, 1023 * 4096, 5_000_000])
def test_the_stream_comes_back_whole(size: int) -> None:
    stream = bytes(range(1, 251)) * (size // 250 + 1)
    whole = packed(stream[:size])
    padded = stream[:size].ljust(4096, b"\0")
    with olefile.OleFileIO(io.BytesIO(whole), raise_defects=olefile.DEFECT_POTENTIAL) as container:
        assert container.listdir() == [["Workbook"]]
        assert container.openstream("Workbook").read() == padded
    assert workbook_stream(whole) == (padded, False)
