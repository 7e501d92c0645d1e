"""Twilio's verified caller ids: numbers of other companies that may be shown when calling."""

from typing import Any

from sandbox import ids, inventory
from sandbox.books import Resource
from sandbox.twilio.rest import API_VERSION, error, not_found, page
from sandbox.wire import Asked, Refused, Reply

KIND = "outgoing_caller_ids"
# Here nobody has to key in the code that Twilio would read out over the phone.
_VALIDATION_CODE = "111111"


def is_verified(asked: Asked, number: str) -> bool:
    """Tell whether the account may call from a number that it did not buy."""
    return any(row["phone_number"] == number for row in _rows(asked))


def _rows(asked: Asked) -> list[dict[str, Any]]:
    return [r.body for r in asked.world.books.resources_of(asked.account, KIND)]


def verify(asked: Asked) -> Reply:
    """Verify a number; the sandbox believes at once that it is the account's own."""
    number = asked.body.get("PhoneNumber", "")
    if not isinstance(number, str) or not inventory.E164.match(number):
        raise Refused(error(400, 13223, f"Invalid phone number format: {number}"))
    if is_verified(asked, number):
        raise Refused(error(400, 21450, f"Phone number {number} is already validated"))
    sid, name = ids.sid("PN"), asked.body.get("FriendlyName") or inventory.local_form(number)
    base = f"/{API_VERSION}/Accounts/{asked.account.id}"
    body = {
        "sid": sid,
        "account_sid": asked.account.id,
        "friendly_name": name,
        "phone_number": number,
        "date_created": ids.rfc2822(),
        "date_updated": ids.rfc2822(),
        "uri": f"{base}/OutgoingCallerIds/{sid}.json",
    }
    asked.world.books.resources.append(Resource("twilio", asked.account.id, KIND, sid, body))
    return Reply(
        200,
        {
            "account_sid": asked.account.id,
            "call_sid": ids.sid("CA"),
            "friendly_name": name,
            "phone_number": number,
            "validation_code": _VALIDATION_CODE,
        },
    )


def list_verified(asked: Asked) -> Reply:
    """List the account's verified numbers."""
    wanted = {"phone_number": asked.query.get("PhoneNumber")}
    wanted["friendly_name"] = asked.query.get("FriendlyName")
    rows = [
        row
        for row in _rows(asked)
        if all(value is None or row[name] == value for name, value in wanted.items())
    ]
    return Reply(200, page(asked, "OutgoingCallerIds.json", KIND, rows))


def get(asked: Asked) -> Reply:
    """Show one verified number."""
    return Reply(200, _found(asked).body)


def delete(asked: Asked) -> Reply:
    """Forget a verified number."""
    asked.world.books.resources.remove(_found(asked))
    return Reply(204)


def _found(asked: Asked) -> Resource:
    found = asked.world.books.resource(asked.account, KIND, asked.path["sid"])
    if found is None:
        raise Refused(not_found(f"/OutgoingCallerIds/{asked.path['sid']}.json"))
    return found
