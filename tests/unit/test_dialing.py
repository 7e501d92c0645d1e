"""Placing a call: who speaks, from which number, with which words; nothing is dialled in doubt."""

from typing import Any

import pytest

from switchboard import calls
from switchboard.app import App
from switchboard.errors import (
    CarrierMisconfigured,
    CarrierNotConnected,
    DestinationNotAllowed,
    InvalidNumber,
    InvalidRequest,
    InvalidTemplate,
    MissingVariables,
    NoAssistant,
    NotOwned,
    SwitchboardError,
    TemplateLimit,
)
from switchboard.model import (
    Call,
    CallStatus,
    Capabilities,
    ConnectStream,
    DialOptions,
    Direction,
    Flow,
    MachinePolicy,
    NumberStatus,
)
from tests.builders import (
    CALLER,
    NUMBER,
    ORGANIZATION,
    OTHER_ORGANIZATION,
    an_assistant,
)
from tests.clock import START, Clock
from tests.fakes import Books
from tests.unit.dialing import dial, hold, stored

MESSAGE = "We have called about {{ what }}."
LEAVE = DialOptions(machine_detection=MachinePolicy.LEAVE_MESSAGE, voicemail_message=MESSAGE)


def refused(app: App, books: Books, error: type[SwitchboardError], **changes: Any) -> str:
    """Ask for a call that must not be placed; return what is said about it."""
    with pytest.raises(error) as caught:
        dial(app, **changes)
    assert type(caught.value) is error
    assert books.dialled == []
    assert stored(app) == []
    return str(caught.value)


def test_a_call_is_placed_with_the_numbers_assistant(app: App, books: Books) -> None:
    hold(app)

    call = dial(app).call

    assert (call.status, call.call_sid) == (CallStatus.DIALING, f"CA{call.id}")
    assert (call.direction, call.carrier) == (Direction.OUTBOUND, "fake")
    assert (call.phone_number, call.customer_number) == (NUMBER, CALLER)
    assert (call.assistant_id, call.assistant_name) == (3001, "Front desk")
    assert call.created_at == START
    assert len(books.dialled) == 1


def test_what_was_written_is_what_was_answered(app: App) -> None:
    hold(app)

    call = dial(app, metadata={"order": 12, "rate": 1.5, "none": None}).call

    [row] = stored(app)
    assert (row.status, row.call_sid) == (call.status, call.call_sid)
    assert row.metadata == {"order": 12, "rate": 1.5, "none": None}
    assert app.store.call_by_sid(ORGANIZATION, call.call_sid) == row


def test_the_row_is_written_before_dialling(app: App, books: Books) -> None:
    hold(app)
    seen: list[Call] = []
    books.meanwhile = lambda: seen.extend(stored(app))

    call = dial(app).call

    assert [(c.id, c.status, c.call_sid) for c in seen] == [(call.id, CallStatus.QUEUED, "")]


# --- who speaks ---


def test_an_assistant_that_is_asked_for_comes_before_the_numbers_own(
    app: App, books: Books
) -> None:
    hold(app)
    other = an_assistant(id=3002, name="Sales", stream_url="wss://sales.example.com/stream")
    app.store.put_assistant(other)

    call = dial(app, assistant_id=3002).call

    stream = books.instructions[-1]
    assert (call.assistant_id, call.assistant_name) == (3002, "Sales")
    assert isinstance(stream, ConnectStream)
    assert stream.url == call.stream_url == "wss://sales.example.com/stream"
    assert stream.parameters["assistant_id"] == "3002"


@pytest.mark.parametrize("organization_id", [OTHER_ORGANIZATION, None])
def test_an_assistant_of_others_or_of_nobody_is_not_told_apart(
    app: App, books: Books, organization_id: int | None
) -> None:
    hold(app)
    if organization_id:
        app.store.put_assistant(an_assistant(id=3002, organization_id=organization_id))

    said = refused(app, books, NotOwned, assistant_id=3002)

    assert said == "Unauthorized: assistant 3002 does not belong to your organization"


def test_without_any_assistant_the_number_is_named(app: App, books: Books) -> None:
    hold(app, assistant=None)

    said = refused(app, books, NoAssistant)

    assert said == f"No assistant found for phone number {NUMBER}"


def test_a_number_without_an_assistant_calls_with_the_one_asked_for(app: App) -> None:
    hold(app, assistant=None)
    app.store.put_assistant(an_assistant())

    assert dial(app, assistant_id=3001).call.status is CallStatus.DIALING


def test_an_assistant_that_was_switched_off_does_not_call(app: App, books: Books) -> None:
    hold(app, assistant=an_assistant(is_active=False))

    assert "'Front desk' is not active" in refused(app, books, InvalidRequest)


# --- from which number ---


@pytest.mark.parametrize("held_by", [OTHER_ORGANIZATION, None])
def test_a_number_of_others_or_of_nobody_is_not_told_apart(
    app: App, books: Books, held_by: int | None
) -> None:
    if held_by:
        hold(app, organization_id=held_by)

    said = refused(app, books, NotOwned)

    assert said == f"Unauthorized: phone number {NUMBER} does not belong to your organization"


def test_a_number_that_is_not_delivered_yet_does_not_call(app: App, books: Books) -> None:
    hold(app, status=NumberStatus.PENDING)

    assert "not active yet" in refused(app, books, InvalidRequest)


def test_a_number_without_voice_does_not_call(app: App, books: Books) -> None:
    hold(app, capabilities=Capabilities(sms=True))

    assert "no voice" in refused(app, books, InvalidRequest)


def test_a_verified_caller_id_calls_with_the_assistant_asked_for(app: App, books: Books) -> None:
    app.store.add_caller_id(ORGANIZATION, NUMBER, "fake")
    app.store.put_assistant(an_assistant())

    call = dial(app, assistant_id=3001).call

    assert (call.phone_number, call.carrier) == (NUMBER, "fake")
    assert len(books.dialled) == 1


def test_a_verified_caller_id_has_no_assistant_of_its_own(app: App, books: Books) -> None:
    app.store.add_caller_id(ORGANIZATION, NUMBER, "fake")

    refused(app, books, NoAssistant)


def test_a_verified_caller_id_that_others_hold_lends_nothing_of_theirs(
    app: App, books: Books
) -> None:
    theirs = an_assistant(organization_id=OTHER_ORGANIZATION)
    hold(app, organization_id=OTHER_ORGANIZATION, assistant=theirs, flow=Flow(6001, "Theirs"))
    app.store.add_caller_id(ORGANIZATION, NUMBER, "fake")
    app.store.put_assistant(an_assistant(id=3002))

    with pytest.raises(NoAssistant):
        dial(app)
    call = dial(app, assistant_id=3002).call

    assert (call.assistant_id, call.flow) == (3002, None)
    assert len(books.dialled) == 1


def test_a_numbers_flow_comes_along_unless_another_assistant_is_asked_for(
    app: App, clock: Clock
) -> None:
    hold(app, flow=Flow(6001, "Booking"))
    app.store.put_assistant(an_assistant(id=3002))

    with_flow = dial(app).call
    clock.advance(seconds=1)
    without = dial(app, assistant_id=3002).call

    assert (with_flow.flow, with_flow.assistant_id) == (Flow(6001, "Booking"), 3001)
    assert calls.stream_context(with_flow)["flow_id"] == 6001
    assert without.flow is None


def test_a_caller_id_that_others_have_verified_is_not_ours(app: App, books: Books) -> None:
    app.store.add_caller_id(OTHER_ORGANIZATION, NUMBER, "fake")

    refused(app, books, NotOwned)


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"from_phone_number": None}, InvalidRequest, "from_phone_number is required"),
        ({"to_phone_number": None}, InvalidRequest, "to_phone_number is required"),
        ({"to_phone_number": ""}, InvalidRequest, "to_phone_number is required"),
        ({"to_phone_number": "2125550199"}, InvalidNumber, "Use E.164 format"),
        ({"from_phone_number": "sip:a@b.example"}, InvalidNumber, "Use E.164 format"),
        ({"to_phone_number": "+442071838750"}, DestinationNotAllowed, "GB"),
        ({"to_phone_number": "+19005550199"}, DestinationNotAllowed, "premium_rate"),
    ],
)
def test_a_call_that_cannot_be_placed_is_refused_clearly(
    app: App,
    books: Books,
    changes: dict[str, Any],
    error: type[SwitchboardError],
    said: str,
) -> None:
    hold(app)

    assert said in refused(app, books, error, **changes)


def test_an_account_that_is_not_ready_is_not_asked_to_dial(app: App, books: Books) -> None:
    hold(app)
    books.unready = CarrierMisconfigured("Fake cannot dial: no application.")

    assert "no application" in refused(app, books, CarrierMisconfigured)


def test_a_number_whose_carrier_is_not_connected_does_not_call(app: App, books: Books) -> None:
    hold(app, organization_id=ORGANIZATION)
    app.secrets._client.delete_secret(
        SecretId=f"{app.settings.secrets_prefix}/{ORGANIZATION}/fake",
        ForceDeleteWithoutRecovery=True,
    )

    refused(app, books, CarrierNotConnected)


# --- with which words ---


def test_every_sentence_is_filled_in_before_anything_is_dialled(app: App, books: Books) -> None:
    hold(app)

    dial(
        app,
        welcome_message="Hello {{ customer.name }}, this is {{from_number}}.",
        agenda='Talk to {{customer.name}} about {{ topic | default: "the weather" }}.',
        variables={"customer": {"name": "Ann"}, "what": "your order"},
        options=LEAVE,
    )

    [placed] = books.dialled
    assert placed.welcome_message == f"Hello Ann, this is {NUMBER}."
    assert placed.agenda == "Talk to Ann about the weather."
    assert placed.options.voicemail_message == "We have called about your order."


def test_the_assistants_own_greeting_and_voicemail_are_filled_in_too(
    app: App, books: Books
) -> None:
    hold(app, assistant=an_assistant(welcome_message="Hello {{name}}", dial_options=LEAVE))

    dial(app, variables={"name": "Ann", "what": "your order"})

    [placed] = books.dialled
    assert placed.welcome_message == "Hello Ann"
    assert placed.options.voicemail_message == "We have called about your order."


def test_the_call_itself_can_be_spoken_of(app: App) -> None:
    hold(app)
    names = ("from_number", "to_number", "direction", "call_id", "now")

    call = dial(app, agenda=" ".join(f"{{{{{name}}}}}" for name in names)).call

    assert call.agenda == f"{NUMBER} {CALLER} outbound {call.id} 2026-03-02T09:00:00+00:00"


def test_all_that_is_missing_is_named_at_once(app: App, books: Books) -> None:
    hold(app, assistant=an_assistant(welcome_message="{{ greeting }} {{ customer.name }}"))

    said = refused(app, books, MissingVariables, agenda="{{ topic }}", options=LEAVE)

    assert "customer.name, greeting, topic, what" in said


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"variables": {f"v{n}": n for n in range(51)}}, TemplateLimit),
        ({"variables": {"v": "x" * 4096}}, TemplateLimit),
        ({"agenda": "{{v}}" * 5, "variables": {"v": "x" * 4000}}, TemplateLimit),
        ({"agenda": "{{v}}", "variables": {"v": {"a": 1}}}, InvalidTemplate),
        ({"agenda": "{{v"}, InvalidTemplate),
        ({"metadata": {"note": "x" * 16384}}, InvalidRequest),
        (
            {"options": DialOptions(machine_detection=MachinePolicy.LEAVE_MESSAGE)},
            InvalidRequest,
        ),
    ],
)
def test_too_much_or_malformed_is_refused_before_anything_is_dialled(
    app: App, books: Books, changes: dict[str, Any], error: type[SwitchboardError]
) -> None:
    hold(app)

    refused(app, books, error, **changes)


def test_options_of_the_call_come_before_the_assistants(app: App, books: Books) -> None:
    own = DialOptions(ring_timeout=20, max_duration=300, record=True)
    hold(app, assistant=an_assistant(dial_options=own))

    dial(app, options=DialOptions(ring_timeout=40, record=False))

    [placed] = books.dialled
    assert (placed.options.ring_timeout, placed.options.max_duration) == (40, 300)
    assert placed.options.record is False
