"""The one DynamoDB module: keys, conditional writes, transactions.

Keys (pk / sk; the index in brackets lists an organization's things, newest or nearest first):

    ORG#<id>              / ORG        [ORG             / <id>]
    ORG#<id>              / ASSISTANT#<id>
    TOKEN#<sha256>        / TOKEN      [ORG#<id>#TOKEN  / <id>]
    NUMBER#<e164>         / NUMBER     [ORG#<id>#NUMBER / <e164>]  [ASSISTANT#<id> / <e164>]
    ORDER#<org>#<key>     / ORDER      [ORG#<id>#ORDER  / <id>]
    CALL#<id>             / CALL       [ORG#<id>#CALL   / <id>]
    SID#<org>#<sid>       / SID        points to a call
    MESSAGE#<org>#<sid>   / MESSAGE    [ORG#<id>#MESSAGE / <time>]
    DIAL#<org>#<key>      / DIAL       points to the call that was placed with this key
    ORG#<id>              / CALLERID#<e164>
    LIMIT#<org>#<limit>…  / PLACES     who takes up the places of a limit
    LIMIT#<org>#<limit>…  / QUOTA      how much of a limit is used, in one span of time
    LEASE#<name>          / LEASE      held by one process for a while
    COUNT#<org>#CALL      / <shard>    how many calls an organization has, in parts

The number's row is also the claim that keeps anyone else from buying it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from . import items
from .errors import ServiceUnavailable
from .items import Item
from .model import (
    Assistant,
    Call,
    CallerId,
    CallSummary,
    CallTotals,
    Lease,
    Message,
    Number,
    NumberOrder,
    Organization,
    Spending,
    Token,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


class Taken(Exception):
    """A conditional write met what was there already; `found` holds it, by place in the write."""

    def __init__(self, found: list[Item | None], failed: list[int]) -> None:
        super().__init__("a condition failed")
        self.found = found
        self.failed = failed
        """The places whose condition failed."""


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


@dataclass(frozen=True)
class DialContext:
    """What placing a call needs to know, as one request brought it."""

    organization: Organization | None
    number: Number | None
    """Only if it is the organization's own."""
    caller_id_carrier: str | None
    """The carrier that has verified the number as a caller id of the organization."""
    assistant: Assistant | None
    asked: Item | None
    """The pointer to the call that was placed with the same Idempotency-Key."""


class Store:
    """The table. Every method is one request, or says how many."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    # --- organizations, tokens, assistants ---

    def add_organization(self, organization: Organization) -> None:
        """Write a new organization."""
        key = _key(f"ORG#{organization.id}", "ORG")
        listed = {"gsi1pk": "ORG", "gsi1sk": _sortable(organization.id)}
        self._put(key | listed | items.fields_of(organization))

    def organizations(self) -> Iterator[Organization]:
        """Yield every organization, oldest first. A request for each MB that is really read."""
        return (items.organization(item) for item in self._query("ORG"))

    def set_limits(self, organization: Organization) -> None:
        """Write an organization's limits; raise Taken when there is no such organization."""
        self._transact(
            _update(
                self._table,
                _key(f"ORG#{organization.id}", "ORG"),
                "SET limits = :limits",
                {":limits": items.plain(asdict(organization.limits))},
                condition="attribute_exists(pk)",
            )
        )

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

    def assistants(self, organization_id: int) -> Iterator[Assistant]:
        """Yield an organization's assistants. A request for each MB that is really read."""
        return map(items.assistant, self._below(f"ORG#{organization_id}", "ASSISTANT#"))

    # --- numbers and their orders ---

    def number(self, phone_number: str) -> Number | None:
        """Return a number, whoever holds it."""
        item = self._get(_key(f"NUMBER#{phone_number}", "NUMBER"))
        return items.number(item) if item else None

    def numbers(self, organization_id: int) -> Iterator[Number]:
        """Yield an organization's numbers. A request for each MB that is really read."""
        return map(items.number, self._query(f"ORG#{organization_id}#NUMBER"))

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
        return _update(
            self._table,
            _number_key(number.phone_number),
            "SET #status = :status, carrier_number_id = :carrier_number_id, "
            "capabilities = :capabilities, updated_at = :now",
            {**values, **settled},
            condition=condition,
            names={"#status": "status"},
        )

    # --- calls ---

    def add_call(self, call: Call) -> None:
        """Write a new call and the pointer from its SID; raise Taken([call, pointer])."""
        fresh = "attribute_not_exists(pk)"
        self._transact(
            _conditional_put(self._table, _call_item(call), fresh),
            _conditional_put(self._table, _pointer(call), fresh),
            _tally(self._table, call),
        )

    def dial_context(
        self,
        organization_id: int,
        phone_number: str,
        assistant_id: int | None,
        key: str | None = None,
    ) -> DialContext:
        """Read all that placing a call depends on, and whether it was asked for before."""
        keys = {
            "organization": _key(f"ORG#{organization_id}", "ORG"),
            "number": _number_key(phone_number),
            "caller_id": _caller_id_key(organization_id, phone_number),
        }
        if assistant_id is not None:
            keys["assistant"] = _key(f"ORG#{organization_id}", f"ASSISTANT#{assistant_id}")
        if key is not None:
            keys["asked"] = _dial_key(organization_id, key)
        found = self._get_all(list(keys.values()))
        at = {name: found.get((key["pk"], key["sk"])) for name, key in keys.items()}
        number = _read(items.number, at["number"])
        return DialContext(
            organization=_read(items.organization, at["organization"]),
            # Somebody else's number may still be a verified caller id of ours, and no more.
            number=number if number and number.organization_id == organization_id else None,
            caller_id_carrier=_read(lambda item: str(item["carrier"]), at["caller_id"]),
            assistant=_read(items.assistant, at.get("assistant")),
            asked=at.get("asked"),
        )

    def reserve_call(
        self,
        call: Call,
        key: str | None,
        fingerprint: str,
        places: Sequence[Place],
        quotas: Sequence[Quota],
    ) -> None:
        """Write a call that shall be dialled, its Idempotency-Key, and what it takes up.

        Raises Taken with the places of the conditions that failed: 0 the call's id, 1 the key,
        then `places`, then `quotas`.
        """
        fresh = "attribute_not_exists(pk)"
        # Without a key of its own the call is its own key: nothing else can have it.
        asked = _dial_key(call.organization_id, key or str(call.id))
        self._transact(
            _conditional_put(self._table, _call_item(call), fresh),
            _conditional_put(
                self._table, asked | {"call_id": call.id, "fingerprint": fingerprint}, fresh
            ),
            *(_take(self._table, place) for place in places),
            *(_spend(self._table, quota) for quota in quotas),
            _tally(self._table, call),
        )

    def save_call(self, before: Call, call: Call, spent_cents: int | None = None) -> None:
        """Write a changed call over the version it was made from; raise Taken.

        With the pointer from its SID when that is new. When the call has ended, the places
        it took up are returned, and `spent_cents` replaces what counted as its costs so far.
        """
        saved = replace(call, version=before.version + 1)
        if call.status.is_final:
            saved = replace(saved, leases=(), spending=_counted(before, spent_cents))
        unchanged = {":seen": before.version}
        writes = [_conditional_put(self._table, _call_item(saved), "version = :seen", unchanged)]
        if call.call_sid and not before.call_sid:
            writes.append({"Put": {"TableName": self._table, "Item": _serialized(_pointer(call))}})
        if call.status.is_final:
            writes += self._returns(before, spent_cents)
        if call.duration != before.duration:
            writes.append(_tally(self._table, call, before))
        self._transact(*writes)

    def _returns(self, call: Call, spent_cents: int | None) -> list[Item]:
        writes = [_return(self._table, lease.row, {lease.holder}) for lease in call.leases]
        counted = _counted(call, spent_cents)
        if counted and call.spending and counted != call.spending:
            difference = counted.cents - call.spending.cents
            writes.append(_add(self._table, counted.row, difference))
        return writes

    def free_expired(self, row: str, now: datetime) -> int:
        """Return the places whose holders never did; say how many those were. Two requests."""
        item = self._get(_key(row, "PLACES"))
        holders = item["holders"] if item and "holders" in item else set()
        expired = {h for h in holders if int(h.partition("#")[0]) <= now.timestamp()}
        if expired:
            self._transact(_return(self._table, row, expired))
        return len(expired)

    def add_caller_id(self, organization_id: int, phone_number: str, carrier: str) -> None:
        """Let the organization show a number that the carrier has verified to be its own."""
        key = _caller_id_key(organization_id, phone_number)
        self._put(key | {"phone_number": phone_number, "carrier": carrier})

    def caller_ids(self, organization_id: int) -> Iterator[CallerId]:
        """Yield an organization's caller ids. A request for each MB that is really read."""
        return map(items.caller_id, self._below(f"ORG#{organization_id}", "CALLERID#"))

    def remove_caller_id(self, organization_id: int, phone_number: str) -> None:
        """Take a caller id from an organization; raise Taken when it has no such one."""
        key = _caller_id_key(organization_id, phone_number)
        self._transact(_delete(self._table, key, "attribute_exists(pk)", {}))

    def call(self, call_id: int) -> Call | None:
        """Return a call, whoever's it is."""
        item = self._get(_key(f"CALL#{call_id}", "CALL"))
        return items.call(item) if item else None

    def call_by_sid(self, organization_id: int, call_sid: str) -> Call | None:
        """Return an organization's call by its carrier's id: two requests."""
        pointer = self._get(_sid_key(organization_id, call_sid))
        return self.call(int(pointer["call_id"])) if pointer else None

    # --- listing calls: newest first, ids from `first` to `last` ---

    def calls(self, organization_id: int, first: int, last: int, page: int = 100) -> Iterator[Call]:
        """Yield an organization's calls. A request for every `page` of them that is really read."""
        request = _calls_request(self._table, organization_id, first, last) | {"Limit": page}
        return (items.call(item) for item in self._items(request))

    def calls_page(
        self, organization_id: int, first: int, last: int, skip: int, limit: int
    ) -> list[Call]:
        """Return `limit` calls after the first `skip`.

        One request, and one for each MB of calls that are passed over or returned beyond that.
        """
        request = _calls_request(self._table, organization_id, first, last)
        if skip:
            *_, passed = self._pages(request | {"Select": "COUNT"}, skip)
            if "LastEvaluatedKey" not in passed:
                return []
            request["ExclusiveStartKey"] = passed["LastEvaluatedKey"]
        return [items.call(item) for item in self._items(request, limit)]

    def count_calls(self, organization_id: int, first: int, last: int) -> int:
        """Count an organization's calls. A request for each MB of them."""
        request = _calls_request(self._table, organization_id, first, last)
        return sum(page["Count"] for page in self._pages(request | {"Select": "COUNT"}))

    def call_summaries(self, organization_id: int, first: int, last: int) -> Iterator[CallSummary]:
        """Yield what searching looks at. A request for each MB of calls that is really read."""
        names = {f"#{name}": name for name in CallSummary.__dataclass_fields__}
        request = _calls_request(self._table, organization_id, first, last) | {
            "ProjectionExpression": ", ".join(names),
            "ExpressionAttributeNames": names,
        }
        return (items.call_summary(item) for item in self._items(request))

    def calls_by_id(self, call_ids: Sequence[int]) -> list[Call]:
        """Return calls, whoever's they are, in this order. A request for each 100."""
        keys = [_key(f"CALL#{call_id}", "CALL") for call_id in call_ids]
        found: dict[tuple[str, str], Item] = {}
        for batch in batched(keys, _BATCH, strict=False):
            found |= self._get_all(list(batch))
        return [items.call(found[at]) for key in keys if (at := (key["pk"], key["sk"])) in found]

    def call_totals(self, organization_id: int) -> CallTotals:
        """Return how many calls an organization has, without reading them."""
        shards = [_key(f"COUNT#{organization_id}#CALL", f"{n:02d}") for n in range(_SHARDS)]
        found = self._get_all(shards).values()
        sums = {name: sum(int(part[name]) for part in found) for name in _TOTALS}
        return CallTotals(**sums)

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

    def _get_all(self, keys: list[Item]) -> dict[tuple[str, str], Item]:
        request: Any = {
            self._table: {"Keys": [_serialized(key) for key in keys], "ConsistentRead": True}
        }
        reply = self._do(self._client.batch_get_item, RequestItems=request)
        if reply.get("UnprocessedKeys"):
            raise ServiceUnavailable("The database is busy. Try again in a moment.")
        found = [_plain(item) for item in reply["Responses"].get(self._table, [])]
        return {(item["pk"], item["sk"]): item for item in found}

    def _put(self, item: Item) -> None:
        self._do(self._client.put_item, TableName=self._table, Item=_serialized(item))

    def _query(
        self,
        partition: str,
        *,
        index: str = "gsi1",
    ) -> Iterator[Item]:
        condition, values = f"{index}pk = :pk", {":pk": partition}
        request: Item = {
            "TableName": self._table,
            "IndexName": index.upper(),
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": _serialized(values),
        }
        return self._items(request)

    def _below(self, partition: str, beginning: str) -> Iterator[Item]:
        request: Item = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :beginning)",
            "ExpressionAttributeValues": _serialized({":pk": partition, ":beginning": beginning}),
            "ConsistentRead": True,
        }
        return self._items(request)

    def _items(self, request: Item, most: int | None = None) -> Iterator[Item]:
        for page in self._pages(request, most):
            yield from (_plain(item) for item in page["Items"])

    def _pages(self, request: Item, most: int | None = None) -> Iterator[Item]:
        """Yield the replies to a query until `most` rows are read, or all."""
        while most is None or most > 0:
            limit = {} if most is None else {"Limit": min(most, _LARGEST_PAGE)}
            page = self._do(self._client.query, **request | limit)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            request = request | {"ExclusiveStartKey": page["LastEvaluatedKey"]}
            most = None if most is None else most - page["Count"]

    def _transact(self, *writes: Item) -> None:
        for _ in range(_CONFLICT_TRIES):
            try:
                self._do(self._client.transact_write_items, TransactItems=list(writes))
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


# A transaction that met another one on the same row wrote nothing, and may simply be repeated.
_CONFLICT_TRIES = 4
# As many rows as one request may name.
_BATCH = 100
# More calls than 1 MB holds; a skip of any size must not reach the database as it is.
_LARGEST_PAGE = 10_000
# A row that every call of an organization changes would make them wait for each other: spread over
# so many, a hundred new calls a second hardly ever meet.
_SHARDS = 16
_TOTALS = ("calls", "timed", "seconds")
_ABOUT_THE_DATA = {"ConditionalCheckFailedException", "TransactionCanceledException"}


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]


def _key(pk: str, sk: str) -> Item:
    return {"pk": pk, "sk": sk}


def _number_key(phone_number: str) -> Item:
    return _key(f"NUMBER#{phone_number}", "NUMBER")


def _read[T](read: Callable[[Item], T], item: Item | None) -> T | None:
    return None if item is None else read(item)


def _pointer(call: Call) -> Item:
    return _sid_key(call.organization_id, call.call_sid) | {"call_id": call.id}


def _dial_key(organization_id: int, key: str) -> Item:
    return _key(f"DIAL#{organization_id}#{key}", "DIAL")


def _caller_id_key(organization_id: int, phone_number: str) -> Item:
    return _key(f"ORG#{organization_id}", f"CALLERID#{phone_number}")


def _counted(call: Call, spent_cents: int | None) -> Spending | None:
    if spent_cents is None or call.spending is None:
        return call.spending
    return replace(call.spending, cents=spent_cents)


def _take(table: str, place: Place) -> Item:
    return _update(
        table,
        _key(place.lease.row, "PLACES"),
        "ADD holders :holder",
        {":holder": {place.lease.holder}, ":most": place.most},
        condition="attribute_not_exists(holders) OR size(holders) < :most",
    )


def _return(table: str, row: str, holders: set[str]) -> Item:
    return _update(table, _key(row, "PLACES"), "DELETE holders :holders", {":holders": holders})


def _spend(table: str, quota: Quota) -> Item:
    values = {
        ":amount": quota.amount,
        ":room": quota.most - quota.amount,
        # Two days longer, so that a call which began within it can still settle.
        ":ttl": int((quota.until + timedelta(days=2)).timestamp()),
    }
    return _update(
        table,
        _key(quota.row, "QUOTA"),
        "ADD used :amount SET #ttl = :ttl",
        values,
        condition="attribute_not_exists(used) OR used <= :room",
        names={"#ttl": "ttl"},
    )


def _tally(table: str, call: Call, before: Call | None = None) -> Item:
    # A call's id ends in random bits: they choose the part that counts it, always the same one.
    key = _key(f"COUNT#{call.organization_id}#CALL", f"{call.id % _SHARDS:02d}")
    earlier = before.duration or 0 if before else 0
    values = {
        ":calls": 0 if before else 1,
        ":timed": bool(call.duration) - bool(earlier),
        ":seconds": (call.duration or 0) - earlier,
    }
    names = {f"#{name}": name for name in _TOTALS}
    additions = ", ".join(f"#{name} :{name}" for name in _TOTALS)
    return _update(table, key, f"ADD {additions}", values, names=names)


def _calls_request(table: str, organization_id: int, first: int, last: int) -> Item:
    values = {
        ":pk": f"ORG#{organization_id}#CALL",
        ":first": _sortable(first),
        ":last": _sortable(last),
    }
    return {
        "TableName": table,
        "IndexName": "GSI1",
        "KeyConditionExpression": "gsi1pk = :pk AND gsi1sk BETWEEN :first AND :last",
        "ExpressionAttributeValues": _serialized(values),
        "ScanIndexForward": False,
    }


def _add(table: str, row: str, amount: int) -> Item:
    return _update(table, _key(row, "QUOTA"), "ADD used :amount", {":amount": amount})


def _update(
    table: str,
    key: Item,
    expression: str,
    values: Mapping[str, Any],
    *,
    condition: str | None = None,
    names: Mapping[str, str] | None = None,
) -> Item:
    update: Item = {"TableName": table, "Key": _serialized(key), "UpdateExpression": expression}
    if condition:
        update["ConditionExpression"] = condition
    return {"Update": update | _expression(values, names)}


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
