"""What verifies webhooks is replaced while calls come in: for a while old and new both count."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from switchboard import accounts, rotation, trunks
from switchboard.app import App
from switchboard.carriers.base import Connection
from tests.builders import ORGANIZATION
from tests.carriers.signing import _telnyx, _twilio, _vonage
from tests.clock import START, Clock
from tests.functions import bridges
from tests.functions.events import load

type Event = dict[str, Any]
type Send = Callable[[Event, str], dict[str, Any]]

NEW_KEY = Ed25519PrivateKey.from_private_bytes(bytes([7] * 32))


@dataclass(frozen=True)
class Case:
    """A carrier's new secret, and how something is signed with it."""

    field: str
    secret: str
    sign: Callable[..., dict[str, str]]
    sample: str


CASES = {
    "twilio": Case("auth_token", "7" * 32, _twilio("7" * 32), "twilio-inbound-call"),
    "telnyx": Case(
        "public_key",
        base64.b64encode(NEW_KEY.public_key().public_bytes_raw()).decode(),
        _telnyx(NEW_KEY),
        "telnyx-call-initiated",
    ),
    "vonage": Case(
        "signature_secret", "7" * 40, _vonage("a1b2c3d4", "7" * 40), "vonage-call-answer"
    ),
}


def signed_anew(event: Event, case: Case, clock: Clock) -> Event:
    """Return an event signed with the new secret, now."""
    url = f"https://hooks.example.com/v1{event['resource']}?org={ORGANIZATION}"
    headers = case.sign(url, event["body"].encode(), clock.now)
    kept = {name: it for name, it in event["headers"].items() if name.lower() not in headers}
    return event | {"headers": kept | headers}


@pytest.fixture
def connect(live: App, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Connects an account with a new secret, which the carrier takes."""

    def connected(carrier: str, overlap: timedelta = rotation.OVERLAP) -> None:
        case = CASES[carrier]
        stored = live.secrets.carrier(ORGANIZATION, carrier)
        new = {name: it for name, it in stored.items() if name != rotation.FORMER}
        new |= {case.field: case.secret}
        adapter = live.carrier_class(carrier)
        monkeypatch.setattr(adapter, "connect", lambda self: Connection(new, []))
        accounts.connect(live, ORGANIZATION, carrier, new, overlap)

    return connected


@pytest.mark.parametrize("carrier", CASES)
def test_both_secrets_verify_while_they_overlap(
    carrier: str, send: Send, connect: Callable[..., None], clock: Clock
) -> None:
    case, event = CASES[carrier], load(f"carrier_webhook/{CASES[carrier].sample}")
    assert send(signed_anew(event, case, clock), carrier)["statusCode"] in (401, 403, 503)

    connect(carrier)

    assert send(event, carrier)["statusCode"] == 200
    assert send(signed_anew(event, case, clock), carrier)["statusCode"] == 200


def test_when_the_overlap_is_over_only_the_new_one_does(
    send: Send, connect: Callable[..., None], clock: Clock
) -> None:
    event = load("carrier_webhook/twilio-inbound-call")
    connect("twilio")

    clock.advance(hours=24)

    assert send(event, "twilio")["statusCode"] == 403
    assert send(signed_anew(event, CASES["twilio"], clock), "twilio")["statusCode"] == 200


def test_a_secret_that_somebody_knows_counts_no_more_at_once(
    send: Send, connect: Callable[..., None]
) -> None:
    connect("twilio", timedelta(0))

    assert send(load("carrier_webhook/twilio-inbound-call"), "twilio")["statusCode"] == 403


def test_a_container_that_keeps_the_old_secret_finds_the_new_one(
    live: App, send: Send, clock: Clock
) -> None:
    event, case = load("carrier_webhook/twilio-inbound-call"), CASES["twilio"]
    send(event, "twilio")
    # Somebody else has connected the account: this container has read the secret before.
    stored = live.secrets.carrier(ORGANIZATION, "twilio") | {case.field: case.secret}
    live.secrets._client.put_secret_value(
        SecretId="switchboard/test/1001/twilio", SecretString=json.dumps(stored)
    )
    clock.advance(seconds=10)

    assert send(signed_anew(event, case, clock), "twilio")["statusCode"] == 200


def test_a_bridge_may_sign_with_either_secret_for_a_day(
    live: App, send: Send, clock: Clock
) -> None:
    bridges.connect(live)
    rotated = trunks.change(live, ORGANIZATION, bridges.TRUNK, {"rotate_signing_secret": True})
    assert rotated.signing_secret is not None

    def status(secret: str) -> int:
        event = bridges.said("/sip-webhook", RINGING, secret=secret, at=clock.now.timestamp())
        code: int = send(event, "byo-sip-trunk")["statusCode"]
        return code

    assert [status(bridges.SECRET), status(rotated.signing_secret)] == [200, 200]
    clock.advance(hours=24)
    assert [status(bridges.SECRET), status(rotated.signing_secret)] == [401, 200]


RINGING = {"call_sid": bridges.SID, "from": "+12125550199", "to": bridges.TRUNK_NUMBER}


def test_what_the_secret_was_is_never_shown(live: App, connect: Callable[..., None]) -> None:
    connect("twilio")

    organization = live.store.organization(ORGANIZATION)

    assert organization is not None
    assert set(organization.credentials["twilio"]) == {"account_sid", "auth_token"}
    assert START < START + rotation.OVERLAP <= START + rotation.LONGEST_OVERLAP
