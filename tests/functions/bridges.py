"""An organization's own SIP bridge: its trunk, and what it says, signed."""

import hashlib
import hmac
import json
from typing import Any

from switchboard.app import App
from switchboard.model import BYO, E164, Bridge, SipTrunk, TrunkSecrets
from tests.builders import ORGANIZATION, a_number
from tests.clock import START

TRUNK = "7c1f4a52-0f6e-4f0e-9d6b-3a2f5b8c9d10"
SECRET = "swbr_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
BRIDGE_URL = "https://bridge.example.com/switchboard"
TRUNK_NUMBER = E164("+14155550177")
SID = "b3f7c2d0-5f0a-4d33-9f0e-2d1c8a7e6b54"

Event = dict[str, Any]


def a_trunk(**changes: Any) -> SipTrunk:
    """Return an enabled trunk with a bridge of the organization's own."""
    wanted: dict[str, Any] = {
        "id": TRUNK,
        "organization_id": ORGANIZATION,
        "name": "Office",
        "gateway": "sip.example.com",
        "created_at": START,
        "updated_at": START,
        "bridge": Bridge.OWN,
        "bridge_url": BRIDGE_URL,
        "signing_secret_hint": "DEFG",
    }
    return SipTrunk(**wanted | changes)


def connect(app: App, **changes: Any) -> None:
    """Put a trunk with its secret and a number that an assistant answers into the table."""
    trunk = a_trunk(**changes)
    app.store.add_trunk(trunk)
    app.secrets.store_trunk(ORGANIZATION, trunk.id, TrunkSecrets("a-trunk-password", SECRET))
    hold(app, TRUNK_NUMBER)


def hold(app: App, phone_number: str, **changes: Any) -> None:
    """Let the organization hold a number on that trunk."""
    wanted = {"phone_number": phone_number, "carrier": BYO, "sip_trunk_id": TRUNK} | changes
    app.store.transact(
        app.store._put_number(a_number(**wanted), "attribute_not_exists(pk)"),
    )


def signature(secret: str, stamp: str, text: str) -> str:
    """Sign as docs/sip-bridge.md says."""
    digest = hmac.new(secret.encode(), f"{stamp}.{text}".encode(), hashlib.sha256)
    return f"v1={digest.hexdigest()}"


def said(
    path: str,
    body: object,
    *,
    secret: str = SECRET,
    trunk: str = f"{ORGANIZATION}-{TRUNK}",
    at: float = START.timestamp(),
) -> Event:
    """Return API Gateway's event of what a bridge says; a body that is text goes as it is."""
    text, stamp = body if isinstance(body, str) else json.dumps(body), str(int(at))
    headers = {
        "Content-Type": "application/json",
        "X-Switchboard-Timestamp": stamp,
        "X-Switchboard-Signature": signature(secret, stamp, text),
    }
    return {
        "httpMethod": "POST",
        "resource": path,
        "headers": headers,
        "multiValueQueryStringParameters": {"trunk": [trunk]},
        "requestContext": {"requestId": "r-1"},
        "body": text,
        "isBase64Encoded": False,
    }


def ringing(**changes: Any) -> Event:
    """Return the question what to do with a call to the trunk's number."""
    body = {
        "call_sid": SID,
        "from": "sip:+12125550199@pbx.example.com",
        "to": f"sip:{TRUNK_NUMBER}@bridge.example.com",
    }
    return said("/sip-webhook", body | changes)


def status(word: str, **fields: Any) -> Event:
    """Return what became of that call."""
    body = {"call_sid": SID, "status": word, "from": "+12125550199", "to": TRUNK_NUMBER}
    return said("/sip-status", body | fields)
