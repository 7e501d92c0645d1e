"""Pages of what an organization has of one kind: its assistants, its flows."""

from collections.abc import Iterator

from ..items import Item
from ..records import dataclass
from .table import Table, key, serialized


@dataclass(frozen=True)
class Slice:
    """Which part of a list: `limit` things after the first `skip` that come after `after`."""

    active_only: bool = False
    after: int | None = None
    """The id of the last one that is known already."""
    skip: int = 0
    limit: int = 100


class Pages(Table):
    """Rows below an organization, in the order of their ids, without those being deleted."""

    def page(self, organization_id: int, kind: str, wanted: Slice) -> list[Item]:
        """Return one part of a list.

        One request, and one for each MB of rows that are passed over or returned beyond that.
        """
        request = _request(organization_id, kind, wanted.active_only)
        if wanted.after is not None:
            start = key(f"ORG#{organization_id}", f"{kind}#{wanted.after}")
            request["ExclusiveStartKey"] = serialized(start)
        if wanted.skip:
            *_, passed = self.pages(request | {"Select": "COUNT"}, wanted.skip)
            if "LastEvaluatedKey" not in passed:
                return []
            request["ExclusiveStartKey"] = passed["LastEvaluatedKey"]
        return list(self.rows(request, wanted.limit))

    def count(self, organization_id: int, kind: str, *, active_only: bool) -> int:
        """Count the rows. A request for each MB of them."""
        request = _request(organization_id, kind, active_only) | {"Select": "COUNT"}
        return sum(page["Count"] for page in self.pages(request))

    def all_of(self, organization_id: int, kind: str) -> Iterator[Item]:
        """Yield the rows. A request for each MB that is really read."""
        return self.rows(_request(organization_id, kind, active_only=False))


def _request(organization_id: int, kind: str, active_only: bool) -> Item:
    values: Item = {":pk": f"ORG#{organization_id}", ":kind": f"{kind}#"}
    condition = "attribute_not_exists(deleted_at)"
    if active_only:
        condition += " AND is_active = :active"
        values[":active"] = True
    return {
        "KeyConditionExpression": "pk = :pk AND begins_with(sk, :kind)",
        "FilterExpression": condition,
        "ExpressionAttributeValues": serialized(values),
        "ConsistentRead": True,
    }
