"""Text messages at the sandbox's carriers, sent with the carriers' own clients."""

import httpx
import pytest
from telnyx import Telnyx as TelnyxSdk
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client as TwilioSdk

from tests.sandbox.clients import TwilioClient, program_fault
from tests.sandbox.servers import Customer, wait_until

NUMBER = "+14155550100"
PHONE = "+12125550199"


@pytest.fixture
def number(twilio: TwilioClient, customer: Customer) -> str:
    """Buy a number whose messages come to the customer."""
    twilio.buy(NUMBER, SmsUrl=f"{customer.url}/sms").raise_for_status()
    return NUMBER


def write(sandbox: httpx.Client, text: object, **more: object) -> httpx.Response:
    wanted = {"carrier": "twilio", "from": PHONE, "to": NUMBER, "text": text, **more}
    return sandbox.post("/_/messages", json=wanted)


def test_a_message_reports_its_way_to_a_signed_callback(
    number: str, twilio: TwilioClient, twilio_sdk: TwilioSdk, customer: Customer
) -> None:
    url = f"{customer.url}/status?message=7"
    sent = twilio_sdk.messages.create(PHONE, from_=number, body="Hello", status_callback=url)

    wait_until(lambda: len(customer.at("/status")) == 3)
    told = customer.at("/status")
    assert sent.status == "queued"
    assert [got.form["MessageStatus"] for got in told] == ["queued", "sent", "delivered"]
    assert {got.form["MessageSid"] for got in told} == {sent.sid}
    signature = told[0].headers["x-twilio-signature"]
    assert RequestValidator(twilio.token).validate(url, told[0].form, signature)
    assert twilio_sdk.messages(str(sent.sid)).fetch().status == "delivered"


def test_who_says_stop_is_refused_until_start(
    number: str, sandbox: httpx.Client, twilio_sdk: TwilioSdk
) -> None:
    write(sandbox, "Stop").raise_for_status()
    with pytest.raises(TwilioRestException) as refused:
        twilio_sdk.messages.create(PHONE, from_=number, body="Hello")
    write(sandbox, "START").raise_for_status()

    assert refused.value.code == 21610
    assert twilio_sdk.messages.create(PHONE, from_=number, body="Hello").sid


def test_a_fault_lets_a_message_fail_on_its_way(
    number: str, sandbox: httpx.Client, twilio_sdk: TwilioSdk
) -> None:
    program_fault(sandbox, "twilio", "send_message", "undelivered")
    sid = str(twilio_sdk.messages.create(PHONE, from_=number, body="Hello").sid)

    wait_until(lambda: twilio_sdk.messages(sid).fetch().status == "undelivered")
    assert twilio_sdk.messages(sid).fetch().error_code == 30003


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"body": "x" * 1601}, 21617),
        ({}, 21602),
        ({"body": "Hello", "from_": "+14155550111"}, 21606),
        ({"body": "Hello", "media_url": ["https://example.com/x"] * 11}, 21623),
    ],
)
def test_twilio_refuses_what_it_refuses(
    number: str, twilio_sdk: TwilioSdk, fields: dict[str, object], code: int
) -> None:
    with pytest.raises(TwilioRestException) as refused:
        twilio_sdk.messages.create(PHONE, **{"from_": number} | fields)  # type: ignore[arg-type]

    assert refused.value.code == code


def test_telnyx_wants_a_number_in_a_messaging_profile(telnyx_sdk: TelnyxSdk) -> None:
    with pytest.raises(Exception, match="40305"):
        telnyx_sdk.messages.send(from_=NUMBER, to=PHONE, text="Hello")


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"carrier": "nobody"}, 422),
        ({"to": "+14155550111"}, 404),
        ({"from": "Ann"}, 422),
        ({"text": 7}, 422),
        ({"media_urls": "x"}, 422),
    ],
)
def test_what_cannot_be_written_says_why(
    number: str, sandbox: httpx.Client, wanted: dict[str, object], status: int
) -> None:
    answer = write(sandbox, wanted.pop("text", "Hello"), **wanted)

    assert answer.status_code == status
    assert answer.json()["detail"]
    assert sandbox.get("/_/messages").json()["messages"] == []
