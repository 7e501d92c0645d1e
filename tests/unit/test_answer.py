"""A ringing phone is answered: by the assistant, or by its fallback, never by silence."""

from typing import Any

import pytest

from switchboard import calls, listing, sessions
from switchboard.app import App
from switchboard.carriers.base import (
    Ignored,
    InboundCall,
    OrderUpdate,
    WebhookReply,
    WebhookRequest,
)
from switchboard.errors import (
    CallNotFound,
    CarrierUnavailable,
    ServiceUnavailable,
    SignatureInvalid,
    Unauthorized,
)
from switchboard.model import (
    E164,
    CallStatus,
    ConnectStream,
    Dial,
    Flow,
    Hangup,
    OrderStatus,
    PurchaseResult,
    Say,
)
from switchboard.webhooks import handle
from tests.builders import (
    CALL_SID,
    CALLER,
    NUMBER,
    ORGANIZATION,
    OTHER_ORGANIZATION,
    a_call,
    a_number,
    an_assistant,
    an_event,
)
from tests.clock import START, Clock
from tests.fakes import Books

DELIVERED = OrderUpdate(7001, E164("+14155550999"), PurchaseResult(OrderStatus.ACTIVE))
RINGING = InboundCall(an_event(), CALLER, NUMBER)
SIGNED = WebhookRequest("POST", "https://hooks.example.com/voice", {"signature": "good"}, b"")
STATUS = WebhookRequest("POST", "https://hooks.example.com/status", {"signature": "good"}, b"")


def ring(app: App, books: Books, organization_id: int = ORGANIZATION) -> WebhookReply:
    books.webhook = RINGING
    return handle(app, "fake", organization_id, SIGNED)


def hold(app: App, **changes: object) -> None:
    """Put a number into the table, as a settled purchase leaves it."""
    number = a_number(**changes)
    app.store.transact(app.store._put_number(number, "attribute_not_exists(pk)"))


def test_an_active_assistant_gets_the_call_with_its_context_and_a_session_token(
    app: App, books: Books
) -> None:
    hold(app)

    ring(app, books)

    stream = books.instructions[0]
    call = calls.find_by_sid(app, ORGANIZATION, CALL_SID)
    assert isinstance(stream, ConnectStream)
    assert stream.url == "wss://media.example.com/stream"
    assert stream.parameters == {
        "From": CALLER,
        "To": NUMBER,
        "from_number": CALLER,
        "to_number": NUMBER,
        "call_id": str(call.id),
        "direction": "inbound",
        "assistant_id": "3001",
        "welcome_message": "Hello from Acme",
        "session_token": stream.session_token,
        "session_url": f"https://hooks.example.com/v1/api/v1/calls/{call.id}/session",
    }
    assert (call.status, call.answered_with) == (CallStatus.RINGING, "stream")


def test_a_numbers_flow_is_handed_to_the_runtime(app: App, books: Books) -> None:
    hold(app, flow=Flow(6001, "Booking"))

    ring(app, books)

    stream = books.instructions[0]
    assert isinstance(stream, ConnectStream)
    assert stream.parameters["flow_id"] == "6001"
    assert calls.find_by_sid(app, ORGANIZATION, CALL_SID).flow == Flow(6001, "Booking")


def test_the_same_webhook_again_gets_the_same_answer_and_makes_no_second_call(
    app: App, books: Books, clock: Clock
) -> None:
    hold(app)
    ring(app, books)
    clock.advance(seconds=3)

    ring(app, books)

    found, total = listing.search(app, ORGANIZATION, listing.CallFilter(), 0, 10)
    assert books.instructions[0] == books.instructions[1]
    assert total == 1
    assert len(found) == 1


def test_a_repeat_after_the_call_has_ended_only_hangs_up(app: App, books: Books) -> None:
    hold(app)
    ring(app, books)
    calls.record(
        app,
        app.carrier("fake", ORGANIZATION),
        ORGANIZATION,
        an_event(id="end", type="completed", status=CallStatus.COMPLETED),
    )

    ring(app, books)

    assert books.instructions[1] == Hangup()


def test_an_inactive_assistant_rings_its_person(app: App, books: Books) -> None:
    person = E164("+14155550142")
    hold(app, assistant=an_assistant(is_active=False, fallback_number=person))

    ring(app, books)

    assert books.instructions == [Dial(person)]


def test_an_inactive_assistant_without_a_person_speaks_its_sentence(app: App, books: Books) -> None:
    hold(app, assistant=an_assistant(is_active=False, fallback_message="Back on Monday."))

    ring(app, books)

    assert books.instructions == [Say("Back on Monday.")]


def test_an_inactive_assistant_with_nothing_set_still_says_something(
    app: App, books: Books
) -> None:
    hold(app, assistant=an_assistant(is_active=False))

    ring(app, books)

    assert books.instructions == [Say(calls.INACTIVE_MESSAGE)]


@pytest.mark.parametrize("number", [None, {"assistant": None}, {"organization_id": 2002}])
def test_a_number_without_an_assistant_of_ours_says_so_and_the_call_is_recorded(
    app: App, books: Books, number: dict[str, object] | None
) -> None:
    if number:
        hold(app, **number)

    ring(app, books)

    call = calls.find_by_sid(app, ORGANIZATION, CALL_SID)
    assert books.instructions == [Say(calls.UNASSIGNED_MESSAGE)]
    assert call.assistant_id is None


def test_a_number_that_is_bought_but_not_settled_is_answered_all_the_same(
    app: App, books: Books
) -> None:
    hold(app, status="pending")

    ring(app, books)

    assert isinstance(books.instructions[0], ConnectStream)


def test_an_event_that_overtakes_the_ringing_does_not_silence_it(app: App, books: Books) -> None:
    hold(app)
    books.webhook = an_event(id="event-0", type="answered", status=CallStatus.IN_PROGRESS)
    handle(app, "fake", ORGANIZATION, STATUS)

    ring(app, books)

    call = calls.find_by_sid(app, ORGANIZATION, CALL_SID)
    assert isinstance(books.instructions[0], ConnectStream)
    assert call.assistant_id == 3001
    assert call.status is CallStatus.IN_PROGRESS


def test_a_forged_webhook_is_refused_and_changes_nothing(app: App, books: Books) -> None:
    hold(app)
    books.webhook = RINGING
    forged = WebhookRequest("POST", SIGNED.url, {"signature": "bad"}, b"")

    with pytest.raises(SignatureInvalid):
        handle(app, "fake", ORGANIZATION, forged)

    assert books.instructions == []
    assert listing.search(app, ORGANIZATION, listing.CallFilter(), 0, 10) == ([], 0)


def test_an_organization_without_this_carrier_looks_like_a_wrong_signature(
    app: App, books: Books
) -> None:
    with pytest.raises(SignatureInvalid):
        ring(app, books, OTHER_ORGANIZATION)


def test_a_table_that_does_not_answer_is_an_apology_to_the_caller(
    app: App, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise ServiceUnavailable("away")

    monkeypatch.setattr(app.store, "number", away)

    reply = ring(app, books)

    assert reply.status == 200
    assert "sorry" in reply.body


def test_what_makes_no_sense_is_an_apology_too(app: App, books: Books) -> None:
    books.webhook = ValueError("a surprise")

    reply = handle(app, "fake", ORGANIZATION, SIGNED)

    assert (reply.status, "sorry" in reply.body) == (200, True)


def test_a_status_callback_that_fails_is_an_error_so_that_it_comes_again(
    app: App, books: Books
) -> None:
    books.webhook = ValueError("a surprise")

    with pytest.raises(ValueError, match="surprise"):
        handle(app, "fake", ORGANIZATION, STATUS)


def test_a_command_that_failed_is_sent_again_with_the_repeated_webhook(
    app: App, books: Books
) -> None:
    hold(app)
    books.webhook = RINGING
    books.reply_errors = [CarrierUnavailable("down")]
    with pytest.raises(CarrierUnavailable):
        handle(app, "fake", ORGANIZATION, STATUS)

    handle(app, "fake", ORGANIZATION, STATUS)

    assert isinstance(books.instructions[0], ConnectStream)


def test_a_repeated_event_is_followed_up_again_but_recorded_once(app: App, books: Books) -> None:
    hold(app)
    ring(app, books)
    books.webhook = an_event(id="event-2", type="answered", status=CallStatus.IN_PROGRESS)

    handle(app, "fake", ORGANIZATION, STATUS)
    handle(app, "fake", ORGANIZATION, STATUS)

    call = calls.find_by_sid(app, ORGANIZATION, CALL_SID)
    assert books.follow_ups == 2
    assert [step.type for step in call.history] == ["ringing", "answered"]


@pytest.mark.parametrize("webhook", [Ignored("call.cost"), DELIVERED])
def test_what_asks_nothing_of_us_is_accepted(
    app: App, books: Books, webhook: Ignored | OrderUpdate
) -> None:
    books.webhook = webhook

    assert handle(app, "fake", ORGANIZATION, STATUS) == WebhookReply()


def test_two_events_at_once_are_both_kept(
    app: App, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.store.add_call(a_call())
    carrier = app.carrier("fake", ORGANIZATION)
    save_call = app.store.save_call

    def save_after_a_rival(*change: Any) -> None:
        monkeypatch.setattr(app.store, "save_call", save_call)
        calls.record(app, carrier, ORGANIZATION, an_event(id="rival", type="rival"))
        save_call(*change)

    monkeypatch.setattr(app.store, "save_call", save_after_a_rival)
    calls.record(app, carrier, ORGANIZATION, an_event(id="mine", type="mine"))

    call = calls.find_by_sid(app, ORGANIZATION, CALL_SID)
    assert {step.event_id for step in call.history} == {"rival", "mine"}


def test_the_end_of_a_call_nobody_told_us_of_makes_its_row(app: App, books: Books) -> None:
    books.webhook = an_event(id="end", type="completed", status=CallStatus.COMPLETED, duration=7)

    handle(app, "fake", ORGANIZATION, STATUS)

    call = calls.find_by_sid(app, ORGANIZATION, CALL_SID)
    assert (call.status, call.duration, call.phone_number) == (CallStatus.COMPLETED, 7, NUMBER)


def test_a_call_that_rang_while_we_failed_belongs_to_its_assistant(app: App, books: Books) -> None:
    hold(app)
    books.webhook = an_event(id="end", type="completed", status=CallStatus.COMPLETED)

    handle(app, "fake", ORGANIZATION, STATUS)

    call = calls.find_by_sid(app, ORGANIZATION, CALL_SID)
    assert (call.assistant_id, call.assistant_name) == (3001, "Front desk")
    assert call.answered_with is None, "nobody knows what the caller heard"


def test_another_organizations_call_is_not_found(app: App, books: Books) -> None:
    app.store.add_call(a_call())

    with pytest.raises(CallNotFound):
        calls.find(app, OTHER_ORGANIZATION, 5001)
    with pytest.raises(CallNotFound):
        calls.find_by_sid(app, OTHER_ORGANIZATION, CALL_SID)


def test_a_session_token_opens_its_own_call_for_fifteen_minutes(app: App, clock: Clock) -> None:
    app.store.put_assistant(an_assistant())
    call = a_call(created_at=START)
    app.store.add_call(call)
    token = sessions.issue(app.secrets.session_key(), call)

    clock.advance(minutes=14)
    opened, assistant = calls.session(app, call.id, token)
    clock.advance(minutes=1)

    assert opened == call
    assert assistant == an_assistant(version=1)
    with pytest.raises(Unauthorized, match="expired"):
        calls.session(app, call.id, token)


def test_a_session_token_opens_no_other_call(app: App) -> None:
    token = sessions.issue(app.secrets.session_key(), a_call())

    with pytest.raises(Unauthorized, match="another call"):
        calls.session(app, 5002, token)


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "é" * 40])
def test_what_is_no_session_token_opens_nothing(app: App, token: str) -> None:
    with pytest.raises(Unauthorized):
        calls.session(app, 5001, token)


def test_a_session_token_signed_with_another_key_opens_nothing(app: App) -> None:
    app.store.add_call(a_call())
    token = sessions.issue("another-key-that-is-32-characters", a_call())

    with pytest.raises(Unauthorized):
        calls.session(app, 5001, token)
