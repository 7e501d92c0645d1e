"""Sign webhooks as each carrier does, written from its documentation and not with its SDK."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import urllib3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from switchboard.carriers import carrier_class
from switchboard.carriers.base import Carrier, CarrierContext, WebhookRequest
from tests.clock import Clock

DATA = Path(__file__).parent / "data"
PUBLIC_URL = "https://hooks.example.com"

Headers = dict[str, str]


@dataclass(frozen=True)
class Signer:
    """One carrier's way to sign, for two accounts: ours and somebody else's."""

    header: str
    """The header that holds the signature."""
    timestamp_header: str | None
    sign: Callable[[str, bytes, datetime], Headers]
    sign_as_another: Callable[[str, bytes, datetime], Headers]
    credentials: dict[str, str]


def signed_text(carrier: str, body: bytes) -> str | bytes:
    """Return what of a body a carrier signs: two bodies of which that is the same are one to it.

    Of a form Twilio signs each field once, sorted, and all in one piece: not how they are spelt,
    nor their order, nor where a name ends and its value begins.
    """
    if carrier != "twilio":
        return body
    fields = set(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    # Such names it never gives: with them, what ends the URL could begin the form.
    if any(not name or name[0].isdigit() for name, _ in fields):
        return body
    return "".join(name + value for name, value in sorted(fields))


def _twilio(token: str) -> Callable[[str, bytes, datetime], Headers]:
    def sign(url: str, body: bytes, at: datetime) -> Headers:
        text = f"{url}{signed_text('twilio', body)}"
        digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
        return {
            "x-twilio-signature": base64.b64encode(digest).decode(),
            "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
        }

    return sign


def _telnyx(key: Ed25519PrivateKey) -> Callable[[str, bytes, datetime], Headers]:
    def sign(url: str, body: bytes, at: datetime) -> Headers:
        stamp = str(int(at.timestamp()))
        signature = key.sign(stamp.encode() + b"|" + body)
        return {
            "telnyx-timestamp": stamp,
            "telnyx-signature-ed25519": base64.b64encode(signature).decode(),
            "content-type": "application/json",
        }

    return sign


def _vonage(key: str, secret: str) -> Callable[[str, bytes, datetime], Headers]:
    def sign(url: str, body: bytes, at: datetime) -> Headers:
        claims = {
            "iat": int(at.timestamp()),
            "jti": "c5ba8f24-1a14-4c10-bfdf-3fbe8ce511b5",
            "iss": "Vonage",
            "payload_hash": hashlib.sha256(body).hexdigest(),
            "api_key": key,
            "application_id": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
        }
        token = vonage_token({"typ": "JWT", "alg": "HS256"}, claims, secret)
        return {"authorization": f"Bearer {token}", "content-type": "application/json"}

    return sign


def vonage_token(header: dict[str, Any], claims: dict[str, Any], secret: str) -> str:
    """Return a token as Vonage's pages describe it."""

    def text(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    signed = ".".join(text(json.dumps(part).encode()) for part in (header, claims))
    return f"{signed}.{text(hmac.digest(secret.encode(), signed.encode(), 'sha256'))}"


def _telnyx_signer() -> Signer:
    ours, theirs = (Ed25519PrivateKey.from_private_bytes(bytes([n] * 32)) for n in (1, 2))
    public = ours.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return Signer(
        header="telnyx-signature-ed25519",
        timestamp_header="telnyx-timestamp",
        sign=_telnyx(ours),
        sign_as_another=_telnyx(theirs),
        credentials={"api_key": "KEY1", "public_key": base64.b64encode(public).decode()},
    )


SIGNERS = {
    "twilio": Signer(
        header="x-twilio-signature",
        timestamp_header=None,
        sign=_twilio("1" * 32),
        sign_as_another=_twilio("2" * 32),
        credentials={"account_sid": "AC" + "1" * 32, "auth_token": "1" * 32},
    ),
    "telnyx": _telnyx_signer(),
    "vonage": Signer(
        header="authorization",
        timestamp_header=None,
        sign=_vonage("a1b2c3d4", "a" * 32),
        sign_as_another=_vonage("a1b2c3d5", "b" * 32),
        credentials={
            "api_key": "a1b2c3d4",
            "api_secret": "0123456789abcdef",
            "signature_secret": "a" * 32,
            "application_id": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
        },
    ),
}


def adapter(name: str, credentials: dict[str, Any], clock: Clock) -> Carrier:
    """Return a carrier's adapter that has nowhere to send requests."""
    context = CarrierContext(
        api_url="http://127.0.0.1:9",
        public_base_url=PUBLIC_URL,
        stage="test",
        organization_id=1001,
        clock=clock,
        http=urllib3.PoolManager(),
    )
    return carrier_class(name)(credentials, context)


def data(name: str, kind: str) -> Any:
    """Read a carrier's file of vectors, events or errors."""
    return json.loads((DATA / f"{name}_{kind}.json").read_text())


def encoded(sample: dict[str, Any]) -> bytes:
    """Return a sample event's body as the carrier sends it."""
    if "json" in sample:
        return json.dumps(sample["json"], separators=(",", ":")).encode()
    return urlencode(sample["form"]).encode()


def signed_request(name: str, sample: dict[str, Any], at: datetime) -> WebhookRequest:
    """Return a sample event as a request that verifies at that time."""
    call_id, text_id = sample.get("call_id"), sample.get("text_id")
    query = f"call=1001-{call_id}" if call_id else "org=1001"
    query = f"message=1001-{text_id}" if text_id else query
    url, body = f"{PUBLIC_URL}{sample['path']}?{query}", encoded(sample)
    headers = SIGNERS[name].sign(url, body, at) | sample.get("headers", {})
    return WebhookRequest("POST", url, headers, body, call_id, text_id=text_id)
