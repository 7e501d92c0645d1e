"""Telnyx sells by order, and settles the order when it likes."""

from typing import Any

from sandbox import ids, inventory
from sandbox.books import OwnedNumber, Resource
from sandbox.telnyx.events import event_hook, new_event
from sandbox.telnyx.numbers import new
from sandbox.telnyx.resources import APPLICATIONS, MESSAGING_PROFILES
from sandbox.telnyx.rest import (
    data,
    error,
    insufficient_funds,
    invalid,
    not_found,
    number_unavailable,
    page,
)
from sandbox.webhooks import Outbox
from sandbox.wire import Asked, Refused, Reply
from sandbox.world import World

ORDERS = "number_orders"


def buy(asked: Asked) -> Reply:
    """Take an order; it succeeds at once unless a fault keeps it pending."""
    numbers = _wanted_numbers(asked)
    for number in numbers:
        _check_sellable(asked, number)
    _check_known(asked, "connection_id", APPLICATIONS)
    _check_known(asked, "messaging_profile_id", MESSAGING_PROFILES)
    if asked.account.balance < asked.world.settings.number_price * len(numbers):
        raise Refused(insufficient_funds())
    order = Resource("telnyx", asked.account.id, ORDERS, ids.uuid(), {})
    order.body = _order_body(order.id, asked.body, numbers)
    asked.world.books.resources.append(order)
    _begin(asked, order)
    return data(order.body)


def _begin(asked: Asked, order: Resource) -> None:
    match asked.fault.fault if asked.fault else None:
        case "order_failure":
            complete(asked.world, order, "failure")
        case "pending_order":
            order.hidden["polls_left"] = asked.fault.polls if asked.fault else None
        case "documents_required":
            order.body["requirements_met"] = False
            for entry in order.body["phone_numbers"]:
                entry |= {
                    "requirements_met": False,
                    "requirements_status": "requirement-info-pending",
                    "regulatory_requirements": [_address_wanted()],
                }
        case _:
            complete(asked.world, order, "success")


def _address_wanted() -> dict[str, Any]:
    return {
        "record_type": "phone_number_regulatory_requirement",
        "requirement_id": ids.uuid(),
        "field_type": "address",
        "field_value": "",
    }


def _wanted_numbers(asked: Asked) -> list[str]:
    entries = asked.body.get("phone_numbers")
    if not isinstance(entries, list) or not entries:
        raise Refused(invalid("/phone_numbers", "phone_numbers must be a list of numbers."))
    numbers = [entry.get("phone_number") for entry in entries if isinstance(entry, dict)]
    for place, number in enumerate(numbers):
        if not isinstance(number, str) or not inventory.is_number(number):
            detail = "The phone number must be in +E.164 format."
            pointer = f"/phone_numbers/{place}/phone_number"
            raise Refused(
                error(422, "10016", "Phone number must be in +E.164 format", detail, pointer)
            )
    return [str(number) for number in numbers]


def _check_sellable(asked: Asked, number: str) -> None:
    world = asked.world
    if asked.account.require_search and number not in world.books.searched.get(
        asked.account.id, set()
    ):
        detail = "The number was not returned by a recent search: search for it, then order it."
        raise Refused(error(400, "85000", "Number not found in recent searches", detail))
    if number in ordered_numbers(world) | world.off_sale("telnyx", asked.account.id):
        raise Refused(number_unavailable())


def ordered_numbers(world: World) -> set[str]:
    """Return the numbers that wait in somebody's order."""
    return {
        entry["phone_number"]
        for order in world.books.resources
        if order.kind == ORDERS and order.body["status"] == "pending"
        for entry in order.body["phone_numbers"]
    }


def _check_known(asked: Asked, field: str, kind: str) -> None:
    wanted = asked.body.get(field)
    if wanted is not None and asked.world.books.resource(asked.account, kind, wanted) is None:
        raise Refused(invalid(f"/{field}", f"{field} {wanted} does not exist."))


def _order_body(order_id: str, wanted: dict[str, Any], numbers: list[str]) -> dict[str, Any]:
    copied = ("connection_id", "messaging_profile_id", "billing_group_id", "customer_reference")
    return {
        "id": order_id,
        "record_type": "number_order",
        "status": "pending",
        "phone_numbers": [_ordered_number(number) for number in numbers],
        "phone_numbers_count": len(numbers),
        "requirements_met": True,
        "sub_number_orders_ids": [ids.uuid()],
        "created_at": ids.iso(),
        "updated_at": ids.iso(),
    } | {name: wanted[name] for name in copied if wanted.get(name) is not None}


def _ordered_number(number: str) -> dict[str, Any]:
    offer = inventory.offer(number)
    return {
        # Not the id of the phone number itself, which exists only after success.
        "id": ids.uuid(),
        "record_type": "number_order_phone_number",
        "phone_number": number,
        "phone_number_type": offer.kind,
        "country_code": offer.country,
        "country_iso_alpha2": offer.country,
        "status": "pending",
        "requirements_met": True,
        "requirements_status": "approved",
        "regulatory_requirements": [],
    }


def complete(world: World, order: Resource, status: str) -> None:
    """Settle a pending order; anything but a pending one stays as it is."""
    account = world.books.account("telnyx", order.account)
    if order.body["status"] != "pending" or account is None:
        return
    order.body |= {"status": status, "updated_at": ids.iso()}
    for entry in order.body["phone_numbers"]:
        entry["status"] = status
        if status == "success":
            number = _new_number(order, entry)
            world.books.add_number(number, world.settings.number_price)
    if account.notification_url:
        event = new_event("number_order.complete", order.body)
        limit = world.settings.telnyx_webhook_limit_s
        told = event_hook(account, event, [account.notification_url], limit)
        world.begin(Outbox(world).send(told))


def _new_number(order: Resource, entry: dict[str, Any]) -> OwnedNumber:
    copied = ("connection_id", "messaging_profile_id", "customer_reference")
    config = {name: order.body.get(name) for name in copied}
    return new(order.account, entry["phone_number"], config)


def get(asked: Asked) -> Reply:
    """Show an order; each look at a pending one counts towards its completion."""
    order = asked.world.books.resource(asked.account, ORDERS, asked.path["id"])
    if order is None:
        raise Refused(not_found())
    left = order.hidden.get("polls_left")
    if left == 0:
        complete(asked.world, order, "success")
        asked.world.books.save()
    elif left is not None:
        order.hidden["polls_left"] = left - 1
    return data(order.body)


def list_orders(asked: Asked) -> Reply:
    """List orders, newest first, by customer_reference or status."""
    filters = {
        name: asked.query.get(f"filter[{name}]") for name in ("customer_reference", "status")
    }
    rows = [
        order.body | {"phone_numbers": [_brief(entry) for entry in order.body["phone_numbers"]]}
        for order in reversed(asked.world.books.resources_of(asked.account, ORDERS))
        if all(value in (None, order.body.get(name)) for name, value in filters.items())
    ]
    return page(asked, rows)


def _brief(entry: dict[str, Any]) -> dict[str, Any]:
    return {"id": entry["id"], "phone_number": entry["phone_number"]}
