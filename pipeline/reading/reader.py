"""One deposit, from bytes to ``Reading``. Pure; nothing a sender writes makes it raise."""

import gc
import re
from pathlib import Path

from pipeline.reading.declarant import is_declarant, read_declarant
from pipeline.reading.delimited import read_delimited
from pipeline.reading.guard import Container, Original, checked, container, load
from pipeline.reading.headings import Headings, headings
from pipeline.reading.model import Observation, Reading
from pipeline.reading.sheets import ReadOptions, RefusedError, Workbook, beyond, note, unreadable
from pipeline.reading.tables import Found, find_table
from pipeline.reading.workbook import read_archive, read_xls
from pipeline.settings import Limits
from schemas.noticed import Noticed


def read(source: Path | Original, options: ReadOptions) -> Reading:
    """Read the deposit ``source``, a file or its bytes.

    Whatever the file holds, the result is a ``Reading``: its lines by table, and what was noticed. A file that cannot be read,
    is protected or passes the limits gives that one observation and no table. Raises only ``OSError``, where the file itself
    cannot be opened: that is not the sender's doing.
    """
    original = load(source, options.limits.octets) if isinstance(source, Path) else source
    found = ""
    collecting = gc.isenabled()
    gc.disable()  # plain data by the hundred thousand and no cycle in it: searching it for some costs a third of the time
    try:
        data = checked(original, options.limits.octets)
        known = headings(options.synonyms)
        workbook = _open(data, options.limits, known)
        found = workbook.format
        return _assemble(workbook, options, known)
    except RefusedError as refused:
        return Reading(found, observations=(refused.observation,))
    except MemoryError:
        limit = options.limits.memoire
        return Reading(found, observations=(beyond("memoire", limit, limit).observation,))
    except OSError:
        raise
    except Exception as error:
        # Whatever a damaged file makes a parser raise: the kind of error is said, never its text, which may quote
        # cells.
        return _unreadable(error, found)
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # how a Rust library fails
            raise
        return _unreadable(error, found)
    finally:
        if collecting:
            gc.enable()


def _unreadable(error: BaseException, found: str) -> Reading:
    kind = re.sub(r"\W", "", type(error).__name__)
    return Reading(found, observations=(unreadable("internal", detail=kind).observation,))


def _open(data: bytes, limits: Limits, known: Headings) -> Workbook:
    match container(data):
        case Container.ZIP:
            return read_archive(data, limits)
        case Container.CFB:
            return read_xls(data, limits)
        case Container.TEXT:
            return read_delimited(data, limits, known)


def _assemble(workbook: Workbook, options: ReadOptions, known: Headings) -> Reading:
    limit = options.limits.lignes
    declarants = [sheet for sheet in workbook.sheets if is_declarant(sheet)]
    # A table is one whatever its sheet is called, « Déclarant » too.
    looked = [find_table(sheet, known, limit, epoch_1904=workbook.epoch_1904) for sheet in workbook.sheets]
    found = [one for one in looked if one.table is not None]
    lines = sum(len(f.table.rows) for f in found if f.table)
    if lines > limit:
        raise beyond("lignes", lines, limit)
    declarant = read_declarant(declarants, options.siret)
    kept = [f for f in found if f.table and len(f.table.rows)] or found
    observations = (*_deposit_faults(found, kept), *declarant.observations, *workbook.notes)
    notes = tuple(one for f in kept for one in f.notes)
    hidden = tuple(
        note("merged_cells", sheet=sheet.name, value=sheet.hides) for sheet in workbook.sheets if sheet.hides
    )
    return Reading(
        workbook.format,
        tuple(f.table for f in kept if f.table is not None),
        observations + hidden + notes,
        declarant.on_behalf_of,
        declarant.contact,
        declarant.template_version,
        declarant.origin,
    )


def _deposit_faults(found: list[Found], kept: list[Found]) -> tuple[Observation, ...]:
    """What refuses the deposit by its tables. An empty table beside a filled one does no harm."""
    if not found:
        return (Observation(Noticed.NO_TABLE),)
    faults = tuple(fault for f in kept for fault in f.faults)
    if not any(f.table and len(f.table.rows) for f in kept):
        first = kept[0].table
        assert first is not None
        faults += (Observation(Noticed.NO_LINE, sheet=first.sheet, row=first.heading_row),)
    return faults
