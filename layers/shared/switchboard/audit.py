"""Reading the record of who changed what. Changes write it themselves: see `Table.audit`."""

import re

from .app import App
from .errors import InvalidRequest
from .model import AuditEntry
from .store import AuditFilter

# The place of an entry among its organization's: its id, and the request that made it.
_CURSOR = re.compile(r"\d{16}\.[\w=+/-]{1,128}", re.ASCII)


def page(
    app: App, organization_id: int, wanted: AuditFilter, limit: int, cursor: str | None = None
) -> tuple[list[AuditEntry], str | None]:
    """Return an organization's entries, newest first, and the cursor of the page after them.

    A page may be short while there is more: only a cursor of None means the end. Raises
    InvalidRequest for a cursor that no page has given.
    """
    if cursor is not None and not _CURSOR.fullmatch(cursor):
        raise InvalidRequest("cursor is not one that this list gave. Leave it out to begin anew.")
    return app.store.audit_page(organization_id, wanted, limit, cursor)
