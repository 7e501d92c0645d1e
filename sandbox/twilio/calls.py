"""Twilio's call resource: look at a call, end it."""

from typing import Any

from sandbox import ids, inventory
from sandbox.transcript import Call
from sandbox.twilio.rest import API_VERSION, error, not_found
from sandbox.wire import Asked, Refused, Reply

_UNKNOWN = (
    "parent_call_sid",
    "phone_number_sid",
    "price",
    "answered_by",
    "forwarded_from",
    "group_sid",
    "caller_name",
    "trunk_sid",
    "annotation",
)
_SUBRESOURCES = ("notifications", "recordings", "payments", "events", "siprec", "streams")


def show(call: Call) -> dict[str, Any]:
    """Show a call with all its fields."""
    base = f"/{API_VERSION}/Accounts/{call.account}/Calls/{call.carrier_call_id}"
    return dict.fromkeys(_UNKNOWN) | {
        "sid": call.carrier_call_id,
        "account_sid": call.account,
        "to": call.to,
        "to_formatted": inventory.local_form(call.to),
        "from": call.from_,
        "from_formatted": inventory.local_form(call.from_),
        "status": call.status,
        "start_time": ids.rfc2822(call.started_at),
        "end_time": ids.rfc2822(call.ended_at) if call.ended_at else None,
        "duration": str(call.duration_s) if call.ended_at else None,
        "price_unit": "USD",
        "direction": "inbound",
        "api_version": API_VERSION,
        "queue_time": "0",
        "date_created": ids.rfc2822(call.started_at),
        "date_updated": ids.rfc2822(call.ended_at or call.started_at),
        "uri": f"{base}.json",
        "subresource_uris": {name: f"{base}/{name.capitalize()}.json" for name in _SUBRESOURCES},
    }


def _call(asked: Asked) -> Call:
    sid = asked.path["sid"]
    call = asked.world.call_by_carrier_id("twilio", sid)
    if call is None or call.account != asked.account.id:
        raise Refused(not_found(f"/{API_VERSION}/Accounts/{asked.account.id}/Calls/{sid}.json"))
    return call


def get(asked: Asked) -> Reply:
    """Show one call."""
    return Reply(200, show(_call(asked)))


def update(asked: Asked) -> Reply:
    """End a live call with Status=completed; ending an ended one changes nothing."""
    call = _call(asked)
    if "Url" in asked.body or "Twiml" in asked.body:
        if call.over.is_set():
            raise Refused(error(400, 21220, "Call is not in-progress. Cannot redirect."))
        raise Refused(error(501, 20501, "The sandbox does not redirect running calls"))
    if asked.body.get("Status") in ("completed", "canceled"):
        call.hang_up("assistant")
    return Reply(200, show(call))
