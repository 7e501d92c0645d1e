"""Word the frames of a websocket as Vonage does: one JSON frame, then L16 as it is."""

from typing import Any

from sandbox.media import FRAME_S, Dialect
from sandbox.vonage.ncco import RATES

_TONE_HZ = 400
_LOUD = 8000


def dialect(target: dict[str, Any], token: str) -> Dialect:
    """Make the frames for a websocket endpoint; `token` is what signs webhooks too."""
    content_type = target["content-type"]
    rate = RATES[content_type]
    greeting = {"event": "websocket:connected", "content-type": content_type}
    return Dialect(
        # The endpoint's headers lie flat beside the event.
        opening=[greeting | target.get("headers", {})],
        media=None,
        stop=None,
        headers=_handshake(target.get("authorization") or {}, token),
        tone=_square_wave(rate),
        silence=bytes(2 * _samples(rate)),
    )


def _handshake(authorization: dict[str, Any], token: str) -> dict[str, str]:
    match authorization.get("type"):
        case "vonage":
            return {"Authorization": f"Bearer {token}"}
        case "custom":
            return {"Authorization": str(authorization.get("value", ""))}
    return {}


def _samples(rate: int) -> int:
    return round(rate * FRAME_S)


def _square_wave(rate: int) -> bytes:
    half = rate // _TONE_HZ // 2
    high, low = (level.to_bytes(2, "little", signed=True) for level in (_LOUD, -_LOUD))
    return b"".join(high if n // half % 2 == 0 else low for n in range(_samples(rate)))
