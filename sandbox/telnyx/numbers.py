"""Telnyx's owned numbers: list, look, configure, release."""

from typing import Any

from sandbox import ids, inventory
from sandbox.books import Books, OwnedNumber
from sandbox.telnyx.resources import APPLICATIONS, MESSAGING_PROFILES
from sandbox.telnyx.rest import data, error, invalid, not_found, page
from sandbox.wire import Asked, Refused, Reply

CHANGEABLE = (
    "connection_id",
    "tags",
    "customer_reference",
    "external_pin",
    "billing_group_id",
    "hd_voice_enabled",
)
_SORTS = ("purchased_at", "phone_number", "connection_name", "usage_payment_method")
_EXACT = ("status", "connection_id", "customer_reference", "billing_group_id")
_FEWEST_DIGITS = 3
# A release of a locked number is refused; how, no description says: this is the stricter guess.
_LOCKED = "The phone number has deletion lock enabled."


def new(account_id: str, number: str, config: dict[str, Any]) -> OwnedNumber:
    """Make the resource of a number that an account has just bought."""
    offer = inventory.offer(number)
    return OwnedNumber(
        "telnyx", account_id, ids.numeric(), number, offer.country, offer.kind, ids.iso(), config
    )


def show(number: OwnedNumber, books: Books) -> dict[str, Any]:
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
    fields |= {k: v for k, v in number.config.items() if k in fields}
    fields["connection_name"] = _name(books, number, APPLICATIONS, "connection_id")
    profile = _name(books, number, MESSAGING_PROFILES, "messaging_profile_id")
    return fields | {"messaging_profile_name": profile}


def _name(books: Books, number: OwnedNumber, kind: str, field: str) -> str | None:
    wanted, account = number.config.get(field), books.account("telnyx", number.account)
    found = books.resource(account, kind, wanted) if account and wanted else None
    if found is None:
        return None
    return str(found.body.get("application_name") or found.body.get("name"))


def owned(asked: Asked) -> OwnedNumber:
    """Return the account's number that the path names, or refuse."""
    number = asked.world.books.number_by_id(asked.account, asked.path["id"])
    if number is None:
        raise Refused(not_found())
    return number


def list_owned(asked: Asked) -> Reply:
    """List the account's numbers, newest first unless `sort` says otherwise.

    As documented, `filter[phone_number]` wants three digits at least, and finds nothing when it
    holds anything else.
    """
    books = asked.world.books
    rows = [show(n, books) for n in reversed(books.numbers_of(asked.account))]
    order = asked.query.get("sort")
    if order is not None and order not in _SORTS:
        detail = f"sort must be one of: {', '.join(_SORTS)}"
        raise Refused(error(400, "10015", "Invalid value", detail, parameter="sort"))
    if order:
        rows.sort(key=lambda row: str(row.get(order) or ""))
    return page(asked, [row for row in rows if _passes(row, asked.query)])


def _passes(row: dict[str, Any], query: dict[str, str]) -> bool:
    digits = query.get("filter[phone_number]", "")
    usable = digits.isdigit() and len(digits) >= _FEWEST_DIGITS
    if digits and not (usable and digits in row["phone_number"]):
        return False
    tag = query.get("filter[tag]")
    if tag is not None and tag not in row["tags"]:
        return False
    if query.get("filter[without_tags]") == "true" and row["tags"]:
        return False
    countries = query.get("filter[country_iso_alpha2]")
    if countries and row["country_iso_alpha2"] not in countries.split(","):
        return False
    if query.get("filter[number_type][eq]") not in (None, row["phone_number_type"]):
        return False
    return all(query.get(f"filter[{name}]") in (None, row[name] or "null") for name in _EXACT)


def get(asked: Asked) -> Reply:
    """Show one number."""
    return data(show(owned(asked), asked.world.books))


def update(asked: Asked) -> Reply:
    """Point a number elsewhere, tag it; a messaging profile is not set here."""
    number = owned(asked)
    connection = asked.body.get("connection_id")
    if connection and not asked.world.books.resource(asked.account, APPLICATIONS, connection):
        raise Refused(invalid("/connection_id", f"Connection {connection} does not exist."))
    number.config |= {k: v for k, v in asked.body.items() if k in CHANGEABLE}
    return data(show(number, asked.world.books))


def release(asked: Asked) -> Reply:
    """Give a number back: 200 with the number once, 404 afterwards."""
    number, books = owned(asked), asked.world.books
    if number.config.get("deletion_lock_enabled"):
        raise Refused(error(422, "10035", "Resource is locked", _LOCKED))
    # The description of this answer, unlike the others, allows no null.
    gone = {k: v for k, v in show(number, books).items() if v is not None}
    books.release(number)
    return data(gone | {"status": "deleted"})
