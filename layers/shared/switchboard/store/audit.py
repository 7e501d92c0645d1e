"""Rows of the audit record: written with the change itself, read newest first, never changed."""

from datetime import datetime
from typing import Any

from .. import items
from ..ids import LAST_ID, first_id_at
from ..items import Item
from ..model import AuditEntry
from ..records import dataclass
from .table import Table, key, plain, serialized, sortable


@dataclass(frozen=True)
class AuditFilter:
    """Which entries: all that match everything that is set."""

    action: str | None = None
    """How the action begins: `number.` finds everything that was done to numbers."""
    target: str | None = None
    key_id: int | None = None
    date_from: datetime | None = None
    date_to: datetime | None = None


class Audit(Table):
    """Who did what. `Table.audit` adds to it, and nothing changes or removes what is there."""

    def audit_page(
        self, organization_id: int, wanted: AuditFilter, most: int, cursor: str | None = None
    ) -> tuple[list[AuditEntry], str | None]:
        """Return entries, newest first, and the cursor of those that follow, if any may.

        One request at most, so that a filter which finds little gives short pages.
        """
        oldest, newest = _span(wanted, cursor)
        if oldest > newest:
            return [], None
        request = _query(_partition(organization_id), oldest, newest, wanted)
        # The cursor's own entry was shown, and one more than wanted tells whether more follow.
        limit = None if "FilterExpression" in request else most + 2
        page = next(self.pages(request, limit))
        found = [item for item in map(plain, page["Items"]) if item["sk"] != cursor]
        after = plain(page.get("LastEvaluatedKey", {})).get("sk")
        if len(found) > most:
            found = found[:most]
            after = found[-1]["sk"]
        return [items.audit_entry(item) for item in found], after

    def put_on_record(
        self, organization_id: int, action: str, target: object, **details: Any
    ) -> None:
        """Write an entry for a change that is kept elsewhere: nothing while nobody is acting."""
        if writes := self.audit(organization_id, action, target, **details):
            self.transact(*writes)


def audit_row(entry: AuditEntry) -> Item:
    """Return an entry's row. No other entry has its key: a request's own entries have other ids."""
    place = f"{sortable(entry.id)}.{entry.actor.request_id or 'command'}"
    return key(_partition(entry.organization_id), place) | items.audit_fields(entry)


def _partition(organization_id: int) -> str:
    return f"AUDIT#{organization_id}"


def _span(wanted: AuditFilter, cursor: str | None) -> tuple[str, str]:
    oldest = sortable(first_id_at(wanted.date_from)) if wanted.date_from else sortable(0)
    newest = sortable(first_id_at(wanted.date_to)) if wanted.date_to else sortable(LAST_ID)
    return oldest, min(newest, cursor or newest)


def _query(partition: str, oldest: str, newest: str, wanted: AuditFilter) -> Item:
    values: Item = {":pk": partition, ":oldest": oldest, ":newest": newest}
    names: dict[str, str] = {}
    terms = []
    for attribute, term, value in (
        ("action", "begins_with(#action, :action)", wanted.action),
        ("target", "#target = :target", wanted.target),
        ("actor", "#actor.key_id = :actor", wanted.key_id),
    ):
        if value is not None:
            terms.append(term)
            values[f":{attribute}"] = value
            names[f"#{attribute}"] = attribute
    request: Item = {
        "KeyConditionExpression": "pk = :pk AND sk BETWEEN :oldest AND :newest",
        "ExpressionAttributeValues": serialized(values),
        "ScanIndexForward": False,
        "ConsistentRead": True,
    }
    if terms:
        request |= {
            "FilterExpression": " AND ".join(terms),
            "ExpressionAttributeNames": names,
        }
    return request
