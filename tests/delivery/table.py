"""A table in memory that is fast enough for tens of thousands of events, with its stream.

It answers as boto3's client does, for what the store asks; a test holds it against moto.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from switchboard.store.table import plain, serialized
from tests.delivery import expressions
from tests.delivery.expressions import Row, Terms

type Place = tuple[str, str]

_INDEXES = {"": ("pk", "sk"), "GSI1": ("gsi1pk", "gsi1sk"), "GSI2": ("gsi2pk", "gsi2sk")}


class Failed(Exception):
    """A condition did not hold; `old` is what stood there."""

    def __init__(self, old: Row | None) -> None:
        super().__init__("a condition failed")
        self.old = old


@dataclass
class MemoryTable:
    """DynamoDB's client, for one table."""

    rows: dict[Place, Row] = field(default_factory=dict)
    stream: list[dict[str, Any]] = field(default_factory=list)
    _listed: dict[str, dict[str, list[tuple[str, Place]]]] = field(
        default_factory=lambda: {name: defaultdict(list) for name in _INDEXES}
    )

    def take_stream(self) -> list[dict[str, Any]]:
        """Return what has changed since the last time."""
        taken, self.stream = self.stream, []
        return taken

    # --- what the store asks ---

    def get_item(self, **request: Any) -> dict[str, Any]:
        """Return a row."""
        row = self.rows.get(_place(plain(request["Key"])))
        return {"Item": serialized(row)} if row else {}

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        """Return rows."""
        [(name, asked)] = request["RequestItems"].items()
        places = [_place(plain(key)) for key in asked["Keys"]]
        return {"Responses": {name: [serialized(self.rows[p]) for p in places if p in self.rows]}}

    def put_item(self, **request: Any) -> dict[str, Any]:
        """Write a row."""
        self._commit([self._after("Put", request)])
        return {}

    def update_item(self, **request: Any) -> dict[str, Any]:
        """Change a row."""
        try:
            place, row = self._after("Update", request)
        except Failed as error:
            raise _refusal("ConditionalCheckFailedException", "UpdateItem") from error
        self._commit([(place, row)])
        return {"Attributes": serialized(row or {})}

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        """Write rows, all or none."""
        after, reasons = [], []
        for item in request["TransactItems"]:
            [(kind, write)] = item.items()
            try:
                after.append(self._after(kind, write))
                reasons.append({"Code": "None"})
            except Failed as error:
                old = {"Item": serialized(error.old)} if error.old else {}
                reasons.append({"Code": "ConditionalCheckFailed", **old})
        if len(after) < len(reasons):
            cancelled = _refusal("TransactionCanceledException", "TransactWriteItems")
            cancelled.response["CancellationReasons"] = reasons  # type: ignore[typeddict-unknown-key]
            raise cancelled
        self._commit(after)
        return {}

    def query(self, **request: Any) -> dict[str, Any]:
        """Return a page of rows in the order of their sort keys."""
        assert "FilterExpression" not in request
        index = request.get("IndexName", "")
        pk, sk = _INDEXES[index]
        terms = _terms(request)
        test = expressions.condition(request["KeyConditionExpression"])
        partition = terms[1][":pk"]
        assert request["KeyConditionExpression"].startswith(f"{pk} = :pk")
        listed = self._listed[index].get(partition, [])
        start = 0
        if "ExclusiveStartKey" in request:
            last = plain(request["ExclusiveStartKey"])
            start = bisect_left(listed, (last[sk], _place(last))) + 1
        elif "> :after" in request["KeyConditionExpression"]:
            start = bisect_left(listed, (terms[1][":after"], ("", "")))
        return self._page(listed, start, test, terms, request.get("Limit", 10**9), (pk, sk))

    def _page(
        self,
        listed: list[tuple[str, Place]],
        start: int,
        test: expressions.Test,
        terms: Terms,
        limit: int,
        keys: tuple[str, str],
    ) -> dict[str, Any]:
        found: list[Row] = []
        for _, place in listed[start:]:
            row = self.rows[place]
            if not test(row, terms):
                if found:
                    break
                continue
            found.append(row)
            if len(found) == limit:
                names = {"pk", "sk", *keys}
                last = serialized({n: row[n] for n in names})
                items = [serialized(row) for row in found]
                return {"Items": items, "Count": len(found), "LastEvaluatedKey": last}
        return {"Items": [serialized(row) for row in found], "Count": len(found)}

    # --- how it is kept ---

    def _after(self, kind: str, write: Mapping[str, Any]) -> tuple[Place, Row | None]:
        key = plain(write["Item"]) if kind == "Put" else plain(write["Key"])
        place, terms = _place(key), _terms(write)
        old = self.rows.get(place)
        wanted = write.get("ConditionExpression")
        if wanted and not expressions.condition(wanted)(old or {}, terms):
            raise Failed(old)
        match kind:
            case "Put":
                return place, key
            case "Update":
                return place, expressions.apply(write["UpdateExpression"], old or key, terms)
            case "Delete":
                return place, None
        return place, old

    def _commit(self, after: list[tuple[Place, Row | None]]) -> None:
        for place, row in after:
            old = self.rows.get(place)
            if row == old:
                continue
            self._relist(place, old, row)
            if row is None:
                del self.rows[place]
            else:
                self.rows[place] = row
            if row and "wake" in row:
                images = {"NewImage": serialized(row)}
                images |= {"OldImage": serialized(old)} if old else {}
                self.stream.append({"dynamodb": images})

    def _relist(self, place: Place, old: Row | None, new: Row | None) -> None:
        for index, (pk, sk) in _INDEXES.items():
            before = (old[pk], old[sk]) if old and pk in old else None
            after = (new[pk], new[sk]) if new and pk in new else None
            if before == after:
                continue
            if before:
                listed = self._listed[index][before[0]]
                del listed[bisect_left(listed, (before[1], place))]
            if after:
                insort(self._listed[index][after[0]], (after[1], place))


def _place(row: Row) -> Place:
    return row["pk"], row["sk"]


def _terms(request: Mapping[str, Any]) -> Terms:
    return (
        request.get("ExpressionAttributeNames", {}),
        plain(request.get("ExpressionAttributeValues", {})),
    )


def _refusal(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "refused"}}, operation)
