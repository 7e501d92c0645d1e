"""What an organization's calls may take up: refused by name, held while they last, given back."""

from datetime import timedelta
from typing import Any

import pytest

from switchboard.app import App
from switchboard.errors import InsufficientBalance, LimitExceeded, OutcomeUnknown
from switchboard.model import CallStatus, DialOptions
from tests.builders import NUMBER, ORGANIZATION, an_assistant
from tests.clock import START, Clock
from tests.fakes import Books
from tests.unit.dialing import allow, dial, hold, spent, stored, taken
from tests.unit.test_dialing_once import say

OTHER_NUMBER = "+14155550101"
# To the end of the day, from the clock's 9 o'clock.
REST_OF_DAY = 15 * 60 * 60


@pytest.fixture(autouse=True)
def _numbers(app: App) -> None:
    hold(app)
    hold(app, phone_number=OTHER_NUMBER)


def exceeded(app: App, **changes: Any) -> LimitExceeded:
    """Ask for a call that a limit refuses."""
    before = len(stored(app)), taken(app), spent(app)
    with pytest.raises(LimitExceeded) as caught:
        dial(app, **changes)
    # Nothing is taken up by what was refused.
    assert before == (len(stored(app)), taken(app), spent(app))
    return caught.value


@pytest.mark.parametrize(
    ("limit", "wait"),
    [
        ("concurrent_calls", 5),
        ("calls_per_second", 1),
        ("calls_per_day", REST_OF_DAY),
        ("number_concurrent_calls", 5),
        ("number_calls_per_day", REST_OF_DAY),
    ],
)
@pytest.mark.parametrize("most", [0, 1, 3])
def test_a_limit_refuses_what_is_more_and_says_when_to_come_back(
    app: App, books: Books, limit: str, wait: int, most: int
) -> None:
    allow(app, **{limit: most})
    for _ in range(most):
        dial(app)

    error = exceeded(app)

    assert (error.limit, error.value, error.retry_after) == (limit, most, wait)
    assert (error.status, error.code) == (429, "limit_exceeded")
    assert f"{limit} is {most}" in str(error)
    assert len(books.dialled) == most


def test_the_days_money_is_a_limit(app: App, books: Books) -> None:
    allow(app, daily_spend_cents=10)
    while spent(app) == 0:
        dial(app, options=DialOptions(max_duration=180))
    each = spent(app)
    for _ in range(10 // each - 1):
        dial(app, options=DialOptions(max_duration=180))

    error = exceeded(app, options=DialOptions(max_duration=180))

    assert (error.limit, error.value, error.retry_after) == ("daily_spend_cents", 10, REST_OF_DAY)
    assert spent(app) == each * len(books.dialled) <= 10


@pytest.mark.parametrize("cents", [0, 1])
def test_a_call_that_costs_more_than_the_day_may_is_refused_at_once(app: App, cents: int) -> None:
    allow(app, daily_spend_cents=cents)

    assert exceeded(app).limit == "daily_spend_cents"


@pytest.mark.parametrize("limit", ["number_concurrent_calls", "number_calls_per_day"])
def test_a_numbers_limit_is_its_own(app: App, limit: str) -> None:
    allow(app, **{limit: 1})
    dial(app)

    assert exceeded(app).limit == limit
    assert dial(app, from_phone_number=OTHER_NUMBER).call.status is CallStatus.DIALING


@pytest.mark.parametrize(
    ("limit", "span"),
    [
        ("calls_per_second", timedelta(seconds=1)),
        ("calls_per_day", timedelta(days=1)),
        ("number_calls_per_day", timedelta(days=1)),
    ],
)
def test_a_new_span_of_time_begins_at_nothing(
    app: App, clock: Clock, limit: str, span: timedelta
) -> None:
    allow(app, **{limit: 1})
    dial(app)
    exceeded(app)

    clock.now += span

    assert dial(app).call.status is CallStatus.DIALING


def test_by_default_one_call_a_second_may_be_placed(app: App) -> None:
    dial(app)

    assert exceeded(app).limit == "calls_per_second"


# --- places ---


@pytest.mark.parametrize(
    "end",
    [
        CallStatus.COMPLETED,
        CallStatus.BUSY,
        CallStatus.NO_ANSWER,
        CallStatus.FAILED,
        CallStatus.CANCELLED,
    ],
)
def test_a_call_that_ends_gives_its_places_back(app: App, end: CallStatus) -> None:
    allow(app, concurrent_calls=1, number_concurrent_calls=1)
    call = dial(app).call
    assert len(taken(app)) == 2
    say(app, call, CallStatus.RINGING)
    assert len(taken(app)) == 2

    say(app, call, end)

    assert taken(app) == []
    assert dial(app).call.status is CallStatus.DIALING


def test_a_refused_call_gives_everything_back_but_its_count(app: App, books: Books) -> None:
    allow(app, concurrent_calls=1, number_concurrent_calls=1)
    books.dial_errors = [InsufficientBalance("Add funds.")]

    dial(app)

    assert (taken(app), spent(app)) == ([], 0)


def test_an_unknown_call_keeps_its_place_until_its_lease_ends(
    app: App, books: Books, clock: Clock
) -> None:
    allow(app, concurrent_calls=1)
    books.lost_answers = [OutcomeUnknown("no answer")]
    dial(app, options=DialOptions(ring_timeout=30, max_duration=300))
    clock.now = START + timedelta(seconds=30 + 300 + 119)
    exceeded(app)

    clock.now = START + timedelta(seconds=30 + 300 + 120)

    assert dial(app).call.status is CallStatus.DIALING
    assert len(taken(app)) == 1


def test_a_late_end_after_the_sweep_takes_nobody_elses_place(app: App, clock: Clock) -> None:
    allow(app, concurrent_calls=1)
    old = dial(app, options=DialOptions(ring_timeout=30, max_duration=300)).call
    clock.advance(seconds=450)
    new = dial(app).call

    say(app, old, CallStatus.COMPLETED)

    [holder] = taken(app)
    assert holder.endswith(f"#{new.id}")


def test_the_last_place_goes_to_one_of_two(app: App, books: Books) -> None:
    allow(app, concurrent_calls=1)
    books.meanwhile = lambda: exceeded(app)

    dial(app)

    assert len(books.dialled) == 1


# --- money ---


@pytest.mark.parametrize(("seconds", "cents"), [(0, 0), (1, 2), (60, 2), (61, 3), (3600, 84)])
def test_the_duration_decides_what_a_call_has_cost(app: App, seconds: int, cents: int) -> None:
    allow(app)
    call = dial(app).call
    assert spent(app) == 14  # ten minutes to the United States

    say(app, call, CallStatus.COMPLETED, duration=seconds)

    assert spent(app) == cents


def test_an_end_that_is_told_twice_is_paid_once(app: App) -> None:
    allow(app)
    call = dial(app).call

    for n in range(3):
        say(app, call, CallStatus.COMPLETED, duration=60, id=f"end-{n}")

    assert spent(app) == 2


def test_an_answer_that_is_heard_of_after_the_end_is_paid_for(app: App) -> None:
    allow(app)
    call = dial(app).call

    say(
        app,
        call,
        CallStatus.COMPLETED,
        status_unanswered=CallStatus.CANCELLED,
        occurred_at=START + timedelta(seconds=61),
    )
    assert spent(app) == 0
    say(app, call, CallStatus.IN_PROGRESS, occurred_at=START)

    [row] = stored(app)
    assert (row.status, row.duration) == (CallStatus.COMPLETED, 61)
    assert spent(app) == 3


def test_an_end_that_overtakes_the_answer_to_dialling_is_paid_for(app: App, books: Books) -> None:
    allow(app)

    def end() -> None:
        [call] = stored(app)
        say(app, call, CallStatus.COMPLETED, duration=60)

    books.meanwhile = end
    dial(app)

    assert (spent(app), taken(app)) == (2, [])


def test_less_is_put_aside_for_a_call_that_must_be_short(app: App) -> None:
    allow(app)

    dial(app, options=DialOptions(max_duration=60))

    assert spent(app) == 2


def test_an_unknown_call_keeps_its_estimate(app: App, books: Books) -> None:
    allow(app)
    books.lost_answers = [OutcomeUnknown("no answer")]

    dial(app)

    assert spent(app) == 14


def test_limits_of_another_organization_do_not_count(app: App) -> None:
    allow(app, concurrent_calls=1)
    dial(app)

    assert all(row.organization_id == ORGANIZATION for row in stored(app))
    app.store.put_assistant(an_assistant())
    assert NUMBER in {row.phone_number for row in stored(app)}
