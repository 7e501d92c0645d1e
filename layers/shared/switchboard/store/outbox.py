"""The outbox: an event's row, written in the transaction of the change that it reports.

A row with `due` waits to be begun: it is in one of the partitions `DUE#<n>` of the second index.
A row with `wake` has the table's stream put it into the queue: see `events.relaying`.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from ..announcements import number_changed, order_failed
from ..items import Item, fields_of
from ..model import Number, NumberOrder, OrderStatus, OutboxEvent
from .table import FRESH, key, put, serialized

# Long enough for 72 hours of attempts and a month of redelivery.
KEPT = timedelta(days=45)
_DUE_PARTITIONS = 4


def outbox(events: Iterable[OutboxEvent]) -> list[Item]:
    """Return the writes of events, for the transaction of the change that made them."""
    return [put(event_item(event), FRESH) for event in events]


def number_event(number: Number, action: str, now: datetime) -> Item:
    """Return the write of the event of a change to a number."""
    return put(event_item(number_changed(number, action, new_event_id(), now)), FRESH)


def order_event(order: NumberOrder, number: Number | None, now: datetime) -> list[Item]:
    """Return the write of how an order ended; none while it has not."""
    if order.status is OrderStatus.FAILED:
        return [put(event_item(order_failed(order, new_event_id(), now)), FRESH)]
    if order.status is OrderStatus.ACTIVE and number:
        return [number_event(number, "number.purchased", now)]
    return []


def new_event_id() -> str:
    """Return the id of an event that nothing else names."""
    return f"evt_{secrets.token_hex(12)}"


def event_key(event_id: str) -> Item:
    """Return the key of an event's row."""
    return key(f"EVENT#{event_id}", "EVENT")


def event_item(event: OutboxEvent) -> Item:
    """Return an event's row."""
    listed = {"gsi1pk": f"ORG#{event.organization_id}#EVENT", "gsi1sk": event.cursor}
    ends = {"ttl": int((event.created_at + KEPT).timestamp())}
    row = event_key(event.id) | listed | fields_of(event) | ends
    return row | waiting(event.id, event.due) if event.due else row


def waiting(event_id: str, due: datetime) -> Item:
    """Return what makes a row wait, and the stream wake somebody when it is due."""
    return {**listed_as_due(event_id, due), "wake": moment(due)}


def listed_as_due(event_id: str, due: datetime) -> Item:
    """Return what lists a row among those that wait for a moment."""
    return {"gsi2pk": due_partition(event_id), "gsi2sk": moment(due), "due": moment(due)}


def due_partition(event_id: str) -> str:
    """Return the index's partition of what waits, one of a few so that none becomes hot."""
    return f"DUE#{sha256(event_id.encode()).digest()[0] % _DUE_PARTITIONS}"


def due_in(partition: str, until: datetime) -> Item:
    """Return the query for the rows of a partition that are due by a moment, first due first."""
    return {
        "IndexName": "GSI2",
        "KeyConditionExpression": "gsi2pk = :pk AND gsi2sk <= :until",
        "ExpressionAttributeValues": serialized({":pk": partition, ":until": moment(until)}),
    }


DUE_PARTITIONS = tuple(f"DUE#{n}" for n in range(_DUE_PARTITIONS))


def moment(time: datetime) -> str:
    """Return a time as text that sorts as times do."""
    return time.isoformat(timespec="microseconds")
