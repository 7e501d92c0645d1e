"""Play a bridge's calls: ask, obey, tell."""

from typing import Any

from sandbox import ids
from sandbox.bridge.legs import Leg
from sandbox.bridge.protocol import Bridge, Line
from sandbox.media import FRAME_S, Dialect, MediaStream, StreamRefused
from sandbox.transcript import Call
from sandbox.world import World

_UNAVAILABLE = 503
_STATUS = {486: "busy", 600: "busy", 408: "no-answer", 480: "no-answer", 487: "canceled"}


class BridgeCall:
    """One call through a bridge, either way."""

    def __init__(
        self, world: World, bridge: Bridge, call: Call, leg: Leg, call_id: int | None = None
    ) -> None:
        self._world = world
        self._call = call
        self._leg = leg
        self._line = Line(world, bridge, call, call_id)

    async def take(self, headers: dict[str, Any]) -> None:
        """Take a call that comes in over SIP, and do with it what Switchboard says."""
        told = await self._line.ask(headers=headers)
        if told is None:
            self._call.outcome = "application_error"
            await self._refuse(_UNAVAILABLE)
        elif told.get("action") == "reject":
            self._call.outcome = "rejected"
            await self._refuse(int(told.get("sip_code") or 603))
        else:
            self._leg.ringing()
            self._line.tell("ringing")
            if not self._call.over.is_set() and await self._leg.answer():
                await self._converse(told)
            else:
                await self._end("canceled", 487)

    async def place(self, command: dict[str, Any]) -> None:
        """Place a call that Switchboard asked for."""
        self._line.tell("dialing")
        code = await self._leg.ring(float(command.get("ring_timeout") or 60), self._rung)
        if code != 200:
            await self._end(_STATUS.get(code, "failed"), code)
            return
        told = command.get("on_answer")
        if told is None:
            told = await self._line.ask(answered_by=command["answered_by"])
        await self._converse(told or {"action": "reject"})

    def _rung(self) -> None:
        self._call.status = "ringing"
        self._line.tell("ringing")

    async def _refuse(self, code: int) -> None:
        self._leg.reject(code)
        await self._end(_STATUS.get(code, "failed"), code)

    async def _converse(self, told: dict[str, Any]) -> None:
        self._call.pick_up()
        self._line.tell("answered")
        match told.get("action"):
            case "stream":
                await self._stream(told)
            case "say":
                self._call.said.append(str(told["text"]))
                self._call.outcome = "spoken"
            case "dial":
                self._call.outcome = "dialled"
                self._call.note("dialled", f"Put through to {told['to']}", to=[told["to"]])
                self._leg.refer(str(told["to"]))
        self._leg.hang_up()
        await self._end("completed", 200)

    async def _stream(self, told: dict[str, Any]) -> None:
        if told.get("record"):
            if told.get("notice"):
                self._call.said.append(str(told["notice"]))
            self._call.note("recording", "The call is recorded from here on, by the bridge")
        url = str(told["stream_url"])
        stream = MediaStream(self._call, url, _dialect(self._call, told))
        try:
            await stream.run(self._call.plan.talks_s)
        except StreamRefused as problem:
            self._call.note("stream_failed", f"Media stream failed: {problem}", url=url)
        else:
            self._call.outcome = "streamed"

    async def _end(self, status: str, code: int) -> None:
        by = self._call.hung_up_by or self._call.far_side
        self._call.hang_up(by)
        self._call.close(status)
        text = f"The call is over ({status}, {code}), ended by the {by}"
        self._call.note("hung_up", text, by=by, status=status, sip_code=code)
        duration = {"duration": self._call.duration_s} if self._call.answered else {}
        self._line.tell(status, sip_code=code, **duration)
        await self._line.drain()


def _dialect(call: Call, told: dict[str, Any]) -> Dialect:
    """Word the frames as docs/sip-bridge.md has them: Twilio's, with the parameters."""
    stream = ids.uuid()
    start = {
        "streamSid": stream,
        "callSid": call.carrier_call_id,
        "tracks": ["inbound"],
        "customParameters": told.get("parameters") or {},
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
    }

    def media(number: int, payload: str) -> dict[str, Any]:
        at_ms = str(round(number * FRAME_S * 1000))
        sound = {"track": "inbound", "chunk": str(number), "timestamp": at_ms, "payload": payload}
        return {"event": "media", "streamSid": stream, "media": sound}

    return Dialect(
        opening=[
            {"event": "connected", "protocol": "Call", "version": "1.0.0"},
            {"event": "start", "streamSid": stream, "start": start},
        ],
        media=media,
        stop={"event": "stop", "streamSid": stream},
        headers={"Authorization": f"Bearer {told['token']}"} if told.get("token") else {},
    )
