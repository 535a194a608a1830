"""The pages of organisations, brought up to date: after every run the page of each organisation says what the ledger says.

A page bears the mark of what it was made from. One whose mark is not today's, or that is gone, is made again: a run that was
killed before it had written a page, or a page that somebody removed, is made good by the next run.
"""

from collections.abc import Iterator

from pipeline import __version__
from pipeline.documents.organisation import organisation_page, standing
from pipeline.documents.organisation.page import MARK
from pipeline.intake.arrival import Said
from pipeline.judging.context import Context
from pipeline.publishing import outbox
from pipeline.publishing.place import Outbox
from pipeline.publishing.places import place_of
from pipeline.workspace import Workspace

_HEAD = 4_096
"""Bytes of a page within which its mark stands."""


def renew(workspace: Workspace, context: Context) -> list[Said]:
    """Write the pages that are not up to date; those that the outbox does not take, with the reason: they stop no other."""
    return list(_refused(workspace, context))


def _refused(workspace: Workspace, context: Context) -> Iterator[Said]:
    book, language, place = context.book, context.settings.langue, place_of(workspace)
    for siret, revision in book.revisions().items():
        template = workspace.template(siret).name
        name = template if place.read(f"{siret}/{template}", 1) is not None else ""
        mark = f"{__version__} {language} {revision} {name}"
        page = workspace.page(siret)
        if MARK.format(revision=mark).encode() in _head(place, f"{siret}/{page.name}"):
            continue
        data = organisation_page(standing(book, siret), language, revision=mark, template=name)
        if why := outbox.put(workspace, siret, page.name, data, book.fence):
            yield workspace.relative(page), why


def _head(place: Outbox, page: str) -> bytes:
    try:
        return place.read(page, _HEAD) or b""
    except OSError:
        return b""
