"""The one DynamoDB module: keys, conditional writes, transactions.

Keys (pk / sk; the index in brackets lists an organization's things, newest or nearest first):

    ORG#<id>              / ORG
    ORG#<id>              / ASSISTANT#<id>
    TOKEN#<sha256>        / TOKEN      [ORG#<id>#TOKEN  / <id>]
    NUMBER#<e164>         / NUMBER     [ORG#<id>#NUMBER / <e164>]  [ASSISTANT#<id> / <e164>]
    ORDER#<org>#<key>     / ORDER      [ORG#<id>#ORDER  / <id>]
    CALL#<id>             / CALL       [ORG#<id>#CALL   / <id>]
    SID#<org>#<sid>       / SID        points to a call
    MESSAGE#<org>#<sid>   / MESSAGE    [ORG#<id>#MESSAGE / <time>]
    LEASE#<name>          / LEASE      held by one process for a while

The number's row is also the claim that keeps anyone else from buying it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from . import items
from .errors import ServiceUnavailable
from .items import Item
from .model import Assistant, Call, Message, Number, NumberOrder, Organization, Token

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


class Taken(Exception):
    """A conditional write met what was there already; `found` holds it, by place in the write."""

    def __init__(self, found: list[Item | None]) -> None:
        super().__init__("a condition failed")
        self.found = found


class Store:
    """The table. Every method is one request, or says how many."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    # --- organizations, tokens, assistants ---

    def add_organization(self, organization: Organization) -> None:
        """Write a new organization."""
        key = _key(f"ORG#{organization.id}", "ORG")
        self._put(key | items.fields_of(organization))

    def organization(self, organization_id: int) -> Organization | None:
        """Return an organization."""
        item = self._get(_key(f"ORG#{organization_id}", "ORG"))
        return items.organization(item) if item else None

    def put_token(self, token: Token) -> None:
        """Write a token, new or changed."""
        self._put(
            _key(f"TOKEN#{token.hash}", "TOKEN")
            | _index(token.organization_id, "TOKEN", _sortable(token.id))
            | items.fields_of(token)
        )

    def token(self, token_hash: str) -> Token | None:
        """Return the token with this SHA-256."""
        item = self._get(_key(f"TOKEN#{token_hash}", "TOKEN"))
        return items.token(item) if item else None

    def tokens(self, organization_id: int) -> list[Token]:
        """Return an organization's tokens, oldest first. A request for each page of 1 MB."""
        found = self._query(f"ORG#{organization_id}#TOKEN")
        return [items.token(item) for item in found]

    def put_assistant(self, assistant: Assistant) -> None:
        """Write an assistant, new or changed, and renew the copy in each of its numbers.

        A request for the assistant, one to list its numbers, one for each number.
        """
        self._put(_assistant_key(assistant) | items.fields_of(assistant))
        copy = _serialize(items.fields_of(assistant))
        for item in self._query(f"ASSISTANT#{assistant.id}", index="gsi2"):
            self._do(
                self._client.update_item,
                TableName=self._table,
                Key=_serialized(_key(item["pk"], item["sk"])),
                UpdateExpression="SET assistant = :copy",
                ConditionExpression="assistant.id = :id",
                ExpressionAttributeValues={":copy": copy, ":id": _serialize(assistant.id)},
            )

    def assistant(self, organization_id: int, assistant_id: int) -> Assistant | None:
        """Return an assistant of this organization."""
        item = self._get(_key(f"ORG#{organization_id}", f"ASSISTANT#{assistant_id}"))
        return items.assistant(item) if item else None

    # --- numbers and their orders ---

    def number(self, phone_number: str) -> Number | None:
        """Return a number, whoever holds it."""
        item = self._get(_key(f"NUMBER#{phone_number}", "NUMBER"))
        return items.number(item) if item else None

    def order(self, organization_id: int, key: str) -> NumberOrder | None:
        """Return an order by its key."""
        item = self._get(_key(f"ORDER#{organization_id}#{key}", "ORDER"))
        return items.order(item) if item else None

    def claim(self, order: NumberOrder, number: Number) -> None:
        """Write a new order and claim its number; raise Taken([order, number]) with what stood."""
        fresh = "attribute_not_exists(pk)"
        self._transact(self._put_order(order, fresh), self._put_number(number, fresh))

    def settle(self, order: NumberOrder, number: Number | None) -> None:
        """Write how an order ended and its number with it; None gives the number free.

        Raises Taken when another process settled it first.
        """
        unsettled = "attribute_exists(pk) AND #status IN (:submitted, :pending, :unknown)"
        values = {":submitted": "submitted", ":pending": "pending", ":unknown": "unknown"}
        owned = "organization_id = :organization AND order_key = :order_key"
        owner = {":organization": order.organization_id, ":order_key": order.key}
        write_number = (
            self._update_number(number, order.updated_at, owned, owner)
            if number
            else _delete(self._table, _number_key(order.phone_number), owned, owner)
        )
        self._transact(self._put_order(order, unsettled, values), write_number)

    def withdraw(self, order: NumberOrder) -> None:
        """Forget an order that certainly had no effect, and give its number free.

        Raises Taken when another process settled it first.
        """
        self._transact(
            _delete(
                self._table,
                _key(f"ORDER#{order.organization_id}#{order.key}", "ORDER"),
                "id = :id AND #status = :submitted",
                {":id": order.id, ":submitted": "submitted"},
                {"#status": "status"},
            ),
            _delete(
                self._table,
                _number_key(order.phone_number),
                "organization_id = :organization AND order_key = :order_key",
                {":organization": order.organization_id, ":order_key": order.key},
            ),
        )

    def _put_order(
        self, order: NumberOrder, condition: str, values: Mapping[str, Any] | None = None
    ) -> Item:
        item = (
            _key(f"ORDER#{order.organization_id}#{order.key}", "ORDER")
            | _index(order.organization_id, "ORDER", _sortable(order.id))
            | items.fields_of(order)
        )
        names = {"#status": "status"} if "#status" in condition else {}
        return _conditional_put(self._table, item, condition, values, names)

    def _put_number(self, number: Number, condition: str) -> Item:
        item = (
            _number_key(number.phone_number)
            | _index(number.organization_id, "NUMBER", number.phone_number)
            | items.fields_of(number)
        )
        if number.assistant:
            item |= {"gsi2pk": f"ASSISTANT#{number.assistant.id}", "gsi2sk": number.phone_number}
        return _conditional_put(self._table, item, condition)

    def _update_number(
        self, number: Number, now: datetime, condition: str, values: Mapping[str, Any]
    ) -> Item:
        # Only what the order decides: the assistant may have been changed meanwhile.
        settled = {
            ":status": number.status.value,
            ":carrier_number_id": number.carrier_number_id or "",
            ":capabilities": items.plain(asdict(number.capabilities)),
            ":now": now.isoformat(),
        }
        update: Item = {
            "TableName": self._table,
            "Key": _serialized(_number_key(number.phone_number)),
            "UpdateExpression": "SET #status = :status, carrier_number_id = :carrier_number_id, "
            "capabilities = :capabilities, updated_at = :now",
            "ConditionExpression": condition,
        }
        return {"Update": update | _expression({**values, **settled}, {"#status": "status"})}

    # --- calls ---

    def add_call(self, call: Call) -> None:
        """Write a new call and the pointer from its SID; raise Taken([call, pointer])."""
        fresh = "attribute_not_exists(pk)"
        pointer = _sid_key(call.organization_id, call.call_sid) | {"call_id": call.id}
        self._transact(
            _conditional_put(self._table, _call_item(call), fresh),
            _conditional_put(self._table, pointer, fresh),
        )

    def save_call(self, call: Call) -> None:
        """Write a changed call over the version it was made from; raise Taken([call])."""
        put = _conditional_put(
            self._table,
            _call_item(replace(call, version=call.version + 1)),
            "version = :seen",
            {":seen": call.version},
        )["Put"]
        try:
            self._do(self._client.put_item, **put)
        except ClientError as error:
            if _code(error) != "ConditionalCheckFailedException":
                raise
            raise Taken([_old(error.response)]) from error

    def call(self, call_id: int) -> Call | None:
        """Return a call, whoever's it is."""
        item = self._get(_key(f"CALL#{call_id}", "CALL"))
        return items.call(item) if item else None

    def call_by_sid(self, organization_id: int, call_sid: str) -> Call | None:
        """Return an organization's call by its carrier's id: two requests."""
        pointer = self._get(_sid_key(organization_id, call_sid))
        return self.call(int(pointer["call_id"])) if pointer else None

    def calls(self, organization_id: int, first_id: int, last_id: int) -> Iterator[Call]:
        """Yield an organization's calls, newest first, with ids from `first_id` to `last_id`.

        A request for each page of 1 MB that is really read.
        """
        found = self._query(
            f"ORG#{organization_id}#CALL",
            between=(_sortable(first_id), _sortable(last_id)),
            newest_first=True,
        )
        return (items.call(item) for item in found)

    # --- messages ---

    def put_message(self, message: Message) -> None:
        """Write a message; the same one again changes nothing that matters."""
        self._put(
            _key(f"MESSAGE#{message.organization_id}#{message.message_sid}", "MESSAGE")
            | _index(message.organization_id, "MESSAGE", message.received_at.isoformat())
            | items.fields_of(message)
        )

    def messages(self, organization_id: int) -> list[Message]:
        """Return an organization's messages, oldest first. A request for each page of 1 MB."""
        return [items.message(item) for item in self._query(f"ORG#{organization_id}#MESSAGE")]

    # --- leases ---

    @contextmanager
    def lease(self, name: str, now: datetime, seconds: int) -> Iterator[None]:
        """Hold `name` for the body of a with statement; raise Taken while another does.

        Two requests. A holder that dies gives it back after `seconds`.
        """
        key = _key(f"LEASE#{name}", "LEASE")
        until = (now + timedelta(seconds=seconds)).isoformat()
        put = _conditional_put(
            self._table,
            key | {"until": until},
            "attribute_not_exists(pk) OR #until < :now",
            {":now": now.isoformat()},
            {"#until": "until"},
        )
        self._transact(put)
        try:
            yield
        finally:
            # When it ran out and another process took it, it is no longer ours to give back.
            with suppress(Taken):
                self._transact(
                    _delete(
                        self._table, key, "#until = :until", {":until": until}, {"#until": "until"}
                    )
                )

    # --- requests ---

    def _get(self, key: Item) -> Item | None:
        reply = self._do(
            self._client.get_item,
            TableName=self._table,
            Key=_serialized(key),
            ConsistentRead=True,
        )
        return _plain(reply["Item"]) if "Item" in reply else None

    def _put(self, item: Item) -> None:
        self._do(self._client.put_item, TableName=self._table, Item=_serialized(item))

    def _query(
        self,
        partition: str,
        *,
        index: str = "gsi1",
        between: tuple[str, str] | None = None,
        newest_first: bool = False,
    ) -> Iterator[Item]:
        condition, values = f"{index}pk = :pk", {":pk": partition}
        if between:
            condition += f" AND {index}sk BETWEEN :first AND :last"
            values |= {":first": between[0], ":last": between[1]}
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": index.upper(),
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": _serialized(values),
            "ScanIndexForward": not newest_first,
        }
        while True:
            page = self._do(self._client.query, **request)
            yield from (_plain(item) for item in page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _transact(self, *writes: Item) -> None:
        for _ in range(_CONFLICT_TRIES):
            try:
                self._do(self._client.transact_write_items, TransactItems=list(writes))
            except ClientError as error:
                reasons = error.response.get("CancellationReasons", [])
                if any(reason["Code"] == "ConditionalCheckFailed" for reason in reasons):
                    raise Taken([_old(reason) for reason in reasons]) from error
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


# A transaction that met another one on the same row wrote nothing, and may simply be repeated.
_CONFLICT_TRIES = 4
_ABOUT_THE_DATA = {"ConditionalCheckFailedException", "TransactionCanceledException"}


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]


def _key(pk: str, sk: str) -> Item:
    return {"pk": pk, "sk": sk}


def _number_key(phone_number: str) -> Item:
    return _key(f"NUMBER#{phone_number}", "NUMBER")


def _sid_key(organization_id: int, call_sid: str) -> Item:
    return _key(f"SID#{organization_id}#{call_sid}", "SID")


def _assistant_key(assistant: Assistant) -> Item:
    return _key(f"ORG#{assistant.organization_id}", f"ASSISTANT#{assistant.id}")


def _index(organization_id: int, kind: str, sort: str) -> Item:
    return {"gsi1pk": f"ORG#{organization_id}#{kind}", "gsi1sk": sort}


def _sortable(number: int) -> str:
    # 53 bits are 16 digits: text that sorts as the numbers do.
    return f"{number:016d}"


def _call_item(call: Call) -> Item:
    return (
        _key(f"CALL#{call.id}", "CALL")
        | _index(call.organization_id, "CALL", _sortable(call.id))
        | items.fields_of(call)
    )


def _serialized(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _serialize(value) for name, value in item.items()}


def _plain(item: Mapping[str, Any]) -> Item:
    return {name: _deserialize(value) for name, value in item.items()}


def _old(reason: Mapping[str, Any]) -> Item | None:
    return _plain(reason["Item"]) if reason.get("Item") else None


def _conditional_put(
    table: str,
    item: Item,
    condition: str,
    values: Mapping[str, Any] | None = None,
    names: Mapping[str, str] | None = None,
) -> Item:
    request: Item = {
        "TableName": table,
        "Item": _serialized(item),
        "ConditionExpression": condition,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    return {"Put": request | _expression(values, names)}


def _delete(
    table: str,
    key: Item,
    condition: str,
    values: Mapping[str, Any],
    names: Mapping[str, str] | None = None,
) -> Item:
    request: Item = {
        "TableName": table,
        "Key": _serialized(key),
        "ConditionExpression": condition,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    return {"Delete": request | _expression(values, names)}


def _expression(values: Mapping[str, Any] | None, names: Mapping[str, str] | None) -> Item:
    expression: Item = {}
    if values:
        expression["ExpressionAttributeValues"] = _serialized(values)
    if names:
        expression["ExpressionAttributeNames"] = dict(names)
    return expression
