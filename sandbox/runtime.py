"""Stand in for the assistant's media server: accept the stream and echo what is heard."""

import json
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect


async def echo(socket: WebSocket) -> None:
    """Speak all dialects: send each media frame back, and a mark after the first in JSON."""
    await socket.accept()
    stream_sid: str | None = None
    marked = False
    try:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("bytes") is not None:
                await socket.send_bytes(message["bytes"])  # Vonage's audio
                continue
            frame = json.loads(message["text"])
            match frame.get("event"):
                case "start":
                    stream_sid = frame.get("streamSid")
                case "media":
                    await socket.send_text(json.dumps(_echoed(frame, stream_sid)))
                    if not marked:
                        marked = True
                        await socket.send_text(json.dumps(_mark(stream_sid)))
                case "stop":
                    await socket.close()
                    return
    except (WebSocketDisconnect, json.JSONDecodeError):
        return


def _addressed(frame: dict[str, Any], stream_sid: str | None) -> dict[str, Any]:
    # Twilio wants its streamSid in every frame; Telnyx knows no such field.
    return frame | ({"streamSid": stream_sid} if stream_sid else {})


def _echoed(frame: dict[str, Any], stream_sid: str | None) -> dict[str, Any]:
    media = {"payload": frame["media"]["payload"]}
    return _addressed({"event": "media", "media": media}, stream_sid)


def _mark(stream_sid: str | None) -> dict[str, Any]:
    return _addressed({"event": "mark", "mark": {"name": "first-audio"}}, stream_sid)
