"""Answering calls, and keeping what their carriers say about them in order."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from . import destinations, limits, sessions
from .app import App
from .carriers.base import InboundCall, OutboundAnswer, Voice, WebhookReply
from .carriers.sip import is_sip
from .errors import CallNotFound, ServiceUnavailable
from .items import Item
from .model import (
    BYO,
    E164,
    Assistant,
    Bridge,
    Call,
    CallEvent,
    CallStatus,
    CallStep,
    ConnectStream,
    Dial,
    DialOptions,
    Direction,
    Hangup,
    Instruction,
    MachinePolicy,
    Number,
    Say,
    TrunkAttempt,
    masked,
    parse_e164,
)
from .store import Taken

logger = logging.getLogger(__name__)

UNASSIGNED_MESSAGE = "We are sorry, nobody can take your call at this number. Goodbye."
INACTIVE_MESSAGE = "We are sorry, nobody can take your call at the moment. Please try again later."

# A call that two webhooks change at once is read again and changed again, this often at most.
_WRITE_TRIES = 6
# Enough for every event of a long call; the row must stay small.
_HISTORY_LIMIT = 100


def answer(app: App, carrier: Voice, organization_id: int, inbound: InboundCall) -> WebhookReply:
    """Answer a ringing phone: one read and one write, then the carrier's own way to say it.

    A repeated webhook gets the same answer, unless the call has ended meanwhile.
    """
    number = _called(app, organization_id, inbound)
    call = ringing(app, carrier, organization_id, inbound, number)
    call = record_ringing(app, call)
    return carrier.reply(call, _instruction(app, call, number))


def _called(app: App, organization_id: int, inbound: InboundCall) -> Number | None:
    """Return the organization's number that is called, None when nothing says which: one read."""
    if inbound.called is not None:
        return _called_over_sip(app, organization_id, inbound.called)
    number = app.store.number(inbound.to)
    if number is not None and number.organization_id != organization_id:
        logger.warning("call to a foreign number", extra={"phone_number": masked(inbound.to)})
        return None
    return number


def _called_over_sip(
    app: App, organization_id: int, called: tuple[tuple[E164, ...], ...]
) -> Number | None:
    rows = app.store.numbers_by_number(list(dict.fromkeys(sum(called, ()))))
    for named in called:
        # A number that the telephone network brings to us is never called over a trunk.
        ours = [
            row
            for row in map(rows.get, named)
            if row and row.organization_id == organization_id and row.carrier == BYO
        ]
        if len(ours) == 1:
            return ours[0]
        if ours:
            # The header does not say which of them; a less telling one would be a guess.
            logger.warning("call over SIP to several numbers", extra={"numbers": len(ours)})
            return None
    return None


def connect(
    app: App, carrier: Voice, organization_id: int, answered: OutboundAnswer
) -> WebhookReply:
    """Tell the carrier what the person who took our call shall hear."""
    call = record(app, carrier, organization_id, answered.event)
    if answered.awaited_by not in (None, call.options.machine_detection):
        return WebhookReply()
    return carrier.reply(call, outbound_instruction(app, call))


def record(
    app: App,
    carrier: Voice,
    organization_id: int,
    event: CallEvent,
    on_record: Sequence[Item] = (),
) -> Call:
    """Apply an event to its call, at most once and only forward, and return the call.

    An event of a call that has no row makes one. `on_record` is what the store's `audit`
    returned for an event that somebody asked for.

    Raises ServiceUnavailable when too many others write the same call, and CallNotFound when
    the call is not known and the event does not say whose it is: the carrier sends it again.
    """
    for _ in range(_WRITE_TRIES):
        call = _known(app, organization_id, event)
        try:
            if call is None and not event.to:
                raise CallNotFound(f"An event of a call that is not known: {event.call_sid}")
            if call is None:
                call = _told_of(app, carrier, organization_id, event)
                app.store.add_call(call)
                return call
            advanced = advance(call, event)
            if advanced is None:
                return call
            return app.store.save_call(call, advanced, limits.spent_cents(advanced), on_record)
        except Taken:
            continue
    raise ServiceUnavailable(f"Call {event.call_sid} is being changed by others. Try again.")


def _known(app: App, organization_id: int, event: CallEvent) -> Call | None:
    # Our own id comes back with every event of a call that we placed, and is there before
    # the carrier's is: its first event may overtake the answer to our request.
    if event.call_id is None:
        call = app.store.call_by_sid(organization_id, event.call_sid)
        _check_teller(call, event)
        return call
    call = app.store.call(event.call_id)
    if call is None or call.organization_id != organization_id:
        return None
    _check_teller(call, event)
    # Another leg of the same conversation is another call.
    is_ours = call.call_sid in ("", event.call_sid) or call.is_over(event.call_sid)
    return call if is_ours else None


def _check_teller(call: Call | None, event: CallEvent) -> None:
    # A bridge whose secret is known to somebody else must not reach a carrier's calls.
    if call and event.trunk_id and call.carried_by != BYO:
        raise CallNotFound(f"{event.call_sid} is no call of this bridge: its own ids are its own")


def find(app: App, organization_id: int, call_id: int) -> Call:
    """Return an organization's call by id; CallNotFound if it is not its own."""
    call = app.store.call(call_id)
    if call is None or call.organization_id != organization_id:
        raise CallNotFound(f"Call with ID {call_id} not found in your organization")
    return call


def find_by_sid(app: App, organization_id: int, call_sid: str) -> Call:
    """Return an organization's call by its carrier's id."""
    call = app.store.call_by_sid(organization_id, call_sid)
    if call is None:
        raise CallNotFound(f"Call with SID {call_sid} not found in your organization")
    return call


# --- the state machine ---


def advance(call: Call, event: CallEvent) -> Call | None:
    """Return the call after an event, or None if it changes nothing.

    The order of arrival does not matter: a repeated event is known by its id, a late
    one never moves the call back, and an answer that is heard of after the end still
    decides how the end is read.
    """
    if any(step.event_id == event.id for step in call.history) or call.is_over(event.call_sid):
        return None
    moved = _moved(_completed_by(call, event), event)
    step = CallStep(event.id, event.type, event.occurred_at, moved.status)
    return replace(moved, history=(*call.history, step)[-_HISTORY_LIMIT:])


def _completed_by(call: Call, event: CallEvent) -> Call:
    return replace(
        call,
        call_sid=call.call_sid or event.call_sid,
        answered_by=call.answered_by or event.answered_by,
        cost=event.cost or call.cost,
    )


def _moved(call: Call, event: CallEvent) -> Call:
    status = event.status
    if status is None:
        return call
    if event.not_this_trunk and call.may_fail_over:
        return _without_trunk(call, event)
    if status.is_final:
        return call if call.status.is_final else _ended(call, event, status)
    if status is CallStatus.IN_PROGRESS:
        call = _answered(call, event.occurred_at)
    return replace(call, status=status) if status.rank > call.status.rank else call


def _without_trunk(call: Call, event: CallEvent) -> Call:
    # Not the end: another trunk may be tried, by whoever has this written.
    *earlier, last = call.attempts
    why = event.hangup_cause or event.type
    failed = replace(last, call_sid=event.call_sid, outcome=why)
    return replace(call, attempts=(*earlier, failed), call_sid="")


def _answered(call: Call, at: datetime) -> Call:
    # Several events tell of it (the answer, the stream, the bridge): the earliest is right.
    if call.answered_at is not None and call.answered_at <= at:
        return call
    call = replace(call, answered_at=at)
    if call.ending_if_answered is None:
        return _with_duration(call)
    # Heard of after the end: that is then read as the end of an answered call, and since a
    # carrier that leaves two readings tells no duration, it is reckoned anew.
    return _with_duration(replace(call, status=call.ending_if_answered, duration=None))


def _ended(call: Call, event: CallEvent, status: CallStatus) -> Call:
    unanswered = event.status_unanswered
    ended = replace(
        call,
        status=unanswered if unanswered and call.answered_at is None else status,
        ending_if_answered=status if unanswered else None,
        ended_at=event.occurred_at,
        duration=event.duration,
        hangup_cause=event.hangup_cause,
    )
    return _with_duration(ended)


def _with_duration(call: Call) -> Call:
    if call.duration is not None or call.answered_at is None or call.ended_at is None:
        return call
    return replace(call, duration=max(0, round((call.ended_at - call.answered_at).total_seconds())))


# --- a call's first row ---


def ringing(
    app: App, carrier: Voice, organization_id: int, inbound: InboundCall, number: Number | None
) -> Call:
    """Return the first row of a call that rings at a number of ours, or at none."""
    assistant = number.assistant if number else None
    event, now = inbound.event, app.clock()
    over_trunk = inbound.called is not None or bool(number and number.carrier == BYO)
    is_bridged = over_trunk and carrier.name != BYO
    call = Call(
        id=app.new_id(),
        organization_id=organization_id,
        carrier=BYO if over_trunk else carrier.name,
        bridge=carrier.name if is_bridged else None,
        call_sid=event.call_sid,
        direction=Direction.INBOUND,
        # Behind a PBX nobody may know the number: then it is whatever was dialled.
        phone_number=number.phone_number if number else E164(inbound.to),
        customer_number=inbound.from_,
        attempts=_came_over(event),
        status=CallStatus.RINGING,
        created_at=now,
        assistant_id=assistant.id if assistant else None,
        assistant_name=assistant.name if assistant else None,
        flow=number.flow if number else None,
        welcome_message=assistant.welcome_message if assistant else None,
        answered_with=_kind_of_answer(assistant, inbound.from_),
        history=(CallStep(event.id, event.type, event.occurred_at, CallStatus.RINGING),),
    )
    if assistant and assistant.dial_options.record and call.answered_with == "stream":
        options = DialOptions(record=True)
        call = replace(call, options=options, recording_notice=assistant.recording_notice)
    cause = _why_turned_away(number, inbound.from_)
    return _turned_away(call, cause, now) if cause else call


def _why_turned_away(number: Number | None, caller: str) -> str | None:
    if number is None or not number.allowed_country_codes:
        return None
    country = destinations.country_of(caller)
    # Who hides the number, or calls from a number of no country, is let through.
    if country is None or country in number.allowed_country_codes:
        return None
    return f"The number takes no calls from {country}: see its allowed_country_codes"


def _turned_away(call: Call, cause: str, now: datetime) -> Call:
    return replace(
        call,
        status=CallStatus.CANCELLED,
        ended_at=now,
        hangup_cause=cause,
        answered_with="reject",
    )


def record_ringing(app: App, call: Call) -> Call:
    """Write the call's row, or return the one that an earlier webhook wrote."""
    for _ in range(_WRITE_TRIES):
        try:
            app.store.add_call(call)
            return call
        except Taken as taken:
            if taken.found[1] is None:  # the id was taken, not the SID
                call = replace(call, id=app.new_id())
                continue
        earlier = app.store.call_by_sid(call.organization_id, call.call_sid)
        if earlier and earlier.carried_by != call.carried_by:
            raise CallNotFound(f"{call.call_sid} is a call of {earlier.carried_by}, not of this")
        if earlier is None or earlier.answered_with is not None:
            return earlier or call
        try:
            return _routed(app, earlier, call)
        except Taken:
            continue
    raise ServiceUnavailable(f"Call {call.call_sid} is being changed by others. Try again.")


def _routed(app: App, earlier: Call, ringing: Call) -> Call:
    # An event overtook the ringing, and made the row without knowing who answers.
    routed = replace(
        earlier,
        # Told over SIP, it was perhaps no number at all, or not that which was called.
        phone_number=ringing.phone_number,
        customer_number=ringing.customer_number or earlier.customer_number,
        assistant_id=ringing.assistant_id,
        assistant_name=ringing.assistant_name,
        flow=ringing.flow,
        welcome_message=ringing.welcome_message,
        answered_with=ringing.answered_with,
        options=ringing.options,
        recording_notice=ringing.recording_notice,
    )
    if ringing.answered_with == "reject" and not earlier.status.is_final:
        routed = _turned_away(routed, ringing.hangup_cause or "", ringing.created_at)
    return app.store.save_call(earlier, routed)


def _came_over(event: CallEvent) -> tuple[TrunkAttempt, ...]:
    """Return the trunk whose own bridge speaks of the call: it is asked to end it, too."""
    if event.trunk_id is None:
        return ()
    return (TrunkAttempt(event.trunk_id, Bridge.OWN, event.occurred_at, event.call_sid),)


def _our_side(address: str, event: CallEvent) -> E164:
    # Over SIP whatever was dialled, such as an extension, may have led to us.
    return E164(address) if event.trunk_id or is_sip(address) else parse_e164(address)


def _told_of(app: App, carrier: Voice, organization_id: int, event: CallEvent) -> Call:
    """Make a call from an event that came before anything else of it."""
    inbound = event.direction is not Direction.OUTBOUND
    ours, theirs = (event.to, event.from_) if inbound else (event.from_, event.to)
    call = Call(
        id=app.new_id(),
        organization_id=organization_id,
        carrier=carrier.name,
        call_sid=event.call_sid,
        direction=Direction.INBOUND if inbound else Direction.OUTBOUND,
        phone_number=_our_side(ours, event),
        customer_number=theirs,
        attempts=_came_over(event),
        status=CallStatus.QUEUED,
        created_at=app.clock(),
    )
    return advance(call, event) or call


# --- what the caller gets ---


def _kind_of_answer(assistant: Assistant | None, caller: str) -> str:
    if assistant is None:
        return "say"
    if _bypasses(assistant, caller):
        return "dial"
    if assistant.is_active:
        return "stream"
    return "dial" if assistant.fallback_number else "say"


def _bypasses(assistant: Assistant, caller: str) -> bool:
    # Whether or not the assistant takes calls just now: these callers never speak to it.
    return caller in assistant.bypass_numbers and assistant.transfer_number is not None


def _instruction(app: App, call: Call, number: Number | None) -> Instruction:
    assistant = number.assistant if number else None
    if call.status.is_final:
        return Hangup()
    if call.stream_url:
        # A bridge announced it, and who speaks was decided then.
        return stream(app, call, call.stream_url)
    if assistant is None:
        return Say(UNASSIGNED_MESSAGE)
    if assistant.transfer_number and _bypasses(assistant, call.customer_number):
        return Dial(assistant.transfer_number)
    if assistant.is_active:
        return stream(app, call, assistant.stream_url)
    if assistant.fallback_number:
        return Dial(assistant.fallback_number)
    return Say(assistant.fallback_message or INACTIVE_MESSAGE)


def instruction(app: App, call: Call) -> Instruction:
    """Return what the other side of a call that was taken shall hear, in either direction."""
    if call.direction is Direction.OUTBOUND:
        return outbound_instruction(app, call)
    return _instruction(app, call, app.store.number(call.phone_number))


def outbound_instruction(app: App, call: Call) -> Instruction:
    """Return what the person, or the machine, that took our call shall hear."""
    if call.status.is_final or not call.stream_url:
        return Hangup()
    if call.answered_by not in ("machine", "fax"):
        return stream(app, call, call.stream_url)
    match call.options.machine_detection:
        case MachinePolicy.HANG_UP:
            return Hangup()
        case MachinePolicy.LEAVE_MESSAGE if call.options.voicemail_message:
            return Say(call.options.voicemail_message)
    return stream(app, call, call.stream_url)


def stream(app: App, call: Call, url: str) -> ConnectStream:
    """Return the instruction that connects a call with the media runtime at `url`."""
    token = sessions.issue(app.secrets.session_key(), call)
    context = {name: str(value) for name, value in stream_context(call).items() if value}
    return ConnectStream(
        url=url,
        parameters=context | {"session_token": token, "session_url": session_url(app, call)},
        call_id=call.id,
        session_token=token,
        record=bool(call.options.record),
        notice=call.recording_notice if call.options.record else None,
    )


def stream_context(call: Call) -> dict[str, Any]:
    """Return what a media runtime is told of a call, under the contract's names and Pipecat's."""
    inbound = call.direction is Direction.INBOUND
    ours, theirs = str(call.phone_number), call.customer_number
    from_, to = (theirs, ours) if inbound else (ours, theirs)
    context = {
        "From": from_,
        "To": to,
        "from_number": from_,
        "to_number": to,
        "call_id": call.id,
        "direction": call.direction.value,
        "assistant_id": call.assistant_id,
        "welcome_message": call.welcome_message,
        "flow_id": call.flow.id if call.flow else None,
    }
    # The contract's own, only on calls that we placed.
    outbound = {"outbound": "true", "agenda": call.agenda, "to_phone_number": to}
    return context if inbound else context | outbound


def session_url(app: App, call: Call) -> str:
    """Return where the runtime fetches the call's full context."""
    return f"{app.settings.public_base_url}/api/v1/calls/{call.id}/session"


def session(app: App, call_id: int, token: str) -> tuple[Call, Assistant | None]:
    """Return a call and its assistant to the media runtime that shows the call's session token.

    Raises Unauthorized for anything else, whether or not there is such a call.
    """
    sessions.check(app.secrets.session_key(), token, call_id, app.clock())
    call = app.store.call(call_id)
    if call is None:
        raise CallNotFound(f"Call with ID {call_id} not found")
    if call.assistant_id is None:
        return call, None
    return call, app.store.assistant(call.organization_id, call.assistant_id)
