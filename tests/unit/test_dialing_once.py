"""A call is dialled at most once, whatever is repeated, lost or overtaken."""

from collections.abc import Callable
from typing import Any

import pytest

from switchboard import calls, control
from switchboard.app import App
from switchboard.dialing import Dialled
from switchboard.errors import (
    CallInProgress,
    CarrierUnavailable,
    IdempotencyKeyReused,
    InsufficientBalance,
    OutcomeUnknown,
    ServiceUnavailable,
)
from switchboard.model import Call, CallEvent, CallStatus, Direction
from switchboard.store import Store
from tests.builders import CALLER, NUMBER, ORGANIZATION, an_assistant, an_event
from tests.clock import Clock
from tests.fakes import Books
from tests.unit.dialing import allow, dial, hold, stored, taken

KEY = "call-2026-0001"
LOST = OutcomeUnknown("Fake did not answer.")


@pytest.fixture(autouse=True)
def _number(app: App) -> None:
    hold(app)
    allow(app)


def told(call: Call, status: CallStatus, **changes: Any) -> CallEvent:
    """Return what the carrier says about a call of ours."""
    wanted: dict[str, Any] = {
        "id": f"event-{status}",
        "type": status.value,
        "call_sid": f"CA{call.id}",
        "status": status,
        "direction": Direction.OUTBOUND,
        "from_": NUMBER,
        "to": CALLER,
        "call_id": call.id,
    }
    return an_event(**wanted | changes)


def say(app: App, call: Call, status: CallStatus, **changes: Any) -> Call:
    """Let the carrier's event arrive."""
    carrier = app.carrier("fake", ORGANIZATION)
    return calls.record(app, carrier, ORGANIZATION, told(call, status, **changes))


def meanwhile(app: App, *statuses: CallStatus) -> Callable[[], object]:
    """Return what the carrier says before it answers the request to dial."""

    def events() -> None:
        [call] = stored(app)
        for status in statuses:
            say(app, call, status, duration=7 if status is CallStatus.COMPLETED else None)

    return events


# --- the same request again ---


def test_a_repeat_gets_the_call_that_was_placed(app: App, books: Books) -> None:
    first = dial(app, KEY)

    again = dial(app, KEY)

    assert not first.replayed
    assert again.replayed
    assert again.call.id == first.call.id
    assert again.call.call_sid == first.call.call_sid
    assert len(books.dialled) == len(stored(app)) == 1


def test_a_repeat_sees_how_the_call_has_gone_on(app: App) -> None:
    placed = dial(app, KEY).call
    say(app, placed, CallStatus.BUSY)

    assert dial(app, KEY).call.status is CallStatus.BUSY


def test_without_a_key_every_request_is_a_call_of_its_own(app: App, books: Books) -> None:
    assert dial(app).call.id != dial(app).call.id
    assert len(books.dialled) == 2


def test_the_same_key_with_another_body_is_a_conflict(app: App, books: Books) -> None:
    dial(app, KEY)

    with pytest.raises(IdempotencyKeyReused, match=KEY):
        dial(app, KEY, agenda="something else")
    assert len(books.dialled) == 1


def test_a_repeat_is_answered_whatever_was_changed_since(app: App, books: Books) -> None:
    placed = dial(app, KEY).call
    app.store.put_assistant(an_assistant(is_active=False))
    allow(app, allowed_countries=(), concurrent_calls=0)
    books.unready = CarrierUnavailable("no")

    again = dial(app, KEY)

    assert again.replayed
    assert again.call.id == placed.id


def test_a_repeat_while_the_first_is_being_dialled_waits(app: App, books: Books) -> None:
    seen: list[Exception] = []

    def repeat() -> None:
        with pytest.raises(CallInProgress) as caught:
            dial(app, KEY)
        seen.append(caught.value)

    books.meanwhile = repeat
    dial(app, KEY)

    assert "still being placed" in str(seen[0])
    assert len(books.dialled) == 1


def test_two_requests_that_pass_the_first_look_together_dial_once(
    app: App, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve, placed = Store.reserve_call, []

    def overtaken(self: Store, *arguments: Any) -> None:
        if not placed:
            placed.append(None)
            placed[0] = dial(app, KEY)  # the other one wins the race to the key
        reserve(self, *arguments)

    monkeypatch.setattr(Store, "reserve_call", overtaken)
    loser = dial(app, KEY)

    assert loser.replayed
    assert loser.call.id == placed[0].call.id
    assert len(books.dialled) == len(stored(app)) == 1


# --- whoever dialled died ---


def die(app: App, books: Books) -> None:
    """Place a call whose process is gone before the carrier has answered."""

    class Killed(BaseException):
        pass

    books.dial_errors = [Killed()]  # type: ignore[list-item]
    with pytest.raises(Killed):
        dial(app, KEY)


def test_a_call_whose_dialler_died_becomes_unknown_and_is_not_dialled_again(
    app: App, books: Books, clock: Clock
) -> None:
    die(app, books)
    clock.advance(seconds=59)
    with pytest.raises(CallInProgress):
        dial(app, KEY)

    for _ in range(2):
        clock.advance(seconds=1)
        assert dial(app, KEY).call.status is CallStatus.UNKNOWN
    assert books.dialled == []


def test_an_event_tells_that_a_dead_process_did_dial(app: App, books: Books) -> None:
    die(app, books)
    [call] = stored(app)

    say(app, call, CallStatus.RINGING)

    assert dial(app, KEY).call.status is CallStatus.RINGING


# --- an answer that never came ---


def test_a_lost_answer_is_unknown_and_stays_so_without_a_second_dial(
    app: App, books: Books, clock: Clock
) -> None:
    books.lost_answers = [LOST]

    first = dial(app, KEY).call

    assert (first.status, first.call_sid) == (CallStatus.UNKNOWN, "")
    for _ in range(3):
        clock.advance(hours=1)
        again = dial(app, KEY)
        assert (again.replayed, again.call.status) == (True, CallStatus.UNKNOWN)
    assert len(books.dialled) == 1
    assert len(taken(app)) == 1


@pytest.mark.parametrize(
    "status", [CallStatus.DIALING, CallStatus.RINGING, CallStatus.IN_PROGRESS, CallStatus.BUSY]
)
def test_an_event_that_knows_our_id_moves_an_unknown_call_on(
    app: App, books: Books, status: CallStatus
) -> None:
    books.lost_answers = [LOST]
    call = dial(app, KEY).call

    say(app, call, status)

    again = dial(app, KEY).call
    assert (again.id, again.status, again.call_sid) == (call.id, status, f"CA{call.id}")
    assert calls.find_by_sid(app, ORGANIZATION, f"CA{call.id}").id == call.id
    assert len(stored(app)) == 1


def test_a_refusal_is_kept_for_the_repeat_and_never_dialled(app: App, books: Books) -> None:
    books.dial_errors = [InsufficientBalance("Add funds at Fake.")]

    first, again = dial(app, KEY), dial(app, KEY)

    assert first.call.status is again.call.status is CallStatus.FAILED
    assert first.call.refusal == again.call.refusal
    assert first.call.refusal is not None
    assert (first.call.refusal.status, first.call.refusal.code) == (402, "insufficient_balance")
    assert first.call.refusal.message == "Add funds at Fake."
    assert (first.replayed, again.replayed) == (False, True)
    assert books.dialled == []


# --- events that overtake the answer ---


@pytest.mark.parametrize(
    "statuses",
    [
        [CallStatus.RINGING],
        [CallStatus.RINGING, CallStatus.IN_PROGRESS],
        [CallStatus.BUSY],
        [CallStatus.IN_PROGRESS, CallStatus.COMPLETED],
    ],
)
@pytest.mark.parametrize("lost", [True, False])
def test_what_events_have_told_is_not_overwritten_by_the_answer(
    app: App, books: Books, statuses: list[CallStatus], lost: bool
) -> None:
    books.meanwhile = meanwhile(app, *statuses)
    books.lost_answers = [LOST] if lost else []

    call = dial(app).call

    [row] = stored(app)
    assert call.status is row.status is statuses[-1]
    assert call.call_sid == row.call_sid == f"CA{call.id}"
    assert [step.status for step in row.history] == statuses
    assert app.store.call_by_sid(ORGANIZATION, row.call_sid) == row


def test_an_event_before_the_answer_that_says_less_does_not_hold_the_call_back(
    app: App, books: Books
) -> None:
    books.meanwhile = meanwhile(app, CallStatus.QUEUED)

    call = dial(app).call

    [row] = stored(app)
    assert call.status is row.status is CallStatus.DIALING
    assert call.call_sid == row.call_sid


def test_a_refusal_of_a_call_that_was_noted_on_meanwhile_is_its_end(
    app: App, books: Books, clock: Clock
) -> None:
    def note() -> None:
        [call] = stored(app)
        control.update_metadata(app, ORGANIZATION, call.id, {"lead": 7})

    books.meanwhile = note
    books.dial_errors = [InsufficientBalance("Add funds at Fake.")]

    call = dial(app, KEY).call

    [row] = stored(app)
    assert call.status is row.status is CallStatus.FAILED
    assert call.ended_at == row.ended_at == clock()
    assert call.refusal == row.refusal is not None
    assert (row.metadata, taken(app)) == ({"lead": 7}, [])


# --- the table is away ---


def dial_without_table(app: App, books: Books, monkeypatch: pytest.MonkeyPatch) -> Dialled:
    """Place a call whose outcome cannot be written down."""

    def away(self: Store, *arguments: Any) -> None:
        raise ServiceUnavailable("The database cannot be reached. Try again.")

    with monkeypatch.context() as patch:
        books.meanwhile = lambda: patch.setattr(Store, "save_call", away)
        return dial(app, KEY)


def test_a_call_that_was_dialled_is_told_even_when_it_cannot_be_written_down(
    app: App, books: Books, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    call = dial_without_table(app, books, monkeypatch).call

    assert (call.status, call.call_sid) == (CallStatus.DIALING, f"CA{call.id}")
    clock.advance(minutes=2)
    assert dial(app, KEY).call.status is CallStatus.UNKNOWN
    assert say(app, call, CallStatus.RINGING).id == call.id
    assert dial(app, KEY).call.status is CallStatus.RINGING
    assert len(books.dialled) == 1


def test_a_refusal_is_told_even_when_it_cannot_be_written_down(
    app: App, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.dial_errors = [InsufficientBalance("Add funds at Fake.")]

    call = dial_without_table(app, books, monkeypatch).call

    assert call.status is CallStatus.FAILED
    assert call.refusal is not None
    assert books.dialled == []


def test_nothing_is_dialled_when_the_call_cannot_be_written_down(
    app: App, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(self: Store, *arguments: Any) -> None:
        raise ServiceUnavailable("The database cannot be reached. Try again.")

    monkeypatch.setattr(Store, "reserve_call", away)
    with pytest.raises(ServiceUnavailable):
        dial(app)
    assert books.dialled == []
