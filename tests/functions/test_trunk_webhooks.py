"""Calls that a carrier bridges between us and a SIP trunk: who is called, and what fails over."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twilio.request_validator import RequestValidator

from functions.carrier_webhook.app import lambda_handler
from switchboard import calls
from switchboard.app import App
from switchboard.model import BYO, E164, Call, CallStatus, Direction, TrunkAttempt
from switchboard.store.table import Table
from tests.builders import CALL_SID, CALLER, NUMBER, ORGANIZATION, a_call, a_number
from tests.clock import START
from tests.functions import signed
from tests.functions.events import Context, load

OTHER = E164("+14155550177")
ACCOUNT_NUMBER = E164("+14155550188")
DOMAIN = "acme.sip.twilio.com"
_TOKEN = "0123456789abcdef0123456789abcdef"
_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TELNYX_SID = "v3:sip-call"

Send = Callable[..., Any]


def held(app: App, phone_number: E164, carrier: str = BYO, **changes: Any) -> None:
    """Put a number into the table."""
    number = a_number(phone_number=phone_number, carrier=carrier, **changes)
    app.store.transact(app.store._put_number(number, "attribute_not_exists(pk) OR pk = pk"))


@pytest.fixture(autouse=True)
def numbers(live: App) -> None:
    """Two numbers of the trunk, and one that Twilio itself brings."""
    held(live, NUMBER)
    held(live, OTHER)
    held(live, ACCOUNT_NUMBER, "twilio")


def twilio_call(user: str = "100", caller: str = CALLER, **headers: str) -> dict[str, Any]:
    """Return what Twilio's SIP domain posts for a call to `user`."""
    event = load("carrier_webhook/twilio-inbound-call")
    form = dict(parse_qsl(event["body"], keep_blank_values=True)) | {
        "To": f"sip:{user}@{DOMAIN}",
        "Called": f"sip:{user}@{DOMAIN}",
        "From": f"sip:{caller}@203.0.113.7:5060",
        "SipDomain": DOMAIN,
        "SipCallId": "a84b4c76e66710@203.0.113.7",
    }
    form |= {f"SipHeader_{name.replace('_', '-')}": value for name, value in headers.items()}
    url = f"https://hooks.example.com/v1{event['resource']}?org={ORGANIZATION}"
    signature = RequestValidator(_TOKEN).compute_signature(url, form)
    headers_ = event["headers"] | {"X-Twilio-Signature": signature}
    return event | {"headers": headers_, "body": urlencode(form)}


def telnyx_call(user: str = "100", **headers: str) -> dict[str, Any]:
    """Return what Telnyx posts for a call to `user` at the application's SIP subdomain."""
    event = load("carrier_webhook/telnyx-call-initiated")
    body = json.loads(event["body"])
    body["data"]["payload"] |= {
        "to": f"sip:{user}@acme.sip.telnyx.com",
        "from": f"sip:{CALLER}@203.0.113.7",
        "call_control_id": TELNYX_SID,
        "custom_headers": [
            {"name": name.replace("_", "-"), "value": value} for name, value in headers.items()
        ],
    }
    text = json.dumps(body)
    stamp = event["headers"]["telnyx-timestamp"]
    signature = base64.b64encode(_KEY.sign(f"{stamp}|{text}".encode())).decode()
    headers_ = event["headers"] | {"telnyx-signature-ed25519": signature}
    return event | {"headers": headers_, "body": text}


def row(app: App, sid: str = CALL_SID) -> Call:
    """Return the call's row."""
    return calls.find_by_sid(app, ORGANIZATION, sid)


def test_a_call_to_a_sip_domain_is_answered_by_the_numbers_assistant(live: App, send: Send) -> None:
    reply = send(twilio_call(NUMBER), "twilio")

    assert "<Stream" in reply["body"]
    call = row(live)
    assert (call.carrier, call.bridge) == (BYO, "twilio")
    assert (call.phone_number, call.customer_number) == (NUMBER, CALLER)


@pytest.mark.parametrize(
    ("headers", "called"),
    [
        ({"Diversion": f"<sip:{OTHER}@pbx.example.com>;reason=unconditional"}, OTHER),
        ({"X_Original_To": f"sip:{OTHER[1:]}@pbx.example.com"}, OTHER),
        # The more telling header wins.
        ({"X_Original_To": str(OTHER), "Diversion": f"<tel:{NUMBER}>"}, NUMBER),
        # One that names nobody of ours says nothing.
        ({"Diversion": "<sip:+14155559999@pbx.example.com>", "X_Original_To": str(OTHER)}, OTHER),
    ],
)
@pytest.mark.parametrize(
    ("make", "carrier", "sid"),
    [(twilio_call, "twilio", CALL_SID), (telnyx_call, "telnyx", TELNYX_SID)],
)
def test_behind_a_pbx_the_headers_say_which_number_was_called(
    live: App, send: Send, make: Any, carrier: str, sid: str, headers: Any, called: E164
) -> None:
    assert send(make("100", **headers), carrier)["statusCode"] == 200

    call = row(live, sid)
    assert (call.phone_number, call.bridge, call.answered_with) == (called, carrier, "stream")


@pytest.mark.parametrize(
    ("user", "headers"),
    [
        ("100", {}),
        # Both are ours, and the header does not say which.
        (str(NUMBER), {"Diversion": f"<sip:{NUMBER}@p.example.com>, <sip:{OTHER}@p.example.com>"}),
        # Its calls come from the telephone network, never over a trunk.
        (str(ACCOUNT_NUMBER), {}),
        ("%ff%00", {"Diversion": "<<<>>>,,,;;"}),
    ],
)
def test_what_says_nothing_or_too_much_is_no_guess(
    live: App, send: Send, user: str, headers: Any
) -> None:
    reply = send(twilio_call(user, **headers), "twilio")

    assert reply["statusCode"] == 200
    assert calls.UNASSIGNED_MESSAGE in reply["body"]
    assert row(live).assistant_id is None


def test_another_organizations_number_is_not_called_over_our_trunk(live: App, send: Send) -> None:
    held(live, OTHER, organization_id=2002)

    reply = send(twilio_call("100", Diversion=f"<sip:{OTHER}@pbx.example.com>"), "twilio")

    assert calls.UNASSIGNED_MESSAGE in reply["body"]


def test_who_hides_behind_an_extension_is_shown_as_it_came(live: App, send: Send) -> None:
    send(twilio_call(NUMBER, caller="2125550199"), "twilio")

    assert row(live).customer_number == "sip:2125550199@203.0.113.7:5060"


# --- calls of ours ---


@pytest.fixture
def send_with(monkeypatch: pytest.MonkeyPatch) -> Send:
    """Sends an event to its carrier's copy of the function, which is given an app."""

    def to_function(app: App, event: dict[str, Any], carrier: str) -> Any:
        monkeypatch.setenv("CARRIER", carrier)
        return lambda_handler(event, Context(), lambda: app)

    return to_function


@pytest.fixture
def placed(live: App) -> Call:
    """A call that Twilio places over a trunk, and what is asked to go on with it."""
    call = a_call(
        id=9001,
        carrier=BYO,
        bridge="twilio",
        call_sid="",
        direction=Direction.OUTBOUND,
        status=CallStatus.DIALING,
        attempts=(TrunkAttempt("t1", "twilio", START),),
    )
    live.store.add_call(replace(call, call_sid="CA0"))
    live.store.save_call(replace(call, call_sid="CA0"), call)
    return call


def failed(code: str, sequence: str = "1", status: str = "failed") -> dict[str, Any]:
    """Return what Twilio says at the end of a call over a trunk."""
    return signed.twilio(
        "busy",
        To=f"sip:{CALLER}@one.example.com",
        CallStatus=status,
        SipResponseCode=code,
        SequenceNumber=sequence,
    )


@pytest.mark.parametrize("code", ["408", "500", "502", "503", "504"])
def test_a_gateway_that_failed_before_it_rang_is_failed_over(
    live: App, send_with: Any, placed: Call, code: str
) -> None:
    asked: list[int] = []

    reply = send_with(replace(live, fail_over=asked.append), failed(code), "twilio")

    assert (reply["statusCode"], asked) == (200, [9001])
    after = calls.find(live, ORGANIZATION, 9001)
    assert (after.status, after.attempts[0].outcome) == (CallStatus.DIALING, code)


@pytest.mark.parametrize(
    ("code", "sequence", "status", "ending"),
    [
        ("486", "1", "busy", CallStatus.BUSY),
        ("603", "1", "failed", CallStatus.FAILED),
        ("404", "1", "failed", CallStatus.FAILED),
        ("487", "2", "no-answer", CallStatus.NO_ANSWER),
        # Somebody has heard it ring.
        ("503", "2", "failed", CallStatus.FAILED),
        ("408", "2", "no-answer", CallStatus.NO_ANSWER),
        ("503", "1", "canceled", CallStatus.CANCELLED),
    ],
)
def test_what_the_callee_may_have_done_ends_the_call(
    live: App,
    send_with: Any,
    placed: Call,
    code: str,
    sequence: str,
    status: str,
    ending: CallStatus,
) -> None:
    asked: list[int] = []

    send_with(replace(live, fail_over=asked.append), failed(code, sequence, status), "twilio")

    assert calls.find(live, ORGANIZATION, 9001).status is ending
    assert asked == []


@pytest.mark.parametrize(
    ("cause", "code", "fails_over"),
    [
        ("unspecified", "503", True),
        ("call_rejected", "408", True),
        ("call_rejected", "603", False),
        ("user_busy", "486", False),
        ("timeout", "408", False),
        ("no_answer", "503", False),
        ("normal_clearing", "503", False),
    ],
)
def test_telnyx_says_it_with_its_causes(
    live: App, send_with: Any, placed: Call, cause: str, code: str, fails_over: bool
) -> None:
    asked: list[int] = []
    event = signed.telnyx(
        "hangup",
        state={"call": 9001},
        to=f"sip:{CALLER}@one.example.com",
        hangup_cause=cause,
        sip_hangup_cause=code,
    )

    send_with(replace(live, fail_over=asked.append), event, "telnyx")

    assert bool(asked) is fails_over
    assert calls.find(live, ORGANIZATION, 9001).status.is_final is not fails_over


@pytest.mark.parametrize(("make", "carrier"), [(twilio_call, "twilio"), (telnyx_call, "telnyx")])
def test_a_call_over_sip_costs_one_read_and_one_write(
    live: App, send: Send, monkeypatch: pytest.MonkeyPatch, make: Any, carrier: str
) -> None:
    asked: list[str] = []
    real = Table._do

    def counted(self: Table, request: Any, **arguments: Any) -> Any:
        asked.append(request.__name__)
        return real(self, request, **arguments)

    monkeypatch.setattr(Table, "_do", counted)
    many = ", ".join(f"<sip:+1415555{n:04}@pbx.example.com>" for n in range(20))

    send(make("100", Diversion=many, X_Original_To=str(OTHER)), carrier)

    assert asked == ["batch_get_item", "transact_write_items"]
