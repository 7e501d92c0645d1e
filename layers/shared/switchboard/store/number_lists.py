"""Many numbers at once, in the order of the number, page by page."""

from collections.abc import Iterator, Sequence

from .. import items
from ..model import E164, Number, NumberStatus
from ..records import dataclass
from .number_rows import number_key
from .table import Table, serialized


@dataclass(frozen=True)
class NumberPage:
    """Some numbers, and the last of them when there are more."""

    numbers: list[Number]
    last: E164 | None = None


class NumberLists(Table):
    """Pages of numbers: one request each, and one more for each MB beyond the first."""

    def numbers_page(self, organization_id: int, after: str, limit: int) -> NumberPage:
        """Return an organization's numbers that come after `after`."""
        return self._page("gsi1", f"ORG#{organization_id}#NUMBER", after, limit)

    def free_numbers_page(self, organization_id: int, after: str, limit: int) -> NumberPage:
        """Return those of them that no assistant and no flow answers."""
        return self._page("gsi2", f"ORG#{organization_id}#FREE", after, limit)

    def assistant_numbers_page(self, assistant_id: int, after: str, limit: int) -> NumberPage:
        """Return the numbers that an assistant answers, also as the base of a flow."""
        return self._page("gsi2", f"ASSISTANT#{assistant_id}", after, limit)

    def numbers_by_number(self, phone_numbers: Sequence[str]) -> dict[str, Number]:
        """Return numbers, whoever holds them, by number. A request for each 100."""
        found = self.get_items([number_key(number) for number in phone_numbers])
        return {item["phone_number"]: items.number(item) for item in found.values()}

    def unsettled_numbers(self, organization_id: int, after: str = "") -> Iterator[Number]:
        """Yield numbers that are being bought or released. A request for each MB of all numbers."""
        request = {
            "IndexName": "GSI1",
            "KeyConditionExpression": "gsi1pk = :pk AND gsi1sk > :after",
            "FilterExpression": "#status IN (:pending, :releasing)",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": serialized(
                {
                    ":pk": f"ORG#{organization_id}#NUMBER",
                    ":after": after or "+",
                    ":pending": NumberStatus.PENDING.value,
                    ":releasing": NumberStatus.RELEASING.value,
                }
            ),
        }
        return map(items.number, self.rows(request))

    def _page(self, index: str, partition: str, after: str, limit: int) -> NumberPage:
        request = {
            "IndexName": index.upper(),
            "KeyConditionExpression": f"{index}pk = :pk AND {index}sk > :after",
            # A key is never empty; "+" comes before every number.
            "ExpressionAttributeValues": serialized({":pk": partition, ":after": after or "+"}),
        }
        # One more than wanted tells whether there are more.
        found = [items.number(item) for item in self.rows(request, limit + 1)]
        page = found[:limit]
        return NumberPage(page, page[-1].phone_number if len(found) > limit else None)
