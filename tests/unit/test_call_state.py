"""A call's state: forward only, each event once, the same end in whatever order it was heard."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.calls import advance
from switchboard.model import Call, CallEvent, CallStatus
from tests.builders import a_call, an_event
from tests.clock import START


def at(second: int, id_: str, status: CallStatus | None, **changes: object) -> CallEvent:
    return an_event(
        id=id_, type=id_, status=status, occurred_at=START + timedelta(seconds=second), **changes
    )


ANSWERED = at(2, "answered", CallStatus.IN_PROGRESS)
STREAMING = at(3, "streaming.started", None)
HANGUP = at(
    32,
    "hangup",
    CallStatus.COMPLETED,
    status_unanswered=CallStatus.CANCELLED,
    hangup_cause="originator_cancel",
)


def after(call: Call, *events: CallEvent) -> Call:
    for event in events:
        call = advance(call, event) or call
    return call


def test_an_answered_call_that_ends_is_completed_and_has_a_duration() -> None:
    call = after(a_call(), ANSWERED, STREAMING, HANGUP)

    assert call.status is CallStatus.COMPLETED
    assert call.duration == 30
    assert call.hangup_cause == "originator_cancel"
    assert [step.type for step in call.history] == ["answered", "streaming.started", "hangup"]


def test_a_call_that_ends_unanswered_is_read_differently() -> None:
    call = after(a_call(), HANGUP)

    assert call.status is CallStatus.CANCELLED
    assert call.duration is None


@pytest.mark.parametrize("order", list(permutations([ANSWERED, STREAMING, HANGUP])))
def test_the_order_of_arrival_does_not_matter(order: tuple[CallEvent, ...]) -> None:
    call = after(a_call(), *order)

    assert call.status is CallStatus.COMPLETED
    assert call.duration == 30


def test_the_same_event_twice_changes_nothing() -> None:
    call = after(a_call(), ANSWERED)

    assert advance(call, ANSWERED) is None


def test_a_late_ringing_does_not_bring_an_ended_call_back() -> None:
    ended = after(a_call(), HANGUP)

    late = after(ended, at(1, "ringing", CallStatus.RINGING))

    assert late.status is CallStatus.CANCELLED
    assert late.history[-1].status is CallStatus.CANCELLED


def test_the_first_ending_wins() -> None:
    busy = after(a_call(), at(5, "busy", CallStatus.BUSY))

    assert after(busy, at(6, "completed", CallStatus.COMPLETED)).status is CallStatus.BUSY


def test_a_carriers_own_duration_is_believed() -> None:
    call = after(a_call(), ANSWERED, at(40, "completed", CallStatus.COMPLETED, duration=37))

    assert call.duration == 37


def test_the_history_keeps_the_last_hundred_steps() -> None:
    call = a_call()
    for number in range(150):
        call = after(call, at(number, f"event-{number}", None))

    assert len(call.history) == 100
    assert call.history[-1].event_id == "event-149"


EVENTS = st.builds(
    at,
    st.integers(0, 60),
    st.integers(0, 8).map(lambda n: f"event-{n}"),
    st.sampled_from([*CallStatus, None]),
    status_unanswered=st.sampled_from([CallStatus.NO_ANSWER, None]),
)


@given(st.lists(EVENTS, max_size=12))
def test_no_sequence_of_events_ever_moves_a_call_back(events: list[CallEvent]) -> None:
    call = replace(a_call(), status=CallStatus.QUEUED)
    for event in events:
        advanced = advance(call, event) or call

        assert advanced.status.rank >= call.status.rank
        call = advanced
