"""Telnyx's verified numbers: numbers of other companies that may be shown when calling."""

from typing import Any

from sandbox import ids, inventory
from sandbox.books import Resource
from sandbox.telnyx.rest import data, error, invalid, not_found, page
from sandbox.wire import Asked, Refused, Reply
from sandbox.world import World

KIND = "verified_numbers"
WRONG_CODE = "000000"


def is_verified(asked: Asked, number: str) -> bool:
    """Tell whether the account may call from a number that it did not buy."""
    found = asked.world.books.resource(asked.account, KIND, number)
    return found is not None and not found.hidden["pending"]


def request(asked: Asked) -> Reply:
    """Begin to verify a number; the next step is any code, sent to its `actions/verify`."""
    number = asked.body.get("phone_number", "")
    if not isinstance(number, str) or not inventory.is_number(number):
        detail = "The phone_number must be in +E.164 format."
        raise Refused(error(422, "10016", "Invalid phone number", detail, "/phone_number"))
    if is_verified(asked, number):
        raise Refused(invalid("/phone_number", "The number is verified already."))
    method = asked.body.get("verification_method", "sms")
    body = {"phone_number": number, "record_type": "verified_number", "verified_at": None}
    books = asked.world.books
    if (earlier := books.resource(asked.account, KIND, number)) is not None:
        books.resources.remove(earlier)
    hidden = {"pending": True, "requested_at": ids.iso()}
    books.resources.append(Resource("telnyx", asked.account.id, KIND, number, body, hidden))
    return Reply(200, {"phone_number": number, "verification_method": method})


def verify(asked: Asked) -> Reply:
    """Finish it; the sandbox takes any code but the one that is wrong."""
    code = asked.body.get("verification_code")
    if not code:
        raise Refused(invalid("/verification_code", "The verification_code is required."))
    found = _found(asked)
    if code == WRONG_CODE:
        raise Refused(invalid("/verification_code", "The verification code is incorrect."))
    complete(asked.world, found, "success")
    return data(found.body)


def complete(world: World, request: Resource, status: str) -> None:
    """End a verification: the right code was given (`success`), or it lapsed."""
    if status == "success":
        request.hidden["pending"] = False
        request.body["verified_at"] = ids.iso()
    else:
        world.books.resources.remove(request)


def list_verified(asked: Asked) -> Reply:
    """List the account's verified numbers."""
    rows: list[dict[str, Any]] = [
        r.body
        for r in asked.world.books.resources_of(asked.account, KIND)
        if not r.hidden["pending"]
    ]
    return page(asked, rows)


def get(asked: Asked) -> Reply:
    """Show one verified number."""
    return data(_found(asked).body)


def delete(asked: Asked) -> Reply:
    """Forget a verified number."""
    found = _found(asked)
    asked.world.books.resources.remove(found)
    return data(found.body)


def _found(asked: Asked) -> Resource:
    found = asked.world.books.resource(asked.account, KIND, asked.path["number"])
    if found is None:
        raise Refused(not_found())
    return found
