"""Play an inbound call at Telnyx: park it, obey commands, send an event for everything."""

import asyncio
from typing import Any

from sandbox import ids
from sandbox.books import Account, Resource
from sandbox.media import MediaStream, StreamRefused
from sandbox.telnyx.commands import TelnyxCall
from sandbox.telnyx.dialect import dialect
from sandbox.telnyx.events import event_hook, new_event
from sandbox.webhooks import Outbox
from sandbox.world import World

DEFAULT_HANGUP_AFTER_S = 1.0
_FINAL = {
    "call_rejected": "failed",
    "user_busy": "busy",
    "originator_cancel": "canceled",
    "unspecified": "failed",
}


class InboundCall:
    """One call to a Telnyx number, from `call.initiated` to `call.hangup`."""

    def __init__(
        self, world: World, account: Account, application: Resource | None, call: TelnyxCall
    ) -> None:
        self._world = world
        self._account = account
        self._application = application
        self._call = call
        self._outbox = Outbox(world, call)
        self._stream: asyncio.Task[None] | None = None
        self._hangup = ("normal_clearing", "caller")

    async def play(self) -> None:
        """Run the call to its end."""
        if self._application is None:
            self._call.outcome = "application_error"
            self._call.note(
                "application_error", "The number has no connection_id: nobody is asked to answer"
            )
            self._end("carrier", "unspecified", "unknown")
        else:
            self._warn_of_old_webhooks(self._application)
            self._event("call.initiated", **self._ringing())
            await self._wait_for_first_command()
            await self._live()
        if self._stream is not None:
            await self._stream
        self._report_end()
        await self._outbox.drain()

    def _report_end(self) -> None:
        answered = self._call.answered is not None
        cause, source = self._hangup
        self._call.close("completed" if answered else _FINAL.get(cause, "canceled"))
        self._call.note(
            "hung_up",
            f"The call is over ({cause}), ended by the {self._call.hung_up_by}",
            by=self._call.hung_up_by,
            status=self._call.status,
            cause=cause,
        )
        self._event(
            "call.hangup",
            state="hangup",
            hangup_cause=cause,
            hangup_source=source,
            sip_hangup_cause="200" if answered else "487",
            start_time=self._call.started_at,
        )

    def _warn_of_old_webhooks(self, application: Resource) -> None:
        if application.body.get("webhook_api_version") != "2":
            self._call.note(
                "warning",
                "The application asks for webhook_api_version 1; the sandbox sends version 2 only",
            )

    async def _wait_for_first_command(self) -> None:
        """Let the caller wait for an answer as long as he is willing to."""
        body = self._application.body if self._application else {}
        limit = self._world.settings.first_command_timeout_s
        if body.get("first_command_timeout"):
            limit = min(limit, float(body.get("first_command_timeout_secs") or limit))
        if not await self._obey_next(limit):
            self._end("caller", "originator_cancel", "caller")
            self._call.note("unanswered", f"No command within {limit:g} s: the caller gives up")

    async def _live(self) -> None:
        """Obey commands until somebody hangs up."""
        while not self._call.over.is_set():
            if not await self._obey_next(self._patience()):
                self._end("caller", "normal_clearing", "caller")

    def _patience(self) -> float:
        if self._stream is not None and not self._stream.done():
            # The stream ends the call itself when the caller has had enough.
            return self._world.settings.call_limit_s
        if self._call.plan.hangup_after_s is not None:
            return self._call.plan.hangup_after_s
        return self._world.settings.caller_patience_s

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
                self._start_stream(body)
            case "streaming_start":
                self._start_stream(body)
            case "speak":
                self._speak(body)
            case "transfer":
                self._transfer(body)
            case "reject":
                cause = {"USER_BUSY": "user_busy"}.get(body["cause"], "call_rejected")
                self._call.outcome = "rejected"
                self._end("assistant", cause, "callee")
            case "hangup":
                self._end("assistant", "normal_clearing", "callee")
            case _:
                self._call.note(
                    "command_passed", f"{action} is noted, the sandbox does not play it"
                )

    def _end(self, by: str, cause: str, source: str) -> None:
        self._hangup = (cause, source)
        self._call.hang_up(by)

    def _speak(self, body: dict[str, Any]) -> None:
        sentence = str(body["payload"])
        self._call.said.append(sentence)
        if self._call.outcome == "unanswered":
            self._call.outcome = "spoken"
        self._event("call.speak.started")
        self._call.note("said", f"The caller hears: {sentence}", sentence=sentence)
        self._event("call.speak.ended", status="completed")

    def _transfer(self, body: dict[str, Any]) -> None:
        """Connect the caller to a human; the new leg has events of its own."""
        target = str(body["to"])
        self._call.outcome = "dialled"
        self._call.note("dialled", f"The caller is connected to {target}", to=[target])
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

    async def _run_stream(self, body: dict[str, Any]) -> None:
        url, stream_id = str(body["stream_url"]), ids.uuid()
        stream = MediaStream(self._call, url, dialect(self._call, self._account, stream_id, body))
        try:
            self._event("streaming.started", stream_id=stream_id, stream_url=url)
            await stream.run(self._call.plan.hangup_after_s or DEFAULT_HANGUP_AFTER_S)
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
        if stream.findings["closed_by"] == "carrier" and not self._call.over.is_set():
            self._end("caller", "normal_clearing", "caller")

    def _ringing(self) -> dict[str, Any]:
        return {
            "direction": "incoming",
            "state": "parked",
            "caller_id_name": self._call.from_,
            "start_time": self._call.started_at,
            "offered_codecs": "PCMU,PCMA,G722",
            "shaken_stir_attestation": "A",
            "shaken_stir_validated": True,
        }

    def _event(self, event_type: str, **extra: Any) -> None:
        """Queue an event for the application's URL, three attempts, then its failover URL."""
        application = self._application
        if application is None:
            return
        event = new_event(event_type, self._common(application) | extra)
        targets = ("webhook_event_url", "webhook_event_failover_url")
        urls = [application.body.get(name) for name in targets]
        limit = application.body.get("webhook_timeout_secs")
        limit_s = float(limit or self._world.settings.telnyx_webhook_limit_s)
        self._outbox.post(event_hook(self._account, event, urls, limit_s))

    def _common(self, application: Resource) -> dict[str, Any]:
        common = {
            "call_control_id": self._call.carrier_call_id,
            "call_leg_id": self._call.leg_id,
            "call_session_id": self._call.session_id,
            "connection_id": application.id,
            "from": self._call.from_,
            "to": self._call.to,
        }
        state = self._call.client_state
        return common | ({"client_state": state} if state else {})
