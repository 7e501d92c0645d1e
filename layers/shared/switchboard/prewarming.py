"""A bridge announces a call before it asks what to do with it: the call's record is made then."""

import json
from dataclasses import replace

from . import calls, templates
from .app import App
from .carriers.base import InboundCall, Prewarm, Voice, WebhookReply
from .errors import AssistantNotFound, NoAssistant, SwitchboardError
from .model import (
    BYO,
    E164,
    Assistant,
    Call,
    CallStatus,
    CallStep,
    Direction,
    Number,
    is_e164,
)


def prewarm(app: App, carrier: Voice, organization_id: int, wanted: Prewarm) -> WebhookReply:
    """Make the record of a call that a bridge announces; a call that is known stays as it is.

    Whatever is wrong with the announcement is told as the contract tells it: `{"error": …}`.
    """
    sid = wanted.event.call_sid
    try:
        if app.store.call_by_sid(organization_id, sid) is None:
            calls.record_ringing(app, _call(app, carrier, organization_id, wanted))
    except SwitchboardError as error:
        if error.status >= 500:
            raise
        return _reply(error.status, {"error": str(error)})
    return _reply(200, {"call_sid": sid, "prewarmed": True})


def _call(app: App, carrier: Voice, organization_id: int, wanted: Prewarm) -> Call:
    ours = wanted.from_number if wanted.outbound else wanted.to_number
    number = _number(app, organization_id, ours)
    if number and not wanted.outbound and number.carrier != BYO:
        number = None  # what the telephone network brings to us is never called over a trunk
    call = _announced(app, carrier, organization_id, wanted, number)
    if call.status.is_final:
        return call
    assistant = _assistant(app, organization_id, wanted, number)
    if assistant is None:
        return call
    texts = _texts(wanted, call, assistant)
    return replace(
        call,
        assistant_id=assistant.id,
        assistant_name=assistant.name,
        # An assistant that is named speaks for itself, outside the number's flow.
        flow=None if wanted.assistant_id else call.flow,
        welcome_message=texts["welcome_message"],
        agenda=texts["agenda"],
        stream_url=assistant.stream_url if _streams(wanted, call) else None,
        answered_with="stream" if _streams(wanted, call) else call.answered_with,
    )


def _streams(wanted: Prewarm, call: Call) -> bool:
    # Who is called at a number of ours hears what that number says, unless somebody is named.
    return wanted.outbound or bool(wanted.assistant_id) or call.answered_with == "stream"


def _announced(
    app: App, carrier: Voice, organization_id: int, wanted: Prewarm, number: Number | None
) -> Call:
    """Return the row as an inbound call's first question would have made it, or as dialling."""
    from_, to = wanted.from_number, wanted.to_number
    event = wanted.event
    inbound = InboundCall(event, from_, to, called=())
    call = calls.ringing(app, carrier, organization_id, inbound, number)
    if not wanted.outbound:
        return call
    return replace(
        call,
        direction=Direction.OUTBOUND,
        phone_number=E164(from_),
        customer_number=to,
        # The bridge is calling already; whether it rings is told later.
        status=CallStatus.DIALING,
        ended_at=None,
        hangup_cause=None,
        answered_with=None,
        history=(CallStep(event.id, event.type, event.occurred_at, CallStatus.DIALING),),
    )


def _number(app: App, organization_id: int, phone_number: str) -> Number | None:
    number = app.store.number(phone_number) if is_e164(phone_number) else None
    return number if number and number.organization_id == organization_id else None


def _assistant(
    app: App, organization_id: int, wanted: Prewarm, number: Number | None
) -> Assistant | None:
    """Return who speaks; raise AssistantNotFound, or NoAssistant when we are the ones who call."""
    if wanted.assistant_id:
        named = app.store.assistant(organization_id, wanted.assistant_id)
        if named is None or not named.is_active:
            raise AssistantNotFound(f"Assistant {wanted.assistant_id} not found, or not active")
        return named
    assistant = number.assistant if number else None
    if wanted.outbound and (assistant is None or not assistant.is_active):
        raise NoAssistant(
            "assistant_id is required: no active assistant answers from_number, if it is yours"
        )
    return assistant


def _texts(wanted: Prewarm, call: Call, assistant: Assistant) -> dict[str, str | None]:
    return templates.render_all(
        {
            "welcome_message": wanted.welcome_message or assistant.welcome_message,
            "agenda": wanted.agenda,
        },
        wanted.variables,
        {
            "from_number": wanted.from_number,
            "to_number": wanted.to_number,
            "direction": call.direction.value,
            "call_id": call.id,
            "now": call.created_at.isoformat(timespec="seconds"),
        },
    )


def _reply(status: int, body: dict[str, object]) -> WebhookReply:
    return WebhookReply(status, json.dumps(body), "application/json")
