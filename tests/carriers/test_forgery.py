"""Webhooks that somebody tampered with: none is believed, and none does harm."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from switchboard.carriers import CARRIERS
from switchboard.carriers.base import Webhook, WebhookRequest
from switchboard.errors import InvalidRequest, SignatureInvalid
from tests.carriers.signing import SIGNERS, Signer, adapter, data, signed_request, signed_text
from tests.clock import START, Clock

# The same few hundred on every run: a failure here must not depend on luck.
settings.register_profile(
    "forgery",
    max_examples=300,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.filter_too_much],
)
FORGERY = settings.get_profile("forgery")

SAMPLES = {name: data(name, "events") for name in CARRIERS}
Tampering = Callable[[bytes], bytes]


def _flip(place: int, bit: int) -> Tampering:
    def flip(text: bytes) -> bytes:
        changed = bytearray(text)
        changed[place % len(text)] ^= 1 << bit
        return bytes(changed)

    return flip


def _cut(start: int, length: int) -> Tampering:
    return lambda text: text[: start % len(text)] + text[start % len(text) + length :]


def _insert(place: int, more: bytes) -> Tampering:
    return lambda text: text[: place % len(text)] + more + text[place % len(text) :]


def _repeat(start: int, length: int) -> Tampering:
    return lambda text: text + text[start % len(text) :][:length]


PLACES = st.integers(0, 2000)
MORE = st.one_of(
    st.binary(min_size=1, max_size=12),
    st.sampled_from([b"&To=%2B19005550100", b"&CallSid=", b"&=", b"%", b"&", b'"', b"}", b"\x00"]),
)
TAMPERINGS = st.one_of(
    st.builds(_flip, PLACES, st.integers(0, 7)),
    st.builds(_cut, PLACES, st.integers(1, 200)),
    st.builds(_insert, PLACES, MORE),
    st.builds(_repeat, PLACES, st.integers(1, 200)),
    st.binary(max_size=200).map(lambda other: lambda _: other),
)


@pytest.mark.parametrize("name", CARRIERS)
@given(drawn=st.data())
@FORGERY
def test_a_body_that_was_tampered_with_is_refused(name: str, drawn: st.DataObject) -> None:
    request = _signed(name, drawn)
    body = drawn.draw(TAMPERINGS)(request.body)
    assume(signed_text(name, body) != signed_text(name, request.body))

    _refuse(name, replace(request, body=body))


@pytest.mark.parametrize("name", CARRIERS)
@given(drawn=st.data())
@FORGERY
def test_headers_that_were_tampered_with_are_refused(name: str, drawn: st.DataObject) -> None:
    request, signer = _signed(name, drawn), SIGNERS[name]
    headers = [h for h in (signer.header, signer.timestamp_header) if h]
    header = drawn.draw(st.sampled_from(headers))
    right = request.headers[header]
    tampered = drawn.draw(TAMPERINGS)(right.encode()).decode("latin-1")
    wrong = drawn.draw(st.one_of(st.just(tampered), st.text(max_size=120)))
    assume(_meaning(signer, wrong) != _meaning(signer, right))

    _refuse(name, replace(request, headers={**request.headers, header: wrong}))


@pytest.mark.parametrize("name", CARRIERS)
@given(drawn=st.data())
@FORGERY
def test_a_tampered_body_that_is_signed_is_understood_or_refused(
    name: str, drawn: st.DataObject
) -> None:
    request = _signed(name, drawn)
    body = drawn.draw(TAMPERINGS)(request.body)
    carrier = adapter(name, SIGNERS[name].credentials, Clock())
    try:
        understood = carrier.parse(replace(request, body=body))
    except InvalidRequest:
        return

    assert isinstance(understood, Webhook)


def _signed(name: str, drawn: st.DataObject) -> WebhookRequest:
    return signed_request(name, drawn.draw(st.sampled_from(SAMPLES[name])), START)


def _meaning(signer: Signer, text: str) -> str | bytes:
    """Return what a header says: base64 spells the same signature in several ways."""
    try:
        return base64.b64decode(text, validate=True) if signer.timestamp_header else text
    except (binascii.Error, ValueError):
        return text


def _refuse(name: str, request: WebhookRequest) -> None:
    carrier = adapter(name, SIGNERS[name].credentials, Clock())
    with pytest.raises(SignatureInvalid):
        carrier.verify(request)
