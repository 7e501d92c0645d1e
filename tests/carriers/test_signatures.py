"""Nothing that a carrier did not sign is believed."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from switchboard.carriers import CARRIERS
from switchboard.carriers.base import Carrier, WebhookRequest
from switchboard.errors import SignatureInvalid
from tests.carriers.signing import (
    PUBLIC_URL,
    SIGNERS,
    Signer,
    adapter,
    data,
    signed_request,
)
from tests.clock import START, Clock

VECTORS = [
    pytest.param(name, file["credentials"], vector, id=f"{name}-{vector['name']}")
    for name in CARRIERS
    for file in [data(name, "vectors")]
    for vector in file["vectors"]
]
EVENTS = [
    pytest.param(name, sample, id=f"{name}-{sample['name']}")
    for name in CARRIERS
    for sample in data(name, "events")
]
NOT_SIGNATURES = ["", " ", "=", "AAAA", "é", "\ud800", "\x00", "null", "A" * 10_000, "a===", "%"]
NOT_TIMES = ["", "now", "-1", "1.5", "1e9", "٣", "²", "0x1", " ", "9" * 40, "é"]

type Case = tuple[Carrier, WebhookRequest]


@pytest.fixture(params=list(CARRIERS))
def name(request: pytest.FixtureRequest) -> str:
    """Return each carrier in turn."""
    found: str = request.param
    return found


@pytest.fixture
def signer(name: str) -> Signer:
    """Return how the carrier signs."""
    return SIGNERS[name]


@pytest.fixture
def signed(name: str, signer: Signer) -> WebhookRequest:
    """Return a request that the carrier signed just now."""
    return signed_request(name, data(name, "events")[0], START)


@pytest.fixture
def carrier(name: str, signer: Signer) -> Carrier:
    """Return the adapter of the account that it was signed for."""
    return adapter(name, signer.credentials, Clock())


@pytest.mark.parametrize(("name", "credentials", "vector"), VECTORS)
def test_the_documented_vectors(
    name: str, credentials: dict[str, str], vector: dict[str, Any]
) -> None:
    at = datetime.fromisoformat(vector["at"]) if "at" in vector else START
    query = dict(parse_qsl(urlsplit(vector["url"]).query, keep_blank_values=True))
    method = vector.get("method", "POST")
    request = WebhookRequest(
        method, vector["url"], vector["headers"], vector["body"].encode(), query=query
    )
    carrier = adapter(name, credentials, Clock(now=at))

    if "refused_because" in vector:
        _refuse(carrier, request)
    else:
        carrier.verify(request)


@pytest.mark.parametrize(("name", "sample"), EVENTS)
def test_every_event_verifies_as_it_was_signed(name: str, sample: dict[str, Any]) -> None:
    carrier = adapter(name, SIGNERS[name].credentials, Clock())

    carrier.verify(signed_request(name, sample, START))


def test_a_changed_body_is_refused(carrier: Carrier, signed: WebhookRequest) -> None:
    for body in (
        signed.body + b" ",
        signed.body[:-1],
        signed.body.replace(b"12125550199", b"12125550198"),
        signed.body.replace(b"14155550100", b"14155550101"),
        b"",
        b"\xff\xfe",
        b"\x00" * 1000,
    ):
        assert body != signed.body
        _refuse(carrier, replace(signed, body=body))


def test_a_signature_of_another_account_is_refused(
    carrier: Carrier, signer: Signer, signed: WebhookRequest
) -> None:
    forged = signer.sign_as_another(signed.url, signed.body, START)

    _refuse(carrier, replace(signed, headers=forged))


def test_a_missing_signature_is_refused(
    carrier: Carrier, signer: Signer, signed: WebhookRequest
) -> None:
    unsigned = {k: v for k, v in signed.headers.items() if k != signer.header}

    _refuse(carrier, replace(signed, headers=unsigned))
    _refuse(carrier, replace(signed, headers={}))


@pytest.mark.parametrize("text", NOT_SIGNATURES)
def test_what_is_no_signature_is_refused(
    carrier: Carrier, signer: Signer, signed: WebhookRequest, text: str
) -> None:
    _refuse(carrier, replace(signed, headers=signed.headers | {signer.header: text}))


def test_a_signature_with_another_character_is_refused(
    carrier: Carrier, signer: Signer, signed: WebhookRequest
) -> None:
    right = signed.headers[signer.header]
    for place in range(len(right.rstrip("=")) - 1):
        other = "B" if right[place] == "A" else "A"
        wrong = right[:place] + other + right[place + 1 :]
        _refuse(carrier, replace(signed, headers=signed.headers | {signer.header: wrong}))


def test_a_field_that_comes_twice_is_refused_unless_it_was_signed_so() -> None:
    twilio = adapter("twilio", SIGNERS["twilio"].credentials, Clock())
    signed = signed_request("twilio", data("twilio", "events")[0], START)

    for more in (b"&To=%2B14155550101", b"&From=%2B14155550101", b"&CallSid=CA2", b"&New=", b"&=x"):
        _refuse(twilio, replace(signed, body=signed.body + more))
        _refuse(twilio, replace(signed, body=more[1:] + b"&" + signed.body))


def test_twilio_signs_the_url_too() -> None:
    twilio = adapter("twilio", SIGNERS["twilio"].credentials, Clock())
    signed = signed_request("twilio", data("twilio", "events")[0], START)

    for url in (
        signed.url.replace("org=1001", "org=1002"),
        signed.url.replace("/twiml", "/call-status"),
        signed.url.replace("https:", "http:"),
        signed.url + "&x=1",
        signed.url.replace("hooks.", "books."),
    ):
        _refuse(twilio, replace(signed, url=url))


@pytest.mark.parametrize("moved", [1, 2, 3])
@pytest.mark.parametrize("name", ["", "="])
def test_the_end_of_twilios_url_cannot_be_moved_into_the_form(name: str, moved: int) -> None:
    """It signs URL and form in one piece: the events of one call must not be those of another."""
    twilio = adapter("twilio", SIGNERS["twilio"].credentials, Clock())
    url, body = f"{PUBLIC_URL}/call-status?call=1001-24398", b"AccountSid=AC1&CallSid=CA1"
    signed = WebhookRequest("POST", url, SIGNERS["twilio"].sign(url, body, START), body)
    twilio.verify(signed)

    # As the beginning of a name, or as the value of a field without one.
    form = f"{name}{url[-moved:]}{'&' if name else ''}".encode() + body
    _refuse(twilio, replace(signed, url=url[:-moved], body=form))


class TestTelnyxTime:
    """Telnyx signs the time, so that an old event cannot be sent again by somebody else."""

    @pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
    def test_five_minutes_either_way_are_fresh(self, seconds: int) -> None:
        telnyx, signed = self.at(seconds)

        telnyx.verify(signed)

    @pytest.mark.parametrize("seconds", [-301, 301, 86_400, -86_400])
    def test_older_and_future_ones_are_refused(self, seconds: int) -> None:
        _refuse(*self.at(seconds))

    @pytest.mark.parametrize("stamp", NOT_TIMES)
    def test_what_is_no_time_is_refused(self, stamp: str) -> None:
        telnyx, signed = self.at(0)

        _refuse(telnyx, replace(signed, headers=signed.headers | {"telnyx-timestamp": stamp}))

    def test_the_time_cannot_be_freshened(self) -> None:
        telnyx, signed = self.at(-301)
        fresh = str(int(START.timestamp()))

        _refuse(telnyx, replace(signed, headers=signed.headers | {"telnyx-timestamp": fresh}))

    def at(self, seconds: int) -> Case:
        """Return an event that is signed so many seconds from now."""
        clock = Clock()
        signed = signed_request("telnyx", data("telnyx", "events")[0], START)
        clock.advance(seconds=-seconds)
        return adapter("telnyx", SIGNERS["telnyx"].credentials, clock), signed


def _refuse(carrier: Carrier, request: WebhookRequest) -> None:
    with pytest.raises(SignatureInvalid) as caught:
        carrier.verify(request)
    # Whoever forges learns nothing about what would have been right.
    assert len(str(caught.value)) < 100
