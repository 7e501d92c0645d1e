"""Word the frames of a media stream as Telnyx does, in snake_case."""

from typing import Any

from sandbox.books import Account
from sandbox.media import FRAME_S, Dialect
from sandbox.telnyx.commands import TelnyxCall


def dialect(call: TelnyxCall, account: Account, stream_id: str, asked: dict[str, Any]) -> Dialect:
    """Make the frames of one stream; `asked` is the command that opened it."""
    start = {"event": "start", "sequence_number": "1", "stream_id": stream_id}
    token = asked.get("stream_auth_token")

    def media(number: int, payload: str) -> dict[str, Any]:
        sound = {
            "track": "inbound",
            "chunk": str(number),
            "timestamp": str(round(number * FRAME_S * 1000)),
            "payload": payload,
        }
        sequence = str(number + 1)
        return {
            "event": "media",
            "sequence_number": sequence,
            "media": sound,
            "stream_id": stream_id,
        }

    return Dialect(
        opening=[
            {"event": "connected", "version": "1.0.0"},
            start | {"start": _start(call, account, asked)},
        ],
        media=media,
        stop={"event": "stop", "stream_id": stream_id},
        headers={"Authorization": f"Bearer {token}"} if token else {},
        plays_raw_audio=asked.get("stream_bidirectional_mode") == "rtp",
    )


def _start(call: TelnyxCall, account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    start: dict[str, Any] = {
        "user_id": account.id,
        "call_control_id": call.carrier_call_id,
        "call_session_id": call.session_id,
        "from": call.from_,
        "to": call.to,
        "tags": [],
        "client_state": call.client_state,
        "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1},
    }
    # Only `streaming_start` takes them; `answer` and `dial` do not.
    if asked.get("custom_parameters"):
        start["custom_parameters"] = asked["custom_parameters"]
    return start
