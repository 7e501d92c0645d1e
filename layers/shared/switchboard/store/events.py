"""Rows of events, of their deliveries, and of every attempt."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from .. import event_items
from ..items import Item, fields_of
from ..model import Attempt, Delivery, DeliveryState, Endpoint, OutboxEvent
from .outbox import DUE_PARTITIONS, KEPT, due_in, event_item, event_key, listed_as_due, moment
from .table import FRESH, Table, key, listed, plain, put, serialized, update

# As the contract keeps its webhook logs.
_LOGS_KEPT = timedelta(days=30)
_SAME = "version = :seen"


class Events(Table):
    """What customers are told, and whether it has arrived."""

    def event(self, event_id: str) -> OutboxEvent | None:
        """Return an event, whoever's it is."""
        item = self.get_item(event_key(event_id))
        return event_items.event(item) if item else None

    def put_event(self, event: OutboxEvent) -> None:
        """Write an event that reports no change of ours: a test."""
        self.transact(put(event_item(event), FRESH))

    def events_after(self, organization_id: int, cursor: str, most: int) -> list[OutboxEvent]:
        """Return events that were written later than a cursor, oldest first."""
        request: Item = {
            "IndexName": "GSI1",
            "KeyConditionExpression": "gsi1pk = :pk AND gsi1sk > :after",
            "ExpressionAttributeValues": serialized(
                {":pk": f"ORG#{organization_id}#EVENT", ":after": cursor}
            ),
        }
        return [event_items.event(item) for item in self.rows(request, most)]

    def begin(self, event: OutboxEvent, deliveries: Sequence[Delivery]) -> None:
        """Take an event from the outbox: from here on its deliveries are what waits.

        Raises Taken when somebody else began it, or a report for it came in meanwhile.
        """
        begun = update(
            event_key(event.id),
            "SET payload = :payload REMOVE due, wake, gsi2pk, gsi2sk",
            {":payload": event.payload, ":seen": event.revision},
            condition="attribute_exists(due) AND revision = :seen",
        )
        self.transact(begun, *(put(_delivery_item(it), FRESH) for it in deliveries))

    def delivery(self, event_id: str, endpoint_id: str) -> Delivery | None:
        """Return how the delivery of an event to a receiver stands."""
        item = self.get_item(_delivery_key(event_id, endpoint_id))
        return event_items.delivery(item) if item else None

    def deliveries(self, event_id: str) -> list[Delivery]:
        """Return an event's deliveries."""
        return [event_items.delivery(item) for item in self.below(_delivery_pk(event_id), "TO#")]

    def save_delivery(
        self,
        before: Delivery,
        after: Delivery,
        *,
        attempt: Attempt | None = None,
        wakes_at: datetime | None = None,
    ) -> Delivery:
        """Write how a delivery stands over how it stood, with what came of an attempt.

        With `wakes_at` the stream puts it into the queue again. Version 0 is a new one. Raises
        Taken when somebody else changed it meanwhile.
        """
        saved = replace(after, version=before.version + 1)
        item = _delivery_item(saved, wakes_at)
        writes = [
            put(item, _SAME, {":seen": before.version}) if before.version else put(item, FRESH)
        ]
        if attempt:
            writes.append(put(_attempt_item(attempt)))
        self.transact(*writes)
        return saved

    def put_attempt(self, attempt: Attempt) -> None:
        """Keep what came of an attempt."""
        self.put_item(_attempt_item(attempt))

    def attempts(self, organization_id: int, subject: str) -> list[Attempt]:
        """Return the attempts to tell of a call (its id) or of an event (its id), oldest first."""
        rows = self.below(f"ATTEMPT#{organization_id}#{subject}", "AT#")
        return [event_items.attempt(item) for item in rows]

    def due_rows(self, until: datetime, most: int) -> Iterator[Item]:
        """Yield events and deliveries that should have been looked at by `until`."""
        for partition in DUE_PARTITIONS:
            yield from self.rows(due_in(partition, until), most)

    def put_off(self, row: Item, until: datetime) -> None:
        """List a row that is due as due later; raise Taken when it has changed meanwhile.

        Only the list: when it may be sent stays as it was.
        """
        self.update_item(
            update(
                key(row["pk"], row["sk"]),
                "SET gsi2sk = :until",
                {":until": moment(until), ":seen": row["gsi2sk"]},
                condition="gsi2sk = :seen",
            )
        )

    def parked(self, endpoint: Endpoint, most: int) -> list[Delivery]:
        """Return deliveries that wait for a receiver to come back, oldest first."""
        request: Item = {
            "IndexName": "GSI2",
            "KeyConditionExpression": "gsi2pk = :pk",
            "ExpressionAttributeValues": serialized(
                {":pk": _parking(endpoint.organization_id, endpoint.id)}
            ),
        }
        return [event_items.delivery(item) for item in self.rows(request, most)]

    def dead_letters(
        self, organization_id: int, most: int, cursor: str | None = None
    ) -> tuple[list[Delivery], str | None]:
        """Return deliveries that were given up, oldest first, and the cursor of the next ones."""
        request: Item = {
            "IndexName": "GSI1",
            "KeyConditionExpression": "gsi1pk = :pk AND gsi1sk > :after",
            "ExpressionAttributeValues": serialized(
                {":pk": f"ORG#{organization_id}#DEAD", ":after": cursor or "0"}
            ),
        }
        found = [plain(item) for page in self.pages(request, most) for item in page["Items"]]
        after = found[-1]["gsi1sk"] if len(found) == most else None
        return [event_items.delivery(item) for item in found], after


def revise(event_id: str, due: datetime) -> Item:
    """Return the write by which an event that nobody began is sent sooner, with news in it."""
    waits = listed_as_due(event_id, due)
    return update(
        event_key(event_id),
        "SET due = :due, wake = :due, gsi2sk = :due ADD revision :one",
        {":due": waits["due"], ":one": 1},
        condition="attribute_exists(due)",
    )


def _delivery_pk(event_id: str) -> str:
    return f"DELIVERY#{event_id}"


def _delivery_key(event_id: str, endpoint_id: str) -> Item:
    return key(_delivery_pk(event_id), f"TO#{endpoint_id}")


def _parking(organization_id: int, endpoint_id: str) -> str:
    return f"PARKED#{organization_id}#{endpoint_id}"


def _delivery_item(delivery: Delivery, wakes_at: datetime | None = None) -> Item:
    row = _delivery_key(delivery.event_id, delivery.endpoint_id) | fields_of(delivery)
    row["ttl"] = int((delivery.first_at + KEPT).timestamp())
    if wakes_at:
        row["wake"] = moment(wakes_at)
    match delivery.state:
        case DeliveryState.PENDING if delivery.due:
            return row | listed_as_due(delivery.event_id, delivery.due)
        case DeliveryState.PARKED:
            place = f"{moment(delivery.first_at)}#{delivery.event_id}"
            return row | {
                "gsi2pk": _parking(delivery.organization_id, delivery.endpoint_id),
                "gsi2sk": place,
            }
        case DeliveryState.DEAD:
            at = moment(delivery.settled_at or delivery.first_at)
            place = f"{at}#{delivery.event_id}#{delivery.endpoint_id}"
            return row | listed(delivery.organization_id, "DEAD", place)
    return row


def _attempt_item(attempt: Attempt) -> Item:
    subject = attempt.event_id if attempt.call_id is None else attempt.call_id
    partition = f"ATTEMPT#{attempt.organization_id}#{subject}"
    place = f"AT#{moment(attempt.at)}#{attempt.event_id}#{attempt.endpoint_id}"
    ends = {"ttl": int((attempt.at + _LOGS_KEPT).timestamp())}
    return key(partition, place) | fields_of(attempt) | ends
