"""Obey an NCCO: ask for it, play its actions one after the other, end the call."""

from typing import Any, NoReturn

from sandbox.media import MediaStream, StreamRefused
from sandbox.vonage import ncco
from sandbox.vonage.call import Script, VonageCall
from sandbox.vonage.callbacks import CallWebhooks, Leg
from sandbox.vonage.dialect import dialect
from sandbox.webhooks import Answered

_USUAL_WAIT_S = 10.0


class _Finished(Exception):
    """The call is over; nothing of the NCCO is obeyed any more."""


class _Detour(Exception):
    """Other instructions came; the rest of the NCCO is not obeyed."""


class NccoPlayer:
    """Plays the instructions of one call."""

    def __init__(self, call: VonageCall, hooks: CallWebhooks) -> None:
        self._call = call
        self._hooks = hooks
        self.recorded: list[dict[str, Any]] = []
        """The record actions, whose recordings are ready when the call is over."""

    async def play(self, script: Script) -> None:
        """Obey the instructions, and those that replace them, until the call is over."""
        waiting: Script | None = script
        try:
            while waiting is not None:
                try:
                    await self._obey(await self._read(waiting))
                except _Detour:
                    self._call.note("redirected", "Other instructions came")
                waiting = self._call.take_detour()
            self._call.hang_up("assistant")
        except _Finished:
            pass

    async def _read(self, script: Script) -> list[dict[str, Any]]:
        if script.moves:
            self._hooks.tell_of_move()
        if script.ncco is not None:
            return self._parsed(ncco.check(script.ncco))
        answered = await self._hooks.ask(script)
        try:
            return self._readable(answered)
        except ncco.BadNcco as error:
            return await self._ask_fallback(script, str(error))

    async def _ask_fallback(self, script: Script, reason: str) -> list[dict[str, Any]]:
        self._call.note("webhook_failed", f"Vonage cannot use the answer: {reason}")
        self._hooks.tell_problem(reason)
        answered = await self._hooks.ask_fallback(script, reason)
        if answered is None:
            self._fail(f"There is no fallback URL ({reason})")
        try:
            return self._readable(answered)
        except ncco.BadNcco as error:
            self._fail(f"The fallback failed too ({error})")

    def _readable(self, answered: Answered) -> list[dict[str, Any]]:
        if not answered.is_ok:
            raise ncco.BadNcco(answered.problem or f"HTTP status {answered.status}")
        return self._parsed(ncco.parse(answered.body))

    def _parsed(self, actions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        names = [action["action"] for action in actions]
        self._call.note("answer", f"NCCO: {', '.join(names) or 'empty'}", verbs=names)
        return actions

    def _fail(self, reason: str) -> NoReturn:
        self._call.outcome = "application_error"
        text = f"{reason}: the call of the {self._call.far_side} is ended"
        self._call.note("application_error", text)
        self._call.hang_up("carrier")
        raise _Finished

    async def _obey(self, actions: list[dict[str, Any]]) -> None:
        if not actions and self._call.answered is None:
            self._call.outcome = "rejected"
            self._call.note("rejected", "The NCCO is empty: the call is not answered")
        for action in actions:
            self._go_on()
            self.pick_up()
            await self._obey_one(action)
        self._go_on()

    def pick_up(self) -> None:
        """Answer the call, and tell so, unless that has happened."""
        if self._call.answered is None:
            self._call.pick_up()
            # Null in life too, for an inbound call.
            self._hooks.tell("answered", start_time=None, rate=None, network=None)

    def _go_on(self) -> None:
        if self._call.over.is_set():
            raise _Finished
        if self._call.interrupted.is_set():
            raise _Detour

    async def _obey_one(self, action: dict[str, Any]) -> None:
        match action["action"]:
            case "talk":
                self._call.hears(action["text"])
            case "connect":
                await self._connect(action)
            case "record":
                self.recorded.append(action)
                self._call.note("verb_passed", "record is noted; its event comes after the call")
            case "wait":
                await self._call.pause(float(action.get("timeout", _USUAL_WAIT_S)))
            case name:
                self._call.note("verb_passed", f"{name} is noted, the sandbox does not play it")

    async def _connect(self, action: dict[str, Any]) -> None:
        target = ncco.endpoint(action)
        event_url = next(iter(action.get("eventUrl", [])), None)
        if target["type"] == "websocket":
            await self._stream(target, Leg(target["uri"], event_url))
        else:
            self._dial(target, event_url)

    def _dial(self, target: dict[str, Any], event_url: str | None) -> None:
        """Connect the far end to somebody else, who answers at once and hangs up soon."""
        to = next(
            str(target[name]) for name in ("number", "uri", "extension", "user") if name in target
        )
        self._call.outcome = "dialled"
        shown = f"+{to}" if target["type"] == "phone" else to
        text = f"The {self._call.far_side} is connected to {shown}"
        self._call.note("dialled", text, to=[shown])
        leg = Leg(to, event_url)
        for status in ("started", "ringing", "answered", "completed"):
            self._hooks.tell_of_leg(leg, status)

    async def _stream(self, target: dict[str, Any], leg: Leg) -> None:
        url = target["uri"]
        self._hooks.tell_of_leg(leg, "started")
        try:
            await MediaStream(self._call, url, dialect(target, self._hooks.token())).run(
                self._call.plan.talks_s,
                opened=lambda: self._hooks.tell_of_leg(leg, "answered", start_time=None),
            )
        except StreamRefused as error:
            self._call.note("stream_failed", f"Websocket failed: {error}", url=url)
            self._hooks.tell_of_leg(leg, "failed", reason=str(error))
            return
        self._call.outcome = "streamed"
        closed_by_carrier = self._call.streams[-1]["closed_by"] == "carrier"
        if not closed_by_carrier:
            self._hooks.tell_of_leg(leg, "disconnected")
        self._hooks.tell_of_leg(leg, "completed")
        if closed_by_carrier and not self._call.interrupted.is_set():
            self._call.hang_up(self._call.far_side)
        self._go_on()
