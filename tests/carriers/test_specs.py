"""Our requests and the sandbox's answers, held against the carriers' own descriptions.

CARRIER_SPECS_DIR names the folder of the descriptions (they are not ours to publish).
"""

import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.carriers import CARRIERS as SANDBOXED
from switchboard.carriers import CARRIERS, carrier_class
from switchboard.carriers.base import Expected
from switchboard.carriers.stock import NumberSearch
from switchboard.errors import (
    InsufficientBalance,
    InvalidRequest,
    NotConfigurable,
    RateLimited,
    SwitchboardError,
)
from switchboard.model import (
    E164,
    CallStatus,
    ConnectStream,
    Dial,
    Hangup,
    MachinePolicy,
    NumberOrder,
    Say,
)
from tests.builders import a_number, a_text
from tests.carriers.conftest import NUMBER, Connect, Subject
from tests.carriers.dialing import Phone, wait_for
from tests.carriers.lab import Exchange, Lab
from tests.carriers.openapi import Description
from tests.carriers.signing import data
from tests.carriers.test_answering import HUMAN, OurSide
from tests.carriers.tours import TOURS
from tests.sandbox.servers import Customer

FILES = {
    "twilio": ("twilio_api_v2010.json",),
    "telnyx": ("telnyx_v2.json",),
    "vonage": ("vonage_numbers.yml", "vonage_voice.yml"),
}
SPECS = os.environ.get("CARRIER_SPECS_DIR", "")

pytestmark = pytest.mark.skipif(
    not SPECS, reason="set CARRIER_SPECS_DIR to the folder of the carriers' API descriptions"
)

# What a description cannot tell, or tells wrongly: the problem as a pattern, and why it is none.
KNOWN = {
    "twilio": [
        (r"^GET \S+/Accounts/AC\w+\.json: not", "the reduced document leaves the account out"),
        (r"/OutgoingCallerIds\S*: not", "the reduced document leaves verified numbers out"),
        (r"status (4|5)\d\d is not described", "the document lists successes only"),
        (
            r"body\.\w+Sid: '' (does not match|is too short)",
            "what is empty is taken away",
        ),
        (r"\.(lat|long)itude: .* of type 'number'", "its own example has them in quotes, as life"),
        (r"(Application|Trunk)Sid: '' ", "empty takes it away, which its patterns do not know"),
    ],
    "telnyx": [
        (r"'\*' does not match '\^\[A-Z\]\{2\}\$'", 'its own text says that ["*"] means all'),
        # Only for messages does Telnyx document 402; that orders get it too is our assumption.
        (r"^POST /number_orders .* status (402|429) is", "the order's own list leaves them out"),
        (r"^POST /messages .*status 4\d\d is", "its own list says 4XX for all of them"),
        (r"^POST /calls .* status 402 is", "the dial's own list leaves it out"),
        (r"^GET \S+ \(429\): the answer's status", "its pages give the limit, these lists do not"),
        (r"/verified_numbers\S*: not", "the reduced document leaves them out"),
        (r"^GET /\w+ .* status 429 is", "any request may be told so, its pages on limits say"),
        (r"of_the_future", "an event that Telnyx may send one day"),
        (r"^call\.playback\.(started|ended): not", "on its documentation pages, not here"),
        (r"^number\.order\.status\.update: not", "another name that its pages have for the event"),
    ],
    "vonage": [
        (r"/v2/applications\S*: not", "in a document of its own, which we do not have"),
        (r"^GET /account/get-balance: not", "in a document of its own, which we do not have"),
        (r"^POST /v1/messages: not", "in a document of its own, which we do not have"),
        (r"^POST /number/buy .* status 429 is", "its pages give the limit, the document not"),
        (r"^GET \S+ \(429\): the answer's status", "its pages give the limit, the document not"),
        (r"^POST /v1/calls .* status 402 is", "of the newer APIs; calls get it by our assumption"),
    ],
}


@pytest.fixture(scope="module")
def descriptions() -> dict[str, Description]:
    """Return the carriers' descriptions."""
    return {
        name: Description(tuple(Path(SPECS) / file for file in files), f"/{name}")
        for name, files in FILES.items()
    }


def test_every_carrier_has_a_description() -> None:
    assert set(FILES) == set(CARRIERS)


def test_what_the_adapter_sends_is_described(
    subject: Subject,
    lab: Lab,
    us: Customer,
    order: NumberOrder,
    descriptions: dict[str, Description],
) -> None:
    carrier_class(subject.name)(subject.credentials, subject.context).connect()
    for fault in ("number_taken", "no_balance", "rate_limited", "address_required"):
        lab.fault(subject.name, "buy_number", fault)
        with pytest.raises(SwitchboardError):
            subject.carrier.buy(order)
    subject.carrier.find_purchase(order)
    bought = subject.carrier.buy(order)
    subject.carrier.find_purchase(order)
    if bought.carrier_order_id:
        known = NumberOrder(**{**vars(order), "carrier_order_id": bought.carrier_order_id})
        subject.carrier.find_purchase(known)
    _take_calls(subject, lab, us)

    _check(lab, descriptions[subject.name], subject.name)


def test_what_the_adapter_asks_of_numbers_is_described(
    subject: Subject, lab: Lab, order: NumberOrder, descriptions: dict[str, Description]
) -> None:
    carrier = subject.carrier
    for wanted in (
        NumberSearch("US", area_code="415", contains="CALL", limit=50),
        NumberSearch("US", area_code="415", region="CA"),
        NumberSearch("US", number_type="toll_free", locality="Nowhere"),
        NumberSearch("GB", number_type="mobile"),
        NumberSearch("AQ"),
    ):
        with suppress(InvalidRequest):  # where the carrier knows no places
            carrier.search(wanted)
    carrier.countries()
    carrier.buy(order)
    lab.enter(subject.name, "+14155551000", 300)
    assert len(list(carrier.held_numbers())) == 301
    held = carrier.inspect(NUMBER)
    assert held is not None
    number = a_number(carrier=subject.name, carrier_number_id=held.carrier_number_id)
    carrier.wire(number)
    carrier.set_voice_url(number, carrier.voice_url())
    for enabled in (False, True):
        with suppress(NotConfigurable):
            carrier.set_sms(number, enabled)
    with suppress(NotConfigurable):
        carrier.verify_caller_id(HUMAN, "Desk", None)
        lab.verify(subject.name, HUMAN)
        carrier.verify_caller_id(HUMAN, "Desk", None)
    carrier.check(Expected((NUMBER,), (HUMAN,), ("US",)))
    carrier.check(Expected((NUMBER, E164("+14155551000")), (), ("US",)))
    carrier.release(number)
    carrier.release(number)
    looks: dict[str, Callable[[], object]] = {
        "search": lambda: carrier.search(NumberSearch("US")),
        "list_numbers": lambda: carrier.find_held(NUMBER),
        "countries": carrier.countries,
    }
    for operation in looks.keys() & SANDBOXED[subject.name].operations:
        ask = looks[operation]
        lab.fault(subject.name, operation, "rate_limited")
        with pytest.raises(RateLimited):
            ask()

    _check(lab, descriptions[subject.name], subject.name)


def test_what_the_adapter_dials_is_described(
    subject: Subject,
    lab: Lab,
    us: Customer,
    order: NumberOrder,
    descriptions: dict[str, Description],
) -> None:
    subject.carrier.buy(order)
    phone = Phone(subject, lab, us)
    phone.far_end("answer", hangup_after_s=1)
    for own_id, policy in enumerate(MachinePolicy, 9001):
        options: dict[str, Any] = {
            "ring_timeout": 30,
            "max_duration": 600,
            "machine_detection": policy,
            "record": True,
        }
        side = phone.answered_with(id_=own_id, **options)
        call = phone.dial(own_id, **options)
        wait_for(side, CallStatus.IN_PROGRESS)
        if policy is MachinePolicy.OFF:
            subject.carrier.transfer(call, "sip:ann@pbx.example.com")
        subject.carrier.hang_up(call)
        phone.transcript(call)
    lab.fault(subject.name, "dial", "no_balance")
    with pytest.raises(InsufficientBalance):
        phone.dial()

    _check(lab, descriptions[subject.name], subject.name)


# Twilio's description has a recording's data and not its sound, the others' no recordings at all:
# the guides do, which the adapters name.
UNDESCRIBED = {"get_recording_media", "get_recording", "list_recordings"}


def test_what_the_adapter_sends_as_text_is_described(
    subject: Subject, lab: Lab, order: NumberOrder, descriptions: dict[str, Description]
) -> None:
    subject.carrier.buy(order)
    text = a_text(carrier=subject.name, from_=NUMBER, to=HUMAN)
    subject.carrier.send_text(text)
    subject.carrier.send_text(replace(text, body="", media_urls=("https://example.com/cat.png",)))
    at_once = ["opted_out"] if subject.carrier.features.refuses_opted_out else []
    for fault in (*at_once, "no_balance"):
        lab.fault(subject.name, "send_message", fault)
        with pytest.raises(SwitchboardError):
            subject.carrier.send_text(text)

    _check(lab, descriptions[subject.name], subject.name)


@pytest.mark.parametrize("name", CARRIERS)
def test_what_the_sandbox_answers_is_described(
    name: str, lab: Lab, descriptions: dict[str, Description]
) -> None:
    TOURS[name](lab)

    asked = lab.control.get("/_/requests", params={"carrier": name}).json()["requests"]
    refused = {r["operation"] for r in asked if r["status"] not in (200, 201, 202, 204)}
    assert refused <= {"show_number"}  # once it is released
    assert set(SANDBOXED[name].operations) - UNDESCRIBED <= {r["operation"] for r in asked}
    _check(lab, descriptions[name], name)


def test_telnyxs_events_are_described(
    connect: Connect,
    lab: Lab,
    us: Customer,
    order: NumberOrder,
    descriptions: dict[str, Description],
) -> None:
    subject = connect("telnyx")
    lab.change_account(subject.account_id, notification_url=f"{us.url}/telnyx-webhook")
    subject.carrier.buy(order)
    _take_calls(subject, lab, us)

    sent = [json.loads(got.raw) for got in us.received]
    samples = [sample["json"] for sample in data("telnyx", "events")]

    assert len({event["data"]["event_type"] for event in sent}) > 6
    problems = {p for event in sent + samples for p in descriptions["telnyx"].event_problems(event)}
    unknown = sorted(problem for problem in problems if not _known("telnyx", problem))
    assert not unknown, "\n".join(unknown)


def test_the_descriptions_notice_what_is_wrong(descriptions: dict[str, Description]) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    base = "/twilio/2010-04-01/Accounts/AC" + "1" * 32
    sold = f"{base}/IncomingPhoneNumbers.json"
    wrong = {
        "twilio": [
            Exchange("POST", sold, "", form, b"VoiceUri=https://x", 201, "application/json", b"{}"),
            Exchange("POST", sold, "", form, b"VoiceMethod=SHOUT", 201, "application/json", b"{}"),
            Exchange("POST", sold, "", form, b"", 201, "application/json", b'{"sid": 7}'),
            Exchange("GET", sold, "Beta=perhaps", {}, b"", 200, "application/json", b"{}"),
            Exchange("GET", sold, "Colour=blue", {}, b"", 200, "application/json", b"{}"),
            Exchange("PUT", sold, "", form, b"", 200, "application/json", b"{}"),
            Exchange("GET", f"{base}/Nothing.json", "", {}, b"", 200, "application/json", b"{}"),
        ],
        "telnyx": [
            _telnyx_order(b'{"phone_numbers": "+1"}', b'{"data": {}}'),
            _telnyx_order(b'{"phone_number": "+1"}', b'{"data": {}}'),
            _telnyx_order(b"{}", b'{"data": {"status": "sold"}}'),
        ],
    }
    wrong["vonage"] = [
        _vonage("/number/buy", form, b"country=GB&msisdn=447700900000&colour=blue"),
        _vonage("/number/buy", form, b"country=GB"),
        _vonage("/v1/calls", JSON, b'{"to": [{"type": "phone", "number": "1415"}], "ncco": {}}'),
        _vonage("/v1/calls", JSON, b'{"to": [], "answer_url": "https://x", "from": "1"}'),
        _vonage("/v1/calls/u", JSON, b'{"action": "sing"}', "PUT"),
    ]
    for name, exchanges in wrong.items():
        for exchange in exchanges:
            assert descriptions[name].problems(exchange), exchange


def _telnyx_order(body: bytes, answer: bytes) -> Exchange:
    kind = "application/json"
    headers = {"content-type": kind}
    return Exchange("POST", "/telnyx/number_orders", "", headers, body, 200, kind, answer)


JSON = {"content-type": "application/json"}


def _vonage(path: str, headers: dict[str, str], body: bytes, method: str = "POST") -> Exchange:
    answer = b'{"error-code": "200", "error-code-label": "success"}'
    kind = "application/json"
    return Exchange(method, f"/vonage{path}", "", headers, body, 200, kind, answer)


def test_twilios_errors_are_shaped_as_its_documentation_says(lab: Lab) -> None:
    credentials = lab.default_account("twilio")["credentials"]
    account = f"/twilio/2010-04-01/Accounts/{credentials['account_sid']}"
    auth = (credentials["account_sid"], credentials["auth_token"])
    faults = ["number_taken", "no_balance", "invalid_credentials", "rate_limited", "server_error"]
    for fault in faults:
        lab.fault("twilio", "buy_number", fault)

    answers = [
        lab.control.post(f"{account}/IncomingPhoneNumbers.json", data={"x": "y"}, auth=auth)
        for _ in faults
    ]
    answers.append(lab.control.get(f"{account}/IncomingPhoneNumbers/PN1.json", auth=auth))
    answers.append(lab.control.get(f"{account}/Nothing.json", auth=auth))

    for answer in answers:
        error = answer.json()
        assert error["status"] == answer.status_code >= 400
        assert error["more_info"] == f"https://www.twilio.com/docs/errors/{error['code']}"
        assert error["message"]


def _take_calls(subject: Subject, lab: Lab, us: Customer) -> None:
    echo = lab.url.replace("http:", "ws:") + "/runtime/echo"
    nowhere = "ws://127.0.0.1:9/"
    for instruction in (
        ConnectStream(echo, {"call_id": "1"}, 1, "a.b"),
        ConnectStream(nowhere, {"call_id": "1"}, 1, "a.b"),
        Say("Hello"),
        Dial(HUMAN),
        Hangup(),
    ):
        side = OurSide(subject, instruction)
        us.answers = {path: side for path in (subject.facts.webhook_path, subject.facts.event_path)}
        lab.ring(subject.name, NUMBER, hangup_after_s=0.1)


def _check(lab: Lab, description: Description, name: str) -> None:
    assert lab.tap.exchanges
    found = {p for exchange in lab.tap.exchanges for p in description.problems(exchange)}
    unknown = sorted(problem for problem in found if not _known(name, problem))
    assert not unknown, "\n".join(unknown)


def _known(name: str, problem: str) -> bool:
    return any(re.search(pattern, problem) for pattern, _ in KNOWN[name])
