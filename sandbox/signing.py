"""Sign webhooks as the carriers do, with real keys."""

import base64
import hashlib
import time
from collections.abc import Mapping
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from twilio.request_validator import RequestValidator


def twilio_signature(auth_token: str, url: str, params: Mapping[str, str]) -> str:
    """Compute X-Twilio-Signature over the exact URL and the form fields."""
    return str(RequestValidator(auth_token).compute_signature(url, params))


def _telnyx_key(seed: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))


def telnyx_public_key(seed: str) -> str:
    """Return the base64 public key that the Telnyx portal would show."""
    key = _telnyx_key(seed).public_key()
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def telnyx_headers(seed: str, body: bytes, timestamp: int | None = None) -> dict[str, str]:
    """Sign `timestamp|body` and return the two headers that carry the signature."""
    stamp = str(int(time.time()) if timestamp is None else timestamp)
    signature = _telnyx_key(seed).sign(stamp.encode() + b"|" + body)
    return {
        "telnyx-timestamp": stamp,
        "telnyx-signature-ed25519": base64.b64encode(signature).decode(),
    }


def vonage_token(
    secret: str,
    api_key: str,
    application_id: str,
    payload: bytes,
    *,
    issued_at: int | None = None,
    jti: str | None = None,
) -> str:
    """Make the JWT that vouches for a webhook: signed by the account, with the payload's hash."""
    claims = {
        "iat": int(time.time()) if issued_at is None else issued_at,
        "jti": jti or str(uuid4()),
        "iss": "Vonage",
        "payload_hash": hashlib.sha256(payload).hexdigest(),
        "api_key": api_key,
        "application_id": application_id,
    }
    return jwt.encode(claims, secret, algorithm="HS256")
