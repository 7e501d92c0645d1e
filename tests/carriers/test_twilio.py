"""What only Twilio does: one number, one request; one document, the whole answer."""

import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from switchboard.carriers.base import WebhookRequest
from switchboard.errors import CarrierPermissionDenied, InsufficientBalance
from switchboard.model import (
    E164,
    Call,
    CallStatus,
    ConnectStream,
    Dial,
    Direction,
    Hangup,
    Instruction,
    NumberOrder,
    Say,
)
from tests.carriers.conftest import NUMBER, ORGANIZATION, Connect, Subject
from tests.carriers.lab import Lab
from tests.clock import START

SUSPENDED = json.dumps({"code": 20005, "message": "Account not active", "status": 403})


@pytest.fixture
def subject(connect: Connect) -> Subject:
    """Return a connected Twilio account."""
    return connect("twilio")


class TestBuying:
    """A purchase in one request, and what its answers leave open."""

    def test_buying_a_number_that_is_ours_already_buys_nothing(
        self, subject: Subject, lab: Lab, order: NumberOrder
    ) -> None:
        first = subject.carrier.buy(order)

        assert subject.carrier.buy(order).carrier_number_id == first.carrier_number_id
        assert len(lab.books("twilio")["purchases"]) == 1

    @pytest.mark.parametrize("number", ["+15005550000", "+15005550001"])
    def test_the_documented_test_numbers_are_refused(
        self, subject: Subject, lab: Lab, order: NumberOrder, number: str
    ) -> None:
        with pytest.raises(Exception, match=rf"\{number}.*\(error 2142\d\)"):
            subject.carrier.buy(replace(order, phone_number=E164(number)))

        assert lab.books("twilio")["purchases"] == []

    def test_a_suspended_account_with_money_needs_twilio(
        self, subject: Subject, lab: Lab, order: NumberOrder
    ) -> None:
        lab.answer_instead(403, SUSPENDED)

        with pytest.raises(CarrierPermissionDenied, match="Ask Twilio"):
            subject.carrier.buy(order)

    def test_a_suspended_account_whose_balance_cannot_be_read_needs_money(
        self, subject: Subject, lab: Lab, order: NumberOrder
    ) -> None:
        lab.answer_instead(403, SUSPENDED)
        lab.answer_instead(403, SUSPENDED)

        with pytest.raises(InsufficientBalance, match="Add funds"):
            subject.carrier.buy(order)

    def test_a_number_that_points_elsewhere_was_not_bought_by_us(
        self, subject: Subject, connect: Connect, order: NumberOrder
    ) -> None:
        colleague = connect("twilio", organization=2002)
        colleague.carrier.buy(order)

        assert subject.carrier.find_purchase(order) is None
        assert colleague.carrier.find_purchase(order) is not None

    def test_capabilities_are_read_however_they_are_spelt(
        self, subject: Subject, lab: Lab, order: NumberOrder
    ) -> None:
        answer = {
            "sid": "PN1",
            "phone_number": NUMBER,
            "capabilities": {"voice": True, "SMS": True, "MMS": False},
        }
        lab.answer_instead(201, json.dumps(answer))

        capabilities = subject.carrier.buy(order).capabilities

        assert (capabilities.voice, capabilities.sms, capabilities.mms) == (True, True, False)

    def test_a_long_name_is_cut_to_what_twilio_takes(
        self, subject: Subject, lab: Lab, order: NumberOrder
    ) -> None:
        subject.carrier.buy(replace(order, friendly_name="n" * 100))

        assert lab.books("twilio")["numbers"][0]["config"]["friendly_name"] == "n" * 64


class TestTwiml:
    """The document that answers a call."""

    def test_a_stream_with_its_parameters(self, subject: Subject) -> None:
        parameters = {"call_id": "5001", "To": '+1 "<&>', "welcome_message": "x" * 486}

        root = self.document(subject, _stream("wss://m.example.com/s", parameters))

        stream = root.find("Connect/Stream")
        assert stream is not None
        assert stream.get("url") == "wss://m.example.com/s"
        assert stream.get("statusCallback") == subject.context.webhook_url("/call-status")
        # The last one is a character too long for Twilio: its runtime asks for it.
        told = {p.get("name"): p.get("value") for p in stream.findall("Parameter")}
        assert told == {"call_id": "5001", "To": '+1 "<&>'}

    def test_a_query_becomes_parameters(self, subject: Subject) -> None:
        """Twilio drops a stream whose URL has a query."""
        url = "wss://m.example.com/s?tenant=7&tag=a%20b&empty="

        root = self.document(subject, _stream(url, {"call_id": "5001"}))

        stream = root.find("Connect/Stream")
        assert stream is not None
        assert stream.get("url") == "wss://m.example.com/s"
        told = {p.get("name"): p.get("value") for p in stream.findall("Parameter")}
        assert told == {"tenant": "7", "tag": "a b", "empty": "", "call_id": "5001"}

    @pytest.mark.parametrize(
        ("instruction", "verb", "text"),
        [
            (Say("Hello"), "Say", "Hello"),
            (Dial(E164("+14155550177")), "Dial", "+14155550177"),
            (Hangup(), "Hangup", None),
        ],
    )
    def test_one_verb_for_one_instruction(
        self, subject: Subject, instruction: Instruction, verb: str, text: str | None
    ) -> None:
        (found,) = self.document(subject, instruction)

        assert (found.tag, found.text) == (verb, text)

    def test_the_apology(self, subject: Subject) -> None:
        url = subject.context.webhook_url("/twiml")

        reply = type(subject.carrier).apology(WebhookRequest("POST", url, {}, b""))

        assert reply is not None
        (said,) = ElementTree.fromstring(reply.body)
        assert said.tag == "Say"

    def test_nobody_listens_to_the_reply_to_a_status_callback(self, subject: Subject) -> None:
        url = subject.context.webhook_url("/call-status")

        assert type(subject.carrier).apology(WebhookRequest("POST", url, {}, b"")) is None

    def document(self, subject: Subject, instruction: Instruction) -> ElementTree.Element:
        """Return the document that an instruction becomes."""
        reply = subject.carrier.reply(_call(), instruction)
        assert reply.status == 200
        assert reply.content_type == "application/xml"
        root = ElementTree.fromstring(reply.body)
        assert root.tag == "Response"
        return root


def _stream(url: str, parameters: dict[str, str]) -> ConnectStream:
    return ConnectStream(url, parameters, 5001, "a.b")


def _call(**changes: Any) -> Call:
    call = Call(
        id=5001,
        organization_id=ORGANIZATION,
        carrier="twilio",
        call_sid="CA1",
        direction=Direction.INBOUND,
        phone_number=NUMBER,
        customer_number="+12125550199",
        status=CallStatus.RINGING,
        created_at=START,
    )
    return replace(call, **changes)
