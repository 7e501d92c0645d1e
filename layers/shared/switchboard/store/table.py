"""The table itself: the requests to DynamoDB, and what a write is made of.

Writes are built apart (`put`, `update`, `delete`) and sent together (`Table.transact`).
"""

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from datetime import UTC, datetime
from itertools import batched
from typing import TYPE_CHECKING, Any, Self

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from ..errors import ServiceUnavailable
from ..items import Item
from . import upgrades

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The condition of a row that may not be there yet.
FRESH = "attribute_not_exists(pk)"

# A transaction that met another one on the same row wrote nothing, and may simply be repeated.
_CONFLICT_TRIES = 4
# As many rows as one request may name.
_BATCH = 100
# More calls than 1 MB holds; a skip of any size must not reach the database as it is.
_LARGEST_PAGE = 10_000
_ABOUT_THE_DATA = {"ConditionalCheckFailedException", "TransactionCanceledException"}

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


class Taken(Exception):
    """A conditional write met what was there already; `found` holds it, by place in the write."""

    def __init__(self, found: list[Item | None], failed: list[int]) -> None:
        super().__init__("a condition failed")
        self.found = found
        self.failed = failed
        """The places whose condition failed."""


type Witness = Callable[[int, str, str, dict[str, Any]], Item]
"""Makes the row of an organization's audit record: action, target, details."""


class Table:
    """One DynamoDB table. Raises ServiceUnavailable whenever it does not answer."""

    def __init__(
        self, client: "DynamoDBClient", table_name: str, clock: Callable[[], datetime] | None = None
    ) -> None:
        self._client = client
        self._table = table_name
        self._clock = clock or (lambda: datetime.now(UTC))
        self._witness: Witness | None = None

    def disconnect(self) -> None:
        """Close the connections; the next request opens one."""
        self._client.close()

    def witnessed_by(self, witness: Witness) -> Self:
        """Return this table for somebody whose changes are put on record."""
        witnessed = copy(self)
        witnessed._witness = witness
        return witnessed

    def audit(
        self, organization_id: int, action: str, target: object, **details: Any
    ) -> list[Item]:
        """Return the write that puts a change on record, for the change's own transaction.

        Nothing while the change is nobody's but the carrier's or our own.
        """
        if self._witness is None:
            return []
        return [put(self._witness(organization_id, action, str(target), details), FRESH)]

    def get_item(self, row: Item) -> Item | None:
        """Return the row with this key."""
        reply = self._do(
            self._client.get_item,
            TableName=self._table,
            Key=serialized(row),
            ConsistentRead=True,
        )
        return _read(reply["Item"]) if "Item" in reply else None

    def get_items(self, rows: list[Item]) -> dict[tuple[str, str], Item]:
        """Return the rows with these keys, by key. A request for each 100."""
        found: dict[tuple[str, str], Item] = {}
        for batch in batched(rows, _BATCH, strict=False):
            asked = {"Keys": [serialized(row) for row in batch], "ConsistentRead": True}
            reply = self._do(self._client.batch_get_item, RequestItems={self._table: asked})
            if reply.get("UnprocessedKeys"):
                raise ServiceUnavailable("The database is busy. Try again in a moment.")
            for item in map(_read, reply["Responses"].get(self._table, [])):
                found[item["pk"], item["sk"]] = item
        return found

    def put_item(self, item: Item) -> None:
        """Write a row over whatever stood there."""
        self._do(self._client.put_item, TableName=self._table, Item=_stamped(item))

    def indexed(self, partition: str, *, index: str = "gsi1") -> Iterator[Item]:
        """Yield the rows that an index lists under a partition, a request for each MB."""
        request: Item = {
            "IndexName": index.upper(),
            "KeyConditionExpression": f"{index}pk = :pk",
            "ExpressionAttributeValues": serialized({":pk": partition}),
        }
        return self.rows(request)

    def below(self, partition: str, beginning: str) -> Iterator[Item]:
        """Yield a partition's rows whose sort key begins so, a request for each MB."""
        request: Item = {
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :beginning)",
            "ExpressionAttributeValues": serialized({":pk": partition, ":beginning": beginning}),
            "ConsistentRead": True,
        }
        return self.rows(request)

    def rows(self, request: Item, most: int | None = None) -> Iterator[Item]:
        """Yield the rows that a query finds."""
        for page in self.pages(request, most):
            yield from map(_read, page["Items"])

    def pages(self, request: Item, most: int | None = None) -> Iterator[Item]:
        """Yield the replies to a query until `most` rows are read, or all."""
        request = request | {"TableName": self._table}
        while most is None or most > 0:
            limit = {} if most is None else {"Limit": min(most, _LARGEST_PAGE)}
            page = self._do(self._client.query, **request | limit)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            request = request | {"ExclusiveStartKey": page["LastEvaluatedKey"]}
            most = None if most is None else most - page["Count"]

    def update_item(self, write: Item) -> None:
        """Send one `update` alone: a request that costs half of a transaction.

        Raises Taken when its condition fails.
        """
        self._update(write, {})

    def updated(self, write: Item) -> Item:
        """Send one `update` alone and return the row that it made; raise Taken."""
        return _read(self._update(write, {"ReturnValues": "ALL_NEW"})["Attributes"])

    def _update(self, write: Item, asked: Item) -> Any:
        request = write["Update"] | asked
        try:
            return self._do(self._client.update_item, TableName=self._table, **request)
        except ClientError as error:
            if _code(error) == "ConditionalCheckFailedException":
                raise Taken([None], [0]) from error
            raise

    def transact(self, *writes: Item) -> None:
        """Send writes that all take effect or none; raise Taken when a condition fails."""
        named = [
            {kind: request | {"TableName": self._table} for kind, request in write.items()}
            for write in writes
        ]
        for _ in range(_CONFLICT_TRIES):
            try:
                self._do(self._client.transact_write_items, TransactItems=named)
            except ClientError as error:
                reasons = error.response.get("CancellationReasons", [])
                failed = [
                    place
                    for place, reason in enumerate(reasons)
                    if reason["Code"] == "ConditionalCheckFailed"
                ]
                if failed:
                    raise Taken([_old(reason) for reason in reasons], failed) from error
            else:
                return
        raise ServiceUnavailable("The database is busy. Try again in a moment.")

    def _do(self, request: Callable[..., Any], **arguments: Any) -> Any:
        try:
            return request(**arguments)
        except ClientError as error:
            if _code(error) in _ABOUT_THE_DATA:
                raise
            raise ServiceUnavailable(f"The database refused: {_code(error)}. Try again.") from error
        except (ConnectionError, HTTPClientError) as error:
            raise ServiceUnavailable("The database cannot be reached. Try again.") from error


def key(pk: str, sk: str) -> Item:
    """Return a row's key."""
    return {"pk": pk, "sk": sk}


def listed(organization_id: int, kind: str, sort: str) -> Item:
    """Return what lists a row among its organization's things of one kind."""
    return {"gsi1pk": f"ORG#{organization_id}#{kind}", "gsi1sk": sort}


def sortable(number: int) -> str:
    """Return an id as text that sorts as the numbers do."""
    # 53 bits are 16 digits.
    return f"{number:016d}"


def put(
    item: Item,
    condition: str | None = None,
    values: Mapping[str, Any] | None = None,
    names: Mapping[str, str] | None = None,
) -> Item:
    """Return a write of a whole row."""
    return {"Put": {"Item": _stamped(item)} | _conditional(condition) | _terms(values, names)}


def update(
    row: Item,
    expression: str,
    values: Mapping[str, Any],
    *,
    condition: str | None = None,
    names: Mapping[str, str] | None = None,
) -> Item:
    """Return a write of some of a row's attributes."""
    request: Item = {"Key": serialized(row), "UpdateExpression": expression}
    if condition:
        request["ConditionExpression"] = condition
    return {"Update": request | _terms(values, names)}


def check(
    row: Item,
    condition: str,
    values: Mapping[str, Any] | None = None,
    names: Mapping[str, str] | None = None,
) -> Item:
    """Return a condition of a transaction on a row that it does not change."""
    request = {"Key": serialized(row)} | _conditional(condition)
    return {"ConditionCheck": request | _terms(values, names)}


def delete(
    row: Item,
    condition: str,
    values: Mapping[str, Any] | None = None,
    names: Mapping[str, str] | None = None,
) -> Item:
    """Return the removal of a row."""
    return {"Delete": {"Key": serialized(row)} | _conditional(condition) | _terms(values, names)}


def serialized(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item as DynamoDB takes it."""
    return {name: _attribute(value) for name, value in item.items()}


def plain(item: Mapping[str, Any]) -> Item:
    """Return an item that DynamoDB gave."""
    return {name: _deserialize(value) for name, value in item.items()}


def _attribute(value: Any) -> Any:
    # Most are text, which the serializer recognizes only after all else.
    return {"S": value} if isinstance(value, str) else _serialize(value)


def _stamped(item: Item) -> dict[str, Any]:
    return serialized({"schema": upgrades.schema()} | item)


def _read(item: Mapping[str, Any]) -> Item:
    return upgrades.upgraded(plain(item))


def _conditional(condition: str | None) -> Item:
    if condition is None:
        return {}
    return {
        "ConditionExpression": condition,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def _terms(values: Mapping[str, Any] | None, names: Mapping[str, str] | None) -> Item:
    terms: Item = {}
    if values:
        terms["ExpressionAttributeValues"] = serialized(values)
    if names:
        terms["ExpressionAttributeNames"] = dict(names)
    return terms


def _old(reason: Mapping[str, Any]) -> Item | None:
    return _read(reason["Item"]) if reason.get("Item") else None


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]
