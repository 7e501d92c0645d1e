"""Rows of numbers that were given back."""

from .. import items
from ..items import Item
from ..model import Number, Release
from .number_rows import removed
from .outbox import number_event
from .table import Table, key, listed, put, serialized


class Releases(Table):
    """What became of numbers that nobody holds any more."""

    def settle_release(self, number: Number, release: Release) -> None:
        """Remove a number's row and keep when it was given back; raise Taken if it changed."""
        details = {"carrier": release.carrier, "carrier_number_id": release.carrier_number_id}
        self.transact(
            removed(number),
            # Never there already: the row that is removed stands for exactly one release.
            put(_release_item(release)),
            *self.audit(number.organization_id, "number.released", number.phone_number, **details),
            number_event(number, "number.released", self._clock()),
        )

    def last_release(self, organization_id: int, phone_number: str) -> Release | None:
        """Return when the organization gave a number back, the last time if it did so often."""
        request = {
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": serialized(
                {":pk": _history(organization_id, phone_number)}
            ),
            "ScanIndexForward": False,
            "ConsistentRead": True,
        }
        return next(map(items.release, self.rows(request, 1)), None)


def _history(organization_id: int, phone_number: str) -> str:
    return f"RELEASE#{organization_id}#{phone_number}"


def _release_item(release: Release) -> Item:
    at = release.released_at.isoformat()
    fields: Item = items.plain(release)
    row = key(_history(release.organization_id, release.phone_number), at)
    return row | listed(release.organization_id, "RELEASE", at) | fields
