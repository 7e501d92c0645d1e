"""What only Telnyx does: searches before orders, orders that wait, commands instead of replies."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from switchboard.carriers.base import InboundCall, WebhookRequest
from switchboard.errors import (
    CarrierUnavailable,
    NumberUnavailable,
    OutcomeUnknown,
    RateLimited,
)
from switchboard.model import (
    Call,
    CallEvent,
    ConnectStream,
    Dial,
    Hangup,
    NumberOrder,
    OrderStatus,
    Say,
)
from tests.carriers.conftest import NUMBER, Connect, Subject
from tests.carriers.lab import Exchange, Lab
from tests.carriers.signing import data, signed_request
from tests.carriers.test_answering import a_call
from tests.clock import Clock

SEARCHED = ["POST number_orders", "GET available_phone_numbers", "POST number_orders"]


@pytest.fixture
def subject(connect: Connect) -> Subject:
    """Return a connected Telnyx account."""
    return connect("telnyx")


@pytest.fixture
def picky(subject: Subject, lab: Lab) -> Subject:
    """Return an account that is sold only what it has searched for."""
    lab.change_account(subject.account_id, require_search=True)
    return subject


class TestSearchingFirst:
    """85000 says certainly that nothing was ordered, so one more order is no repetition."""

    def test_it_searches_and_orders_once_more(
        self, picky: Subject, lab: Lab, order: NumberOrder
    ) -> None:
        with lab.requests() as made:
            bought = picky.carrier.buy(order)

        assert bought.status is OrderStatus.ACTIVE
        assert _lines(made) == SEARCHED
        assert len(lab.books("telnyx")["purchases"]) == 1

    def test_it_never_orders_a_third_time(
        self, picky: Subject, lab: Lab, order: NumberOrder
    ) -> None:
        with lab.requests() as made, pytest.raises(NumberUnavailable, match="85000") as caught:
            picky.carrier.buy(replace(order, country_code="GB"))

        assert _lines(made) == SEARCHED
        assert NUMBER in str(caught.value)

    def test_a_search_that_fails_has_bought_nothing(
        self, picky: Subject, lab: Lab, order: NumberOrder
    ) -> None:
        lab.fault("telnyx", "search", "lost_answer")

        with lab.requests() as made, pytest.raises(CarrierUnavailable, match="Nothing was bought"):
            picky.carrier.buy(order)

        assert _lines(made) == SEARCHED[:2]

    def test_a_second_order_without_an_answer_is_not_repeated(
        self, picky: Subject, lab: Lab, order: NumberOrder
    ) -> None:
        refused = {"errors": [{"code": "85000", "title": "x", "detail": "not searched for"}]}
        lab.answer_instead(400, json.dumps(refused))
        lab.fault("telnyx", "buy_number", "lost_answer", times=2)
        lab.change_account(picky.account_id, require_search=False)

        with lab.requests() as made, pytest.raises(OutcomeUnknown):
            picky.carrier.buy(order)

        assert _lines(made) == SEARCHED
        assert len(lab.books("telnyx")["purchases"]) == 1


class TestOrdersThatWait:
    """An order may take days: it is pending until Telnyx says otherwise."""

    def test_pending_and_then_delivered(
        self, subject: Subject, lab: Lab, order: NumberOrder
    ) -> None:
        lab.fault("telnyx", "buy_number", "pending_order")
        pending = subject.carrier.buy(order)
        assert pending.status is OrderStatus.PENDING
        assert pending.carrier_order_id == pending.details["id"]

        for known in (order, replace(order, carrier_order_id=pending.carrier_order_id)):
            found = subject.carrier.find_purchase(known)
            assert found is not None
            assert found.status is OrderStatus.PENDING

        lab.complete_order(str(pending.carrier_order_id), "success")
        found = subject.carrier.find_purchase(order)
        assert found is not None
        assert found.status is OrderStatus.ACTIVE
        assert found.refusal is None

    @pytest.mark.parametrize("at_once", [True, False])
    def test_an_order_that_failed_says_so(
        self, subject: Subject, lab: Lab, order: NumberOrder, at_once: bool
    ) -> None:
        lab.fault("telnyx", "buy_number", "order_failure" if at_once else "pending_order")
        result = subject.carrier.buy(order)
        if not at_once:
            lab.complete_order(str(result.carrier_order_id), "failure")
            found = subject.carrier.find_purchase(order)
            assert found is not None
            result = found

        assert result.status is OrderStatus.FAILED
        assert result.refusal is not None
        assert (result.refusal.status, result.refusal.code) == (409, "number_unavailable")
        assert NUMBER in result.refusal.message
        assert "choose another number" in result.refusal.message

    @pytest.mark.parametrize("wanted", ["requirement-info-pending", "requirement-info-exception"])
    def test_a_missing_document_is_told(
        self, subject: Subject, lab: Lab, order: NumberOrder, wanted: str
    ) -> None:
        lab.answer_instead(200, json.dumps({"data": _order("pending", wanted)}))

        result = subject.carrier.buy(order)

        assert result.status is OrderStatus.PENDING
        assert result.details["requirements_status"] == wanted

    @pytest.mark.parametrize("word", ["failure", "cancelled", "deleted", "a_word_of_the_future"])
    def test_only_success_is_success(
        self, subject: Subject, lab: Lab, order: NumberOrder, word: str
    ) -> None:
        lab.answer_instead(200, json.dumps({"data": _order(word, "approved")}))

        assert subject.carrier.buy(order).status is OrderStatus.FAILED


def test_the_messaging_profile_of_the_order_goes_before_the_accounts(
    subject: Subject, lab: Lab, order: NumberOrder
) -> None:
    headers = {"Authorization": f"Bearer {subject.credentials['api_key']}"}
    profile = {"name": "marketing", "whitelisted_destinations": ["*"]}
    made = lab.control.post("/telnyx/messaging_profiles", json=profile, headers=headers)
    profile_id = made.json()["data"]["id"]

    bought = subject.carrier.buy(replace(order, messaging_profile_id=profile_id))

    assert bought.details["messaging_profile_id"] == profile_id
    assert lab.books("telnyx")["numbers"][0]["config"]["messaging_profile_id"] == profile_id


class TestCommands:
    """A command answers the call. It may be repeated: its command_id makes that harmless."""

    @pytest.fixture
    def ringing(self, subject: Subject, lab: Lab, order: NumberOrder, clock: Clock) -> Call:
        """Return the call of a phone that rings."""
        subject.carrier.buy(order)
        sample = data("telnyx", "events")[0]
        handle = lab.ring("telnyx", NUMBER, wait=False)["carrier_call_id"]
        sample["json"]["data"]["payload"]["call_control_id"] = handle
        inbound = subject.carrier.parse(signed_request("telnyx", sample, clock()))
        assert isinstance(inbound, InboundCall)
        return a_call(subject, inbound.event, NUMBER)

    @pytest.fixture
    def answer(self, subject: Subject, ringing: Call) -> Callable[[], object]:
        """Return the answering of that phone."""
        stream = ConnectStream("wss://media.example.com/s?tenant=7", {}, 5001, "a.b")
        return lambda: subject.carrier.reply(ringing, stream)

    @pytest.mark.parametrize("fault", ["server_error", "error_after_success", "lost_answer"])
    def test_a_command_without_an_answer_is_sent_once_more(
        self, answer: Callable[[], object], lab: Lab, fault: str
    ) -> None:
        lab.fault("telnyx", "answer", fault)

        with lab.requests() as made:
            answer()

        bodies = [json.loads(request.body) for request in made]
        assert len(bodies) == 2
        assert bodies[0] == bodies[1]
        assert bodies[0]["command_id"]

    @pytest.mark.parametrize("fault", ["server_error", "lost_answer"])
    def test_it_is_not_sent_a_third_time(
        self, answer: Callable[[], object], lab: Lab, fault: str
    ) -> None:
        lab.fault("telnyx", "answer", fault, times=9)

        with lab.requests() as made, pytest.raises((CarrierUnavailable, OutcomeUnknown)):
            answer()

        assert len(made) == 2

    def test_nobody_waits_while_a_phone_rings(self, answer: Callable[[], object], lab: Lab) -> None:
        lab.fault("telnyx", "answer", "rate_limited")  # with "retry-after: 1"

        with lab.requests() as made, pytest.raises(RateLimited):
            answer()

        assert len(made) == 1

    def test_the_stream_keeps_its_own_query(self, answer: Callable[[], object], lab: Lab) -> None:
        with lab.requests() as made:
            answer()

        body = json.loads(made[0].body)
        assert body["stream_url"] == (
            "wss://media.example.com/s?tenant=7&call_id=5001&session_token=a.b"
        )
        assert body["stream_bidirectional_mode"] == "rtp"

    def test_every_command_has_its_own_id(self, subject: Subject, ringing: Call, lab: Lab) -> None:
        with lab.requests() as made:
            for instruction in (Say("Hello"), Dial(NUMBER), Hangup()):
                subject.carrier.reply(ringing, instruction)

        sent = {json.loads(request.body)["command_id"] for request in made}
        # Saying and dialling both begin by answering: that is one command.
        assert len(sent) == 2


class TestFollowingUp:
    """What an instruction still needs once the call is answered."""

    @pytest.mark.parametrize("state", [None, "", "!", "AAAA", "bnVsbA==", "WzFd", "e30="])
    def test_an_answer_that_needs_nothing_more(
        self, subject: Subject, lab: Lab, state: str | None
    ) -> None:
        with lab.requests() as made:
            _follow_up(subject, "call.answered", state)
            _follow_up(subject, "call.speak.ended", state)
            _follow_up(subject, "call.hangup", state)

        assert made == []

    def test_a_caller_whose_stream_failed_is_not_left_in_silence(
        self, subject: Subject, lab: Lab
    ) -> None:
        lab.answer_instead(200, '{"data": {"result": "ok"}}')

        with lab.requests() as made:
            _follow_up(subject, "streaming.failed", "eyJjYWxsIjogNTAwMX0=")

        assert made[0].path.endswith("/actions/speak")
        spoken = json.loads(made[0].body)
        assert "sorry" in spoken["payload"]
        lab.answer_instead(200, '{"data": {"result": "ok"}}')
        with lab.requests() as made:
            _follow_up(subject, "call.speak.ended", spoken["client_state"])
        assert made[0].path.endswith("/actions/hangup")

    def test_a_runtime_that_closes_its_stream_ends_the_call(
        self, subject: Subject, lab: Lab
    ) -> None:
        lab.answer_instead(200, '{"data": {"result": "ok"}}')

        with lab.requests() as made:
            _follow_up(subject, "streaming.stopped", "eyJjYWxsIjogNTAwMX0=")

        assert [request.path.rpartition("/")[2] for request in made] == ["hangup"]

    def test_a_stream_that_stops_for_a_transfer_ends_nothing(
        self, subject: Subject, lab: Lab
    ) -> None:
        with lab.requests() as made:
            _follow_up(subject, "streaming.stopped", "e30=")

        assert made == []


def _follow_up(subject: Subject, kind: str, state: str | None) -> None:
    request = _event(kind, state)
    event = subject.carrier.parse(request)
    assert isinstance(event, CallEvent)
    subject.carrier.follow_up(request, a_call(subject, event, NUMBER), Hangup)


def _event(kind: str, state: str | None) -> WebhookRequest:
    payload: dict[str, Any] = {"call_control_id": "v3:a/b?c", "client_state": state}
    body = {"data": {"event_type": kind, "id": "e1", "payload": payload}}
    return WebhookRequest("POST", "https://hooks.example.com", {}, json.dumps(body).encode())


def _lines(made: list[Exchange]) -> list[str]:
    return [f"{request.method} {request.path.removeprefix('/telnyx/')}" for request in made]


def _order(status: str, requirements: str) -> dict[str, Any]:
    number = {
        "id": "dc8e4d67-33a0-4cbb-af74-7b58f05bd494",
        "record_type": "number_order_phone_number",
        "phone_number": NUMBER,
        "status": status,
        "requirements_met": requirements == "approved",
        "requirements_status": requirements,
    }
    return {
        "id": "12ade33a-21c0-473b-b055-b3c836e1c292",
        "record_type": "number_order",
        "status": status,
        "phone_numbers": [number],
        "phone_numbers_count": 1,
        "created_at": "2026-03-02T09:00:00Z",
    }
