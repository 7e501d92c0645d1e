"""Rows of the limits: the places that calls take up, and how much is used in a span of time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from ..items import Item
from ..model import Lease
from ..records import dataclass
from .table import Table, key, update


@dataclass(frozen=True)
class Place:
    """A condition of a new call: to be one of `most` at once."""

    limit: str
    lease: Lease
    most: int


@dataclass(frozen=True)
class Quota:
    """A condition of a new call: `amount` more, of `most` until a moment."""

    limit: str
    row: str
    amount: int
    most: int
    until: datetime


class Limits(Table):
    """What is taken up of an organization's limits."""

    def holders(self, rows: Sequence[str]) -> dict[str, set[str]]:
        """Return who holds places, by the limit's row. A request for each 100 rows."""
        found = self.get_items([key(row, "PLACES") for row in rows])
        return {pk: set(item.get("holders", ())) for (pk, _), item in found.items()}

    def free_places(self, row: str, holders: set[str]) -> None:
        """Return places; one that was returned already stays so."""
        self.transact(return_places(row, holders))

    def free_expired(self, row: str, now: datetime) -> int:
        """Return the places whose holders never did; say how many those were. Two requests."""
        item = self.get_item(key(row, "PLACES"))
        holders = item["holders"] if item and "holders" in item else set()
        expired = {h for h in holders if int(h.partition("#")[0]) <= now.timestamp()}
        if expired:
            self.transact(return_places(row, expired))
        return len(expired)


def take_place(place: Place) -> Item:
    """Return the write by which a call becomes one of `most`."""
    return update(
        key(place.lease.row, "PLACES"),
        "ADD holders :holder",
        {":holder": {place.lease.holder}, ":most": place.most},
        condition="attribute_not_exists(holders) OR size(holders) < :most",
    )


def return_places(row: str, holders: set[str]) -> Item:
    """Return the write by which places become free."""
    return update(key(row, "PLACES"), "DELETE holders :holders", {":holders": holders})


def spend(quota: Quota) -> Item:
    """Return the write that uses some of a quota, if there is as much left."""
    values = {
        ":amount": quota.amount,
        ":room": quota.most - quota.amount,
        # Two days longer, so that a call which began within it can still settle.
        ":ttl": int((quota.until + timedelta(days=2)).timestamp()),
    }
    return update(
        key(quota.row, "QUOTA"),
        "ADD used :amount SET #ttl = :ttl",
        values,
        condition="attribute_not_exists(used) OR used <= :room",
        names={"#ttl": "ttl"},
    )


def correct(row: str, difference: int) -> Item:
    """Return the write that mends what was counted as used, once more is known."""
    return update(key(row, "QUOTA"), "ADD used :amount", {":amount": difference})
