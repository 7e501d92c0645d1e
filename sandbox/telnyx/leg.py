"""Play what every call at Telnyx is made of: commands obeyed, an event for everything."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from sandbox import ids
from sandbox.books import Account, Resource
from sandbox.media import MediaStream, StreamRefused
from sandbox.settings import Settings
from sandbox.telnyx import recordings
from sandbox.telnyx.commands import TelnyxCall
from sandbox.telnyx.dialect import dialect
from sandbox.telnyx.events import event_hook, new_event
from sandbox.webhooks import Outbox
from sandbox.world import World

_FINAL = {
    "call_rejected": "failed",
    "user_busy": "busy",
    "originator_cancel": "canceled",
    "unspecified": "failed",
    "not_found": "failed",
    "timeout": "no-answer",
    "no_answer": "no-answer",
}


# Dollars a minute.
_RATE = 0.002


@dataclass(frozen=True)
class Destination:
    """Where a leg's events go; `of_event` has the URLs of single event types."""

    connection_id: str
    urls: list[str | None]
    limit_s: float
    wants_cost: bool
    of_event: dict[str, str] = field(default_factory=dict)


def destination(application: Resource, settings: Settings, asked: dict[str, Any]) -> Destination:
    """Read it from the application, unless the dial has URLs of its own."""
    body = application.body
    own = asked.get("webhook_url")
    urls = [own] if own else [body.get("webhook_event_url"), body.get("webhook_event_failover_url")]
    limit_s = float(body.get("webhook_timeout_secs") or settings.telnyx_webhook_limit_s)
    wants_cost = bool(body.get("call_cost_in_webhooks"))
    return Destination(application.id, urls, limit_s, wants_cost, asked.get("webhook_urls") or {})


class Leg:
    """One leg of a call, between its first event and `call.hangup`."""

    def __init__(
        self, world: World, account: Account, to: Destination | None, call: TelnyxCall
    ) -> None:
        self._world = world
        self._account = account
        self._destination = to
        self._call = call
        self._outbox = Outbox(world, call)
        self._beside: list[asyncio.Task[None]] = []
        self._stream: asyncio.Task[None] | None = None
        self._cause = "normal_clearing"
        self._sip_cause: str | None = None
        self._recorded: dict[str, Any] = call.dialled

    async def _finish(self) -> None:
        """Wait for what runs beside the call, and tell how it ended."""
        await asyncio.gather(*self._beside)
        self._report_end()
        await self._outbox.drain()
        self._report_recording()
        self._report_cost()
        await self._outbox.drain()

    def _report_end(self) -> None:
        answered = self._call.answered is not None
        self._call.close("completed" if answered else _FINAL.get(self._cause, "canceled"))
        self._call.note(
            "hung_up",
            f"The call is over ({self._cause}), ended by the {self._call.hung_up_by}",
            by=self._call.hung_up_by,
            status=self._call.status,
            cause=self._cause,
        )
        self._event(
            "call.hangup",
            state="hangup",
            hangup_cause=self._cause,
            hangup_source=self._source(),
            sip_hangup_cause=self._sip_cause or ("200" if answered else "487"),
            start_time=self._call.started_at,
        )

    def _source(self) -> str:
        """Return who hung up, in Telnyx's words: ours is the side that is not the far one."""
        by, far = self._call.hung_up_by, self._call.far_side
        ours = "callee" if far == "caller" else "caller"
        return {far: far, "assistant": ours}.get(by or "", "unknown")

    async def _live(self) -> None:
        """Obey commands until somebody hangs up."""
        while not self._call.over.is_set():
            if not await self._obey_next(self._patience()):
                self._end(self._call.far_side, "normal_clearing")

    def _patience(self) -> float:
        if self._stream is not None and not self._stream.done():
            # The stream ends the call itself when the caller has had enough.
            return self._world.settings.call_limit_s
        if self._call.plan.hangup_after_s is not None:
            return self._call.plan.hangup_after_s
        settings = self._world.settings
        return settings.caller_patience_s * settings.patience

    async def _obey_next(self, limit_s: float) -> bool:
        """Obey the next command; return False when none came and nobody hung up."""
        coming = asyncio.create_task(self._call.commands.get())
        over = asyncio.create_task(self._call.over.wait())
        done, _ = await asyncio.wait(
            {coming, over}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED
        )
        for task in (coming, over):
            task.cancel()
        if coming in done:
            self._obey(*coming.result())
        return bool(done)

    def _obey(self, action: str, body: dict[str, Any]) -> None:
        match action:
            case "answer":
                self._event("call.answered", state="answered", start_time=self._call.started_at)
                self._record(body)
                self._start_stream(body)
            case "record_start":
                made = {"record_format": body["format"], "record_channels": body["channels"]}
                self._record({"record": "record-from-answer"} | made)
            case "streaming_start":
                self._start_stream(body)
            case "speak":
                self._speak(body)
            case "transfer":
                self._transfer(body)
            case "reject":
                cause = {"USER_BUSY": "user_busy"}.get(body["cause"], "call_rejected")
                self._call.outcome = "rejected"
                self._end("assistant", cause)
            case "hangup":
                self._end("assistant", self._cause_of_our_hangup())
            case _:
                self._call.note(
                    "command_passed", f"{action} is noted, the sandbox does not play it"
                )

    def _end(self, by: str, cause: str, sip_cause: str | None = None) -> None:
        if not self._call.over.is_set():
            self._cause, self._sip_cause = cause, sip_cause
        self._call.hang_up(by)

    def _cause_of_our_hangup(self) -> str:
        # Whoever dialled and hangs up before the answer cancels; a callee cannot.
        cancels = self._call.direction == "outbound" and self._call.answered is None
        return "originator_cancel" if cancels else "normal_clearing"

    def _record(self, asked: dict[str, Any]) -> None:
        """Begin to record, if that is asked for and was not begun."""
        if asked.get("record") == "record-from-answer" and self._call.recording_id is None:
            self._call.recording_id = ids.uuid()
            self._recorded = asked

    def _report_recording(self) -> None:
        if self._call.recording_id is None or self._call.answered is None:
            return
        form = str(self._recorded.get("record_format", "mp3"))
        url = recordings.link(self._world, self._call, form)
        saved: dict[str, Any] = {
            "channels": self._recorded.get("record_channels", "dual"),
            "recording_id": self._call.recording_id,
            "recording_started_at": self._call.started_at,
            "recording_ended_at": ids.iso(),
            "recording_urls": {form: url},
            "public_recording_urls": {},
        }
        # Telnyx's description of this event has no call_control_id.
        self._event("call.recording.saved", call_control_id=None, **saved)

    def _report_cost(self) -> None:
        wants = self._destination is not None and self._destination.wants_cost
        if not wants or self._call.answered is None:
            return
        minutes = -(-self._call.duration_s // 60)
        cost = f"{_RATE * minutes:.4f}"
        part = {"call_part": "call-control", "cost": cost, "rate": f"{_RATE:.4f}"}
        self._event(
            "call.cost",
            status="success",
            total_cost=cost,
            billed_duration_secs=60 * minutes,
            cost_parts=[part | {"currency": "USD", "billed_duration_secs": 60 * minutes}],
        )

    def _speak(self, body: dict[str, Any]) -> None:
        sentence = str(body["payload"])
        self._call.said.append(sentence)
        if self._call.outcome == "unanswered":
            self._call.outcome = "spoken"
        self._event("call.speak.started")
        self._call.note("said", f"The {self._call.far_side} hears: {sentence}", sentence=sentence)
        self._event("call.speak.ended", status="completed")

    def _transfer(self, body: dict[str, Any]) -> None:
        """Connect the far end to a human; the new leg has events of its own."""
        target = str(body["to"])
        self._call.outcome = "dialled"
        text = f"The {self._call.far_side} is connected to {target}"
        self._call.note("dialled", text, to=[target])
        leg = {
            "call_control_id": "v3:" + ids.uuid(),
            "call_leg_id": ids.uuid(),
            "from": str(body.get("from") or self._call.to),
            "to": target,
        }
        self._event("call.initiated", **leg, direction="outgoing", state="bridging")
        self._event("call.answered", **leg, state="answered")
        self._event("call.bridged")

    def _start_stream(self, body: dict[str, Any]) -> None:
        if body.get("stream_url"):
            self._stream = self._world.begin(self._run_stream(body))
            self._beside.append(self._stream)

    async def _run_stream(self, body: dict[str, Any]) -> None:
        url, stream_id = str(body["stream_url"]), ids.uuid()
        stream = MediaStream(self._call, url, dialect(self._call, self._account, stream_id, body))
        try:
            self._event("streaming.started", stream_id=stream_id, stream_url=url)
            await stream.run(self._call.plan.talks_s)
        except StreamRefused as problem:
            self._call.note("stream_failed", f"Media stream failed: {problem}", url=url)
            params = {"stream_url": url, "track": body.get("stream_track", "inbound_track")}
            self._event(
                "streaming.failed",
                stream_id=stream_id,
                failure_reason="connection_failed",
                stream_type="websocket",
                stream_params=params,
            )
            return
        self._call.outcome = "streamed"
        self._event("streaming.stopped", stream_id=stream_id, stream_url=url)
        if stream.findings["closed_by"] == "carrier":
            self._end(self._call.far_side, "normal_clearing")

    def _event(self, event_type: str, **extra: Any) -> None:
        """Queue an event, three attempts for each of its URLs; a field that is None is left out."""
        to = self._destination
        if to is None:
            return
        payload = {k: v for k, v in (self._common(to) | extra).items() if v is not None}
        own = to.of_event.get(event_type)
        event = new_event(event_type, payload)
        hook = event_hook(self._account, event, [own] if own else to.urls, to.limit_s)
        self._outbox.post(hook)

    def _common(self, to: Destination) -> dict[str, Any]:
        common = {
            "call_control_id": self._call.carrier_call_id,
            "call_leg_id": self._call.leg_id,
            "call_session_id": self._call.session_id,
            "connection_id": to.connection_id,
            "from": self._call.from_,
            "to": self._call.to,
        }
        state = self._call.client_state
        return common | ({"client_state": state} if state else {})
