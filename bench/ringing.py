"""Signed webhooks of ringing phones, and the table's and the secret store's answers to them."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import jwt
from boto3.dynamodb.types import TypeSerializer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from twilio.request_validator import RequestValidator

from switchboard import items
from switchboard.carriers.telnyx.api import WEBHOOK_PATH
from switchboard.carriers.twilio.api import VOICE_PATH
from switchboard.carriers.vonage import api as vonage
from switchboard.model import E164, Assistant, Number, NumberStatus

Json = dict[str, Any]

ORGANIZATION = 1001
_CALLER, _NUMBER = "+12125550199", E164("+14155550100")
_AUTH_TOKEN = "0123456789abcdef" * 2
_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))

_TABLE = "bench"
_TRUNK, _SIGNING_SECRET = "7c1f4a52-0f6e-4f0e-9d6b-3a2f5b8c9d10", "swbr_" + "0" * 43
# A trunk has a secret of its own.
_SECRET_NAMES = {"byo-sip-trunk": _TRUNK}

_SECRETS: dict[str, Json] = {
    "byo-sip-trunk": {"password": "", "signing_secret": _SIGNING_SECRET},
    "twilio": {"account_sid": "AC" + "0" * 32, "auth_token": _AUTH_TOKEN},
    "telnyx": {
        "api_key": "KEY0",
        "public_key": base64.b64encode(
            _KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        ).decode(),
    },
    "vonage": {"api_key": "a1b2c3d4", "signature_secret": _AUTH_TOKEN},
}


FUNCTIONS = {
    "twilio": "CarrierWebhookTwilio",
    "telnyx": "CarrierWebhookTelnyx",
    "vonage": "CarrierWebhookVonage",
    "byo-sip-trunk": "CarrierWebhookSip",
}
"""Who answers each carrier's phones, by its name in the template."""


def webhooks(carrier: str, public_base_url: str, count: int) -> list[Json]:
    """Return the event of `count` calls to the same number, as API Gateway hands it on."""
    make = _MAKERS[carrier]
    return [make(public_base_url, number) for number in range(count)]


def replies(carrier: str) -> Json:
    """Return what AWS answers, by operation; secrets by the end of their names."""
    item = _number_item(carrier)
    return {
        "GetItem": {"Item": item},
        "BatchGetItem": {"Responses": {_TABLE: [item]}},
        "TransactWriteItems": {},
        "secrets": {
            _SECRET_NAMES.get(carrier, carrier): json.dumps(_SECRETS[carrier]),
            "session-key": "k" * 64,
        },
    }


def _number_item(carrier: str) -> Json:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assistant = Assistant(
        id=3001,
        organization_id=ORGANIZATION,
        name="Front desk",
        stream_url="wss://media.example.com/stream",
        created_at=now,
        welcome_message="Hello, how can I help you?",
    )
    number = Number(
        organization_id=ORGANIZATION,
        phone_number=_NUMBER,
        carrier=carrier,
        status=NumberStatus.ACTIVE,
        order_key="key",
        created_at=now,
        updated_at=now,
        assistant=assistant,
    )
    key = {"pk": f"NUMBER#{_NUMBER}", "sk": "NUMBER"}
    item = key | items.fields_of(number)
    return {name: TypeSerializer().serialize(value) for name, value in item.items()}


def _event(path: str, headers: Json, body: str) -> Json:
    return {
        "httpMethod": "POST",
        "resource": path,
        "headers": headers,
        "multiValueQueryStringParameters": {"org": [str(ORGANIZATION)]},
        "requestContext": {"requestId": "bench"},
        "body": body,
    }


def _twilio(public_base_url: str, number: int) -> Json:
    form = {
        "AccountSid": _SECRETS["twilio"]["account_sid"],
        "ApiVersion": "2010-04-01",
        "CallSid": f"CA{number:032d}",
        "CallStatus": "ringing",
        "Direction": "inbound",
        "From": _CALLER,
        "To": str(_NUMBER),
        "Caller": _CALLER,
        "Called": str(_NUMBER),
        **dict.fromkeys(["FromCity", "FromState", "FromZip", "ToCity", "ToState", "ToZip"], ""),
    }
    url = f"{public_base_url}{VOICE_PATH}?org={ORGANIZATION}"
    signature = RequestValidator(_AUTH_TOKEN).compute_signature(url, form)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": signature,
        "I-Twilio-Idempotency-Token": f"token-{number}",
    }
    return _event(VOICE_PATH, headers, urlencode(form))


def _telnyx(public_base_url: str, number: int) -> Json:
    now = datetime.now(UTC)
    payload = {
        "call_control_id": f"v3:{number:054d}",
        "call_leg_id": "428c31b6-7af4-4bcb-b7f5-5013ef9657c1",
        "call_session_id": "428c31b6-abf3-3bc1-b7f4-5013ef9657c1",
        "connection_id": "1684641123236054244",
        "from": _CALLER,
        "to": str(_NUMBER),
        "direction": "incoming",
        "state": "parked",
        "client_state": None,
    }
    data = {
        "record_type": "event",
        "event_type": "call.initiated",
        "id": f"event-{number}",
        "occurred_at": now.isoformat(),
        "payload": payload,
    }
    body, stamp = json.dumps({"data": data}), str(int(now.timestamp()))
    signature = base64.b64encode(_KEY.sign(f"{stamp}|{body}".encode())).decode()
    headers = {
        "Content-Type": "application/json",
        "telnyx-timestamp": stamp,
        "telnyx-signature-ed25519": signature,
    }
    return _event(WEBHOOK_PATH, headers, body)


def _vonage(public_base_url: str, number: int) -> Json:
    body = json.dumps(
        {
            "from": _CALLER.lstrip("+"),
            "to": _NUMBER.lstrip("+"),
            "uuid": f"{number:032x}",
            "conversation_uuid": f"CON-{number:032x}",
            "region_url": "https://api-us-3.vonage.com",
            "endpoint_type": "phone",
        }
    )
    claims = {
        "iat": int(datetime.now(UTC).timestamp()),
        "jti": f"{number:032x}",
        "iss": "Vonage",
        "payload_hash": hashlib.sha256(body.encode()).hexdigest(),
        "api_key": _SECRETS["vonage"]["api_key"],
    }
    token = jwt.encode(claims, _AUTH_TOKEN, "HS256")
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    return _event(vonage.WEBHOOK_PATH, headers, body)


def _own_bridge(public_base_url: str, number: int) -> Json:
    call = {
        "call_sid": f"{number:036d}",
        "from": f"sip:{_CALLER}@pbx.example.com",
        "to": "sip:8000@bridge.example.com",
        "headers": {"Diversion": f"<sip:{_NUMBER}@pbx.example.com>;reason=unconditional"},
    }
    body, stamp = json.dumps(call), str(int(datetime.now(UTC).timestamp()))
    signed = hmac.digest(_SIGNING_SECRET.encode(), f"{stamp}.{body}".encode(), "sha256")
    headers = {
        "Content-Type": "application/json",
        "X-Switchboard-Timestamp": stamp,
        "X-Switchboard-Signature": f"v1={signed.hex()}",
    }
    event = _event("/sip-webhook", headers, body)
    return event | {"multiValueQueryStringParameters": {"trunk": [f"{ORGANIZATION}-{_TRUNK}"]}}


_MAKERS: dict[str, Callable[[str, int], Json]] = {
    "twilio": _twilio,
    "telnyx": _telnyx,
    "vonage": _vonage,
    "byo-sip-trunk": _own_bridge,
}
