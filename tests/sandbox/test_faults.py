"""Each fault does what it says, as often as it was told to."""

import json
import time
from typing import Any

import httpx
import pytest
from starlette.responses import Response
from twilio.request_validator import RequestValidator

from tests.sandbox.clients import TelnyxClient, TwilioClient
from tests.sandbox.servers import Customer

NUMBER = "+14155550100"


def program(sandbox: httpx.Client, carrier: str, operation: str, fault: str, **more: Any) -> None:
    wanted = {"carrier": carrier, "operation": operation, "fault": fault, **more}
    answer = sandbox.post("/_/faults", json=wanted)
    assert answer.status_code == 201, answer.text


def owned(sandbox: httpx.Client) -> list[str]:
    return [number["number"] for number in sandbox.get("/_/numbers").json()["numbers"]]


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("number_taken", 400, 21422),
        ("no_balance", 403, 20005),
        ("invalid_credentials", 401, 20003),
        ("rate_limited", 429, 20429),
        ("server_error", 500, 20500),
        ("address_required", 400, 21631),
    ],
)
def test_twilio_refuses_in_its_own_words_and_sells_nothing(
    sandbox: httpx.Client, twilio: TwilioClient, fault: str, status: int, code: int
) -> None:
    program(sandbox, "twilio", "buy_number", fault)

    answer = twilio.buy(NUMBER)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert owned(sandbox) == []
    assert twilio.buy(NUMBER).status_code == 201, "the fault was for one time"


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("number_taken", 400, "85001"),
        ("no_balance", 402, "20100"),
        ("invalid_credentials", 401, "10009"),
        ("rate_limited", 429, "10011"),
        ("server_error", 500, "10007"),
        ("address_required", 422, "20200"),
    ],
)
def test_telnyx_refuses_in_its_own_words_and_sells_nothing(
    sandbox: httpx.Client, telnyx: TelnyxClient, fault: str, status: int, code: str
) -> None:
    telnyx.search(NUMBER)
    program(sandbox, "telnyx", "buy_number", fault)

    answer = telnyx.order(NUMBER)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)
    assert owned(sandbox) == []


def test_the_balance_read_after_a_refusal_for_money_is_empty(
    sandbox: httpx.Client, twilio: TwilioClient
) -> None:
    program(sandbox, "twilio", "buy_number", "no_balance")
    twilio.buy(NUMBER)

    balances = [twilio("GET", "/Balance.json").json()["balance"] for _ in range(2)]

    assert balances[0] == "0.00"
    assert balances[1] != "0.00"


def test_an_error_after_success_hides_a_purchase(
    sandbox: httpx.Client, twilio: TwilioClient
) -> None:
    program(sandbox, "twilio", "buy_number", "error_after_success")

    assert twilio.buy(NUMBER).status_code == 500
    assert owned(sandbox) == [NUMBER]


def test_a_lost_answer_closes_the_connection_after_the_purchase(
    sandbox: httpx.Client, twilio: TwilioClient
) -> None:
    program(sandbox, "twilio", "buy_number", "lost_answer")

    with pytest.raises(httpx.RemoteProtocolError):
        twilio.buy(NUMBER)

    assert owned(sandbox) == [NUMBER]
    asked = sandbox.get("/_/requests", params={"operation": "buy_number"}).json()["requests"]
    assert asked[0]["fault"] == "lost_answer"
    assert asked[0]["status"] is None


def test_a_time_out_answers_too_late_but_sells(sandbox: httpx.Client, twilio: TwilioClient) -> None:
    program(sandbox, "twilio", "buy_number", "timeout", delay_s=2)

    with pytest.raises(httpx.ReadTimeout):
        twilio("POST", "/IncomingPhoneNumbers.json", data={"PhoneNumber": NUMBER}, timeout=0.1)

    assert owned(sandbox) == [NUMBER]


def test_a_delay_only_takes_time(sandbox: httpx.Client, twilio: TwilioClient) -> None:
    program(sandbox, "twilio", "*", "delay", delay_s=0.15, times=2)
    began = time.monotonic()

    assert twilio.buy(NUMBER).status_code == 201
    assert time.monotonic() - began >= 0.15
    assert sandbox.get("/_/faults").json()["faults"][0]["times"] == 1
    assert sandbox.delete("/_/faults").status_code == 204
    assert sandbox.get("/_/faults").json()["faults"] == []


@pytest.mark.parametrize(
    ("wanted", "listed"),
    [
        ({"fault": "nonsense"}, "number_taken"),
        ({"operation": "nonsense"}, "buy_number"),
        ({"carrier": "nonsense"}, "twilio"),
        ({"operation": "webhook", "fault": "stale"}, "bad_signature"),
        ({"fault": "pending_order"}, "lost_answer"),
        ({"times": 0}, "times"),
        ({"nonsense": 1}, "delay_s"),
    ],
)
def test_a_fault_that_does_not_exist_is_refused_with_a_list(
    sandbox: httpx.Client, wanted: dict[str, Any], listed: str
) -> None:
    fault = {"carrier": "twilio", "operation": "buy_number", "fault": "number_taken"} | wanted

    answer = sandbox.post("/_/faults", json=fault)

    assert answer.status_code == 422
    assert listed in answer.json()["detail"]


def ring_twilio(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient
) -> RequestValidator:
    """Call a number that hangs up; the customer keeps what he was sent."""
    customer.says("/voice", "<Hangup/>")
    fields = {"VoiceUrl": f"{customer.url}/voice", "StatusCallback": f"{customer.url}/status"}
    twilio.buy(NUMBER, **fields).raise_for_status()
    wanted = {"carrier": "twilio", "from": "+14155550111", "to": NUMBER}
    sandbox.post("/_/calls", json=wanted).raise_for_status()
    return RequestValidator(twilio.token)


def test_a_duplicate_is_the_same_webhook_twice(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient
) -> None:
    program(sandbox, "twilio", "webhook", "duplicate", event="completed")

    ring_twilio(sandbox, customer, twilio)

    twice = customer.at("/status")
    assert len(twice) == 2
    assert twice[0].raw == twice[1].raw
    assert len({got.headers["i-twilio-idempotency-token"] for got in twice}) == 1
    assert len(customer.at("/voice")) == 1


@pytest.mark.parametrize("fault", ["bad_signature", "unsigned"])
def test_a_spoiled_signature_is_not_accepted_by_twilios_own_sdk(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient, fault: str
) -> None:
    program(sandbox, "twilio", "webhook", fault, event="completed")

    validator = ring_twilio(sandbox, customer, twilio)

    got = customer.at("/status")[0]
    assert not validator.validate(got.url, got.form, got.headers.get("x-twilio-signature", ""))


def test_a_dropped_webhook_never_comes(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient
) -> None:
    program(sandbox, "twilio", "webhook", "drop", event="completed")

    ring_twilio(sandbox, customer, twilio)

    assert customer.at("/status") == []


def ring_telnyx(sandbox: httpx.Client, customer: Customer, telnyx: TelnyxClient) -> None:
    """Call a number whose application never sends a command."""
    customer.answers["/events"] = lambda _: Response("{}")
    application = {
        "application_name": "test",
        "webhook_event_url": f"{customer.url}/events",
        "webhook_api_version": "2",
    }
    made = telnyx("POST", "/call_control_applications", json=application).json()["data"]
    telnyx.search(NUMBER)
    telnyx.order(NUMBER, connection_id=made["id"]).raise_for_status()
    wanted = {"carrier": "telnyx", "from": "+14155550111", "to": NUMBER}
    sandbox.post("/_/calls", json=wanted).raise_for_status()


def test_a_reordered_event_comes_after_the_next_one(
    sandbox: httpx.Client, customer: Customer, telnyx: TelnyxClient
) -> None:
    program(sandbox, "telnyx", "webhook", "reorder", event="call.initiated")

    ring_telnyx(sandbox, customer, telnyx)

    told = [got.event["event_type"] for got in customer.received]
    assert told == ["call.hangup", "call.initiated"]


def test_a_stale_event_was_signed_long_ago(
    sandbox: httpx.Client, customer: Customer, telnyx: TelnyxClient
) -> None:
    program(sandbox, "telnyx", "webhook", "stale")

    ring_telnyx(sandbox, customer, telnyx)

    ages = [time.time() - int(got.headers["telnyx-timestamp"]) for got in customer.received]
    assert ages[0] > 300
    assert ages[1] < 300
    assert json.loads(customer.received[0].raw)["meta"]["attempt"] == 1
