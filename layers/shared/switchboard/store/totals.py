"""Rows that count an organization's calls, so that nobody has to read them."""

from ..items import Item
from ..model import Call, CallTotals
from .table import Table, key, update

# A row that every call of an organization changes would make them wait for each other: spread over
# so many, a hundred new calls a second hardly ever meet.
_SHARDS = 16
_TOTALS = ("calls", "timed", "seconds")


class Totals(Table):
    """How many calls there are."""

    def call_totals(self, organization_id: int) -> CallTotals:
        """Return how many calls an organization has, without reading them."""
        shards = [_shard_key(organization_id, n) for n in range(_SHARDS)]
        found = self.get_items(shards).values()
        sums = {name: sum(int(part[name]) for part in found) for name in _TOTALS}
        return CallTotals(**sums)


def tally(call: Call, before: Call | None = None) -> Item:
    """Return the write that counts a new call, or what has changed since `before`."""
    earlier = before.duration or 0 if before else 0
    values = {
        ":calls": 0 if before else 1,
        ":timed": bool(call.duration) - bool(earlier),
        ":seconds": (call.duration or 0) - earlier,
    }
    names = {f"#{name}": name for name in _TOTALS}
    additions = ", ".join(f"#{name} :{name}" for name in _TOTALS)
    # A call's id ends in random bits: they choose the part that counts it, always the same one.
    row = _shard_key(call.organization_id, call.id % _SHARDS)
    return update(row, f"ADD {additions}", values, names=names)


def _shard_key(organization_id: int, shard: int) -> Item:
    return key(f"COUNT#{organization_id}#CALL", f"{shard:02d}")
