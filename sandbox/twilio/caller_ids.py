"""Twilio's verified caller ids: numbers of other companies that may be shown when calling."""

import re
from typing import Any

import httpx

from sandbox import ids, inventory
from sandbox.books import Account, Resource
from sandbox.twilio.rest import API_VERSION, error, not_found, page_of_bodies
from sandbox.twilio.signed import signed_request
from sandbox.webhooks import Hook, Outbox
from sandbox.wire import Asked, Refused, Reply
from sandbox.world import World

KIND = "outgoing_caller_ids"
# Twilio calls the number and wants these six digits keyed in; until then nothing is listed.
REQUESTS = "validation_requests"
_VALIDATION_CODE = "111111"


def is_verified(asked: Asked, number: str) -> bool:
    """Tell whether the account may call from a number that it did not buy."""
    return any(row["phone_number"] == number for row in _rows(asked))


def _rows(asked: Asked) -> list[dict[str, Any]]:
    return [r.body for r in asked.world.books.resources_of(asked.account, KIND)]


def verify(asked: Asked) -> Reply:
    """Begin to verify a number; it is done when `complete` is called for it."""
    number = asked.body.get("PhoneNumber", "")
    if not isinstance(number, str) or not inventory.is_number(number):
        raise Refused(error(400, 13223, f"Invalid phone number format: {number}"))
    if is_verified(asked, number):
        raise Refused(error(400, 21450, f"Phone number {number} is already validated"))
    body = {
        "account_sid": asked.account.id,
        "call_sid": ids.sid("CA"),
        "friendly_name": asked.body.get("FriendlyName") or inventory.local_form(number),
        "phone_number": number,
        "validation_code": _VALIDATION_CODE,
    }
    callback = {
        "url": _callback(asked),
        "method": asked.body.get("StatusCallbackMethod", "POST"),
    }
    books = asked.world.books
    for earlier in books.resources_of(asked.account, REQUESTS):
        if earlier.body["phone_number"] == number:
            books.resources.remove(earlier)
    made = Resource("twilio", asked.account.id, REQUESTS, body["call_sid"], body, callback)
    books.resources.append(made)
    return Reply(200, body)


def _callback(asked: Asked) -> str:
    url = str(asked.body.get("StatusCallback") or "")
    if url and not re.match(r"https?://", url):
        raise Refused(error(400, 21502, f"StatusCallback is not a valid URL: {url}"))
    return url


def complete(world: World, request: Resource, status: str) -> None:
    """End a verification: the right digits were keyed in (`success`), or they were not."""
    account = world.books.account("twilio", request.account)
    if account is None:
        return
    world.books.resources.remove(request)
    sid = ids.sid("PN") if status == "success" else ""
    if sid:
        world.books.resources.append(_caller_id(request, sid))
    if request.hidden["url"]:
        world.begin(Outbox(world).send(_told(world, account, request, status, sid)))


def _caller_id(request: Resource, sid: str) -> Resource:
    body = {
        "sid": sid,
        "account_sid": request.account,
        "friendly_name": request.body["friendly_name"],
        "phone_number": request.body["phone_number"],
        "date_created": ids.rfc2822(),
        "date_updated": ids.rfc2822(),
        "uri": f"/{API_VERSION}/Accounts/{request.account}/OutgoingCallerIds/{sid}.json",
    }
    return Resource("twilio", request.account, KIND, sid, body)


def _told(world: World, account: Account, request: Resource, status: str, sid: str) -> Hook:
    number, method = request.body["phone_number"], request.hidden["method"]
    params = {
        "AccountSid": account.id,
        "CallSid": request.id,
        "To": number,
        "Called": number,
        "VerificationStatus": "success" if status == "success" else "failed",
        "ApiVersion": API_VERSION,
    } | ({"OutgoingCallerIdSid": sid} if sid else {})
    token = ids.uuid()

    def build(url: str, attempt: int, fault: str | None) -> httpx.Request:
        return signed_request(account, url, method, params, token, fault)

    limit = world.settings.twilio_webhook_limit_s
    return Hook("twilio", "caller_id", [request.hidden["url"]], limit, build)


def list_verified(asked: Asked) -> Reply:
    """List the account's verified numbers."""
    wanted = {"phone_number": asked.query.get("PhoneNumber")}
    wanted["friendly_name"] = asked.query.get("FriendlyName")
    rows = [
        row
        for row in _rows(asked)
        if all(value is None or row[name] == value for name, value in wanted.items())
    ]
    return Reply(200, page_of_bodies(asked, "OutgoingCallerIds.json", KIND, rows))


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
