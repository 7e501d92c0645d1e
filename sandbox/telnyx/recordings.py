"""Telnyx's recordings, as its API shows them: with links that need no key."""

from typing import Any

from sandbox import recordings
from sandbox.telnyx.commands import TelnyxCall
from sandbox.telnyx.rest import data, not_found, page
from sandbox.wire import Asked, Refused, Reply
from sandbox.world import World


def link(world: World, call: TelnyxCall, form: str) -> str:
    """Return where a call's file is: at this sandbox, under the name that it was asked by."""
    return f"{world.own_url}/telnyx/recording_files/{call.recording_id}.{form}"


def _show(world: World, call: TelnyxCall) -> dict[str, Any]:
    return {
        "record_type": "recording",
        "id": call.recording_id,
        "call_control_id": call.carrier_call_id,
        "call_leg_id": call.leg_id,
        "call_session_id": call.session_id,
        "channels": "dual",
        "status": "completed",
        "duration_millis": call.duration_s * 1000,
        "recording_started_at": call.started_at,
        "download_urls": {"mp3": link(world, call, "mp3")},
    }


def _made(asked: Asked) -> list[TelnyxCall]:
    return [
        call
        for call in asked.world.calls.values()
        if isinstance(call, TelnyxCall)
        and call.account == asked.account.id
        and call.recording_id
        and recordings.is_there(asked.world, call)
    ]


def get(asked: Asked) -> Reply:
    """Show one recording."""
    for call in _made(asked):
        if call.recording_id == asked.path["id"]:
            return data(_show(asked.world, call))
    raise Refused(not_found())


def list_made(asked: Asked) -> Reply:
    """List the account's recordings, of one leg if one is named."""
    leg = asked.query.get("filter[call_leg_id]")
    rows = [_show(asked.world, call) for call in _made(asked) if leg in (None, call.leg_id)]
    return page(asked, rows)
