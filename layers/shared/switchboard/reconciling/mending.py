"""Doing what a finding asks for: each by the same rule as the request that was cut off.

Whatever a finding says may have changed since: every mending looks again, and writes only over
what it has seen.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from .. import accounts, calls, placing
from ..app import App
from ..carriers.base import Carrier
from ..errors import (
    CallNotFound,
    CarrierNotConnected,
    ReleaseInProgress,
    SwitchboardError,
)
from ..model import E164, CallEvent, CallStatus, Number
from ..numbers import importing, purchasing, releasing
from ..store import Taken
from . import judging
from .findings import CallFinding, Finding, Kind, Places
from .looking import Account

# Somebody else was faster: what is found then is looked at by the next run.
_OVERTAKEN = (Taken, CallNotFound, ReleaseInProgress)
_CHANGED = "it changed meanwhile, and is looked at again"
_FOR_A_PERSON = "left to `switchboard reconcile --apply`"


@dataclass(frozen=True)
class Mended:
    """A finding, and what came of it."""

    finding: Finding
    outcome: str = ""
    problem: str = ""
    """Why it could not be mended; it is found again by the next run."""


def mend(account: Account, finding: Finding, *, by_person: bool) -> Mended:
    """Do what a finding asks for, and say what came of it. Raises nothing that a carrier says.

    What somebody may have meant so is changed only when a person asks for it.
    """
    if finding.kind.is_left_alone:
        return Mended(finding)
    if finding.is_for_a_person and not by_person:
        return Mended(finding, problem=_FOR_A_PERSON)
    try:
        return Mended(finding, _mended(account, finding, by_person))
    except _OVERTAKEN:
        return Mended(finding, problem=_CHANGED)
    except SwitchboardError as error:
        return Mended(finding, problem=str(error))


def _mended(account: Account, finding: Finding, by_person: bool) -> str:
    app, subject = account.app, finding.subject
    match finding.kind, subject:
        case Kind.ORDER, Number():
            order = purchasing.settle_open(app, subject)
            return f"the order is {order.status.value}" if order else _CHANGED
        case Kind.RELEASE, Number():
            done = releasing.finish(app, subject, by_person=by_person)
            return "released" if done.is_certain else "asked again, without an answer"
        case ((Kind.VANISHED | Kind.ELSEWHERE | Kind.BACK), Number()):
            return _brought_up_to_date(app, _connected(account), subject, by_person)
        case Kind.DRIFTED, Number():
            return _set_again(app, _connected(account), subject, by_person)
        case Kind.UNRECORDED, _:
            return _taken_over(app, _connected(account), finding)
        case Kind.ACCOUNT, _:
            return _connected_again(account)
        case ((Kind.DIAL | Kind.CALL), CallFinding()):
            return _settled(account, subject)
        case Kind.PLACE, Places():
            app.store.free_places(subject.row, set(subject.holders))
            return "returned"
    raise TypeError(f"{finding.kind} is about {type(subject).__name__}")


def _connected(account: Account) -> Carrier:
    if account.carrier is None:
        raise CarrierNotConnected(f"{account.name} is not connected any more.")
    return account.carrier


# --- numbers ---


def _unchanged(app: App, seen: Number) -> Number | None:
    number = app.store.number(seen.phone_number)
    same = (seen.organization_id, seen.carrier, seen.version)
    if number is None or (number.organization_id, number.carrier, number.version) != same:
        return None
    return number


def _brought_up_to_date(app: App, carrier: Carrier, seen: Number, by_person: bool) -> str:
    number = _unchanged(app, seen)
    if number is None:
        return _CHANGED
    held = carrier.find_held(number.phone_number)
    problem = importing.bring_up_to_date(app, carrier, number, held, elsewhere=by_person)
    return f"marked inactive: {problem}" if problem else "its calls come here: active"


def _set_again(app: App, carrier: Carrier, seen: Number, by_person: bool) -> str:
    number = _unchanged(app, seen)
    held = carrier.find_held(number.phone_number) if number else None
    if number is None or held is None or not held.points_here:
        return _CHANGED
    found = judging.drifts_of(number, held)
    if not found or (not by_person and judging.may_be_meant(found)):
        return _CHANGED
    if number.texts_are_off:
        carrier.set_voice_url(number, carrier.voice_url())
    else:
        carrier.wire(replace(number, carrier_number_id=held.carrier_number_id))
    # What the carrier did not take it cannot do: it is not found again.
    after = carrier.find_held(number.phone_number)
    importing.bring_up_to_date(app, carrier, number, after)
    return "set again"


def _taken_over(app: App, carrier: Carrier, finding: Finding) -> str:
    number = app.store.number(finding.target)
    # Only now: the list was read before, and the number may have been released since.
    held = carrier.find_held(E164(finding.target)) if number is None else None
    if held is None or not held.points_here:
        return _CHANGED
    adopted = importing.adopt(app, finding.organization_id, carrier.name, held)
    return f"taken over as {adopted.status.value}" if adopted else _CHANGED


def _connected_again(account: Account) -> str:
    app, organization_id = account.app, account.organization.id
    adapter = app.carrier_class(account.name)
    stored = app.secrets.carrier(organization_id, account.name)
    known = (*adapter.credential_fields, *adapter.credential_options)
    accounts.connect(
        app, organization_id, account.name, {it: stored[it] for it in known if it in stored}
    )
    return "its URLs are renewed"


# --- calls ---


def _settled(account: Account, found: CallFinding) -> str:
    app, call = account.app, found.call
    if found.trace is not None:
        after = call
        for event in found.trace.events:
            after = calls.record(app, account.carrier, call.organization_id, event)
        return f"the call is {after.status.value}"
    if not call.call_sid:
        placing.give_up(app, call, found.cause)
        return "the call is failed"
    after = calls.record(app, None, call.organization_id, _end(found, _last_heard(found)))
    return f"the call is {after.status.value}"


def _end(found: CallFinding, at: datetime) -> CallEvent:
    call = found.call
    return CallEvent(
        # One for each call: two runs end it once.
        id=f"reconciled-{call.id}",
        type="reconciled",
        call_sid=call.call_sid,
        call_id=call.id,
        occurred_at=at,
        status=CallStatus.COMPLETED,
        status_unanswered=CallStatus.FAILED,
        hangup_cause=found.cause,
    )


def _last_heard(found: CallFinding) -> datetime:
    # When it ended nobody knows; that it lasted until then is all that is certain.
    return max([found.call.created_at, *(step.at for step in found.call.history)])
