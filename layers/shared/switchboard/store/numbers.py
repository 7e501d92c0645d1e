"""Rows of phone numbers, and of the orders by which they are bought.

The number's row is also the claim that keeps anyone else from buying it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from .. import items
from ..items import Item
from ..model import Actor, AuditEntry, Number, NumberOrder
from .audit import audit_row
from .number_rows import number_item, number_key
from .outbox import order_event
from .table import FRESH, Table, delete, key, listed, put, sortable, update
from .trunks import still_there

# A number that this order has claimed, and no later one.
_OWNED = "organization_id = :organization AND order_key = :order_key"


class Numbers(Table):
    """Who holds which number, and how it came to be theirs."""

    def number(self, phone_number: str) -> Number | None:
        """Return a number, whoever holds it."""
        item = self.get_item(number_key(phone_number))
        return items.number(item) if item else None

    def numbers(self, organization_id: int) -> Iterator[Number]:
        """Yield an organization's numbers. A request for each MB that is really read."""
        return map(items.number, self.indexed(f"ORG#{organization_id}#NUMBER"))

    def order(self, organization_id: int, order_key: str) -> NumberOrder | None:
        """Return an order by its key."""
        item = self.get_item(_order_key(organization_id, order_key))
        return items.order(item) if item else None

    def claim(self, order: NumberOrder, number: Number) -> None:
        """Write a new order and claim its number; raise Taken([order, number]) with what stood.

        Its SIP trunk must still be there (place 2).
        """
        self.transact(
            self._put_order(order, FRESH),
            self._put_number(number, FRESH),
            *still_there(number),
        )

    def settle(self, order: NumberOrder, number: Number | None) -> None:
        """Write how an order ended and its number with it; None gives the number free.

        Raises Taken when another process settled it first.
        """
        unsettled = "attribute_exists(pk) AND #status IN (:submitted, :pending, :unknown)"
        values = {":submitted": "submitted", ":pending": "pending", ":unknown": "unknown"}
        write_number = _settle_number(order, number) if number else _free_number(order)
        on_record = _purchased(order, order.to_record) if number and order.to_record else []
        if on_record:
            order = replace(order, to_record=None)
        told = order_event(order, number, self._clock())
        self.transact(self._put_order(order, unsettled, values), write_number, *on_record, *told)

    def withdraw(self, order: NumberOrder) -> None:
        """Forget an order that certainly had no effect, and give its number free.

        Raises Taken when another process settled it first.
        """
        forget = delete(
            _order_key(order.organization_id, order.key),
            "id = :id AND #status = :submitted",
            {":id": order.id, ":submitted": "submitted"},
            {"#status": "status"},
        )
        self.transact(forget, _free_number(order))

    def _put_order(
        self, order: NumberOrder, condition: str, values: Mapping[str, Any] | None = None
    ) -> Item:
        item = (
            _order_key(order.organization_id, order.key)
            | listed(order.organization_id, "ORDER", sortable(order.id))
            | items.fields_of(order)
        )
        names = {"#status": "status"} if "#status" in condition else {}
        return put(item, condition, values, names)

    def _put_number(self, number: Number, condition: str) -> Item:
        return put(number_item(number), condition)


def _order_key(organization_id: int, order_key: str) -> Item:
    return key(f"ORDER#{organization_id}#{order_key}", "ORDER")


def _purchased(order: NumberOrder, buyer: Actor) -> list[Item]:
    # Whoever settles it, also a webhook or a later look: it was asked for when it was ordered.
    details = {
        "provider": order.carrier,
        "order_id": order.id,
        "assistant_id": order.assistant_id,
    }
    entry = AuditEntry(
        id=order.id,
        organization_id=order.organization_id,
        at=order.created_at,
        actor=buyer,
        action="number.purchased",
        target=order.phone_number,
        details=details,
    )
    return [put(audit_row(entry), FRESH)]


def _free_number(order: NumberOrder) -> Item:
    return delete(number_key(order.phone_number), _OWNED, _owner(order))


def _settle_number(order: NumberOrder, number: Number) -> Item:
    # Only what the order decides: the assistant may have been changed meanwhile.
    settled = {
        ":status": number.status.value,
        ":carrier_number_id": number.carrier_number_id or "",
        ":capabilities": items.plain(number.capabilities),
        ":now": order.updated_at.isoformat(),
        ":zero": 0,
        ":one": 1,
    }
    return update(
        number_key(number.phone_number),
        "SET #status = :status, carrier_number_id = :carrier_number_id, "
        "capabilities = :capabilities, updated_at = :now, "
        "version = if_not_exists(version, :zero) + :one",
        {**_owner(order), **settled},
        condition=_OWNED,
        names={"#status": "status"},
    )


def _owner(order: NumberOrder) -> dict[str, Any]:
    return {":organization": order.organization_id, ":order_key": order.key}
