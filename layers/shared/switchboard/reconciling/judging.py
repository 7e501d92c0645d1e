"""What is wrong, from what the table and the carrier say: nothing here asks anybody."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .. import calls, limits
from ..carriers.base import PLACED_AFTER, PLACED_BEFORE, Trace
from ..carriers.stock import Drift, HeldNumber
from ..model import BYO, E164, Call, CallStatus, Number, NumberOrder, NumberStatus, Release
from ..numbers import purchasing, releasing
from ..placing import is_in_flight
from .findings import CallFinding, Finding, Kind, Places, Subject

# A call is asked about when nothing was heard of it for so long: beyond its own ring timeout
# while nobody has taken it, and now and then while people speak.
_RING_SLACK = timedelta(minutes=2)
_TALK_PATIENCE = timedelta(minutes=30)
# A call that certainly is over, and whose carrier knows nothing of it or cannot be asked.
_SLACK = timedelta(minutes=10)
# Some carriers go on showing a number for a while that they have taken back.
_RELEASED_LATELY = timedelta(hours=1)


@dataclass(frozen=True)
class Scope:
    """Which organization's account at which carrier is judged, and when."""

    organization_id: int
    carrier: str
    now: datetime

    def finding(
        self, kind: Kind, target: str, says: str, does: str = "", subject: Subject = None
    ) -> Finding:
        """Return a finding about this account."""
        return Finding(kind, self.organization_id, self.carrier, target, says, does, subject)


# --- numbers that are being bought or released ---


def unsettled(
    scope: Scope, number: Number, order: NumberOrder | None, held: HeldNumber | None
) -> Finding | None:
    """Judge a number whose purchase or release nobody settled; None while somebody is at it."""
    if number.status is NumberStatus.RELEASING:
        return _release(scope, number, held)
    if order is None or order.status.is_final or purchasing.is_in_flight(order, scope.now):
        return None
    if number.carrier == BYO:
        says = "was registered and not settled"
    elif held is not None and (held.points_here or held.points_nowhere):
        says = f"{scope.carrier} holds it: it was bought, and not settled"
    elif order.carrier_order_id:
        says = f"{scope.carrier} has not delivered it yet, when it was looked at last"
    elif scope.now - order.created_at < purchasing.GRACE:
        return None  # the carrier may still be at it
    else:
        says = f"{scope.carrier} does not hold it: it was not bought"
    does = "settle the order by the carrier's own records"
    return scope.finding(Kind.ORDER, number.phone_number, says, does, number)


def _release(scope: Scope, number: Number, held: HeldNumber | None) -> Finding | None:
    if releasing.is_in_flight(number, scope.now):
        return None
    gone = held is None or number.carrier_number_id not in (None, held.carrier_number_id)
    if number.carrier == BYO or gone:
        says, does = f"{scope.carrier} does not hold it any more", "settle the release"
    else:
        says, does = f"{scope.carrier} still holds it", "release it again"
    return scope.finding(Kind.RELEASE, number.phone_number, says, does, number)


# --- all numbers of an account ---


def holdings(
    scope: Scope,
    rows: Mapping[E164, Number],
    held: Mapping[E164, HeldNumber],
    others: Collection[E164],
    released: Mapping[E164, Release],
) -> Iterator[Finding]:
    """Judge the account's numbers against the organization's rows at this carrier.

    `others` are numbers with a row that is another organization's or at another carrier, and
    `released` is when the organization gave back what it has no row of.
    """
    for number in sorted(rows.keys() | held.keys()):
        row, there = rows.get(number), held.get(number)
        if row is not None:
            finding = _row(scope, row, there)
        elif there is not None and number not in others:
            finding = _without_row(scope, there, released.get(number))
        else:
            finding = None
        if finding:
            yield finding


def _row(scope: Scope, row: Number, held: HeldNumber | None) -> Finding | None:
    if row.status not in (NumberStatus.ACTIVE, NumberStatus.INACTIVE):
        return None  # its order or its release says how it stands
    if scope.now - row.updated_at < purchasing.GRACE:
        return None  # somebody may be pointing it, or the carrier not show it yet
    was_active = row.status is NumberStatus.ACTIVE
    if held is None:
        if not was_active:
            return None
        says = f"is in the table, and {scope.carrier} does not hold it"
        return scope.finding(Kind.VANISHED, row.phone_number, says, "mark it inactive", row)
    serves = held.is_active and held.points_here
    if serves and not was_active:
        says = f"is inactive, and its calls come to us at {scope.carrier}"
        return scope.finding(Kind.BACK, row.phone_number, says, "mark it active", row)
    if serves:
        return _drifted(scope, row, held)
    if not was_active:
        return None
    says, does = _where(scope, held)
    return scope.finding(Kind.ELSEWHERE, row.phone_number, says, does, row)


def drifts_of(row: Number, held: HeldNumber) -> tuple[Drift, ...]:
    """Return which settings of a number whose calls come to us are not as they should be."""
    return tuple(it for it in held.drifts if not it.is_of_texts or _misses_texts(row, it))


def _misses_texts(row: Number, drift: Drift) -> bool:
    # One that can carry no messages has nowhere for them to go.
    return not row.texts_are_off and (drift.shown is not None or row.capabilities.may_text)


def _drifted(scope: Scope, row: Number, held: HeldNumber) -> Finding | None:
    found = drifts_of(row, held)
    if not found:
        return None
    says = f"its calls come here, but at {scope.carrier} {'; '.join(map(str, found))}"
    finding = scope.finding(Kind.DRIFTED, row.phone_number, says, "set it again", row)
    return replace(finding, is_for_a_person=may_be_meant(found))


def may_be_meant(found: Collection[Drift]) -> bool:
    """Tell whether somebody may have set what differs: what is empty serves nobody."""
    return any(it.shown is not None for it in found)


def _where(scope: Scope, held: HeldNumber) -> tuple[str, str]:
    if not held.is_active:
        return f"is not in service at {scope.carrier}", "mark it inactive"
    if held.points_nowhere:
        return f"points nowhere at {scope.carrier}", "point it here"
    target = f": {held.voice_url}" if held.voice_url else ""
    return f"points elsewhere at {scope.carrier}{target}", "point it here"


def _without_row(scope: Scope, held: HeldNumber, gone: Release | None) -> Finding | None:
    number = held.phone_number
    if gone and scope.now - gone.released_at < _RELEASED_LATELY:
        return None
    if held.points_here:
        says = f"is held at {scope.carrier} and points here, without a row"
        return scope.finding(Kind.UNRECORDED, number, says, "take it over", held)
    says = f"is held at {scope.carrier} without a row and without our mark"
    return scope.finding(Kind.ORPHAN, number, says, subject=held)


# --- calls ---


def is_to_be_asked_about(call: Call, now: datetime) -> bool:
    """Tell whether a call that has not ended has been quiet for too long."""
    if call.waits_for_another_trunk or not call.call_sid:
        return not is_in_flight(call, now)
    if must_be_over(call, now):
        return True  # whatever the times of its events say: they are the carrier's
    if call.status is CallStatus.IN_PROGRESS:
        return now - _last_heard(call) >= _TALK_PATIENCE
    ring = timedelta(seconds=call.options.ring_timeout or limits.DEFAULT_RING_TIMEOUT)
    return now - _last_heard(call) >= ring + _RING_SLACK


def must_be_over(call: Call, now: datetime) -> bool:
    """Tell whether a call that was placed has certainly ended, whatever its carrier says."""
    return bool(call.call_sid) and _is_past(call, now)


def going_on(
    scope: Scope, call: Call, traces: list[Trace] | None, taken: Collection[str], rivals: int
) -> Finding | None:
    """Judge a call that was asked about; `traces` is None where nobody can be asked.

    `taken` are the carrier's ids of other calls of ours, and `rivals` is how many other calls may
    be meant by traces that are not certain.
    """
    if call.waits_for_another_trunk:
        cause = call.attempts[-1].outcome or ""
        says, does = f"waits for another trunk that nobody tries ({cause})", "end it as failed"
        return _of(scope, Kind.DIAL, call, says, does, None, cause)
    certain = [it for it in traces or () if it.is_certain]
    possible = [it for it in traces or () if it.call_sid not in taken]
    trace = next(iter(certain or possible), None)
    # Which of them was placed, its own events tell, unless all of them are lost.
    is_anybodys = not certain and len(possible) <= rivals and not _is_past(call, scope.now)
    if trace is not None:
        return None if is_anybodys else _told(scope, call, trace)
    if call.call_sid or traces is None:
        return _overlong(scope, call, traces is not None)
    if scope.now - call.asked_at < purchasing.GRACE:
        return None  # the carrier may show it a little later
    cause = f"{scope.carrier} has no record of the call: it was not placed"
    return _of(scope, Kind.DIAL, call, cause, "end it as failed", None, cause)


def _overlong(scope: Scope, call: Call, was_asked: bool) -> Finding | None:
    """Judge a call of which nobody knows anything any more."""
    if not _is_past(call, scope.now):
        return None
    unknown = f"{scope.carrier} has no record of the call any more"
    cause = unknown if was_asked else "the event of its end never came"
    says = f"must be over since {_over(call):%Y-%m-%d %H:%M} UTC; {cause}"
    return _of(scope, Kind.CALL, call, says, "end it", None, cause)


def _is_past(call: Call, now: datetime) -> bool:
    return now >= _over(call) + _SLACK


def _over(call: Call) -> datetime:
    return limits.lasts_until(call, call.created_at)


def _told(scope: Scope, call: Call, trace: Trace) -> Finding | None:
    after = call
    for event in trace.events:
        after = calls.advance(after, event) or after
    if (after.status, after.call_sid) == (call.status, call.call_sid):
        return None
    says = f"is {call.status.value} here and {after.status.value} at {scope.carrier}"
    kind = Kind.CALL if call.call_sid else Kind.DIAL
    return _of(scope, kind, call, says, "apply what the carrier's records say", trace)


def _of(
    scope: Scope, kind: Kind, call: Call, says: str, does: str, trace: Trace | None, cause: str = ""
) -> Finding:
    return scope.finding(kind, str(call.id), says, does, CallFinding(call, trace, cause))


def _last_heard(call: Call) -> datetime:
    return max([call.created_at, *(step.at for step in call.history)])


def may_be_taken_for(call: Call, other: Call) -> bool:
    """Tell whether a record that lacks our id, found for one call, may be of another one."""
    return (
        other.id != call.id
        and not other.call_sid
        and not other.status.is_final
        and (other.carried_by, other.phone_number, other.customer_number)
        == (call.carried_by, call.phone_number, call.customer_number)
        and abs(other.asked_at - call.asked_at) <= PLACED_BEFORE + PLACED_AFTER
    )


# --- places ---


def leaked(
    scope: Scope, row: str, holders: Collection[str], known: Mapping[int, Call]
) -> Finding | None:
    """Judge who holds the places of a limit: calls that have ended need none."""
    gone = frozenset(it for it in holders if not _needs_place(scope.now, it, known))
    if not gone:
        return None
    says = f"{len(gone)} of {len(holders)} places are held by calls that have ended"
    return scope.finding(Kind.PLACE, row, says, "return them", Places(row, gone))


def call_of(holder: str) -> int:
    """Return the id of the call that holds a place."""
    return int(holder.partition("#")[2])


def _needs_place(now: datetime, holder: str, known: Mapping[int, Call]) -> bool:
    call = known.get(call_of(holder))
    expires = int(holder.partition("#")[0])
    return call is not None and not call.status.is_final and expires > now.timestamp()
