"""The whole table, row by row: for copies of an organization, and for rows of earlier shapes."""

from collections.abc import Iterator
from typing import Any

from ..items import Item
from . import upgrades
from .table import FRESH, Table, Taken, key, plain, update

type Raw = dict[str, dict[str, Any]]
"""A row as DynamoDB gives it, each value with its type: `{"pk": {"S": "ORG#1"}}`."""


class Backups(Table):
    """What nobody asks for while calls arrive."""

    def everything(self) -> Iterator[Raw]:
        """Yield every row of the table, those with the same pk in the order of their sk.

        A request for each MB. What is written meanwhile may be among them or not.
        """
        request: Item = {"TableName": self._table, "ConsistentRead": True}
        while True:
            page = self._do(self._client.scan, **request)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            request |= {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def restore(self, row: Raw) -> bool:
        """Write a row where there is none; say whether it is there now as it was given.

        What it has beside may be more: what copies leave out.
        """
        put = {"Put": {"Item": row, "ConditionExpression": FRESH}}
        put["Put"]["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        try:
            self.transact(put)
        except Taken as taken:
            return _is_in(row, taken.found[0] or {})
        return True

    def holds(self, row: Raw) -> bool | None:
        """Return whether a row is there as it is given; None when there is none."""
        found = self.get_item({"pk": plain(row)["pk"], "sk": plain(row)["sk"]})
        return None if found is None else _is_in(row, found)

    def upgrade_row(self, row: Raw) -> bool:
        """Write a row in the present shape; say whether it had to be.

        Only what the upgrade changes is written, on condition that nothing it follows from has
        changed since the row was read. Raises Taken when something has, or the row is gone.
        """
        before = plain(row)
        if upgrades.shape_of(before) >= upgrades.schema():
            return False
        after = upgrades.upgraded(before) | {"schema": upgrades.schema()}
        changed = {name: it for name, it in after.items() if before.get(name) != it}
        gone = before.keys() - after.keys()
        seen = (changed.keys() | gone | upgrades.read_by(before)) - {"schema"}
        sets = ", ".join(f"#{_place(name)} = :new{_place(name)}" for name in changed)
        removes = ", ".join(f"#{_place(name)}" for name in sorted(gone))
        terms = ["attribute_exists(pk)", _unchanged("schema", before)]
        terms += [_unchanged(name, before) for name in sorted(seen)]
        values = {f":new{_place(name)}": it for name, it in changed.items()}
        values |= {
            f":old{_place(name)}": before[name] for name in {*seen, "schema"} & before.keys()
        }
        self.update_item(
            update(
                key(before["pk"], before["sk"]),
                f"SET {sets}" + (f" REMOVE {removes}" if removes else ""),
                values,
                condition=" AND ".join(terms),
                names={f"#{_place(name)}": name for name in {*changed, *seen, *gone, "schema"}},
            )
        )
        return True


def _is_in(row: Raw, found: Item) -> bool:
    given = upgrades.upgraded(plain(row))
    return all(found.get(name) == it for name, it in given.items() if name != "schema")


def present_schema() -> int:
    """Return the shape of the rows that are written now."""
    return upgrades.schema()


def shape_of_row(row: Raw) -> int:
    """Return the shape that a row says it has."""
    return int(row["schema"]["N"]) if "schema" in row else upgrades.FIRST


def _unchanged(name: str, before: Item) -> str:
    place = _place(name)
    return f"#{place} = :old{place}" if name in before else f"attribute_not_exists(#{place})"


def _place(name: str) -> str:
    # Attributes may be called what DynamoDB takes for its own words, or hold signs it refuses.
    return "n" + name.encode().hex()
