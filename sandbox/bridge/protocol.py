"""What a bridge and Switchboard say to each other: JSON, signed with the trunk's secret.

Written from docs/sip-bridge.md and not from Switchboard's code, so that each checks the other.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from sandbox import ids
from sandbox.transcript import Call
from sandbox.webhooks import NO_ANSWER, Answered, Hook, Outbox
from sandbox.world import World

CARRIER = "bridge"
COMMANDS = ("originate", "hangup", "transfer")
FRESH_S = 300
_LIMIT_S = 10.0
_ATTEMPTS = 3


@dataclass
class Bridge:
    """One bridge, as the person who runs it has configured it."""

    trunk: str
    """Organization and trunk, as they stand in the trunk's webhook URLs."""
    secret: str
    base_url: str
    """Where Switchboard's API is."""
    gateway: tuple[str, int] | None = None
    """The SIP gateway that calls go out through; without one, the far end is played here."""
    id: str = field(default_factory=ids.uuid)

    def report(self) -> dict[str, Any]:
        """Show the bridge, but not its secret."""
        return {"id": self.id, "trunk": self.trunk, "url": f"/bridge/{self.id}"}

    def headers(self, body: bytes, fault: str | None = None) -> dict[str, str]:
        """Sign a body; a fault spoils the signature."""
        stamp = str(int(time.time()) - (3600 if fault == "stale" else 0))
        secret = "wrong" if fault == "bad_signature" else self.secret
        signed = {"X-Switchboard-Timestamp": stamp, "X-Switchboard-Signature": ""}
        signed["X-Switchboard-Signature"] = _signature(secret, stamp, body)
        return {"Content-Type": "application/json"} | ({} if fault == "unsigned" else signed)

    def is_genuine(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Tell whether Switchboard has signed a command, just now."""
        stamp = headers.get("x-switchboard-timestamp", "")
        if not stamp.isdecimal() or abs(time.time() - int(stamp)) > FRESH_S:
            return False
        given = headers.get("x-switchboard-signature", "")
        return hmac.compare_digest(given, _signature(self.secret, stamp, body))


def _signature(secret: str, stamp: str, body: bytes) -> str:
    text = stamp.encode() + b"." + body
    return "v1=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


class Line:
    """What a bridge says of one call."""

    def __init__(self, world: World, bridge: Bridge, call: Call, call_id: int | None) -> None:
        self._bridge = bridge
        self._call = call
        self._call_id = call_id
        self._outbox = Outbox(world, call)
        self._sequence = 0

    async def ask(self, **fields: Any) -> dict[str, Any] | None:
        """Ask what to do with the call; None when nobody says."""
        answered = await self._outbox.send(self._hook("/sip-webhook", "call", fields, asks=True))
        return _instruction(answered)

    async def announce(self, **fields: Any) -> None:
        """Have the call's record made before it is asked about."""
        await self._outbox.send(self._hook("/sip-prewarm", "prewarm", fields, asks=True))

    def tell(self, status: str, **fields: Any) -> None:
        """Tell how the call goes on."""
        self._sequence += 1
        told = {"status": status, "sequence": self._sequence, "timestamp": ids.iso()}
        self._outbox.post(self._hook("/sip-status", status, told | fields))

    async def drain(self) -> None:
        """Wait until everything is told."""
        await self._outbox.drain()

    def _hook(self, path: str, event: str, fields: dict[str, Any], asks: bool = False) -> Hook:
        url = f"{self._bridge.base_url}{path}?trunk={self._bridge.trunk}"
        ours = {"call_id": self._call_id} if self._call_id else {}
        said = {
            "call_sid": self._call.carrier_call_id,
            "from": self._call.from_,
            "to": self._call.to,
            "direction": self._call.direction,
        }
        body = json.dumps(said | ours | fields).encode()

        def build(url: str, attempt: int, fault: str | None) -> httpx.Request:
            return httpx.Request(
                "POST", url, headers=self._bridge.headers(body, fault), content=body
            )

        return Hook(CARRIER, event, [url] * _ATTEMPTS, _LIMIT_S, build, asks)


def _instruction(answered: Answered) -> dict[str, Any] | None:
    if answered is NO_ANSWER or not answered.is_ok:
        return None
    try:
        found = json.loads(answered.body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
