"""The carriers' webhooks, with real signatures over the files in events/."""

import base64
import json
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import pytest

from local.openapi.routes import template
from switchboard import calls, listing
from switchboard.app import App
from switchboard.model import E164, CallStatus, NumberOrder, NumberStatus
from tests.builders import CALL_SID, CALLER, NUMBER, ORGANIZATION, a_number, an_assistant
from tests.clock import START
from tests.functions.carriers import TELNYX_NUMBER, VONAGE_NUMBER, Http
from tests.functions.events import load

TWILIO_CALL = "carrier_webhook/twilio-inbound-call"
TWILIO_END = "carrier_webhook/twilio-call-completed"
TELNYX_CALL = "carrier_webhook/telnyx-call-initiated"


def test_twilios_call_is_answered_with_a_stream_to_the_assistant(live: App, send: Any) -> None:
    reply = send(load(TWILIO_CALL), "twilio")

    stream = ElementTree.fromstring(reply["body"]).find("Connect/Stream")
    assert (reply["statusCode"], reply["headers"]["Content-Type"]) == (200, "application/xml")
    assert stream is not None
    assert stream.get("url") == "wss://media.example.com/stream"
    parameters = {p.get("name"): p.get("value") for p in stream.findall("Parameter")}
    assert parameters["To"] == parameters["to_number"] == NUMBER
    assert parameters["From"] == parameters["from_number"] == CALLER
    assert parameters["assistant_id"] == "3001"
    assert parameters["welcome_message"] == "Hello from Acme"
    call = calls.find_by_sid(live, ORGANIZATION, CALL_SID)
    assert parameters["call_id"] == str(call.id)
    assert calls.session(live, call.id, str(parameters["session_token"]))[0] == call


def test_twilios_body_may_come_as_base64(send: Any) -> None:
    event = load(TWILIO_CALL)
    body = base64.b64encode(event["body"].encode()).decode()

    reply = send(event | {"body": body, "isBase64Encoded": True}, "twilio")

    assert "<Stream" in reply["body"]


def test_an_unassigned_number_hears_a_sentence(live: App, send: Any) -> None:
    unassigned = a_number(assistant=None)
    live.store.transact(live.store._put_number(unassigned, "attribute_exists(pk)"))

    reply = send(load(TWILIO_CALL), "twilio")

    assert calls.UNASSIGNED_MESSAGE in reply["body"]


def test_an_assistant_that_was_switched_off_is_not_streamed_to(live: App, send: Any) -> None:
    live.store.put_assistant(an_assistant(is_active=False, fallback_number=E164("+14155550142")))

    reply = send(load(TWILIO_CALL), "twilio")

    assert "<Dial>+14155550142</Dial>" in reply["body"]


def test_a_long_welcome_is_left_to_the_session(live: App, send: Any) -> None:
    live.store.put_assistant(an_assistant(welcome_message="Hello. " * 100))

    reply = send(load(TWILIO_CALL), "twilio")

    assert "welcome_message" not in reply["body"]
    assert "session_token" in reply["body"]


def test_a_stream_that_opened_means_that_twilios_call_is_answered(live: App, send: Any) -> None:
    answered = send(load(TWILIO_CALL), "twilio")

    reply = send(load("carrier_webhook/twilio-stream-started"), "twilio")

    stream = ElementTree.fromstring(answered["body"]).find("Connect/Stream")
    assert stream is not None
    assert stream.get("statusCallback") == "https://hooks.example.com/v1/call-status?org=1001"
    assert reply["statusCode"] == 200
    assert calls.find_by_sid(live, ORGANIZATION, CALL_SID).status is CallStatus.IN_PROGRESS


def test_a_streams_report_of_a_call_that_is_not_known_is_refused(live: App, send: Any) -> None:
    assert send(load("carrier_webhook/twilio-stream-started"), "twilio")["statusCode"] == 404


def test_the_end_of_twilios_call_is_recorded(live: App, send: Any) -> None:
    send(load(TWILIO_CALL), "twilio")

    reply = send(load(TWILIO_END), "twilio")

    call = calls.find_by_sid(live, ORGANIZATION, CALL_SID)
    assert reply["statusCode"] == 200
    assert (call.status, call.duration) == (CallStatus.COMPLETED, 42)


def test_telnyxs_call_is_answered_with_a_stream_that_carries_the_token(
    live: App, send: Any, http: Http
) -> None:
    reply = send(load(TELNYX_CALL), "telnyx")

    [(method, url, command)] = http.sent
    stream_url, _, query = command["stream_url"].partition("?")
    carried = dict(parse_qsl(query))
    assert reply["statusCode"] == 200
    assert method == "POST"
    assert url.startswith("https://api.telnyx.example/v2/calls/v3%3AMdI91X4l")
    assert url.endswith("/actions/answer")
    assert stream_url == "wss://media.example.com/stream"
    assert command["stream_bidirectional_mode"] == "rtp"
    call, _ = calls.session(live, int(carried["call_id"]), carried["session_token"])
    assert call.phone_number == TELNYX_NUMBER


def test_telnyxs_repeat_sends_the_same_command_under_the_same_id(send: Any, http: Http) -> None:
    send(load(TELNYX_CALL), "telnyx")
    send(load(TELNYX_CALL), "telnyx")

    assert http.sent[0] == http.sent[1]


def test_telnyxs_call_goes_from_ringing_to_its_end(live: App, send: Any) -> None:
    for name in ("call-initiated", "call-answered", "call-hangup"):
        assert send(load(f"carrier_webhook/telnyx-{name}"), "telnyx")["statusCode"] == 200

    [call], _ = listing.search(live, ORGANIZATION, listing.CallFilter(), 0, 10)
    assert (call.status, call.duration) == (CallStatus.COMPLETED, 42)
    assert call.hangup_cause == "normal_clearing"
    assert [step.type for step in call.history] == [
        "call.initiated",
        "call.answered",
        "call.hangup",
    ]


def test_telnyx_is_asked_again_when_its_command_was_not_accepted(send: Any, http: Http) -> None:
    http.status = 503

    assert send(load(TELNYX_CALL), "telnyx")["statusCode"] == 503


def test_a_command_to_a_call_that_has_ended_is_no_error(send: Any, http: Http) -> None:
    http.status, http.body = 422, {"errors": [{"code": "90018", "title": "Call has ended"}]}

    assert send(load(TELNYX_CALL), "telnyx")["statusCode"] == 200


def test_probes_of_the_url_are_answered(send: Any) -> None:
    probe = load("carrier_webhook/telnyx-probe")

    assert send(probe, "telnyx")["statusCode"] == 200
    assert send(probe | {"httpMethod": "HEAD"}, "telnyx")["statusCode"] == 200


@pytest.mark.parametrize("carrier", ["twilio", "telnyx", "vonage", "byo-sip-trunk"])
def test_what_keeps_a_snapshot_is_taken_for_a_probe(send: Any, carrier: str) -> None:
    event = template()["Resources"]["CarrierWebhookSip"]["Properties"]["Events"]["KeepSnapshot"]

    assert send(json.loads(event["Properties"]["Input"]), carrier)["statusCode"] == 200


def forged(name: str, header: str) -> list[tuple[str, dict[str, Any]]]:
    """Return an event in every way that its signature does not cover."""
    event = load(name)
    headers = event["headers"]
    without = {key: value for key, value in headers.items() if key != header}
    other = {"org": ["2002"]}
    return [
        ("absent", event | {"headers": without}),
        ("empty", event | {"headers": headers | {header: ""}}),
        ("wrong", event | {"headers": headers | {header: "AAAA" + headers[header][4:]}}),
        ("not ascii", event | {"headers": headers | {header: "ü" * 40}}),
        ("another body", event | {"body": event["body"].replace("12125550199", "19005550199")}),
        ("no body", event | {"body": None}),
        ("another organization", event | {"multiValueQueryStringParameters": other}),
        ("no organization", event | {"multiValueQueryStringParameters": None}),
        (
            "two organizations",
            event | {"multiValueQueryStringParameters": {"org": ["1001", "2002"]}},
        ),
        (
            "more than an organization",
            event | {"multiValueQueryStringParameters": {"org": ["1001"], "x": ["1"]}},
        ),
    ]


@pytest.mark.parametrize(
    ("event", "carrier"),
    [
        pytest.param(event, carrier, id=f"{carrier} {case}")
        for carrier, name, header in (
            ("twilio", TWILIO_CALL, "X-Twilio-Signature"),
            ("telnyx", TELNYX_CALL, "telnyx-signature-ed25519"),
            ("vonage", "carrier_webhook/vonage-call-answer", "Authorization"),
        )
        for case, event in forged(name, header)
    ],
)
def test_what_the_carrier_did_not_sign_is_refused_and_changes_nothing(
    live: App, send: Any, http: Http, event: dict[str, Any], carrier: str
) -> None:
    reply = send(event, carrier)

    # Vonage is asked to send it again, signed.
    assert reply["statusCode"] in ((503, 403) if carrier == "vonage" else (401, 403))
    assert json.loads(reply["body"])["code"] == "invalid_signature"
    assert http.sent == []
    assert listing.search(live, ORGANIZATION, listing.CallFilter(), 0, 10) == ([], 0)


def test_twilios_signature_of_one_url_opens_no_other(send: Any) -> None:
    assert send(load(TWILIO_CALL) | {"resource": "/call-status"}, "twilio")["statusCode"] == 403


@pytest.mark.parametrize("seconds", [-301, 301])
def test_telnyxs_signature_is_refused_when_it_is_not_of_now(
    send: Any, clock: Any, seconds: int
) -> None:
    clock.advance(seconds=seconds)

    assert send(load(TELNYX_CALL), "telnyx")["statusCode"] == 401


def test_a_twilio_webhook_replayed_after_the_call_only_hangs_up(send: Any) -> None:
    send(load(TWILIO_CALL), "twilio")
    send(load(TWILIO_END), "twilio")

    assert "<Hangup" in send(load(TWILIO_CALL), "twilio")["body"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"body": "%%%", "isBase64Encoded": True}, 400),
        ({"body": "x" * 300_000}, 413),
        ({"body": "\x00\xff=1&&&=&CallSid"}, 403),
    ],
)
def test_nonsense_is_refused_clearly(send: Any, changes: dict[str, Any], status: int) -> None:
    reply = send(load(TWILIO_CALL, **changes), "twilio")

    assert reply["statusCode"] == status
    assert json.loads(reply["body"])["detail"]


@pytest.mark.parametrize(
    ("carrier", "to", "media"),
    [
        (
            "twilio",
            NUMBER,
            (
                "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000001"
                "/Messages/MM1/Media/ME1",
            ),
        ),
        ("telnyx", TELNYX_NUMBER, ()),
        ("vonage", VONAGE_NUMBER, ()),
    ],
)
def test_a_text_message_is_kept_once_however_often_it_is_told(
    live: App, send: Any, carrier: str, to: E164, media: tuple[str, ...]
) -> None:
    name = "twilio-message" if carrier == "twilio" else f"{carrier}-message-received"

    for _ in range(2):
        assert send(load(f"carrier_webhook/{name}"), carrier)["statusCode"] == 204

    [message] = live.store.messages(ORGANIZATION)
    assert (message.from_, message.to, message.body) == (CALLER, to, "Grüße & more = 1")
    assert message.media_urls == media


def test_telnyxs_announcement_settles_an_order_without_a_request(
    live: App, send: Any, http: Http
) -> None:
    order = NumberOrder(
        id=9001,
        organization_id=ORGANIZATION,
        key="key-1",
        fingerprint="f",
        carrier="telnyx",
        phone_number=E164("+13125550999"),
        country_code="US",
        friendly_name="Line",
        created_at=START,
        updated_at=START,
    )
    held = a_number(phone_number=order.phone_number, status=NumberStatus.PENDING)
    live.store.claim(order, held)
    event = load("carrier_webhook/telnyx-number-order-complete")

    reply = send(event, "telnyx")

    settled = live.store.number(order.phone_number)
    assert reply["statusCode"] == 200
    assert settled is not None
    assert settled.status is NumberStatus.ACTIVE
    assert http.sent == []
