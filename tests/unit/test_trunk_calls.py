"""Calls over SIP trunks: in which order, each attempt once, and on to the next only for cause."""

from dataclasses import replace
from typing import Any

import pytest

from switchboard import calls, control, fuses, placing, trunks
from switchboard.app import App
from switchboard.errors import (
    CallNotPlaced,
    CarrierNotConnected,
    CarrierPermissionDenied,
    CarrierUnavailable,
    InvalidCredentials,
    OutcomeUnknown,
    RateLimited,
    SwitchboardError,
)
from switchboard.model import BYO, Call, CallEvent, CallStatus, Direction
from tests.builders import CALLER, NUMBER, ORGANIZATION, an_event
from tests.clock import Clock
from tests.unit.dialing import allow, dial, hold, stored, taken
from tests.unit.trunk_lines import Lines, a_trunk, bridged

NOT_THERE = CarrierUnavailable("It cannot be reached.")
ONE, TWO, THREE = "one.example.com", "two.example.com", "three.example.com"


@pytest.fixture
def lines() -> Lines:
    """What the bridges know."""
    return Lines()


@pytest.fixture
def app(app: App, lines: Lines) -> App:
    """A deployment whose number calls over three trunks: by priority one, two, three."""
    allow(app)
    app = bridged(app, lines)
    for place, name in enumerate(("one", "two", "three"), 1):
        a_trunk(app, name, place)
    hold(app, carrier=BYO)
    return replace(app, fail_over=lambda call_id: placing.go_on(app, call_id))


def tell(app: App, call: Call, gateway: str, status: CallStatus, **changes: Any) -> Call:
    """Let an event of one attempt arrive, and happen what a webhook does with it."""
    wanted: dict[str, Any] = {
        "id": f"{gateway}-{status}",
        "type": status.value,
        "call_sid": f"CA-{gateway}",
        "status": status,
        "direction": Direction.OUTBOUND,
        "from_": NUMBER,
        "to": f"sip:{CALLER}@{gateway}",
        "call_id": call.id,
    }
    event: CallEvent = an_event(**wanted | changes)
    told = calls.record(app, app.voice("twilio", ORGANIZATION), ORGANIZATION, event)
    if told.waits_for_another_trunk and app.fail_over:
        app.fail_over(told.id)
    return read(app, call)


def fail(app: App, call: Call, gateway: str) -> Call:
    """Let the carrier say that a trunk's gateway could not be reached."""
    return tell(app, call, gateway, CallStatus.FAILED, not_this_trunk=True, hangup_cause="503")


def read(app: App, call: Call) -> Call:
    """Return a call as it is in the table."""
    found = app.store.call(call.id)
    assert found
    return found


def test_a_call_goes_over_the_first_trunk_with_its_login(app: App, lines: Lines) -> None:
    call = dial(app).call

    assert (call.status, call.carrier, call.bridge) == (CallStatus.DIALING, BYO, "twilio")
    assert lines.dialled == [ONE]
    route = lines.routes[0]
    assert route.address_of(call.customer_number) == f"sip:{CALLER}@{ONE}"
    assert (route.username, route.password) == ("acme", "correct horse battery")
    assert read(app, call).sip_trunk_id == route.trunk_id


def test_the_numbers_own_trunk_comes_first_then_the_others_by_priority(
    app: App, lines: Lines
) -> None:
    own = next(it for it in app.store.trunks(ORGANIZATION) if it.name == "three")
    number = app.store.number(NUMBER)
    assert number
    app.store.transact(
        app.store._put_number(replace(number, sip_trunk_id=own.id), "attribute_exists(pk)")
    )
    lines.errors = {THREE: NOT_THERE, ONE: NOT_THERE}

    call = dial(app).call

    assert lines.dialled == [THREE, ONE, TWO]
    assert call.status is CallStatus.DIALING


def test_every_attempt_is_in_the_row_before_it_is_made(app: App, lines: Lines) -> None:
    lines.errors = {ONE: NOT_THERE, TWO: NOT_THERE, THREE: NOT_THERE}

    call = dial(app).call

    assert lines.dialled == [ONE, TWO, THREE]
    assert lines.marked == [True, True, True]
    assert (call.status, call.refusal and call.refusal.code) == (
        CallStatus.FAILED,
        "carrier_unavailable",
    )
    assert taken(app) == []


@pytest.mark.parametrize(
    "error",
    [
        OutcomeUnknown("No answer."),
        RateLimited("Too fast."),
        CarrierPermissionDenied("SIP is not enabled."),
        InvalidCredentials("Wrong."),
    ],
)
def test_no_other_answer_leads_to_another_trunk(
    app: App, lines: Lines, error: SwitchboardError
) -> None:
    lines.errors = {ONE: error}

    call = dial(app).call

    assert lines.dialled == [ONE]
    unknown = isinstance(error, OutcomeUnknown)
    assert call.status is (CallStatus.UNKNOWN if unknown else CallStatus.FAILED)


def test_an_attempt_whose_answer_never_came_is_never_made_again(app: App, lines: Lines) -> None:
    lines.errors = {ONE: OutcomeUnknown("No answer.")}
    first = dial(app, "key-1").call

    again = dial(app, "key-1")

    assert (again.replayed, again.call.id, lines.dialled) == (True, first.id, [ONE])


def test_a_process_that_dies_between_attempts_has_made_none_of_them_twice(
    app: App, lines: Lines
) -> None:
    lines.errors = {ONE: NOT_THERE, TWO: SystemExit()}

    with pytest.raises(SystemExit):
        dial(app, "key-1")

    (call,) = stored(app)
    assert [attempt.outcome is None for attempt in call.attempts] == [False, True]
    app.clock.advance(minutes=2)  # type: ignore[attr-defined]
    assert dial(app, "key-1").call.status is CallStatus.UNKNOWN
    assert lines.dialled == [ONE, TWO]


def test_what_takes_too_long_is_not_tried_further(app: App, lines: Lines, clock: Clock) -> None:
    lines.errors = {ONE: NOT_THERE}
    lines.meanwhile = {ONE: lambda _: clock.advance(seconds=12)}

    assert dial(app).call.status is CallStatus.FAILED
    assert lines.dialled == [ONE]


def test_disabled_trunks_and_those_without_an_account_are_passed_over(
    app: App, lines: Lines
) -> None:
    one, two, _ = app.store.trunks(ORGANIZATION)
    trunks.change(app, ORGANIZATION, one.id, {"enabled": False})
    trunks.change(app, ORGANIZATION, two.id, {"bridge": "telnyx"})
    lines.unready = {"telnyx": InvalidCredentials("No key.")}

    assert dial(app).call.status is CallStatus.DIALING
    assert lines.dialled == [THREE]


def test_without_a_trunk_that_is_ready_nothing_is_reserved(app: App, lines: Lines) -> None:
    lines.unready = {"twilio": InvalidCredentials("No token.")}
    with pytest.raises(InvalidCredentials):
        dial(app)
    for trunk in app.store.trunks(ORGANIZATION):
        trunks.change(app, ORGANIZATION, trunk.id, {"enabled": False})
    with pytest.raises(CarrierNotConnected, match="no enabled SIP trunk"):
        dial(app)

    assert (stored(app), taken(app), lines.dialled) == ([], [], [])


# --- what the bridge tells later ---


def test_a_gateway_that_failed_before_it_rang_leads_to_the_next_trunk(
    app: App, lines: Lines
) -> None:
    _, two, _ = app.store.trunks(ORGANIZATION)
    trunks.change(app, ORGANIZATION, two.id, {"bridge": "telnyx"})
    call = dial(app).call

    after = fail(app, call, ONE)

    assert (lines.dialled, lines.bridges) == ([ONE, TWO], ["twilio", "telnyx"])
    assert (after.status, after.call_sid, after.bridge) == (
        CallStatus.DIALING,
        f"CA-{TWO}",
        "telnyx",
    )
    assert [it.outcome for it in after.attempts] == ["503", None]
    assert len(taken(app)) == 1
    answered = tell(app, call, TWO, CallStatus.IN_PROGRESS)
    assert answered.status is CallStatus.IN_PROGRESS


def test_the_same_failure_told_twice_leads_to_one_attempt(app: App, lines: Lines) -> None:
    call = dial(app).call

    fail(app, call, ONE)
    fail(app, call, ONE)

    assert lines.dialled == [ONE, TWO]


def test_two_who_go_on_at_once_make_one_attempt(app: App, lines: Lines) -> None:
    call = dial(app).call
    lines.meanwhile = {TWO: lambda it: placing.go_on(app, it.id)}

    fail(app, call, ONE)

    assert lines.dialled == [ONE, TWO]


def test_while_the_fuse_is_tripped_no_other_trunk_is_tried(app: App, lines: Lines) -> None:
    call = dial(app).call
    fuses.trip(app, ORGANIZATION, fuses.BY_HAND)

    after = fail(app, call, ONE)

    assert lines.dialled == [ONE]
    assert (after.status, after.hangup_cause) == (CallStatus.FAILED, "503")
    assert taken(app) == []


def test_a_failure_that_was_written_down_is_gone_on_with_later(app: App, lines: Lines) -> None:
    call = dial(app).call

    def dead(_: int) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        fail(replace(app, fail_over=dead), call, ONE)
    assert read(app, call).waits_for_another_trunk

    # The same event comes again, or AWS repeats what began with it.
    after = fail(app, call, ONE)

    assert (lines.dialled, after.call_sid) == ([ONE, TWO], f"CA-{TWO}")


def test_a_failure_that_is_told_before_the_dial_is_answered_is_not_lost(
    app: App, lines: Lines
) -> None:
    lines.meanwhile = {ONE: lambda it: fail(app, it, ONE)}

    call = dial(app).call

    assert lines.dialled == [ONE, TWO]
    assert (call.call_sid, read(app, call).call_sid) == (f"CA-{TWO}", f"CA-{TWO}")


def test_late_events_of_an_earlier_attempt_say_nothing_of_the_call(app: App, lines: Lines) -> None:
    call = dial(app).call
    fail(app, call, ONE)

    after = tell(app, call, ONE, CallStatus.COMPLETED, id="late", duration=30)

    assert after.status is CallStatus.DIALING
    assert len(stored(app)) == 1


def test_when_no_trunk_is_left_the_call_has_failed(app: App, lines: Lines) -> None:
    call = dial(app).call

    for gateway in (ONE, TWO, THREE):
        after = fail(app, call, gateway)

    assert lines.dialled == [ONE, TWO, THREE]
    assert (after.status, after.hangup_cause, after.call_sid) == (
        CallStatus.FAILED,
        "503",
        f"CA-{THREE}",
    )
    assert taken(app) == []


@pytest.mark.parametrize("status", [CallStatus.BUSY, CallStatus.NO_ANSWER, CallStatus.FAILED])
def test_a_callee_who_does_not_want_to_is_not_called_again(
    app: App, lines: Lines, status: CallStatus
) -> None:
    call = dial(app).call

    assert tell(app, call, ONE, status, hangup_cause="603").status is status
    assert lines.dialled == [ONE]


def test_a_call_that_was_taken_never_goes_over_another_trunk(app: App, lines: Lines) -> None:
    call = dial(app).call
    tell(app, call, ONE, CallStatus.IN_PROGRESS)

    assert fail(app, call, ONE).status is CallStatus.FAILED
    assert lines.dialled == [ONE]


def test_what_has_rung_is_not_called_again(app: App, lines: Lines) -> None:
    call = dial(app).call
    tell(app, call, ONE, CallStatus.RINGING)

    assert fail(app, call, ONE).status is CallStatus.FAILED
    assert lines.dialled == [ONE]


def test_the_bridge_that_carries_a_call_is_the_one_that_ends_it(app: App, lines: Lines) -> None:
    _, two, _ = app.store.trunks(ORGANIZATION)
    trunks.change(app, ORGANIZATION, two.id, {"bridge": "telnyx"})
    call = dial(app).call
    fail(app, call, ONE)

    # By the id that was told first, too.
    ended = control.terminate(app, ORGANIZATION, call.call_sid)

    assert lines.hung_up == [("telnyx", f"CA-{TWO}")]
    assert ended.status is CallStatus.CANCELLED


def test_between_two_attempts_there_is_nothing_to_end(app: App, lines: Lines) -> None:
    call = dial(app).call
    fail(replace(app, fail_over=None), call, ONE)

    with pytest.raises(CallNotPlaced):
        control.terminate(app, ORGANIZATION, call.call_sid)
