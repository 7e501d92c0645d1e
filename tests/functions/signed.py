"""Events of calls that we placed, varied and signed anew with the test accounts' keys."""

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qsl, urlencode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twilio.request_validator import RequestValidator

from tests.carriers.signing import vonage_token
from tests.functions.events import load

_TOKEN = "0123456789abcdef0123456789abcdef"
_SECRET = "vonage-signature-secret-0123456789abcdef"
_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

Event = dict[str, Any]


def twilio(name: str, *, call: str = "1001-9001", **fields: str) -> Event:
    """Return `twilio-outbound-<name>` with other fields, or for another call."""
    event = load(f"carrier_webhook/twilio-outbound-{name}")
    form = dict(parse_qsl(event["body"], keep_blank_values=True)) | fields
    url = f"https://hooks.example.com/v1{event['resource']}?call={call}"
    signature = RequestValidator(_TOKEN).compute_signature(url, form)
    return event | {
        "headers": event["headers"] | {"X-Twilio-Signature": signature},
        "multiValueQueryStringParameters": {"call": [call]},
        "body": urlencode(form),
    }


def telnyx(name: str, *, state: dict[str, Any] | None = None, **fields: Any) -> Event:
    """Return `telnyx-outbound-<name>` with another payload, type (`event_type`) or client state."""
    event = load(f"carrier_webhook/telnyx-outbound-{name}")
    body = json.loads(event["body"])
    body["data"]["event_type"] = fields.pop("event_type", body["data"]["event_type"])
    if state is not None:
        fields["client_state"] = base64.b64encode(json.dumps(state).encode()).decode()
    body["data"]["payload"] |= fields
    text = json.dumps(body)
    stamp = event["headers"]["telnyx-timestamp"]
    signature = base64.b64encode(_KEY.sign(f"{stamp}|{text}".encode())).decode()
    headers = event["headers"] | {"telnyx-signature-ed25519": signature}
    return event | {"headers": headers, "body": text}


def vonage(name: str, *, call: str = "1001-9001", **fields: Any) -> Event:
    """Return `vonage-<name>` with other fields, or for another call; None removes a field."""
    event = load(f"carrier_webhook/vonage-{name}")
    body = json.loads(event["body"]) | fields
    text = json.dumps({key: value for key, value in body.items() if value is not None})
    claims = {
        "iat": event["requestContext"]["requestTimeEpoch"] // 1000,
        "api_key": "a1b2c3d4",
        "payload_hash": hashlib.sha256(text.encode()).hexdigest(),
    }
    token = vonage_token({"typ": "JWT", "alg": "HS256"}, claims, _SECRET)
    query = event["multiValueQueryStringParameters"]
    return event | {
        "headers": event["headers"] | {"Authorization": f"Bearer {token}"},
        "multiValueQueryStringParameters": {"call": [call]} if "call" in query else query,
        "body": text,
    }
