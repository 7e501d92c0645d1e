"""The fuse: too many calls, too dear, too far away, and all of them stop until somebody looks."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from switchboard import control, fuses, stopping
from switchboard.app import App
from switchboard.errors import CarrierUnavailable, FuseTripped, LimitExceeded, OutcomeUnknown
from switchboard.events import relaying
from switchboard.model import Actor, CallStatus, DialOptions
from switchboard.store import AuditFilter, Store
from switchboard.store.table import serialized
from tests.builders import CALLER, ORGANIZATION, OTHER_ORGANIZATION, a_call
from tests.clock import START, Clock
from tests.fakes import Books
from tests.unit.dialing import allow, dial, hold, rows, stored
from tests.unit.test_dialing_once import say

LONDON = "+442079460018"
WIDE = {
    "concurrent_calls": 100,
    "daily_spend_cents": 100_000,
    "allowed_countries": ("US", "CA", "GB"),
}


@pytest.fixture(autouse=True)
def _number(app: App) -> None:
    hold(app)


def tripped(app: App, **changes: Any) -> FuseTripped:
    """Ask for a call that the fuse refuses."""
    before = stored(app)
    with pytest.raises(FuseTripped) as caught:
        dial(app, **changes)
    assert stored(app) == before
    return caught.value


def events(app: App) -> list[dict[str, Any]]:
    """Return what customers are told of the fuse."""
    return [row for row in rows(app, "EVENT") if row["type"] == "fuse-update"]


@pytest.mark.parametrize(
    ("bound", "most", "to"),
    [("fuse_calls", 3, CALLER), ("fuse_calls_abroad", 2, LONDON), ("fuse_spend_cents", 42, CALLER)],
)
def test_the_call_that_passes_a_bound_stops_all_that_follow(
    app: App, books: Books, bound: str, most: int, to: str
) -> None:
    allow(app, **WIDE, **{bound: most})
    while len(books.dialled) < (3 if bound != "fuse_calls_abroad" else most):
        dial(app, to_phone_number=to)
    placed = len(books.dialled)

    error = tripped(app, to_phone_number=to)

    assert (error.status, error.code) == (403, "fuse_tripped")
    assert bound in str(error)
    assert "POST /api/v1/organization/fuse/reset" in str(error)
    assert len(books.dialled) == placed
    # Also one that would have passed no bound.
    assert bound in str(tripped(app, options=DialOptions(max_duration=60)))
    assert app.store.fuse(ORGANIZATION).reason == bound


def test_calls_at_home_and_to_toll_free_numbers_do_not_count_as_abroad(app: App) -> None:
    allow(app, **WIDE, fuse_calls_abroad=1)
    dial(app, to_phone_number=LONDON)

    for to in (CALLER, "+14165550123", "+18005550123"):
        dial(app, to_phone_number=to)

    assert app.store.fuse(ORGANIZATION).calls_abroad == 1
    tripped(app, to_phone_number=LONDON)


def test_ten_minutes_later_it_counts_anew(app: App, clock: Clock) -> None:
    allow(app, **WIDE, fuse_calls=1)
    dial(app)

    clock.now += fuses.SPAN

    dial(app)
    assert app.store.fuse(ORGANIZATION).calls == 1
    tripped(app)
    clock.now += 10 * fuses.SPAN
    tripped(app)  # time alone mends nothing


def test_a_call_that_a_limit_refuses_is_none(app: App) -> None:
    allow(app, **WIDE, fuse_calls=2, calls_per_second=1)
    dial(app)

    for _ in range(5):
        with pytest.raises(LimitExceeded):
            dial(app)

    assert app.store.fuse(ORGANIZATION).calls == 1


def test_a_call_that_was_placed_is_still_shown_to_who_repeats_it(app: App) -> None:
    allow(app, **WIDE, fuse_calls=1)
    first = dial(app, "key-1")
    tripped(app)

    again = dial(app, "key-1")

    assert (again.replayed, again.call.id) == (True, first.call.id)


def test_two_at_once_do_not_pass_together(app: App, books: Books) -> None:
    allow(app, **WIDE, fuse_calls=2)
    dial(app)
    books.meanwhile = lambda: tripped(app)  # one more asks while the second is being dialled

    dial(app)

    assert len(books.dialled) == 2


def test_of_many_at_once_as_many_are_placed_as_it_holds(app: App, books: Books) -> None:
    allow(app, **WIDE, fuse_calls=5)

    def refused(_: int) -> bool:
        try:
            dial(app)
        except FuseTripped:
            return True
        return False

    with ThreadPoolExecutor(6) as threads:
        outcomes = list(threads.map(refused, range(12)))

    assert (outcomes.count(True), len(books.dialled)) == (7, 5)
    assert len(events(app)) == 1


def test_a_new_ten_minutes_are_begun_by_one_of_two(
    app: App, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(app, **WIDE)
    dial(app)
    stale = app.store.fuse(ORGANIZATION)
    clock.now += fuses.SPAN
    dial(app)
    read = Store.dial_context
    monkeypatch.setattr(Store, "dial_context", lambda *asked: replace(read(*asked), fuse=stale))

    dial(app)

    assert app.store.fuse(ORGANIZATION).calls == 2


@pytest.mark.parametrize("stale", [True, False])
def test_a_container_whose_clock_is_behind_counts_in_the_ten_minutes_that_others_have_begun(
    app: App, books: Books, clock: Clock, monkeypatch: pytest.MonkeyPatch, stale: bool
) -> None:
    allow(app, **WIDE, fuse_calls=3)
    app.store.add_call(a_call(status=CallStatus.IN_PROGRESS))
    dial(app)
    before = app.store.fuse(ORGANIZATION)
    turn = datetime.fromtimestamp((before.span + 1) * fuses.SPAN.total_seconds(), UTC)
    clock.now = turn
    dial(app)
    clock.now = turn - timedelta(milliseconds=50)
    if stale:
        read = Store.dial_context
        monkeypatch.setattr(Store, "dial_context", lambda *it: replace(read(*it), fuse=before))

    dial(app)
    control.transfer(app, ORGANIZATION, a_call().call_sid, CALLER)

    fuse = app.store.fuse(ORGANIZATION)
    assert (fuse.span, fuse.calls) == (before.span + 1, 3)
    assert len(books.dialled) == 3
    tripped(app)


def test_a_call_after_the_fuse_was_read_is_refused_all_the_same(
    app: App, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(app, **WIDE)
    dial(app)
    stale = app.store.fuse(ORGANIZATION)
    read = Store.dial_context
    monkeypatch.setattr(Store, "dial_context", lambda *asked: replace(read(*asked), fuse=stale))
    fuses.trip(app, ORGANIZATION, fuses.BY_HAND)

    tripped(app)

    assert len(books.dialled) == 1


def test_other_organizations_go_on(app: App) -> None:
    allow(app, **WIDE)
    fuses.trip(app, OTHER_ORGANIZATION, fuses.BY_HAND)

    assert dial(app).call.status is CallStatus.DIALING


# --- what else would be a new outbound call ---


def test_nobody_is_put_through_while_it_is_tripped(app: App, books: Books) -> None:
    app.store.add_call(a_call(status=CallStatus.IN_PROGRESS))
    fuses.trip(app, ORGANIZATION, fuses.BY_HAND)

    with pytest.raises(FuseTripped):
        control.transfer(app, ORGANIZATION, a_call().call_sid, CALLER)

    assert books.transfers == []


def test_whoever_is_put_through_counts_as_a_call(app: App, books: Books) -> None:
    allow(app, **WIDE, fuse_calls_abroad=2)
    app.store.add_call(a_call(status=CallStatus.IN_PROGRESS))
    for to in (LONDON, "sip:desk@pbx.example.com", LONDON):
        control.transfer(app, ORGANIZATION, a_call().call_sid, to)

    with pytest.raises(FuseTripped, match="fuse_calls_abroad"):
        control.transfer(app, ORGANIZATION, a_call().call_sid, LONDON)

    fuse = app.store.fuse(ORGANIZATION)
    assert (fuse.calls, fuse.calls_abroad, len(books.transfers)) == (3, 2, 3)
    assert fuse.spend_cents > 0
    tripped(app)


def test_it_is_told_and_on_record_who_placed_the_call_that_tripped_it(app: App) -> None:
    allow(app, **WIDE, fuse_calls=1)
    thief = app.acting_for(Actor("Stolen key", 2001))
    dial(thief)
    tripped(thief)

    [event] = events(app)
    [entry] = app.store.audit_page(ORGANIZATION, AuditFilter(action="fuse.tripped"), 10)[0]

    assert event["is_terminal"] is True  # no subscription leaves it out
    assert '"action": "fuse.tripped"' in event["payload"]
    assert '"reason": "fuse_calls"' in event["payload"]
    assert (entry.actor.name, entry.details) == ("Stolen key", {"reason": "fuse_calls"})


def test_it_trips_once(app: App) -> None:
    fuses.trip(app, ORGANIZATION, fuses.BY_HAND)
    fuses.trip(app, ORGANIZATION, "fuse_calls")

    assert len(events(app)) == 1
    assert app.store.fuse(ORGANIZATION).reason == fuses.BY_HAND


# --- ending what is in progress ---


def test_calls_in_progress_are_ended_and_inbound_ones_are_not(app: App, books: Books) -> None:
    allow(app, **WIDE)
    placed = [dial(app).call for _ in range(3)]
    say(app, placed[0], CallStatus.IN_PROGRESS)
    say(app, placed[1], CallStatus.COMPLETED)
    app.store.add_call(a_call(id=1, call_sid="CA9", status=CallStatus.IN_PROGRESS))
    fuses.trip(app, ORGANIZATION, fuses.BY_HAND)

    left = stopping.stop(app, ORGANIZATION)

    assert left == 0
    assert sorted(books.hung_up) == sorted([placed[0].call_sid, placed[2].call_sid])
    assert {call.id for call in stored(app) if not call.status.is_final} == {1}
    assert app.store.fuse(ORGANIZATION).due is None


def test_a_call_that_is_just_being_dialled_is_ended_when_it_can_be(
    app: App, books: Books, clock: Clock
) -> None:
    allow(app, **WIDE)

    def meanwhile() -> None:
        fuses.trip(app, ORGANIZATION, fuses.BY_HAND)
        assert stopping.stop(app, ORGANIZATION) == 1

    books.meanwhile = meanwhile
    call = dial(app).call
    assert books.hung_up == []
    assert app.store.fuse(ORGANIZATION).due == clock() + timedelta(seconds=5)

    assert stopping.stop(app, ORGANIZATION) == 0
    assert books.hung_up == [call.call_sid]


def test_a_call_that_may_have_been_dialled_is_looked_after_until_its_time_is_over(
    app: App, books: Books, clock: Clock
) -> None:
    allow(app, **WIDE)
    books.lost_answers = [OutcomeUnknown("no answer")]
    dial(app, options=DialOptions(ring_timeout=30, max_duration=300))
    fuses.trip(app, ORGANIZATION, fuses.BY_HAND)
    waits = []
    while stopping.stop(app, ORGANIZATION):
        due = app.store.fuse(ORGANIZATION).due
        assert due is not None
        waits.append((due - clock()).total_seconds())
        clock.now = due

    assert waits[:3] == [5, 10, 20]
    assert clock() >= START + timedelta(seconds=450)


def test_a_carrier_that_does_not_answer_is_asked_again(app: App, books: Books) -> None:
    allow(app, **WIDE)
    call = dial(app).call
    fuses.trip(app, ORGANIZATION, fuses.BY_HAND)
    books.reply_errors = [CarrierUnavailable("down")]

    assert stopping.stop(app, ORGANIZATION) == 1
    assert stopping.stop(app, ORGANIZATION) == 0

    assert books.hung_up == [call.call_sid]


def test_a_call_that_nobody_can_make_sense_of_holds_up_none_of_the_others(
    app: App, books: Books
) -> None:
    allow(app, **WIDE)
    for _ in range(2 * stopping._AT_ONCE):
        dial(app)
    fuses.trip(app, ORGANIZATION, fuses.BY_HAND)
    books.reply_errors = [RuntimeError("nobody thought of this")]

    assert stopping.stop(app, ORGANIZATION) == 1

    assert len(books.hung_up) == 2 * stopping._AT_ONCE - 1


class Killed(BaseException):
    """The process is no more."""


def test_what_dies_while_it_ends_calls_is_begun_again_by_the_sweep(
    app: App, books: Books, clock: Clock
) -> None:
    allow(app, **WIDE)
    for _ in range(3):
        dial(app)
    fuses.trip(app, ORGANIZATION, fuses.BY_HAND)
    books.reply_errors = [Killed()]
    with pytest.raises(Killed):
        stopping.stop(app, ORGANIZATION)

    assert stopping.sweep(app) == 0  # not yet: somebody may be on his way
    clock.advance(seconds=31)
    assert stopping.sweep(app) == 1

    assert len(books.hung_up) == 3
    assert app.store.fuse(ORGANIZATION).due is None


def test_the_row_itself_tells_whoever_ends_calls(app: App, clock: Clock) -> None:
    fuses.trip(app, ORGANIZATION, fuses.BY_HAND)
    [row] = rows(app, "FUSE")

    asked = relaying.messages([{"dynamodb": {"NewImage": serialized(row)}}], clock())

    assert asked == [({"fuse": ORGANIZATION, "organization": ORGANIZATION}, 0)]


def test_an_alarm_is_raised_by_what_ends_the_calls(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    fuses.trip(app, ORGANIZATION, fuses.BY_HAND)
    stopping.stop(app, ORGANIZATION)

    [line] = [it for it in caplog.records if hasattr(it, "_aws")]
    [metrics] = line._aws["CloudWatchMetrics"]
    assert (metrics["Namespace"], metrics["Metrics"][0]["Name"]) == ("Switchboard", "TrippedFuses")
    assert line.TrippedFuses == 1  # type: ignore[attr-defined]
    assert line.stage == "test"  # type: ignore[attr-defined]


# --- resetting ---


def test_after_a_reset_calls_are_placed_again_from_nothing(app: App) -> None:
    allow(app, **WIDE, fuse_calls=1)
    dial(app)
    tripped(app)

    fuse = fuses.reset(app, ORGANIZATION)

    assert (fuse.tripped_at, fuse.reason, fuse.calls) == (None, None, 0)
    assert dial(app).call.status is CallStatus.DIALING
    tripped(app)
    assert [it["payload"].count("fuse.reset") for it in events(app)].count(1) == 1


def test_a_reset_spares_none_of_the_calls_from_before(app: App, books: Books, clock: Clock) -> None:
    allow(app, **WIDE)
    old = dial(app).call
    fuses.trip(app, ORGANIZATION, fuses.BY_HAND)
    clock.advance(seconds=1)
    fuses.reset(app, ORGANIZATION)
    new = dial(app).call

    assert stopping.stop(app, ORGANIZATION) == 0

    assert books.hung_up == [old.call_sid]
    assert not app.store.call(new.id).status.is_final  # type: ignore[union-attr]


def test_resetting_what_is_not_tripped_changes_nothing(app: App) -> None:
    allow(app, **WIDE)
    dial(app)

    assert fuses.reset(app, ORGANIZATION).calls == 1
    assert events(app) == []
