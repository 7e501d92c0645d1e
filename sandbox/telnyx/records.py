"""Telnyx's records of calls: which go on, and every event of the last day."""

from datetime import datetime
from typing import Any

from sandbox.telnyx.commands import TelnyxCall
from sandbox.telnyx.rest import page
from sandbox.wire import Asked, Reply

_EXACT = {"connection_id": "connection_id", "from": "from", "to": "to", "leg_id": "call_leg_id"}


def list_events(asked: Asked) -> Reply:
    """List what was told of the account's calls, oldest first, as its filters want it."""
    rows = [
        _entry(event)
        for call in _calls(asked)
        for event in call.events
        if _is_wanted(event, asked.query)
    ]
    return page(asked, sorted(rows, key=lambda row: str(row["event_timestamp"])))


def list_active(asked: Asked) -> Reply:
    """List an application's calls that have not ended."""
    rows = [
        {
            "record_type": "call",
            "call_control_id": call.carrier_call_id,
            "call_leg_id": call.leg_id,
            "call_session_id": call.session_id,
            "call_duration": 0,
            "client_state": call.client_state or "",
        }
        for call in _calls(asked)
        if not call.over.is_set() and call.dialled.get("connection_id") == asked.path["id"]
    ]
    return page(asked, rows)


def _calls(asked: Asked) -> list[TelnyxCall]:
    return [
        call
        for call in asked.world.calls.values()
        if isinstance(call, TelnyxCall) and call.account == asked.account.id
    ]


def _entry(event: dict[str, Any]) -> dict[str, Any]:
    payload = event["payload"]
    return {
        "record_type": "call_event",
        "call_leg_id": payload.get("call_leg_id"),
        "call_session_id": payload.get("call_session_id"),
        "event_timestamp": event["occurred_at"],
        "name": event["event_type"],
        "type": "webhook",
        # "Which includes raw event": how, no description says.
        "metadata": event,
    }


def _is_wanted(event: dict[str, Any], query: dict[str, str]) -> bool:
    payload = event["payload"]
    same = all(
        query.get(f"filter[{name}]") in (None, payload.get(field)) for name, field in _EXACT.items()
    )
    since = query.get("filter[occurred_at][gte]")
    at = datetime.fromisoformat(event["occurred_at"])
    late_enough = since is None or at >= datetime.fromisoformat(since)
    return same and late_enough and query.get("filter[type]") in (None, "webhook")
