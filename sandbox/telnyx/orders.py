"""Telnyx sells by order: search first, order, and wait until the order is settled."""

import json
from typing import Any

import httpx

from sandbox import ids, inventory
from sandbox.books import Account, OwnedNumber, Resource
from sandbox.signing import telnyx_headers
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
from sandbox.webhooks import Hook, Outbox
from sandbox.wire import Asked, Refused, Reply
from sandbox.world import World

ORDERS = "number_orders"
_ATTEMPTS = 3
_SEARCH_LIMIT = 20


def search(asked: Asked) -> Reply:
    """Search for numbers on sale, and remember that this account saw them."""
    query = asked.query
    country = query.get("filter[country_code]", "US")
    kind = query.get("filter[phone_number_type]", "local")
    if kind not in inventory.COUNTRIES.get(country, ("", ()))[1]:
        return _found([], country)
    wanted = {
        name: _digits(query.get(f"filter[phone_number][{name}_with]", ""))
        for name in ("starts", "ends")
    }
    taken = frozenset(n.number for n in asked.world.books.numbers if n.carrier == "telnyx")
    numbers = inventory.for_sale(
        country,
        kind,
        starts=wanted["starts"] or query.get("filter[national_destination_code]", ""),
        contains=_digits(query.get("filter[phone_number][contains]", "")),
        ends=wanted["ends"],
        taken=taken,
        limit=int(query.get("filter[limit]", _SEARCH_LIMIT)),
    )
    asked.world.books.searched.setdefault(asked.account.id, set()).update(numbers)
    return _found(numbers, country)


def _digits(pattern: str) -> str:
    return "".join(c for c in pattern if c.isdigit())


def _found(numbers: list[str], country: str) -> Reply:
    rows = [
        {
            "record_type": "available_phone_number",
            "phone_number": number,
            "vanity_format": "",
            "best_effort": False,
            "quickship": True,
            "reservable": True,
            "cost_information": {
                "upfront_cost": "1.00",
                "monthly_cost": "1.00",
                "currency": "USD",
            },
            "features": [{"name": name} for name in ("sms", "mms", "voice", "fax")],
            "region_information": [{"region_type": "country_code", "region_name": country}],
        }
        for number in numbers
    ]
    meta = {"total_results": len(rows), "best_effort_results": 0}
    return Reply(200, {"data": rows, "meta": meta})


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
    fault = asked.fault.fault if asked.fault else None
    if fault == "order_failure":
        complete(asked.world, order, "failure")
    elif asked.fault is not None and fault == "pending_order":
        order.hidden["polls_left"] = asked.fault.polls
    else:
        complete(asked.world, order, "success")
    return data(order.body)


def _wanted_numbers(asked: Asked) -> list[str]:
    entries = asked.body.get("phone_numbers")
    if not isinstance(entries, list) or not entries:
        raise Refused(invalid("/phone_numbers", "phone_numbers must be a list of numbers."))
    numbers = [entry.get("phone_number") for entry in entries if isinstance(entry, dict)]
    for place, number in enumerate(numbers):
        if not isinstance(number, str) or not inventory.E164.match(number):
            detail = "The phone number must be in +E.164 format."
            pointer = f"/phone_numbers/{place}/phone_number"
            raise Refused(
                error(422, "10016", "Phone number must be in +E.164 format", detail, pointer)
            )
    return [str(number) for number in numbers]


def _check_sellable(asked: Asked, number: str) -> None:
    books = asked.world.books
    if asked.account.require_search and number not in books.searched.get(asked.account.id, set()):
        detail = "The number was not returned by a recent search: search for it, then order it."
        raise Refused(error(400, "85000", "Number not found in recent searches", detail))
    in_orders = any(
        entry["phone_number"] == number
        for order in books.resources
        if order.kind == ORDERS and order.body["status"] == "pending"
        for entry in order.body["phone_numbers"]
    )
    if in_orders or books.owner("telnyx", number) is not None:
        raise Refused(number_unavailable())


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
    country = inventory.country_of(number)
    return {
        # Not the id of the phone number itself, which exists only after success.
        "id": ids.uuid(),
        "record_type": "number_order_phone_number",
        "phone_number": number,
        "phone_number_type": inventory.kind_of(number),
        "country_code": country,
        "country_iso_alpha2": country,
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
        world.begin(Outbox(world).send(_completion_hook(world, account, order)))


def _new_number(order: Resource, entry: dict[str, Any]) -> OwnedNumber:
    copied = ("connection_id", "messaging_profile_id", "customer_reference")
    return OwnedNumber(
        "telnyx",
        order.account,
        ids.numeric(),
        entry["phone_number"],
        entry["country_iso_alpha2"],
        entry["phone_number_type"],
        ids.iso(),
        {name: order.body.get(name) for name in copied},
    )


def _completion_hook(world: World, account: Account, order: Resource) -> Hook:
    event = {
        "event_type": "number_order.complete",
        "id": ids.uuid(),
        "occurred_at": ids.iso(),
        "record_type": "event",
        "payload": order.body,
    }

    def build(url: str, attempt: int, fault: str | None) -> httpx.Request:
        return signed_request(account, url, attempt, event, fault)

    urls = [account.notification_url or ""] * _ATTEMPTS
    limit = world.settings.telnyx_webhook_limit_s
    return Hook("telnyx", "number_order.complete", urls, limit, build)


def signed_request(
    account: Account, url: str, attempt: int, event: dict[str, Any], fault: str | None
) -> httpx.Request:
    """Wrap an event in Telnyx's envelope and sign it; a fault spoils the signature."""
    envelope = {"data": event, "meta": {"attempt": attempt, "delivered_to": url}}
    body = json.dumps(envelope, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "telnyx-webhooks"}
    signed = telnyx_headers(account.private["signing_seed"], body)
    if fault == "bad_signature":
        signed = telnyx_headers("ff" * 32, body)
    elif fault == "stale":
        an_hour_ago = int(ids.now().timestamp()) - 3600
        signed = telnyx_headers(account.private["signing_seed"], body, an_hour_ago)
    elif fault == "unsigned":
        signed = {}
    return httpx.Request("POST", url, headers=headers | signed, content=body)


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
