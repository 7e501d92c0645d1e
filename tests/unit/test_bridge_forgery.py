"""What a bridge says, tampered with: never believed; understood or refused when it is signed."""

import json
from typing import Any

import pytest
import urllib3
from hypothesis import given, settings
from hypothesis import strategies as st

from switchboard.carriers.base import CarrierContext, Webhook, WebhookRequest
from switchboard.carriers.byo_sip_trunk.voice import ByoSipTrunkVoice
from switchboard.carriers.sip import called_numbers
from switchboard.errors import InvalidRequest, SignatureInvalid
from switchboard.model import is_e164
from tests.builders import ORGANIZATION
from tests.clock import START, Clock
from tests.functions.bridges import SECRET, SID, TRUNK, signature

# The same few hundred on every run: a failure here must not depend on luck.
SETTINGS = settings(max_examples=300, deadline=None, derandomize=True, database=None)
PATHS = st.sampled_from(["/sip-webhook", "/sip-status", "/sip-prewarm"])
BODY = json.dumps({"call_sid": SID, "from": "+12125550199", "to": "+14155550177"}).encode()
STAMP = str(int(START.timestamp()))

TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["<sip:+14155550100@x>", "tel:0049-30-1", "sip:", "<", ";", '"', "9" * 300]),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        *("call_sid", "call_id", "from", "to", "headers", "status", "sip_code", "sequence"),
        *("duration", "timestamp", "direction", "answered_by", "cause", "from_number"),
        *("to_number", "outbound", "assistant_id", "welcome_message", "agenda", "variables"),
    ]
)


@pytest.fixture(scope="module")
def bridge() -> ByoSipTrunkVoice:
    """The adapter of a trunk's own bridge."""
    context = CarrierContext(
        api_url="",
        public_base_url="https://hooks.example.com/v1",
        stage="test",
        organization_id=ORGANIZATION,
        clock=Clock(),
        http=urllib3.PoolManager(),
    )
    return ByoSipTrunkVoice({"trunk_id": TRUNK, "signing_secret": SECRET}, context)


def said(path: str, body: bytes, headers: dict[str, str]) -> WebhookRequest:
    url = f"https://hooks.example.com/v1{path}?trunk={ORGANIZATION}-{TRUNK}"
    return WebhookRequest("POST", url, headers, body, trunk_id=TRUNK)


def signed(body: bytes) -> dict[str, str]:
    return {
        "x-switchboard-timestamp": STAMP,
        "x-switchboard-signature": signature(SECRET, STAMP, body.decode()),
    }


@given(body=st.binary(max_size=200), path=PATHS)
@SETTINGS
def test_another_body_is_refused(bridge: ByoSipTrunkVoice, body: bytes, path: str) -> None:
    with pytest.raises(SignatureInvalid):
        bridge.verify(said(path, BODY + body + b" ", signed(BODY)))


@given(
    name=st.sampled_from(["x-switchboard-timestamp", "x-switchboard-signature"]),
    wrong=st.text(max_size=90) | st.sampled_from([f" {STAMP}", f"+{STAMP}", f"{STAMP}.0", "v1="]),
)
@SETTINGS
def test_other_headers_are_refused(bridge: ByoSipTrunkVoice, name: str, wrong: str) -> None:
    with pytest.raises(SignatureInvalid):
        bridge.verify(said("/sip-webhook", BODY, signed(BODY) | {name: wrong}))


def test_what_the_bridge_did_sign_is_believed(bridge: ByoSipTrunkVoice) -> None:
    bridge.verify(said("/sip-webhook", BODY, signed(BODY)))


@given(fields=st.dictionaries(NAMES, VALUES, max_size=6), path=PATHS, keep=st.booleans())
@SETTINGS
def test_whatever_is_signed_is_understood_or_refused(
    bridge: ByoSipTrunkVoice, fields: dict[str, Any], path: str, keep: bool
) -> None:
    body = json.dumps(fields | ({"call_sid": SID} if keep else {})).encode()
    request = said(path, body, {})
    # Never an error of ours, whether or not somebody waits for the answer.
    bridge.apology(request)
    try:
        understood = bridge.parse(request)
    except InvalidRequest:
        return

    assert isinstance(understood, Webhook)


@given(
    st.dictionaries(
        st.sampled_from(["diversion", "history-info", "request-uri", "to"]),
        st.text(alphabet='<>sip:tel+0123456789@;,%" -.()x', max_size=120),
    )
)
@SETTINGS
def test_headers_name_numbers_or_nothing(headers: dict[str, str]) -> None:
    named = called_numbers(headers)

    assert all(is_e164(number) for group in named for number in group)
