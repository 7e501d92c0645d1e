"""Vonage's call resource: find calls, look at one, end it, give it other instructions."""

from datetime import datetime
from typing import Any

from sandbox.vonage.call import Script, VonageCall
from sandbox.vonage.ncco import BadNcco, check
from sandbox.vonage.rest import figure
from sandbox.vonage.voice_api import application_of, bad_request, not_found, wrong_state
from sandbox.wire import Asked, Refused, Reply

_USUAL_PAGE = 10
_LARGEST_PAGE = 100
_SILENT = ("mute", "unmute", "earmuff", "unearmuff")
ACTIONS = ("hangup", "transfer", *_SILENT)


def _calls(asked: Asked) -> list[VonageCall]:
    application = application_of(asked)
    return [
        call
        for call in asked.world.calls.values()
        if isinstance(call, VonageCall) and call.application_id == application.id
    ]


def _call(asked: Asked) -> VonageCall:
    wanted = asked.path["uuid"]
    found = next((c for c in _calls(asked) if c.carrier_call_id == wanted), None)
    if found is None:
        raise Refused(not_found())
    return found


def get(asked: Asked) -> Reply:
    """Show one call."""
    return Reply(200, _call(asked).show())


def list_calls(asked: Asked) -> Reply:
    """List the application's calls, oldest first unless `order` says otherwise."""
    size = max(1, figure(asked, "page_size", _USUAL_PAGE, _LARGEST_PAGE))
    start = figure(asked, "record_index", 0)
    rows = [call.show() for call in _calls(asked) if _is_wanted(call, asked.query)]
    if asked.query.get("order") == "desc":
        rows.reverse()
    link = f"/calls?page_size={size}&record_index={start}&order={asked.query.get('order', 'asc')}"
    body = {
        "count": len(rows),
        "page_size": size,
        "record_index": start,
        "_links": {"self": {"href": link}},
        "_embedded": {"calls": rows[start : start + size]},
    }
    return Reply(200, body)


def _is_wanted(call: VonageCall, query: dict[str, str]) -> bool:
    began = datetime.fromisoformat(call.started_at)
    if query.get("date_start") and began < datetime.fromisoformat(query["date_start"]):
        return False
    if query.get("date_end") and began > datetime.fromisoformat(query["date_end"]):
        return False
    same = query.get("conversation_uuid") in (None, call.conversation_id)
    return same and query.get("status") in (None, call.word)


def operation(body: dict[str, Any]) -> str:
    """Return the name by which faults know what a PUT does."""
    action = body.get("action")
    return action if action in ("hangup", "transfer") else "update_call"


def update(asked: Asked) -> Reply:
    """End a call, or give it another NCCO; 204 and no body."""
    call, action = _call(asked), asked.body.get("action")
    if action not in ACTIONS:
        raise bad_request("action", f"must be one of {', '.join(ACTIONS)}")
    if call.over.is_set() or (action != "hangup" and call.answered is None):
        raise Refused(wrong_state())
    if action == "hangup":
        call.hang_up("assistant")
    elif action == "transfer":
        _transfer(call, asked.body.get("destination"))
    else:
        call.note("command_passed", f"{action} is noted, the sandbox does not play it")
    return Reply(204)


def _transfer(call: VonageCall, destination: Any) -> None:
    if not isinstance(destination, dict) or destination.get("type") != "ncco":
        raise bad_request("destination", "must be an object of type ncco")
    url = destination.get("url")
    if "ncco" in destination:
        try:
            actions = check(destination["ncco"])
        except BadNcco as error:
            raise bad_request("destination.ncco", str(error)) from error
        call.redirect(Script(ncco=actions, moves=True))
    elif isinstance(url, list) and len(url) == 1:
        call.redirect(Script(str(url[0]), moves=True))
    else:
        raise bad_request("destination.url", "Invalid type parameter provided")
