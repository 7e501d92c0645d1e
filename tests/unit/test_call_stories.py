"""Real payloads of both carriers, shuffled, repeated and lost: the end is always the same."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchboard.calls import advance
from switchboard.model import Call, CallEvent, CallStatus, Direction
from tests.builders import a_call
from tests.unit.stories import CALL_ID, Story, stories

STORIES = stories()
ENDINGS = {
    "twilio answered": CallStatus.COMPLETED,
    "twilio busy": CallStatus.BUSY,
    "twilio no-answer": CallStatus.NO_ANSWER,
    "twilio failed": CallStatus.FAILED,
    "twilio canceled": CallStatus.CANCELLED,
    "telnyx answered": CallStatus.COMPLETED,
    "telnyx too long": CallStatus.COMPLETED,
    "telnyx a machine": CallStatus.COMPLETED,
    "telnyx put through": CallStatus.COMPLETED,
    "telnyx user_busy": CallStatus.BUSY,
    "telnyx timeout": CallStatus.NO_ANSWER,
    "telnyx no_answer": CallStatus.NO_ANSWER,
    "telnyx originator_cancel": CallStatus.CANCELLED,
    "telnyx not_found": CallStatus.FAILED,
}
# Where a call may stand when its first event arrives: that can overtake the answer to dialling.
BEGINNINGS = [CallStatus.QUEUED, CallStatus.UNKNOWN, CallStatus.DIALING]


def placed(status: CallStatus) -> Call:
    return a_call(id=CALL_ID, call_sid="", direction=Direction.OUTBOUND, status=status)


def play(call: Call, events: Story) -> Call:
    """Apply events; assert that none moves the call back."""
    for event in events:
        advanced = advance(call, event) or call
        assert advanced.status.rank >= call.status.rank
        assert advance(advanced, event) is None
        call = advanced
    return call


def told(call: Call) -> Call:
    """Return a call without the order in which its events were heard."""
    return replace(call, history=tuple(sorted(call.history, key=lambda step: step.event_id)))


def outcome(call: Call) -> dict[str, Any]:
    return {name: value for name, value in vars(told(call)).items() if name != "history"}


def is_terminal(event: CallEvent) -> bool:
    return event.status is not None and event.status.is_final


@st.composite
def schedules(draw: st.DrawFn) -> tuple[str, CallStatus, Story, Story]:
    """Return a story, a beginning, what of the story arrived, and how it arrived."""
    name = draw(st.sampled_from(sorted(STORIES)))
    story = STORIES[name]
    survived = [event for event in story if draw(st.integers(0, 4))]
    repeats = draw(st.lists(st.sampled_from(survived), max_size=4)) if survived else []
    arrived = draw(st.permutations([*survived, *repeats]))
    return name, draw(st.sampled_from(BEGINNINGS)), survived, arrived


def check(schedule: tuple[str, CallStatus, Story, Story]) -> None:
    name, beginning, survived, arrived = schedule
    call = play(placed(beginning), arrived)

    assert outcome(call) == outcome(play(placed(beginning), survived))
    assert len(call.history) == len(survived)
    if any(is_terminal(event) for event in survived):
        assert call.status is ENDINGS[name]
    if len(survived) == len(STORIES[name]):
        assert outcome(call) == outcome(play(placed(beginning), STORIES[name]))


@settings(max_examples=500, deadline=None)
@given(schedules())
def test_however_the_events_arrive_the_end_is_the_same(schedule: Any) -> None:
    check(schedule)


@pytest.mark.long
@settings(max_examples=10_000, deadline=None)
@given(schedules())
def test_ten_thousand_schedules_end_as_they_should(schedule: Any) -> None:
    check(schedule)


@pytest.mark.parametrize("name", STORIES)
def test_every_story_ends_as_its_carrier_meant(name: str) -> None:
    call = play(placed(CallStatus.QUEUED), STORIES[name])

    assert call.status is ENDINGS[name]
    assert call.call_sid
    assert call.ended_at is not None
    assert (call.duration or 0) > 0 or call.status is not CallStatus.COMPLETED


@pytest.mark.parametrize("lost", ["call.answered", "call.initiated"])
def test_a_stream_tells_that_telnyxs_call_was_answered(lost: str) -> None:
    heard = [event for event in STORIES["telnyx answered"] if event.type != lost]

    assert play(placed(CallStatus.DIALING), heard[:-1]).status is CallStatus.IN_PROGRESS


def test_the_earliest_answer_counts_whenever_it_is_heard() -> None:
    story = STORIES["telnyx put through"]
    in_order = play(placed(CallStatus.DIALING), story)

    backwards = play(placed(CallStatus.DIALING), story[::-1])

    assert backwards.answered_at == in_order.answered_at == story[1].occurred_at
    assert backwards.duration == in_order.duration == 10
