"""Numbers of other companies that an account may show: asked for, confirmed, listed."""

import httpx
import pytest
from telnyx import Telnyx, UnprocessableEntityError
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tests.sandbox.clients import TwilioClient, confirm_caller_id
from tests.sandbox.servers import Customer, wait_until

NUMBER = "+14155550188"


def listed(sandbox: httpx.Client) -> list[tuple[str, str, str | None]]:
    rows = sandbox.get("/_/caller-ids").json()["caller_ids"]
    return [(row["carrier"], row["status"], row["code"]) for row in rows]


def test_twilio_lists_a_number_only_when_its_code_was_keyed_in(
    sandbox: httpx.Client, twilio_sdk: Client
) -> None:
    asked = twilio_sdk.validation_requests.create(phone_number=NUMBER, friendly_name="Office")
    assert twilio_sdk.outgoing_caller_ids.list() == []
    assert listed(sandbox) == [("twilio", "pending", "111111")]

    confirm_caller_id(sandbox, "twilio", NUMBER)

    [verified] = twilio_sdk.outgoing_caller_ids.list(phone_number=NUMBER)
    assert (asked.validation_code, asked.phone_number) == ("111111", NUMBER)
    assert asked.call_sid
    assert (verified.phone_number, verified.friendly_name) == (NUMBER, "Office")
    assert twilio_sdk.outgoing_caller_ids.list(phone_number="+14155550177") == []
    with pytest.raises(TwilioRestException) as caught:
        twilio_sdk.validation_requests.create(phone_number=NUMBER)
    assert caught.value.code == 21450


@pytest.mark.parametrize(("status", "told"), [("success", "success"), ("failure", "failed")])
def test_twilio_tells_how_a_verification_ended(
    sandbox: httpx.Client,
    twilio: TwilioClient,
    twilio_sdk: Client,
    customer: Customer,
    status: str,
    told: str,
) -> None:
    twilio_sdk.validation_requests.create(
        phone_number=NUMBER, status_callback=f"{customer.url}/verified"
    )

    confirm_caller_id(sandbox, "twilio", NUMBER, status=status)

    wait_until(lambda: bool(customer.at("/verified")))
    [got] = customer.at("/verified")
    sids = [row.sid for row in twilio_sdk.outgoing_caller_ids.list()]
    assert got.form["VerificationStatus"] == told
    assert sids == ([got.form["OutgoingCallerIdSid"]] if status == "success" else [])
    signature = got.headers["x-twilio-signature"]
    assert RequestValidator(twilio.token).validate(got.url, got.form, signature)


def test_twilios_caller_ids_come_in_pages(sandbox: httpx.Client, twilio_sdk: Client) -> None:
    numbers = [f"+1415555010{n}" for n in range(5)]
    for number in numbers:
        twilio_sdk.validation_requests.create(phone_number=number)
        confirm_caller_id(sandbox, "twilio", number)

    read = [row.phone_number for row in twilio_sdk.outgoing_caller_ids.stream(page_size=2)]

    assert read == numbers


def test_a_second_request_takes_the_place_of_the_first(
    sandbox: httpx.Client, twilio_sdk: Client, telnyx_sdk: Telnyx
) -> None:
    for _ in range(2):
        twilio_sdk.validation_requests.create(phone_number=NUMBER)
        telnyx_sdk.verified_numbers.create(phone_number=NUMBER, verification_method="sms")

    assert [row[:2] for row in listed(sandbox)] == [("twilio", "pending"), ("telnyx", "pending")]


def test_telnyx_takes_any_code_but_the_wrong_one(sandbox: httpx.Client, telnyx_sdk: Telnyx) -> None:
    numbers = telnyx_sdk.verified_numbers
    numbers.create(phone_number=NUMBER, verification_method="call")
    with pytest.raises(UnprocessableEntityError):
        numbers.actions.submit_verification_code(NUMBER, verification_code="000000")
    assert list(numbers.list()) == []

    numbers.actions.submit_verification_code(NUMBER, verification_code="123456")

    [verified] = list(numbers.list())
    assert (verified.phone_number, verified.record_type) == (NUMBER, "verified_number")
    assert verified.verified_at
    assert listed(sandbox) == [("telnyx", "verified", None)]


def test_a_verification_at_telnyx_can_be_ended_from_outside(
    sandbox: httpx.Client, telnyx_sdk: Telnyx
) -> None:
    numbers = telnyx_sdk.verified_numbers
    for other in (NUMBER, "+14155550177"):
        numbers.create(phone_number=other, verification_method="sms")

    confirm_caller_id(sandbox, "telnyx", NUMBER)
    confirm_caller_id(sandbox, "telnyx", "+14155550177", status="failure")

    assert [row.phone_number for row in numbers.list()] == [NUMBER]
    assert listed(sandbox) == [("telnyx", "verified", None)]


@pytest.mark.parametrize(
    ("wanted", "status", "says"),
    [
        ({"carrier": "plivo"}, 422, "telnyx, twilio"),
        ({"carrier": "twilio"}, 404, "waits for no code"),
        ({"carrier": "telnyx"}, 404, "waits for no code"),
        ({"carrier": "twilio", "status": "perhaps"}, 422, "success or failure"),
        ({"carrier": "twilio", "account": "none"}, 404, "GET /_/accounts"),
    ],
)
def test_what_nobody_asked_to_verify_cannot_be_confirmed(
    sandbox: httpx.Client, wanted: dict[str, str], status: int, says: str
) -> None:
    answer = sandbox.post(f"/_/caller-ids/{NUMBER}/complete", json=wanted)

    assert answer.status_code == status
    assert says in answer.json()["detail"]
