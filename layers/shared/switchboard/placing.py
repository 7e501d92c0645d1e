"""Asking a carrier to dial, once for each attempt, and writing down how that went.

Over SIP trunks there may be several attempts: each is in the call's row before anybody is asked,
and the next one is made only after an answer that means "not this trunk". Decision 28.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from . import calls, limits
from .app import App
from .carriers.base import Voice
from .errors import (
    CarrierError,
    CarrierNotConnected,
    CarrierUnavailable,
    OutcomeUnknown,
    RateLimited,
    ServiceUnavailable,
    SwitchboardError,
)
from .model import Call, CallStatus, CallStep, Number, Refusal, SipTrunk, TrunkAttempt, masked
from .store import Taken

logger = logging.getLogger(__name__)

_WRITE_TRIES = 4
# A trunk's bridge may take 12 s to be found unreachable, and API Gateway waits 29 s: after so
# long no other one is begun.
_PATIENCE = timedelta(seconds=10)
# Longer than the functions that dial may run: after this, whoever was dialling is dead.
_IN_FLIGHT = timedelta(seconds=60)


@dataclass(frozen=True)
class Way:
    """Who dials, and over which SIP trunk if it is one."""

    voice: Voice
    trunk: SipTrunk | None = None

    def taken_by(self, call: Call, now: datetime) -> Call:
        """Return a call that is to go this way, with the attempt in its row."""
        if self.trunk is None:
            return call
        attempt = TrunkAttempt(self.trunk.id, self.trunk.bridge.value, now)
        return replace(
            call,
            attempts=(*call.attempts, attempt),
            bridge=None if self.voice.name == call.carrier else self.voice.name,
            call_sid="",
        )


def over_trunks(app: App, number: Number) -> Way:
    """Return the way of a number's calls: its own trunk, else the first enabled one that is ready.

    Raises CarrierNotConnected when there is no enabled trunk, and the first one's problem when
    none of them is ready to dial.
    """
    trunks = app.store.trunks(number.organization_id)
    own = [trunk for trunk in trunks if trunk.id == number.sip_trunk_id]
    others = [trunk for trunk in trunks if trunk.id != number.sip_trunk_id]
    problems: list[SwitchboardError] = []
    way = _first_ready(app, own + others, problems)
    if way is not None:
        return way
    if problems:
        raise problems[0]
    raise CarrierNotConnected(
        "This organization has no enabled SIP trunk over which "
        f"{number.phone_number} could call. Make or enable one: /api/v1/sip-trunks"
    )


def place(app: App, way: Way, call: Call) -> Call:
    """Dial a call that is in the table with its first attempt, and write how that went."""
    until = app.clock() + _PATIENCE
    while True:
        try:
            call_sid = _dial(app, way, call)
        except OutcomeUnknown as error:
            logger.warning("dial outcome unknown", extra=_trace(call, error))
            return _settled(app, call, replace(call, status=_not_before(call, CallStatus.UNKNOWN)))
        except SwitchboardError as error:
            logger.info("dial refused", extra=_trace(call, error))
            try:
                onward = _another(app, call, error, until)
            except Taken:
                return app.store.call(call.id) or call
            if onward is None:
                return _settled(app, call, _refused(app, call, error))
            way, call = onward
        else:
            status = _not_before(call, CallStatus.DIALING)
            return _settled(app, call, replace(call, status=status, call_sid=call_sid))


def go_on(app: App, call_id: int) -> None:
    """Try the next trunk for a call whose last attempt failed because of its trunk, or end it.

    Safe to repeat: an attempt belongs to whoever wrote it into the row.
    """
    call = app.store.call(call_id)
    if call is None or not call.waits_for_another_trunk:
        return
    try:
        onward = _next(app, call, call.attempts[-1].outcome or "")
        if onward is None:
            _end(app, call)
    except Taken:
        return  # somebody else goes on, or the call was ended meanwhile
    if onward:
        place(app, *onward)


def give_up(app: App, call: Call, cause: str) -> None:
    """End a call that nobody is placing any more; raise Taken when it was changed meanwhile."""
    _fail(app, call, call, cause, "given_up")


def is_in_flight(call: Call, now: datetime) -> bool:
    """Tell whether somebody may still be asking a carrier to place a call."""
    return now - call.asked_at < _IN_FLIGHT


# --- the next trunk ---


def _another(
    app: App, call: Call, error: SwitchboardError, until: datetime
) -> tuple[Way, Call] | None:
    # The carrier's limit on its own API says nothing about the trunk.
    not_this_trunk = isinstance(error, CarrierUnavailable) and not isinstance(error, RateLimited)
    if not call.attempts or not not_this_trunk or app.clock() >= until:
        return None
    try:
        return _next(app, call, str(error)[:200])
    except ServiceUnavailable as problem:
        # An attempt that cannot be written down is not made.
        logger.error("failover not written", extra=_trace(call, problem))
        return None


def _next(app: App, call: Call, outcome: str) -> tuple[Way, Call] | None:
    """Write the next attempt into the call's row; None when no trunk is left; raise Taken."""
    if app.store.fuse(call.organization_id).tripped_at:
        return None  # it ends here: nothing more is dialled
    tried = {attempt.trunk_id for attempt in call.attempts}
    left = [it for it in app.store.trunks(call.organization_id) if it.id not in tried]
    way = _first_ready(app, left, [])
    if way is None:
        return None
    *earlier, last = call.attempts
    failed = replace(call, attempts=(*earlier, replace(last, outcome=outcome)))
    marked = way.taken_by(failed, app.clock())
    # As it was saved: with the count of what customers were told of it.
    saved = app.store.save_call(call, marked)
    logger.info("failing over to another SIP trunk", extra={"call_id": call.id})
    return way, saved


def _first_ready(app: App, trunks: list[SipTrunk], problems: list[SwitchboardError]) -> Way | None:
    for trunk in trunks:
        if not trunk.enabled:
            continue
        try:
            voice = app.voice_of(trunk)
            voice.check_ready_to_dial()
        except (CarrierError, CarrierNotConnected) as error:
            # Nobody was asked to dial: another trunk may do it.
            logger.warning("SIP trunk not ready", extra={"trunk_id": trunk.id})
            problems.append(error)
        else:
            return Way(voice, trunk)
    return None


def _end(app: App, call: Call) -> None:
    last = call.attempts[-1]
    _fail(app, call, replace(call, call_sid=last.call_sid), last.outcome, "no_trunk_left")


def _fail(app: App, before: Call, call: Call, cause: str | None, word: str) -> None:
    now = app.clock()
    step = CallStep(f"{word.replace('_', '-')}-{call.id}", word, now, CallStatus.FAILED)
    failed = replace(
        call,
        status=CallStatus.FAILED,
        ended_at=now,
        hangup_cause=cause,
        history=(*call.history, step),
    )
    app.store.save_call(before, failed, limits.spent_cents(failed))


# --- one attempt ---


def _dial(app: App, way: Way, call: Call) -> str:
    stream = calls.stream(app, call, str(call.stream_url))
    if way.trunk is None:
        return way.voice.dial(call, stream)
    return way.voice.dial(call, stream, app.route_over(way.trunk))


def _not_before(call: Call, status: CallStatus) -> CallStatus:
    # An earlier trunk's events may have brought it further already, and it never moves back.
    return status if status.rank > call.status.rank else call.status


def _refused(app: App, call: Call, error: SwitchboardError) -> Call:
    refusal = Refusal(error.status, error.code, str(error))
    return replace(call, status=CallStatus.FAILED, refusal=refusal, ended_at=app.clock())


def _settled(app: App, before: Call, after: Call) -> Call:
    """Write how dialling went, unless an event of the call has told better meanwhile."""
    try:
        for _ in range(_WRITE_TRIES):
            try:
                app.store.save_call(before, after, limits.spent_cents(after))
                return after
            except Taken:
                before = app.store.call(after.id) or before
                if _is_overtaken(before, after):
                    return before
                after = _with_news(before, after)
    except ServiceUnavailable as error:
        logger.error("dial not settled", extra=_trace(after, error))
    return after


def _is_overtaken(now: Call, after: Call) -> bool:
    # An event has told that this attempt failed because of its trunk.
    further = len(now.attempts) > len(after.attempts)
    return further or now.waits_for_another_trunk


def _with_news(now: Call, after: Call) -> Call:
    further = after.status.rank > now.status.rank
    return replace(
        now,
        status=after.status if further else now.status,
        call_sid=now.call_sid or after.call_sid,
        refusal=after.refusal,
        ended_at=now.ended_at or after.ended_at,
    )


def _trace(call: Call, error: Exception) -> dict[str, object]:
    return {
        "call_id": call.id,
        "organization_id": call.organization_id,
        "carrier": call.carried_by,
        "customer_number": masked(call.customer_number),
        "problem": type(error).__name__,
    }
