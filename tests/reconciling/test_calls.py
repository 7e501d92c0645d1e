"""Calls: what was placed is known, what has ended is over, and no place stays taken."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from switchboard import calls
from switchboard.app import App
from switchboard.carriers.base import Trace
from switchboard.errors import (
    CarrierError,
    CarrierUnavailable,
    InvalidCredentials,
    OutcomeUnknown,
)
from switchboard.model import E164, Call, CallStatus, CallStep, Direction, TrunkAttempt
from switchboard.reconciling import running
from switchboard.store.calls import call_item
from tests.builders import (
    CALL_SID,
    NUMBER,
    ORGANIZATION,
    OTHER_ORGANIZATION,
    a_call,
    an_event,
    an_organization,
)
from tests.clock import Clock
from tests.fakes import Books
from tests.reconciling.conftest import applied, planned
from tests.unit.dialing import allow, dial, hold, spent, taken

FAR = timedelta(days=9)
LOST = OutcomeUnknown("no answer")


@pytest.fixture(autouse=True)
def _is_well(app: App, books: Books) -> None:
    """The table and the account have the number that the calls are about."""
    hold(app)
    wanted = {"points_here": True, "points_nowhere": False}
    books.hold(
        NUMBER, carrier_number_id="PN1", voice_url="https://hooks.example.com/fake", **wanted
    )


@pytest.fixture
def unknown(app: App, books: Books) -> Call:
    """A call that was dialled, and whose answer was lost."""
    allow(app)
    books.lost_answers.append(LOST)
    call = dial(app, "key-1").call
    assert call.status is CallStatus.UNKNOWN
    return call


def trace(status: CallStatus, sid: str = CALL_SID, **event: Any) -> Trace:
    told = an_event(
        id=f"{sid}:{status}",
        type=status.value,
        call_sid=sid,
        status=status,
        direction=Direction.OUTBOUND,
        **event,
    )
    return Trace(sid, (told,))


def stored(app: App, call: Call) -> Call:
    found = app.store.call(call.id)
    assert found
    return found


def told(app: App) -> list[str]:
    return [event.type for event in app.store.events_after(ORGANIZATION, "0", 50)]


# --- dials ---


def test_a_call_that_was_placed_unheard_is_found_by_its_numbers_and_time(
    app: App, books: Books, clock: Clock, unknown: Call
) -> None:
    books.traces = [trace(CallStatus.COMPLETED, duration=61)]
    clock.advance(minutes=2)

    assert planned(app) == [("dial", str(unknown.id), "is unknown here and completed at fake")]
    assert applied(app) == [("dial", str(unknown.id), "the call is completed")]

    call = stored(app, unknown)
    assert (call.call_sid, call.status, call.duration) == (CALL_SID, CallStatus.COMPLETED, 61)
    assert taken(app) == []
    assert "end-of-call-report" in told(app)
    assert len(books.dialled) == 1
    assert planned(app) == []


def test_a_call_of_which_there_is_no_record_was_not_placed(
    app: App, books: Books, clock: Clock, unknown: Call
) -> None:
    clock.advance(minutes=2)
    assert planned(app) == []  # the carrier may show it a little later

    clock.advance(minutes=4)
    cause = "fake has no record of the call: it was not placed"
    assert planned(app) == [("dial", str(unknown.id), cause)]
    assert applied(app) == [("dial", str(unknown.id), "the call is failed")]

    call = stored(app, unknown)
    assert (call.status, call.hangup_cause) == (CallStatus.FAILED, cause)
    assert taken(app) == []
    assert spent(app) == 0


def test_a_call_whose_process_died_is_settled_like_one_whose_answer_was_lost(
    app: App, books: Books, clock: Clock
) -> None:
    allow(app)
    books.dial_errors.append(KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        dial(app)
    assert len(taken(app)) == 1

    clock.advance(minutes=6)
    [(kind, _, outcome)] = applied(app)

    assert (kind, outcome) == ("dial", "the call is failed")
    assert taken(app) == []


def test_two_unknown_calls_to_one_number_get_a_call_each(
    app: App, books: Books, clock: Clock, unknown: Call
) -> None:
    books.lost_answers.append(LOST)
    second = dial(app, "key-2").call
    books.traces = [trace(CallStatus.IN_PROGRESS, sid) for sid in ("CA1", "CA2")]
    clock.advance(minutes=2)

    applied(app)

    assert [stored(app, it).call_sid for it in (unknown, second)] == ["CA1", "CA2"]


@pytest.mark.parametrize("seconds_between", [0, 50, 90])
def test_a_record_that_may_be_of_either_of_two_calls_is_nobodys_until_an_event_tells(
    app: App, books: Books, clock: Clock, unknown: Call, seconds_between: int
) -> None:
    clock.advance(seconds=seconds_between)
    books.lost_answers.append(LOST)
    second = dial(app, "key-2").call
    books.traces = [trace(CallStatus.RINGING, "CA2")]
    # The second may still be on its way to the carrier, or at it.
    clock.advance(seconds=65 - seconds_between if seconds_between < 65 else 0)
    assert applied(app) == []
    clock.advance(minutes=10)
    assert applied(app) == []
    assert {stored(app, it).status for it in (unknown, second)} == {CallStatus.UNKNOWN}

    rings = an_event(call_id=second.id, status=CallStatus.RINGING, call_sid="CA2")
    calls.record(app, app.voice("fake", ORGANIZATION), ORGANIZATION, rings)

    assert applied(app) == [("dial", str(unknown.id), "the call is failed")]
    assert stored(app, second).call_sid == "CA2"


def test_a_record_of_one_of_two_calls_of_which_nothing_is_ever_heard_is_the_older_ones(
    app: App, books: Books, clock: Clock, unknown: Call
) -> None:
    books.lost_answers.append(LOST)
    second = dial(app, "key-2").call
    books.traces = [trace(CallStatus.NO_ANSWER, "CA1")]
    clock.advance(hours=4)
    assert applied(app) == []

    clock.advance(minutes=20)
    applied(app)

    found = [(it.call_sid, it.status) for it in (stored(app, unknown), stored(app, second))]
    assert found == [("CA1", CallStatus.NO_ANSWER), ("", CallStatus.FAILED)]
    assert planned(app) == []


def test_a_record_is_of_the_one_call_that_can_be_meant(
    app: App, books: Books, clock: Clock, unknown: Call
) -> None:
    books.lost_answers.append(LOST)
    dial(app, "to-another-number", to_phone_number=E164("+12125550142"))
    clock.advance(seconds=96)
    books.lost_answers.append(LOST)
    dial(app, "later")
    books.traces = [trace(CallStatus.RINGING, "CA1")]

    assert applied(app)[0] == ("dial", str(unknown.id), "the call is ringing")


def test_a_call_that_is_being_placed_is_left_alone(app: App, unknown: Call, clock: Clock) -> None:
    clock.advance(seconds=59)

    assert planned(app) == []
    assert applied(app) == []


def test_a_carrier_that_cannot_be_asked_settles_no_call(
    app: App, books: Books, clock: Clock, unknown: Call
) -> None:
    clock.advance(days=1)
    books.failures["traces"] = [CarrierUnavailable("fake cannot be reached")] * 2

    assert planned(app)[0] == ("unreadable", str(unknown.id), "fake cannot be reached")
    applied(app)

    assert stored(app, unknown).status is CallStatus.UNKNOWN


def test_an_event_that_comes_while_it_is_settled_is_right(
    app: App, books: Books, clock: Clock, unknown: Call
) -> None:
    clock.advance(minutes=6)

    def rings() -> None:
        event = an_event(call_id=unknown.id, status=CallStatus.RINGING, call_sid="CA7")
        calls.record(app, app.voice("fake", ORGANIZATION), ORGANIZATION, event)

    books.meanwhile = rings
    [mended] = [it for it in running.apply(app, ORGANIZATION) if it.finding.kind == "dial"]

    assert mended.problem == "it changed meanwhile, and is looked at again"
    assert stored(app, unknown).status is CallStatus.RINGING


# --- calls whose end was not told ---


def test_a_call_whose_last_event_never_came_is_closed_by_the_carriers_word(
    app: App, books: Books, clock: Clock
) -> None:
    call = a_call(status=CallStatus.IN_PROGRESS, answered_at=clock())
    app.store.add_call(call)
    books.traces = [trace(CallStatus.COMPLETED, duration=240)]
    clock.advance(minutes=20)
    assert planned(app) == []  # people may speak

    clock.advance(minutes=20)
    assert planned(app) == [("call", str(call.id), "is in_progress here and completed at fake")]
    assert applied(app) == [("call", str(call.id), "the call is completed")]
    assert stored(app, call).duration == 240
    assert planned(app) == []


def test_a_call_that_goes_on_stays_open(app: App, books: Books, clock: Clock) -> None:
    call = a_call(status=CallStatus.IN_PROGRESS, answered_at=clock())
    app.store.add_call(call)
    books.traces = [trace(CallStatus.IN_PROGRESS)]
    clock.advance(hours=2)

    assert planned(app) == []


def test_a_call_that_nobody_took_is_asked_about_once_it_cannot_ring_any_more(
    app: App, books: Books, clock: Clock
) -> None:
    call = a_call()
    app.store.add_call(call)
    books.traces = [trace(CallStatus.NO_ANSWER)]
    clock.advance(minutes=2)
    assert planned(app) == []

    clock.advance(minutes=2)
    assert applied(app) == [("call", str(call.id), "the call is no_answer")]


def test_a_call_that_must_be_over_is_closed_when_its_carrier_knows_nothing_of_it(
    app: App, clock: Clock
) -> None:
    call = a_call(status=CallStatus.IN_PROGRESS, answered_at=clock())
    app.store.add_call(call)
    clock.advance(hours=4)
    assert planned(app) == []

    clock.advance(minutes=20)
    [(kind, target, says)] = planned(app)
    assert (kind, target) == ("call", str(call.id))
    assert says == (
        "must be over since 2026-03-02 13:03 UTC; fake has no record of the call any more"
    )
    assert applied(app) == [("call", target, "the call is completed")]
    closed = stored(app, call)
    assert closed.hangup_cause == "fake has no record of the call any more"
    assert planned(app) == []


def test_a_call_of_an_account_that_is_not_connected_any_more_is_closed_in_time(
    app: App, clock: Clock
) -> None:
    app.store.add_organization(an_organization(id=OTHER_ORGANIZATION))
    call = a_call(organization_id=OTHER_ORGANIZATION)
    app.store.add_call(call)
    clock.advance(hours=4)
    running.sweep(app, clock() + FAR)
    assert stored(app, call).status is CallStatus.RINGING

    clock.advance(minutes=20)
    running.sweep(app, clock() + FAR)

    closed = stored(app, call)
    assert closed.status is CallStatus.FAILED
    assert closed.hangup_cause == "the event of its end never came"


@pytest.mark.parametrize(
    "error", [InvalidCredentials("fake said 401"), CarrierError("bad id"), KeyError("a defect")]
)
def test_calls_whose_carrier_answers_with_errors_are_closed_when_they_must_be_over(
    app: App, books: Books, clock: Clock, error: Exception
) -> None:
    open_calls = [
        a_call(id=it, call_sid=f"CA{it}", status=CallStatus.IN_PROGRESS, answered_at=clock())
        for it in (9101, 9102)
    ]
    for call in open_calls:
        app.store.add_call(call)
    books.failures["traces"] = [error] * 500
    clock.advance(hours=4)
    running.sweep(app, clock() + FAR)
    assert {stored(app, it).status for it in open_calls} == {CallStatus.IN_PROGRESS}

    clock.advance(minutes=20)
    running.sweep(app, clock() + FAR)

    for call in open_calls:
        closed = stored(app, call)
        assert closed.status is CallStatus.COMPLETED
        assert closed.hangup_cause == "the event of its end never came"
    assert planned(app) == []


def test_a_carriers_clock_that_runs_ahead_keeps_no_call_open(app: App, clock: Clock) -> None:
    ahead = CallStep("e1", "answered", clock() + timedelta(days=900), CallStatus.IN_PROGRESS)
    call = a_call(status=CallStatus.IN_PROGRESS, answered_at=clock(), history=(ahead,))
    app.store.add_call(call)
    clock.advance(hours=5)

    running.sweep(app, clock() + FAR)

    assert stored(app, call).status is CallStatus.COMPLETED


def test_refused_credentials_hide_no_call_that_must_be_over(
    app: App, books: Books, clock: Clock
) -> None:
    over = a_call(id=9101, call_sid="CA9101", status=CallStatus.IN_PROGRESS, answered_at=clock())
    app.store.add_call(over)
    clock.advance(hours=4)
    app.store.add_call(a_call(id=9100, call_sid="CA9100", created_at=clock()))
    books.failures["traces"] = [InvalidCredentials("fake said 401")] * 500
    clock.advance(minutes=20)

    running.sweep(app, clock() + FAR)

    assert stored(app, over).status is CallStatus.COMPLETED
    assert books.requests.count("traces") == 1


def test_a_call_that_waits_for_a_trunk_that_nobody_tries_is_ended(app: App, clock: Clock) -> None:
    attempt = TrunkAttempt("t1", "own", clock(), "abc", outcome="486 busy here")
    call = a_call(
        status=CallStatus.DIALING,
        direction=Direction.OUTBOUND,
        carrier="byo-sip-trunk",
        call_sid="",
        attempts=(attempt,),
    )
    app.store.put_item(call_item(call))
    assert planned(app) == []
    clock.advance(minutes=2)

    assert applied(app) == [("dial", str(call.id), "the call is failed")]
    assert stored(app, call).hangup_cause == "486 busy here"


# --- places ---


def test_a_place_whose_call_has_ended_is_returned(app: App, books: Books, clock: Clock) -> None:
    allow(app, number_concurrent_calls=3)
    call = dial(app).call
    going_on = dial(app, to_phone_number=E164("+12125550142")).call
    assert len(taken(app)) == 4
    # As if the rows of a process of the past had ended the call and kept its places.
    ended = replace(stored(app, call), status=CallStatus.COMPLETED, leases=())
    app.store.put_item(call_item(ended))

    found = [it for it in planned(app) if it[0] == "place"]
    assert found == [
        ("place", "LIMIT#1001#concurrent_calls", "1 of 2 places are held by calls that have ended"),
        (
            "place",
            "LIMIT#1001#number_concurrent_calls#+14155550100",
            "1 of 2 places are held by calls that have ended",
        ),
    ]
    applied(app)

    assert {int(it.partition("#")[2]) for it in taken(app)} == {going_on.id}
