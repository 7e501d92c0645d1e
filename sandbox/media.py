"""Open the media stream a call was told to open, and report what the other side said."""

import asyncio
import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from sandbox.transcript import Call

FRAME_S = 0.02
FRAMES_PER_WORD = 15
GREETING_FRAMES = 5
_OPEN_LIMIT_S = 5.0
_MESSAGES_KEPT = 50
# 20 ms of mu-law at 8 kHz: a square wave of 400 Hz for speech; 0xFF is silence.
_TONE = (b"\x90" * 10 + b"\x10" * 10) * 8
_SILENCE = b"\xff" * 160


@dataclass(frozen=True)
class Dialect:
    """How one carrier words the frames of a media stream.

    Without `media` the audio goes as it is, in binary frames; without `stop` there is no farewell.
    `tone` and `silence` are 20 ms of the carrier's encoding each.
    """

    opening: list[dict[str, Any]]
    media: Callable[[int, str], dict[str, Any]] | None
    stop: dict[str, Any] | None
    headers: dict[str, str] = field(default_factory=dict)
    # Telnyx plays raw audio only when the stream was asked for in `rtp` mode.
    plays_raw_audio: bool = True
    tone: bytes = _TONE
    silence: bytes = _SILENCE


class StreamRefused(Exception):
    """The stream could not be opened; the message says why."""


def check_stream_url(url: str) -> None:
    """Raise StreamRefused unless the URL is wss://, or ws:// to this machine."""
    parts = urlsplit(url)
    if parts.scheme == "wss" and parts.hostname:
        return
    if parts.scheme == "ws" and _is_loopback(parts.hostname or ""):
        return
    raise StreamRefused(f"a stream URL must be wss:// (or ws:// to this machine), not {url!r}")


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class MediaStream:
    """One media stream of a call; its findings go to the call's `streams`."""

    def __init__(self, call: Call, url: str, dialect: Dialect) -> None:
        self._call = call
        self._url = url
        self._dialect = dialect
        self._sent: list[str | bytes] = []
        self.findings: dict[str, Any] = {
            "url": url,
            "start": dialect.opening[-1],
            "frames_sent": 0,
            "frames_received": 0,
            "echoed": False,
            "messages": [],
            "closed_by": None,
        }

    async def run(self, hangup_after_s: float, opened: Callable[[], object] = lambda: None) -> None:
        """Talk until the other side closes, the call ends or turns elsewhere, or it is enough."""
        check_stream_url(self._url)
        try:
            socket = await connect(
                self._url,
                additional_headers=self._dialect.headers,
                open_timeout=_OPEN_LIMIT_S,
                proxy=None,
            )
        except (OSError, InvalidHandshake, InvalidURI) as error:
            raise StreamRefused(f"could not open {self._url}: {error}") from error
        self._call.streams.append(self.findings)
        opened()
        async with socket:
            await self._converse(socket, hangup_after_s)
        self._call.note(
            "stream_closed",
            f"Media stream closed by the {self.findings['closed_by']}:"
            f" {self.findings['frames_sent']} frames sent, {self.findings['frames_received']}"
            f" received{' (an echo)' if self.findings['echoed'] else ''}",
            **self.findings,
        )

    async def _converse(self, socket: ClientConnection, hangup_after_s: float) -> None:
        for frame in self._dialect.opening:
            await socket.send(json.dumps(frame))
        text = f"Media stream to {self._url} is open"
        self._call.note("stream_opened", text, url=self._url, start=self._dialect.opening[-1])
        speaking = asyncio.create_task(self._speak(socket))
        listening = asyncio.create_task(self._listen(socket))
        over = asyncio.create_task(self._call.over.wait())
        turned = asyncio.create_task(self._call.interrupted.wait())
        ends = {listening, over, turned}
        try:
            await asyncio.wait(ends, timeout=hangup_after_s, return_when=asyncio.FIRST_COMPLETED)
            self.findings["closed_by"] = "runtime" if listening.done() else "carrier"
            if not listening.done():
                await self._say_goodbye(socket)
        finally:
            for task in (speaking, *ends):
                task.cancel()
            await asyncio.gather(speaking, *ends, return_exceptions=True)

    async def _say_goodbye(self, socket: ClientConnection) -> None:
        if self._dialect.stop is None:
            return
        try:
            await socket.send(json.dumps(self._dialect.stop))
        except ConnectionClosed:
            self.findings["closed_by"] = "runtime"

    async def _speak(self, socket: ClientConnection) -> None:
        await self._frames(socket, self._dialect.silence, GREETING_FRAMES)
        for sentence in self._call.plan.say:
            side = self._call.far_side
            self._call.note(f"{side}_said", f"{side.capitalize()}: {sentence}", sentence=sentence)
            await self._frames(socket, self._dialect.tone, FRAMES_PER_WORD * len(sentence.split()))
        while True:
            await self._frames(socket, self._dialect.silence, 1)

    async def _frames(self, socket: ClientConnection, audio: bytes, count: int) -> None:
        media, payload = self._dialect.media, base64.b64encode(audio).decode()
        for _ in range(count):
            self.findings["frames_sent"] += 1
            number = self.findings["frames_sent"]
            self._sent.append(payload if media else audio)
            await socket.send(json.dumps(media(number, payload)) if media else audio)
            await asyncio.sleep(FRAME_S)

    async def _listen(self, socket: ClientConnection) -> None:
        began = time.monotonic()
        heard: list[str | bytes] = []
        async for message in socket:
            frame = _parse(message)
            audio = self._audio(message, frame)
            if audio is not None:
                heard.append(audio)
                self.findings["frames_received"] = len(heard)
                self.findings["echoed"] = heard == self._sent[: len(heard)]
                if len(heard) == 1:
                    self._note_first_audio(began)
            elif len(self.findings["messages"]) < _MESSAGES_KEPT:
                self.findings["messages"].append(frame)
                if frame.get("event") == "mark":
                    # A carrier gives a mark back once the audio before it was played.
                    await socket.send(json.dumps(frame))

    def _audio(self, message: str | bytes, frame: dict[str, Any]) -> str | bytes | None:
        """Return the audio in a message, as it is written in this dialect."""
        if self._dialect.media is None:
            return message if isinstance(message, bytes) else None
        if frame.get("event") != "media":
            return None
        return str(frame.get("media", {}).get("payload", ""))

    def _note_first_audio(self, began: float) -> None:
        ms = round((time.monotonic() - began) * 1000)
        text = f"First audio from the assistant after {ms} ms"
        if not self._dialect.plays_raw_audio:
            text += ", not played: ask for stream_bidirectional_mode rtp"
        self._call.note("stream_first_audio", text, ms=ms, played=self._dialect.plays_raw_audio)


def _parse(message: str | bytes) -> dict[str, Any]:
    try:
        frame = json.loads(message)
    except ValueError:
        return {"event": "not_json", "message": str(message)[:200]}
    return frame if isinstance(frame, dict) else {"event": "not_an_object", "message": frame}
