"""``outbox/<SIRET>/index.html``: where one organisation stands now. Source: contract §2, §7."""

from pipeline.documents.organisation.page import organisation_page
from pipeline.documents.organisation.standing import Standing, standing

__all__ = ["Standing", "organisation_page", "standing"]
