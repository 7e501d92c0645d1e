"""Word the frames of a media stream as Twilio does, in camelCase and numbers as strings."""

from typing import Any
from xml.etree.ElementTree import Element

from sandbox import ids
from sandbox.books import Account
from sandbox.media import FRAME_S, Dialect
from sandbox.signing import twilio_signature
from sandbox.transcript import Call
from sandbox.twilio import twiml


def dialect(call: Call, account: Account, stream: Element, url: str) -> Dialect:
    """Make the frames of the stream that a <Stream> asks for."""
    sid = ids.sid("MZ")
    call_ids = {"accountSid": account.id, "callSid": call.carrier_call_id}
    start = call_ids | {
        "streamSid": sid,
        "tracks": ["inbound"],
        "customParameters": twiml.parameters(stream),
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
    }

    def addressed(event: str, sequence: int) -> dict[str, Any]:
        return {"event": event, "sequenceNumber": str(sequence), "streamSid": sid}

    def media(number: int, payload: str) -> dict[str, Any]:
        at_ms = str(round(number * FRAME_S * 1000))
        sound = {"track": "inbound", "chunk": str(number), "timestamp": at_ms, "payload": payload}
        return addressed("media", number + 1) | {"media": sound}

    signature = twilio_signature(account.credentials["auth_token"], url, {})
    return Dialect(
        opening=[
            {"event": "connected", "protocol": "Call", "version": "1.0.0"},
            addressed("start", 1) | {"start": start},
        ],
        media=media,
        stop={"event": "stop", "streamSid": sid, "stop": call_ids},
        headers={"X-Twilio-Signature": signature},
    )
