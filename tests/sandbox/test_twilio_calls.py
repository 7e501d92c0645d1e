"""An inbound call at the sandbox's Twilio."""

from typing import Any

import httpx
import pytest
from starlette.responses import Response
from twilio.request_validator import RequestValidator

from tests.sandbox.clients import TwilioClient
from tests.sandbox.servers import Customer

NUMBER = "+14155550100"
CALLER = "+14155550111"


@pytest.fixture
def number(twilio: TwilioClient, customer: Customer) -> str:
    """Buy a number whose webhooks come to the customer."""
    twilio.buy(
        NUMBER,
        VoiceUrl=f"{customer.url}/voice?org=1",
        VoiceFallbackUrl=f"{customer.url}/fallback",
        StatusCallback=f"{customer.url}/status?org=1",
    ).raise_for_status()
    return NUMBER


def call(sandbox: httpx.Client, **plan: Any) -> dict[str, Any]:
    wanted = {"carrier": "twilio", "from": CALLER, "to": NUMBER, "hangup_after_s": 0.2} | plan
    answer = sandbox.post("/_/calls", json=wanted)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


def what(report: dict[str, Any]) -> list[str]:
    return [step["what"] for step in report["steps"]]


def stream(sandbox: httpx.Client) -> str:
    return f"{sandbox.base_url}/runtime/echo".replace("http://", "ws://").replace("//r", "/r")


def test_a_call_is_connected_to_the_media_stream_it_is_told(
    sandbox: httpx.Client, customer: Customer, number: str
) -> None:
    customer.says(
        "/voice",
        f'<Connect><Stream url="{stream(sandbox)}">'
        '<Parameter name="call_id" value="42"/></Stream></Connect>',
    )

    report = call(sandbox, say=["hello there"])

    assert report["outcome"] == "streamed", report
    assert report["status"] == "completed"
    start = report["streams"][0]["start"]["start"]
    assert start["customParameters"] == {"call_id": "42"}
    assert start["callSid"] == report["carrier_call_id"]
    assert report["streams"][0]["echoed"]
    assert report["streams"][0]["frames_received"] > 0
    assert report["hung_up_by"] == "caller"


def test_webhooks_carry_a_signature_that_twilios_own_sdk_accepts(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient, number: str
) -> None:
    customer.says("/voice", "<Hangup/>")

    call(sandbox)

    validator = RequestValidator(twilio.token)
    assert [httpx.URL(r.url).path for r in customer.received] == ["/voice", "/status"]
    for got in customer.received:
        assert validator.validate(got.url, got.form, got.headers["x-twilio-signature"])
        assert got.form["FromCity"] == ""
    ended = customer.at("/status")[0].form
    assert ended["CallStatus"] == "completed"
    assert int(ended["CallDuration"]) >= 1


def test_a_sentence_is_heard_and_a_human_is_dialled(
    sandbox: httpx.Client, customer: Customer, number: str
) -> None:
    customer.says("/voice", "<Say>One moment.</Say><Dial><Number>+14155550199</Number></Dial>")

    report = call(sandbox)

    assert report["said"] == ["One moment."]
    assert report["outcome"] == "dialled"
    assert next(s for s in report["steps"] if s["what"] == "dialled")["to"] == ["+14155550199"]


def test_a_refused_call_is_never_answered(
    sandbox: httpx.Client, customer: Customer, number: str
) -> None:
    customer.says("/voice", '<Reject reason="busy"/>')

    report = call(sandbox)

    assert not report["answered"]
    assert report["status"] == "busy"
    assert customer.at("/status")[0].form["CallStatus"] == "busy"


@pytest.mark.parametrize(
    "answer",
    [
        Response(status_code=500),
        Response("<Response/>", media_type="application/json"),
        Response("<html/>", media_type="text/xml"),
        Response("not xml", media_type="text/xml"),
    ],
)
def test_an_answer_twilio_cannot_use_leads_to_the_fallback(
    sandbox: httpx.Client, customer: Customer, number: str, answer: Response
) -> None:
    customer.answers["/voice"] = lambda _: answer
    customer.says("/fallback", "<Say>Sorry.</Say>")

    report = call(sandbox)

    assert report["said"] == ["Sorry."]
    assert customer.at("/fallback")[0].form["ErrorCode"]


def test_without_any_usable_answer_the_caller_hears_an_application_error(
    sandbox: httpx.Client, customer: Customer, number: str
) -> None:
    customer.answers["/voice"] = customer.answers["/fallback"] = lambda _: Response(status_code=500)

    report = call(sandbox)

    assert report["outcome"] == "application_error"
    assert what(report)[-1] == "webhook"


def test_a_stream_url_with_a_query_string_is_refused_as_twilio_does(
    sandbox: httpx.Client, customer: Customer, number: str
) -> None:
    stream_verb = f'<Stream url="{stream(sandbox)}?x=1"/>'
    customer.says("/voice", f"<Connect>{stream_verb}</Connect><Say>Hm.</Say>")

    report = call(sandbox)

    assert "stream_failed" in what(report)
    assert report["said"] == ["Hm."]


def test_nobody_can_call_a_number_that_nobody_owns(sandbox: httpx.Client) -> None:
    wanted = {"carrier": "twilio", "from": CALLER, "to": "+14155550177"}

    answer = sandbox.post("/_/calls", json=wanted)

    assert answer.status_code == 404
    assert "buy it first" in answer.json()["detail"]


def test_a_call_can_be_looked_at_afterwards(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient, number: str
) -> None:
    customer.says("/voice", "<Hangup/>")
    report = call(sandbox)

    shown = twilio("GET", f"/Calls/{report['carrier_call_id']}.json").json()

    assert shown["status"] == "completed"
    assert shown["from"] == CALLER
    assert sandbox.get(f"/_/calls/{report['id']}").json()["id"] == report["id"]
