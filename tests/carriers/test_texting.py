"""What every carrier must do when it is asked to send a text message, and when one comes."""

import re
from typing import Any

import httpx
import pytest

from switchboard.carriers.base import InboundMessage, MessageReceipt, Webhook, WebhookRequest
from switchboard.errors import (
    CarrierMisconfigured,
    CarrierUnavailable,
    InsufficientBalance,
    InvalidCredentials,
    OutcomeUnknown,
    RateLimited,
    RecipientOptedOut,
    SwitchboardError,
)
from switchboard.model import E164, NumberOrder, Text, TextStatus
from tests.builders import a_text
from tests.carriers.conftest import NUMBER, Subject
from tests.carriers.lab import Lab
from tests.sandbox.servers import Customer, wait_until

PHONE = E164("+14155550122")
LAST = {TextStatus.DELIVERED, TextStatus.UNDELIVERED}


@pytest.fixture
def ready(subject: Subject, order: NumberOrder) -> Subject:
    """Return each carrier in turn, with a number to send from."""
    subject.carrier.buy(order)
    return subject


def a_message(subject: Subject, **changes: Any) -> Text:
    return a_text(carrier=subject.name, from_=NUMBER, to=PHONE, **changes)


def heard(subject: Subject, us: Customer) -> list[Webhook]:
    """Return what came to our address, verified and read."""
    found = []
    for got in us.received:
        own = re.search(r"[?]message=1001-([0-9a-f-]{36})$", got.url)
        request = WebhookRequest(
            got.method, got.url, got.headers, got.raw, text_id=own[1] if own else None
        )
        subject.carrier.verify(request)
        found.append(subject.carrier.parse(request))
    return found


def receipts(subject: Subject, us: Customer) -> list[MessageReceipt]:
    """Return the receipts that came, once the last one has."""
    wait_until(lambda: any(_status(it) in LAST for it in heard(subject, us)))
    return [it for it in heard(subject, us) if isinstance(it, MessageReceipt)]


def _status(told: Webhook) -> TextStatus | None:
    return told.status if isinstance(told, MessageReceipt) else None


def write(lab: Lab, subject: Subject, text: str, **more: Any) -> httpx.Response:
    wanted = {"carrier": subject.name, "from": PHONE, "to": NUMBER, "text": text, **more}
    return lab.control.post("/_/messages", json=wanted).raise_for_status()


def written(lab: Lab) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = lab.control.get("/_/messages").json()["messages"]
    return found


def test_a_message_is_sent_with_one_request_and_its_receipts_bear_our_id(
    ready: Subject, lab: Lab, us: Customer
) -> None:
    text = a_message(ready, body="Grüße 😀", media_urls=("https://example.com/cat.png",))
    with lab.requests() as made:
        sid = ready.carrier.send_text(text)

    told = receipts(ready, us)
    [message] = written(lab)
    assert len(made) == 1
    assert (message["text"], message["media_urls"]) == (text.body, list(text.media_urls))
    assert (message["from"], message["to"], message["carrier_message_id"]) == (NUMBER, PHONE, sid)
    assert {(it.message_sid, it.text_id) for it in told} == {(sid, text.id)}
    assert told[0].status is TextStatus.SENT
    assert told[-1].status is TextStatus.DELIVERED
    assert told[-1].refusal is None


def test_a_message_that_does_not_arrive_says_why(ready: Subject, lab: Lab, us: Customer) -> None:
    lab.fault(ready.name, "send_message", "undelivered")
    ready.carrier.send_text(a_message(ready))

    last = receipts(ready, us)[-1]

    assert last.status is TextStatus.UNDELIVERED
    assert last.refusal is not None
    assert last.refusal.code == "carrier_error"
    assert "(error " in last.refusal.message


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("no_balance", InsufficientBalance),
        ("invalid_credentials", InvalidCredentials),
        ("rate_limited", RateLimited),
    ],
)
def test_a_refusal_has_its_kind_and_sends_nothing(
    ready: Subject, lab: Lab, fault: str, kind: type[SwitchboardError]
) -> None:
    lab.fault(ready.name, "send_message", fault)

    with pytest.raises(kind) as caught:
        ready.carrier.send_text(a_message(ready))

    assert type(caught.value) is kind
    assert written(lab) == []


def test_that_somebody_has_opted_out_is_said_at_once_or_in_the_receipt(
    ready: Subject, lab: Lab, us: Customer
) -> None:
    lab.fault(ready.name, "send_message", "opted_out")

    if ready.carrier.features.refuses_opted_out:
        with pytest.raises(RecipientOptedOut, match="START"):
            ready.carrier.send_text(a_message(ready))
        assert written(lab) == []
    else:
        ready.carrier.send_text(a_message(ready))
        [told] = receipts(ready, us)
        assert told.status is TextStatus.UNDELIVERED
        assert told.refusal is not None
        assert told.refusal.code == "recipient_opted_out"


@pytest.mark.parametrize("fault", ["error_after_success", "lost_answer"])
def test_an_answer_that_is_lost_is_unknown_and_not_asked_again(
    ready: Subject, lab: Lab, fault: str
) -> None:
    lab.fault(ready.name, "send_message", fault)

    with pytest.raises(OutcomeUnknown):
        ready.carrier.send_text(a_message(ready))

    assert len(written(lab)) == 1


@pytest.mark.parametrize("body", ["", "<html>Bad gateway</html>", "null", "{}", '{"data": {}}'])
def test_an_answer_that_cannot_be_read_is_unknown(ready: Subject, lab: Lab, body: str) -> None:
    lab.answer_instead({"twilio": 201, "telnyx": 200, "vonage": 202}[ready.name], body)

    with pytest.raises(OutcomeUnknown):
        ready.carrier.send_text(a_message(ready))


def test_a_number_of_another_account_sends_nothing(ready: Subject, lab: Lab) -> None:
    text = a_message(ready)
    with pytest.raises((CarrierMisconfigured, CarrierUnavailable)) as caught:
        ready.carrier.send_text(Text(**{**vars(text), "from_": E164("+14155550177")}))

    assert "+14155550122" in str(caught.value)


def test_who_writes_is_heard(ready: Subject, lab: Lab, us: Customer) -> None:
    answer = write(lab, ready, "Grüße & more = 1", media_urls=["https://example.com/cat.png"])

    [message] = heard(ready, us)
    assert answer.json()["delivered"]
    assert message == InboundMessage(
        message_sid=answer.json()["carrier_message_id"],
        from_=PHONE,
        to=NUMBER,
        body="Grüße & more = 1",
        media_urls=("https://example.com/cat.png",),
    )


def test_the_carrier_itself_heeds_stop_and_start(ready: Subject, lab: Lab, us: Customer) -> None:
    def is_taken() -> bool:
        us.received.clear()
        try:
            ready.carrier.send_text(a_message(ready))
        except RecipientOptedOut:
            return False
        return receipts(ready, us)[-1].status is TextStatus.DELIVERED

    write(lab, ready, "STOP")
    assert not is_taken()
    write(lab, ready, "START")
    assert is_taken()
