"""Many calls at once: newest first, ids from `first` to `last`."""

from collections.abc import Iterator, Sequence

from .. import items
from ..items import Item
from ..model import Call, CallSummary
from .calls import call_key, open_partition
from .table import Table, serialized, sortable


class CallLists(Table):
    """Calls in the order of time."""

    def calls(self, organization_id: int, first: int, last: int, page: int = 100) -> Iterator[Call]:
        """Yield an organization's calls. A request for every `page` of them that is really read."""
        request = _between(organization_id, first, last) | {"Limit": page}
        return map(items.call, self.rows(request))

    def calls_page(
        self, organization_id: int, first: int, last: int, skip: int, limit: int
    ) -> list[Call]:
        """Return `limit` calls after the first `skip`.

        One request, and one for each MB of calls that are passed over or returned beyond that.
        """
        request = _between(organization_id, first, last)
        if skip:
            *_, passed = self.pages(request | {"Select": "COUNT"}, skip)
            if "LastEvaluatedKey" not in passed:
                return []
            request["ExclusiveStartKey"] = passed["LastEvaluatedKey"]
        return [items.call(item) for item in self.rows(request, limit)]

    def count_calls(self, organization_id: int, first: int, last: int) -> int:
        """Count an organization's calls. A request for each MB of them."""
        request = _between(organization_id, first, last)
        return sum(page["Count"] for page in self.pages(request | {"Select": "COUNT"}))

    def call_summaries(self, organization_id: int, first: int, last: int) -> Iterator[CallSummary]:
        """Yield what searching looks at. A request for each MB of calls that is really read."""
        names = {f"#{name}": name for name in CallSummary.__dataclass_fields__}
        request = _between(organization_id, first, last) | {
            "ProjectionExpression": ", ".join(names),
            "ExpressionAttributeNames": names,
        }
        return map(items.call_summary, self.rows(request))

    def open_calls(self, organization_id: int, after: int = 0) -> Iterator[Call]:
        """Yield calls that have not ended, oldest first. A request for each MB really read."""
        request = {
            "IndexName": "GSI2",
            "KeyConditionExpression": "gsi2pk = :pk AND gsi2sk > :after",
            "ExpressionAttributeValues": serialized(
                {":pk": open_partition(organization_id), ":after": sortable(after)}
            ),
        }
        return map(items.call, self.rows(request))

    def calls_by_id(self, call_ids: Sequence[int]) -> list[Call]:
        """Return calls, whoever's they are, in this order. A request for each 100."""
        keys = [call_key(call_id) for call_id in call_ids]
        found = self.get_items(keys)
        return [items.call(found[at]) for row in keys if (at := (row["pk"], row["sk"])) in found]


def _between(organization_id: int, first: int, last: int) -> Item:
    values = {
        ":pk": f"ORG#{organization_id}#CALL",
        ":first": sortable(first),
        ":last": sortable(last),
    }
    return {
        "IndexName": "GSI1",
        "KeyConditionExpression": "gsi1pk = :pk AND gsi1sk BETWEEN :first AND :last",
        "ExpressionAttributeValues": serialized(values),
        "ScanIndexForward": False,
    }
