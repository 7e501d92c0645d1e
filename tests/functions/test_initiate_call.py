"""POST /calls/initiate, driven by the files in events/."""

import json
from dataclasses import replace
from typing import Any

import pytest

from functions.initiate_call.app import lambda_handler
from switchboard.app import App
from switchboard.errors import CarrierError, InsufficientBalance, OutcomeUnknown
from switchboard.model import MachinePolicy
from tests.builders import CALLER, NUMBER, ORGANIZATION, a_number, an_assistant
from tests.fakes import Books, carriers
from tests.functions.events import Context, load, with_body

TWILIO = "initiate_call/twilio"
TELNYX = "initiate_call/telnyx"
TELNYX_NUMBER = "+13125550123"

Answer = tuple[int, dict[str, Any], dict[str, str]]


@pytest.fixture
def phone(app: App, books: Books) -> App:
    """The deployment, with the fake carrier in both carriers' places and a number at each."""
    held = [(NUMBER, "twilio"), (TELNYX_NUMBER, "telnyx")]
    for number, carrier in held:
        app.secrets.store_carrier(ORGANIZATION, carrier, {})
        held_number = a_number(phone_number=number, carrier=carrier)
        app.store.transact(app.store._put_number(held_number, "attribute_not_exists(pk)"))
    app.store.put_assistant(an_assistant())
    fake = carriers(books)
    return replace(app, voice_class=lambda name: fake("fake"))


def initiate(phone: App, event: dict[str, Any]) -> Answer:
    reply = lambda_handler(event, Context(), lambda: phone)  # type: ignore[arg-type]
    headers = {name: values[0] for name, values in reply["multiValueHeaders"].items()}
    return reply["statusCode"], json.loads(reply["body"]), headers


def another(event: dict[str, Any]) -> dict[str, Any]:
    """Return the same request without an Idempotency-Key."""
    headers = {k: v for k, v in event["headers"].items() if k != "Idempotency-Key"}
    many = {k: v for k, v in event["multiValueHeaders"].items() if k != "Idempotency-Key"}
    return event | {"headers": headers, "multiValueHeaders": many}


@pytest.mark.parametrize(("name", "number"), [(TWILIO, NUMBER), (TELNYX, TELNYX_NUMBER)])
def test_a_call_is_answered_as_documentation_and_client_expect(
    phone: App, name: str, number: str
) -> None:
    status, body, headers = initiate(phone, load(name))

    assert status == 200
    assert headers["Content-Type"] == "application/json"
    assert body == {
        "success": True,
        "message": "Call initiated successfully",
        "call_sid": "CA9001",
        "call_id": 9001,
        "status": "dialing",
        "from_number": number,
        "to_number": CALLER,
    }


def test_the_root_path_does_the_same(phone: App, books: Books) -> None:
    event = load(TWILIO, resource="/calls/initiate", path="/calls/initiate")

    assert initiate(phone, event)[0] == 200
    assert len(books.dialled) == 1


def test_everything_that_was_asked_for_reaches_the_call(phone: App, books: Books) -> None:
    initiate(phone, load(TELNYX))

    [call] = books.dialled
    assert call.welcome_message == "Hello Ann, this is Acme."
    assert call.agenda == "Confirm the delivery on Monday."
    assert call.metadata == {"order": 12}
    assert (call.options.ring_timeout, call.options.max_duration) == (30, 600)
    assert call.options.machine_detection is MachinePolicy.LEAVE_MESSAGE
    assert call.options.voicemail_message == (
        f"Hello Ann, please call Acme back at {TELNYX_NUMBER}."
    )


def test_a_repeat_gets_the_same_answer_and_says_so(phone: App, books: Books) -> None:
    first = initiate(phone, load(TWILIO))

    status, again, headers = initiate(phone, load(TWILIO))

    assert (status, again) == first[:2]
    assert "Idempotent-Replayed" not in first[2]
    assert headers["Idempotent-Replayed"] == "true"
    assert len(books.dialled) == 1


def test_the_same_key_with_another_body_is_a_conflict(phone: App) -> None:
    initiate(phone, load(TWILIO))

    status, body, _ = initiate(phone, with_body(TWILIO, agenda="Other"))

    assert (status, body["code"]) == (409, "idempotency_key_reused")


def test_an_unknown_outcome_is_202_and_warns_against_another_call(phone: App, books: Books) -> None:
    books.lost_answers = [OutcomeUnknown("no answer")]

    status, body, headers = initiate(phone, load(TWILIO))
    later = initiate(phone, load(TWILIO))

    assert (status, body["success"], body["status"]) == (202, False, "unknown")
    assert (body["call_sid"], body["call_id"]) == (None, 9001)
    assert "Do not place it again" in body["message"]
    assert "/api/v1/calls/9001" in body["message"]
    assert "Idempotent-Replayed" not in headers
    assert (later[0], later[1]) == (202, body)
    assert len(books.dialled) == 1


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InsufficientBalance("Add funds at Twilio."), 402, "insufficient_balance"),
        (CarrierError("Twilio said no."), 502, "carrier_error"),
    ],
)
def test_a_carriers_refusal_is_told_and_repeated_to_its_key(
    phone: App, books: Books, error: CarrierError, status: int, code: str
) -> None:
    books.dial_errors = [error]

    refused, again = (initiate(phone, load(TWILIO)) for _ in range(2))

    assert refused[0] == again[0] == status
    assert refused[1] == again[1]
    assert refused[1] == {
        "detail": str(error),
        "code": code,
        "request_id": "5f6d7c1e-0000-4000-8000-000000000001",
    }
    assert again[2]["Idempotent-Replayed"] == "true"
    assert books.dialled == []


def test_a_limit_is_429_with_its_name_and_when_to_come_back(phone: App) -> None:
    initiate(phone, another(load(TWILIO)))

    status, body, headers = initiate(phone, another(load(TWILIO)))

    assert (status, body["code"]) == (429, "limit_exceeded")
    assert "calls_per_second is 1" in body["detail"]
    assert headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("changes", "status", "code", "said"),
    [
        ({"from_phone_number": None}, 400, "invalid_request", "from_phone_number is required"),
        ({"to_phone_number": None}, 400, "invalid_request", "to_phone_number is required"),
        ({"to_phone_number": "12125550199"}, 400, "invalid_number", "Use E.164 format"),
        ({"to_phone_number": 12125550199}, 422, "validation_error", "to_phone_number"),
        ({"from_phone_number": "+14155550199"}, 403, "not_owned", "+14155550199"),
        ({"assistant_id": 77}, 403, "not_owned", "assistant 77"),
        ({"assistant_id": "3001"}, 422, "validation_error", "assistant_id"),
        ({"to_phone_number": "+442071838750"}, 403, "destination_not_allowed", "GB"),
        ({"variables": {}}, 422, "missing_variables", "customer.name"),
        ({"variables": []}, 422, "validation_error", "variables"),
        ({"variables": {"a": "x" * 5000}}, 422, "variables_too_large", "4096"),
        ({"agenda": "{{ nothing"}, 422, "invalid_template", "not closed"),
        ({"agenda": "x" * 16385}, 422, "validation_error", "agenda"),
        ({"metadata": "x"}, 422, "validation_error", "metadata"),
        ({"metadata": {"x": "y" * 16384}}, 400, "invalid_request", "16 KB"),
        ({"ring_timeout": 4}, 422, "validation_error", "ring_timeout"),
        ({"ring_timeout": 121}, 422, "validation_error", "ring_timeout"),
        ({"max_duration": 14401}, 422, "validation_error", "max_duration"),
        ({"machine_detection": "perhaps"}, 422, "validation_error", "leave_message"),
        ({"machine_detection": "leave_message"}, 400, "invalid_request", "voicemail_message"),
        ({"record": "yes"}, 422, "validation_error", "record"),
    ],
)
def test_bad_input_is_refused_before_anything_is_dialled(
    phone: App, books: Books, changes: dict[str, Any], status: int, code: str, said: str
) -> None:
    answered, body, _ = initiate(phone, with_body(TWILIO, **changes))

    assert (answered, body["code"]) == (status, code)
    assert said in json.dumps(body["detail"])
    assert books.dialled == []


@pytest.mark.parametrize("text", ["", "null", "[]", '"x"', "{", '{"a": NaN'])
def test_a_body_that_is_no_object_is_refused(phone: App, books: Books, text: str) -> None:
    status, _, _ = initiate(phone, load(TWILIO, body=text))

    assert status in (400, 422)
    assert books.dialled == []


def test_a_number_without_an_assistant_is_named(phone: App) -> None:
    bare = a_number(carrier="twilio", assistant=None)
    phone.store.transact(phone.store._put_number(bare, "attribute_exists(pk)"))

    status, body, _ = initiate(phone, load(TWILIO))

    assert (status, body["code"]) == (404, "no_assistant")
    assert body["detail"] == f"No assistant found for phone number {NUMBER}"


def test_a_key_without_the_scope_may_not_call(phone: App, books: Books) -> None:
    event = load(TWILIO)
    event["requestContext"]["authorizer"]["scopes"] = "calls:read numbers:write"

    status, body, headers = initiate(phone, event)

    assert (status, body["code"]) == (403, "insufficient_scope")
    assert "calls:write" in body["detail"]
    assert headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope"'
    assert books.dialled == []


def test_an_unusable_key_is_refused(phone: App, books: Books) -> None:
    event = load(TWILIO)
    event["headers"]["Idempotency-Key"] = "x" * 256
    event["multiValueHeaders"]["Idempotency-Key"] = ["x" * 256]

    assert initiate(phone, event)[0] == 400
    assert books.dialled == []
