"""Telnyx's owned numbers: list, look, configure, release."""

from typing import Any

from sandbox.books import OwnedNumber
from sandbox.telnyx.resources import APPLICATIONS, MESSAGING_PROFILES
from sandbox.telnyx.rest import data, invalid, not_found, page
from sandbox.wire import Asked, Refused, Reply

_CHANGEABLE = (
    "connection_id",
    "tags",
    "customer_reference",
    "external_pin",
    "billing_group_id",
    "hd_voice_enabled",
)


def show(number: OwnedNumber) -> dict[str, Any]:
    """Show a phone number with the fields its description demands."""
    fields: dict[str, Any] = {
        "id": number.id,
        "record_type": "phone_number",
        "phone_number": number.number,
        "status": "active",
        "country_iso_alpha2": number.country,
        "phone_number_type": number.kind,
        "connection_id": None,
        "connection_name": None,
        "messaging_profile_id": None,
        "messaging_profile_name": None,
        "customer_reference": None,
        "external_pin": None,
        "billing_group_id": None,
        "tags": [],
        "deletion_lock_enabled": False,
        "hd_voice_enabled": False,
        "emergency_enabled": False,
        "source_type": "number_order",
        "purchased_at": number.bought_at,
        "created_at": number.bought_at,
        "updated_at": number.bought_at,
    }
    return fields | {k: v for k, v in number.config.items() if k in fields}


def _owned(asked: Asked) -> OwnedNumber:
    number = asked.world.books.number_by_id(asked.account, asked.path["id"])
    if number is None:
        raise Refused(not_found())
    return number


def list_owned(asked: Asked) -> Reply:
    """List the account's numbers, newest first.

    As documented, `filter[phone_number]` finds nothing when it holds anything but digits.
    """
    rows = [show(n) for n in reversed(asked.world.books.numbers_of(asked.account))]
    return page(asked, [row for row in rows if _passes(row, asked.query)])


def _passes(row: dict[str, Any], query: dict[str, str]) -> bool:
    digits = query.get("filter[phone_number]", "")
    if digits and not (digits.isdigit() and digits in row["phone_number"]):
        return False
    tag = query.get("filter[tag]")
    if tag is not None and tag not in row["tags"]:
        return False
    exact = ("status", "connection_id", "customer_reference", "country_iso_alpha2")
    return all(query.get(f"filter[{name}]") in (None, row[name]) for name in exact)


def get(asked: Asked) -> Reply:
    """Show one number."""
    return data(show(_owned(asked)))


def update(asked: Asked) -> Reply:
    """Point a number elsewhere, tag it; a messaging profile is not set here."""
    number = _owned(asked)
    connection = asked.body.get("connection_id")
    if connection and not asked.world.books.resource(asked.account, APPLICATIONS, connection):
        raise Refused(invalid("/connection_id", f"Connection {connection} does not exist."))
    number.config |= {k: v for k, v in asked.body.items() if k in _CHANGEABLE}
    return data(show(number))


def release(asked: Asked) -> Reply:
    """Give a number back: 200 with the number once, 404 afterwards."""
    number = _owned(asked)
    asked.world.books.numbers.remove(number)
    # The description of this answer, unlike the others, allows no null.
    gone = {k: v for k, v in show(number).items() if v is not None}
    return data(gone | {"status": "deleted"})


def get_messaging(asked: Asked) -> Reply:
    """Show a number's messaging settings."""
    return data(_messaging(_owned(asked)))


def update_messaging(asked: Asked) -> Reply:
    """Set a number's messaging profile."""
    number = _owned(asked)
    profile = asked.body.get("messaging_profile_id")
    if profile and not asked.world.books.resource(asked.account, MESSAGING_PROFILES, profile):
        raise Refused(invalid("/messaging_profile_id", f"Profile {profile} does not exist."))
    number.config["messaging_profile_id"] = profile or None
    return data(_messaging(number))


def _messaging(number: OwnedNumber) -> dict[str, Any]:
    return {
        "record_type": "messaging_settings",
        "id": number.id,
        "phone_number": number.number,
        "messaging_profile_id": number.config.get("messaging_profile_id"),
        "messaging_product": "P2P",
        "traffic_type": "P2P",
        "country_code": number.country,
        "type": "toll-free" if number.kind == "toll_free" else "long-code",
        "eligible_messaging_products": ["P2P"],
        "created_at": number.bought_at,
        "updated_at": number.bought_at,
    }
