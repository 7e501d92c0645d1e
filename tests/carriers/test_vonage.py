"""What only Vonage does: two requests to buy, one number for each host, tokens, NCCOs."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import jwt
import pytest
import urllib3

from switchboard.carriers.base import WebhookRequest
from switchboard.carriers.vonage.carrier import Vonage
from switchboard.errors import (
    CarrierError,
    CarrierMisconfigured,
    CarrierPermissionDenied,
    InsufficientBalance,
    InvalidCredentials,
    InvalidNumber,
    InvalidRequest,
    OutcomeUnknown,
    RateLimited,
    RecipientOptedOut,
    SignatureInvalid,
    SwitchboardError,
)
from switchboard.model import (
    ConnectStream,
    Dial,
    DialOptions,
    NumberOrder,
    OrderStatus,
    Say,
)
from tests.builders import a_call, a_recording, a_text
from tests.carriers.conftest import NUMBER, Connect, Subject
from tests.carriers.lab import Lab
from tests.carriers.signing import SIGNERS, adapter, vonage_token
from tests.carriers.test_answering import HUMAN
from tests.clock import START, Clock

KEY, SECRET = "a1b2c3d4", "a" * 32
BODY = b'{"uuid":"u","status":"ringing","to":"14155550100"}'
URL = "https://hooks.example.com/vonage-webhook?org=1001"
CALL = a_call(carrier="vonage", phone_number=NUMBER, call_sid="u-1")


@pytest.fixture
def subject(connect: Connect) -> Subject:
    """Return a connected Vonage account."""
    return connect("vonage")


# --- buying: the request that buys, then the one that links ---


@pytest.mark.parametrize("fault", ["rate_limited", "server_error", "error_after_success"])
def test_a_number_that_is_bought_and_not_linked_is_pending_until_somebody_looks(
    subject: Subject, lab: Lab, order: NumberOrder, fault: str
) -> None:
    lab.fault("vonage", "update_number", fault)

    bought = subject.carrier.buy(order)
    found = subject.carrier.find_purchase(order)

    assert bought.status is OrderStatus.PENDING
    assert found is not None
    assert found.status is OrderStatus.ACTIVE
    [number] = lab.books("vonage")["numbers"]
    assert number["purchases"] == 1
    subject.facts.is_configured(lab, number, subject.credentials, subject.context)


def test_a_process_that_dies_after_buying_is_finished_by_a_look(
    subject: Subject, lab: Lab, order: NumberOrder
) -> None:
    # The number is in the account, as it is right after the first request.
    lab.enter("vonage", NUMBER)

    with lab.requests() as made:
        found = subject.carrier.find_purchase(order)

    assert found is not None
    assert found.status is OrderStatus.ACTIVE
    assert [request.path.rpartition("/")[2] for request in made] == ["numbers", "update"]
    assert not [request for request in made if request.path.endswith("/buy")]


def test_a_look_that_cannot_link_leaves_the_order_open(
    subject: Subject, lab: Lab, order: NumberOrder
) -> None:
    lab.enter("vonage", NUMBER)
    lab.fault("vonage", "update_number", "lost_answer")

    with pytest.raises(OutcomeUnknown, match="safe to repeat"):
        subject.carrier.find_purchase(order)


def test_a_refused_number_that_the_account_holds_unlinked_is_left_to_a_later_look(
    subject: Subject, lab: Lab, order: NumberOrder
) -> None:
    lab.enter("vonage", NUMBER)

    with lab.requests() as made, pytest.raises(OutcomeUnknown, match="account holds the number"):
        subject.carrier.was_sold(order)

    # Whoever is just buying it for something else links it next.
    assert [request.method for request in made] == ["GET"]


def test_a_number_of_another_application_is_not_taken_over(
    subject: Subject, connect: Connect, lab: Lab, order: NumberOrder
) -> None:
    theirs = connect("vonage", organization=2002).credentials["application_id"]
    lab.enter("vonage", NUMBER)
    lab.configure("vonage", NUMBER, app_id=theirs)

    assert subject.carrier.find_purchase(order) is None
    [number] = lab.books("vonage")["numbers"]
    assert number["config"]["app_id"] == theirs


def test_a_number_that_is_forwarded_elsewhere_is_not_taken_over(
    subject: Subject, lab: Lab, order: NumberOrder
) -> None:
    lab.enter("vonage", NUMBER)
    lab.configure("vonage", NUMBER, voiceCallbackType="tel", voiceCallbackValue="14155550177")

    assert subject.carrier.find_purchase(order) is None


def test_a_number_without_a_country_is_asked_about_before_money_is_spent(
    subject: Subject, lab: Lab, order: NumberOrder
) -> None:
    with lab.requests() as made, pytest.raises(InvalidNumber, match="country_code"):
        subject.carrier.buy(replace(order, country_code=None))

    assert made == []


def test_a_refusal_that_names_no_reason_is_read_from_the_balance(
    subject: Subject, lab: Lab, order: NumberOrder
) -> None:
    # A trial account, or one without credit, is told that its key is wrong.
    lab.change_account(subject.account_id, balance=0)
    lab.fault("vonage", "buy_number", "invalid_credentials")

    with pytest.raises(InsufficientBalance, match="no credit left"):
        subject.carrier.buy(order)


# --- hosts ---


class Recorder:
    """Stands for the network: answers from a list, and keeps the addresses."""

    def __init__(self, *answers: tuple[int, dict[str, Any]]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def request(self, method: str, url: str, **_: Any) -> urllib3.HTTPResponse:
        self.asked.append(f"{method} {url}")
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return urllib3.HTTPResponse(json.dumps(body).encode(), status=status)


Real = Callable[..., Vonage]


@pytest.fixture
def real(subject: Subject) -> Real:
    """Return a function that gives an adapter of the real addresses, and no network behind it."""

    def made(recorder: Recorder, **more: str) -> Vonage:
        context = replace(subject.context, api_url="https://{host}", http=recorder)
        return Vonage(subject.credentials | more, context)

    return made


def test_each_api_is_asked_at_its_own_host(real: Real, order: NumberOrder) -> None:
    recorder = Recorder((200, {"error-code": "200", "error-code-label": "success", "uuid": "u-1"}))
    carrier = real(recorder)

    carrier.buy(order)
    carrier.dial(CALL, ConnectStream("wss://x.example", {}, 1, "t"))

    assert recorder.asked == [
        "POST https://rest.nexmo.com/number/buy",
        "POST https://rest.nexmo.com/number/update",
        "POST https://api.nexmo.com/v1/calls",
    ]


def test_calls_are_placed_in_the_organizations_region(real: Real) -> None:
    recorder = Recorder((201, {"uuid": "u-1"}))

    real(recorder, api_region="api-eu").dial(CALL, ConnectStream("wss://x.example", {}, 1, "t"))

    assert recorder.asked == ["POST https://api-eu-3.vonage.com/v1/calls"]


def test_a_region_that_does_not_exist_is_named(real: Real) -> None:
    with pytest.raises(InvalidCredentials, match="api-eu"):
        real(Recorder((200, {"value": 1.0})), api_region="mars").connect()


def test_a_call_of_another_region_is_found_there(real: Real) -> None:
    recorder = Recorder((404, {}), (404, {}), (204, {}))

    real(recorder).hang_up(CALL)

    assert recorder.asked == [
        "PUT https://api.nexmo.com/v1/calls/u-1",
        "PUT https://api-us-3.vonage.com/v1/calls/u-1",
        "PUT https://api-eu-3.vonage.com/v1/calls/u-1",
    ]


def test_a_request_that_makes_no_sense_is_not_taken_for_a_call_that_is_over(real: Real) -> None:
    wrong = {"title": "Bad Request", "invalid_parameters": [{"name": "action", "reason": "odd"}]}

    with pytest.raises(CarrierMisconfigured, match="action: odd"):
        real(Recorder((400, wrong), (200, {"status": "answered"}))).hang_up(CALL)


# --- tokens ---


def token(header: dict[str, Any] | None = None, secret: str = SECRET, **changes: Any) -> str:
    """Return a token for BODY, other than it should be."""
    claims = {
        "iat": int(START.timestamp()),
        "api_key": KEY,
        "payload_hash": hashlib.sha256(BODY).hexdigest(),
    }
    shown = {name: value for name, value in (claims | changes).items() if value is not ...}
    return vonage_token(header or {"typ": "JWT", "alg": "HS256"}, shown, secret)


def verify(text: str, at: datetime = START, **changes: Any) -> None:
    """Verify a request that carries a token."""
    carrier = adapter("vonage", SIGNERS["vonage"].credentials | changes, Clock(now=at))
    carrier.verify(WebhookRequest("POST", URL, {"authorization": text}, BODY))


def test_a_token_of_the_account_is_believed() -> None:
    verify(f"Bearer {token()}")


@pytest.mark.parametrize("seconds", [-301, 301, 86_400, -86_400])
def test_an_old_or_future_token_is_refused(seconds: int) -> None:
    with pytest.raises(SignatureInvalid):
        verify(f"Bearer {token(iat=int(START.timestamp()) + seconds)}")


@pytest.mark.parametrize(
    "changes",
    [
        {"header": {"typ": "JWT", "alg": "none"}},
        {"header": {"typ": "JWT", "alg": "HS512"}},
        {"header": {"typ": "JWT", "alg": "RS256"}},
        {"header": {"typ": "JWT"}},
        {"secret": "b" * 32},
        {"api_key": "a1b2c3d5"},
        {"api_key": ...},
        {"application_id": "bbbbbbbb-bbbb-cccc-dddd-0123456789ab"},
        {"payload_hash": ...},
        {"payload_hash": hashlib.sha256(b"").hexdigest()},
        {"payload_hash": None},
        {"payload_hash": 1},
        {"iat": ...},
        {"iat": "1700000000"},
        {"iat": True},
        {"iat": None},
        {"iat": 10**400},
        {"iat": float("inf")},
        {"iat": float("nan")},
        {"iat": []},
    ],
)
def test_a_token_that_is_not_as_vonage_makes_it_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SignatureInvalid):
        verify(f"Bearer {token(**changes)}")


@pytest.mark.parametrize(
    "text", ["{}", "Basic {}", "bearer {}", "Bearer  {}", "Bearer {} ", "Bearer {}=", "Bearer .{}"]
)
def test_a_token_that_is_spelt_otherwise_is_refused(text: str) -> None:
    with pytest.raises(SignatureInvalid):
        verify(text.format(token()))


def test_without_a_secret_nothing_is_believed() -> None:
    empty = token(secret="")

    with pytest.raises(SignatureInvalid):
        verify(f"Bearer {empty}", signature_secret="")


def test_what_is_not_signed_is_asked_for_again() -> None:
    with pytest.raises(SignatureInvalid) as refused:
        verify("")

    # Vonage repeats a callback after 503, and the second time signed.
    assert refused.value.status == 503


GET = {"to": "15005550006", "from": "14155550100", "conversation_uuid": "CON-1", "uuid": "u"}


def asked(query: dict[str, str], hashed: dict[str, str]) -> None:
    """Verify a GET with a token over what Vonage may have hashed."""
    text = json.dumps(hashed, separators=(",", ":"))
    signed = token(payload_hash=hashlib.sha256(text.encode()).hexdigest())
    carrier = adapter("vonage", SIGNERS["vonage"].credentials, Clock())
    headers = {"authorization": f"Bearer {signed}"}
    carrier.verify(WebhookRequest("GET", URL, headers, b"", query=query))


def test_a_get_is_believed_in_whichever_order_its_fields_reach_us() -> None:
    shuffled = dict(sorted(GET.items()))

    asked({"org": "1001"} | shuffled, GET)
    asked({"org": "1001"} | shuffled, {"org": "1001"} | GET)
    asked(shuffled | {"org": "1001"}, shuffled)


@pytest.mark.parametrize(
    "query", [GET | {"to": "15005550007"}, GET | {"more": "x"}, {"uuid": "u"}, {}]
)
def test_a_get_with_other_fields_than_were_signed_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(SignatureInvalid):
        asked({"org": "1001"} | query, GET)


# --- NCCOs ---


def ncco(instruction: Any, **options: Any) -> list[dict[str, Any]]:
    carrier = adapter("vonage", SIGNERS["vonage"].credentials, Clock())
    reply = carrier.reply(replace(CALL, options=DialOptions(**options)), instruction)
    assert (reply.status, reply.content_type) == (200, "application/json")
    found: list[dict[str, Any]] = json.loads(reply.body)
    return found


def test_a_stream_carries_what_fits_and_always_what_the_runtime_needs() -> None:
    parameters = {f"p{n}": "x" * 90 for n in range(9)} | {
        "session_token": "t" * 190,
        "session_url": "https://hooks.example.com/api/v1/calls/9007199254740991/session",
        "call_id": "9007199254740991",
    }

    [connect] = ncco(ConnectStream("wss://runtime.example/media", parameters, 1, "t"))

    [endpoint] = connect["endpoint"]
    assert endpoint["content-type"] == "audio/l16;rate=16000"
    assert {"call_id", "session_token", "session_url"} <= set(endpoint["headers"])
    assert "p0" in endpoint["headers"]
    assert len(json.dumps(endpoint["headers"])) <= 512


def test_numbers_are_told_without_a_plus() -> None:
    [connect] = ncco(Dial(HUMAN))

    assert connect["from"] == NUMBER[1:]
    assert connect["endpoint"] == [{"type": "phone", "number": HUMAN[1:]}]


def test_a_call_is_announced_and_then_recorded_beside_its_stream() -> None:
    stream = ConnectStream("wss://x.example", {}, 1, "t", record=True, notice="It is recorded.")

    talk, record, connect = ncco(stream)

    assert (talk["action"], talk["text"]) == ("talk", "It is recorded.")
    assert (record["action"], connect["action"]) == ("record", "connect")
    assert record["eventUrl"] == [f"https://hooks.example.com/vonage-webhook?call=1001-{CALL.id}"]
    assert ncco(replace(stream, notice=None)) == [record, connect]
    assert ncco(replace(stream, record=False, notice=None), record=True) == [connect]
    assert len(ncco(Say("Hello"), record=True)) == 1


def test_a_sip_address_that_is_too_long_for_vonage_is_named(subject: Subject) -> None:
    with pytest.raises(InvalidRequest, match="up to 50 characters"):
        subject.carrier.transfer(CALL, "sip:" + "a" * 40 + "@pbx.example.com")


# --- connecting ---


def application(lab: Lab, subject: Subject) -> dict[str, Any]:
    """Return our application as Vonage has it."""
    answer: httpx.Response = lab.control.get(
        f"/vonage/v2/applications/{subject.credentials['application_id']}",
        auth=(subject.credentials["api_key"], subject.credentials["api_secret"]),
    )
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def test_the_private_key_never_travels(subject: Subject, lab: Lab) -> None:
    sent = b"".join(exchange.body + exchange.answer for exchange in lab.tap.exchanges)

    assert b"PRIVATE KEY" not in sent
    assert "PRIVATE KEY" in subject.credentials["private_key"]


def test_connecting_again_keeps_the_key_that_calls_are_placed_with(
    subject: Subject, lab: Lab
) -> None:
    before = application(lab, subject)["keys"]

    Vonage(subject.credentials, subject.context).connect()

    assert application(lab, subject)["keys"] == before


def test_a_lost_secret_is_replaced_in_the_same_application(subject: Subject, lab: Lab) -> None:
    given = {name: subject.credentials[name] for name in Vonage.credential_fields}

    anew = Vonage(given, subject.context).connect().credentials

    assert anew["application_id"] == subject.credentials["application_id"]
    assert anew["private_key"] != subject.credentials["private_key"]
    Vonage(anew, subject.context).check_ready_to_dial()


def test_what_was_connected_before_may_be_another_accounts(connect: Connect, lab: Lab) -> None:
    first, other = connect("vonage"), lab.new_account("vonage")["credentials"]

    moved = Vonage(first.credentials | other, first.context).connect().credentials

    assert moved["application_id"] != first.credentials["application_id"]
    assert moved["api_key"] == other["api_key"]


# --- text messages ---


@pytest.fixture
def sender(subject: Subject, order: NumberOrder) -> Subject:
    """Return a Vonage account with a number to send from."""
    subject.carrier.buy(order)
    return subject


def sent(subject: Subject, lab: Lab, **changes: Any) -> dict[str, Any]:
    """Send a message; return what Vonage was asked."""
    with lab.requests() as made:
        subject.carrier.send_text(a_text(carrier="vonage", from_=NUMBER, to=HUMAN, **changes))
    [request] = made
    assert (request.method, request.path) == ("POST", "/vonage/v1/messages")
    body: dict[str, Any] = json.loads(request.body)
    return body


def test_a_text_is_told_where_its_receipts_go(sender: Subject, lab: Lab) -> None:
    text = a_text()

    body = sent(sender, lab, body="Grüße 😀")

    assert body == {
        "channel": "sms",
        "message_type": "text",
        "text": "Grüße 😀",
        "from": NUMBER[1:],
        "to": HUMAN[1:],
        "webhook_url": sender.context.text_url("/webhooks/sms/vonage", text.id),
        "webhook_version": "v1",
    }


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://example.com/cat.png?size=1.mp4", "image"),
        ("https://example.com/cat.JPEG", "image"),
        ("https://example.com/photos/4711", "image"),
        ("https://example.com/v1.2/photo", "image"),
        ("https://example.com/hello.mp3", "audio"),
        ("https://example.com/a/hello.MP4", "video"),
        ("https://example.com/ann.vcf", "vcard"),
        ("https://example.com/menu.pdf", "file"),
    ],
)
def test_media_are_told_with_their_kind(sender: Subject, lab: Lab, url: str, kind: str) -> None:
    body = sent(sender, lab, body="Look", media_urls=(url,))

    assert (body["channel"], body["message_type"]) == ("mms", kind)
    assert body[kind] == {"url": url, "caption": "Look"}


def test_several_media_are_one_message(sender: Subject, lab: Lab) -> None:
    urls = ("https://example.com/cat.png", "https://example.com/ann.vcf")

    body = sent(sender, lab, body="", media_urls=urls)

    assert body["message_type"] == "content"
    assert body["content"] == [
        {"type": "image", "url": urls[0]},
        {"type": "vcard", "url": urls[1]},
    ]


@pytest.mark.parametrize("to", ["+447911123456", "+16046331234"])
def test_media_to_another_country_are_refused_before_anybody_is_asked(
    sender: Subject, lab: Lab, to: str
) -> None:
    text = a_text(from_=NUMBER, to=to, media_urls=("https://example.com/cat.png",))

    with lab.requests() as made, pytest.raises(InvalidRequest, match="numbers of the US only"):
        sender.carrier.send_text(text)

    assert made == []


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (422, "1120", CarrierMisconfigured),
        (422, "1420", CarrierMisconfigured),
        (422, "1430", InvalidNumber),
        (422, "1240", RecipientOptedOut),
        (422, "1070", InsufficientBalance),
        (422, "1020", CarrierError),
        (429, "1010", RateLimited),
        (403, "1060", CarrierPermissionDenied),
    ],
)
def test_a_refusal_is_read_by_its_status_and_its_code(
    sender: Subject, lab: Lab, status: int, code: str, kind: type[SwitchboardError]
) -> None:
    error = {"type": f"https://developer.vonage.com/api-errors/messages#{code}", "detail": "No."}
    lab.answer_instead(status, json.dumps(error))

    with pytest.raises(kind, match="No") as caught:
        sender.carrier.send_text(a_text(from_=NUMBER, to=HUMAN))

    assert type(caught.value) is kind


def test_without_an_application_nothing_is_sent_or_fetched() -> None:
    carrier = adapter("vonage", {"api_key": KEY}, Clock())

    with pytest.raises(CarrierMisconfigured, match="application"):
        carrier.send_text(a_text(from_=NUMBER, to=HUMAN))
    with pytest.raises(CarrierMisconfigured, match="application"):
        carrier.recording_source(a_recording(carrier_url="https://api.nexmo.com/v1/files/1"))


def test_a_receipt_by_get_proves_its_fields_whether_or_not_ours_is_among_them() -> None:
    # Vonage's order of what is hashed is its own; ours beside it is not documented.
    asked = {"message_uuid": "m", "to": "12125550199", "from": "14155550100", "status": "delivered"}
    carrier, own = adapter("vonage", SIGNERS["vonage"].credentials, Clock()), {"message": "1001-x"}
    url = "https://hooks.example.com/webhooks/sms/vonage?message=1001-x"

    for hashed in (asked, own | asked):
        payload = json.dumps(hashed, separators=(",", ":")).encode()
        headers = SIGNERS["vonage"].sign(url, payload, START)
        request = WebhookRequest("GET", url, headers, b"", query=own | asked)
        carrier.verify(request)
        with pytest.raises(SignatureInvalid):
            carrier.verify(replace(request, query=own | asked | {"status": "rejected"}))


# --- recordings ---


@pytest.mark.parametrize(
    "host", ["api.nexmo.com", "api-us-3.vonage.com", "api-eu-4.vonage.com", "api-us.nexmo.com"]
)
def test_a_recording_is_fetched_from_its_region_with_the_applications_token(
    subject: Subject, host: str
) -> None:
    url = f"https://{host}/v1/files/1"

    source = subject.carrier.recording_source(a_recording(carrier_url=url))

    assert source.url == url
    assert source.hosts.fullmatch(host)
    token = source.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["application_id"] == subject.credentials["application_id"]


@pytest.mark.parametrize(
    "host",
    ["nexmo.com", "rest.nexmo.com", "api-us-3.vonage.com.example.com", "xapi.nexmo.com", "api-.x"],
)
def test_the_token_goes_to_no_other_host(subject: Subject, host: str) -> None:
    source = subject.carrier.recording_source(
        a_recording(carrier_url="https://api.nexmo.com/v1/files/1")
    )

    assert not source.hosts.fullmatch(host)
