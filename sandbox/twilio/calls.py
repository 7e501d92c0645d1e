"""Twilio's call resource: find calls, look at one, end it, give it other instructions."""

from collections.abc import Callable
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from operator import eq, ge, le
from typing import Any

from sandbox import ids, inventory
from sandbox.twilio.call import TwilioCall, entry_of
from sandbox.twilio.rest import API_VERSION, error, not_found, page_of_bodies
from sandbox.wire import Asked, Refused, Reply

_UNKNOWN = (
    "parent_call_sid",
    "phone_number_sid",
    "price",
    "forwarded_from",
    "group_sid",
    "caller_name",
    "trunk_sid",
    "annotation",
)
# `StartTime>` is the name of the parameter of which one reads `StartTime>=2026-11-21`.
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {"": eq, "<": le, ">": ge}
_SUBRESOURCES = ("notifications", "recordings", "payments", "events", "siprec", "streams")


def show(call: TwilioCall) -> dict[str, Any]:
    """Show a call with all its fields."""
    base = f"/{API_VERSION}/Accounts/{call.account}/Calls/{call.carrier_call_id}"
    return dict.fromkeys(_UNKNOWN) | {
        "sid": call.carrier_call_id,
        "account_sid": call.account,
        "to": call.to,
        "to_formatted": inventory.local_form(call.to),
        "from": call.from_,
        "from_formatted": inventory.local_form(call.from_),
        # Twilio shows a call that is being initiated as queued.
        "status": "queued" if call.status == "initiated" else call.status,
        "start_time": None if call.status == "queued" else ids.rfc2822(call.started_at),
        "end_time": ids.rfc2822(call.ended_at) if call.ended_at else None,
        "duration": str(call.duration_s) if call.ended_at else None,
        "price_unit": "USD",
        "direction": call.wording,
        "answered_by": call.answered_by,
        "api_version": API_VERSION,
        "queue_time": "0",
        "date_created": ids.rfc2822(call.started_at),
        "date_updated": ids.rfc2822(call.ended_at or call.started_at),
        "uri": f"{base}.json",
        "subresource_uris": {name: f"{base}/{name.capitalize()}.json" for name in _SUBRESOURCES},
    }


def _call(asked: Asked) -> TwilioCall:
    sid = asked.path["sid"]
    call = asked.world.call_by_carrier_id("twilio", sid)
    if not isinstance(call, TwilioCall) or call.account != asked.account.id:
        raise Refused(not_found(f"/{API_VERSION}/Accounts/{asked.account.id}/Calls/{sid}.json"))
    return call


def get(asked: Asked) -> Reply:
    """Show one call."""
    return Reply(200, show(_call(asked)))


def update(asked: Asked) -> Reply:
    """End a call, or give it other instructions; ending an ended one changes nothing."""
    call, form = _call(asked), asked.body
    if form.get("Url") or form.get("Twiml"):
        if call.over.is_set() or call.answered is None:
            raise Refused(error(400, 21220, "Call is not in-progress. Cannot redirect."))
        call.redirect(entry_of(form))
    ringing = call.answered is None
    if form.get("Status") == "completed" or (form.get("Status") == "canceled" and ringing):
        call.hang_up("assistant")
    return Reply(200, show(call))


def delete(asked: Asked) -> Reply:
    """Delete the record of a call that is over; it does not hang up."""
    call = _call(asked)
    if call.ended is None:
        raise Refused(error(400, 20009, "Cannot delete the resource: the call is not finished"))
    asked.world.calls.pop(call.id)
    return Reply(204)


def list_calls(asked: Asked) -> Reply:
    """List the account's calls, newest first."""
    calls = [
        call
        for call in asked.world.calls.values()
        if isinstance(call, TwilioCall) and call.account == asked.account.id
    ]
    rows = [row for row in map(show, reversed(calls)) if _is_wanted(row, asked.query)]
    for name, field in (("StartTime", "start_time"), ("EndTime", "end_time")):
        for suffix, fits in _COMPARED.items():
            if wanted := asked.query.get(name + suffix):
                rows = [row for row in rows if _is_when(row[field], wanted, fits)]
    return Reply(200, page_of_bodies(asked, "Calls.json", "calls", rows))


def _is_wanted(row: dict[str, Any], query: dict[str, str]) -> bool:
    exact = {"To": "to", "From": "from", "Status": "status", "ParentCallSid": "parent_call_sid"}
    return all(query.get(name) in (None, row[field]) for name, field in exact.items())


def _is_when(shown: str | None, wanted: str, fits: Callable[[Any, Any], bool]) -> bool:
    """Compare a moment with a date (`2026-11-21`) or a time, as the filter is one or the other."""
    if shown is None:
        return False
    moment = parsedate_to_datetime(shown)
    try:
        if len(wanted) == len("2026-11-21"):
            return fits(moment.date(), date.fromisoformat(wanted))
        return fits(moment, datetime.fromisoformat(wanted))
    except (ValueError, TypeError) as problem:
        raise Refused(error(400, 20001, f"{wanted} is not a date")) from problem
