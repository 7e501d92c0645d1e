"""Play an outbound call at Telnyx: ring the far end, send events, obey commands."""

import asyncio
import time

from sandbox.books import Account, Resource
from sandbox.far_end import Ending, FarEnd
from sandbox.telnyx.commands import TelnyxCall
from sandbox.telnyx.leg import Leg, destination
from sandbox.telnyx.machines import findings
from sandbox.world import World

DEFAULT_TIMEOUT_S = 30
_CAUSES = {
    "486": "user_busy",
    "603": "call_rejected",
    "480": "no_answer",
    "487": "timeout",
    "404": "not_found",
    "503": "unspecified",
    "408": "unspecified",
}
# Telnyx's own code for a connection without an outbound voice profile.
NO_VOICE_PROFILE = "D38"


class OutboundCall(Leg):
    """One call that was dialled over REST, from `call.initiated` to `call.hangup`."""

    def __init__(
        self,
        world: World,
        account: Account,
        application: Resource,
        call: TelnyxCall,
        far_end: FarEnd,
    ) -> None:
        super().__init__(
            world, account, destination(application, world.settings, call.dialled), call
        )
        outbound = application.body.get("outbound") or {}
        self._may_dial = bool(outbound.get("outbound_voice_profile_id"))
        self._far_end = far_end

    async def play(self) -> None:
        """Run the call to its end."""
        self._event(
            "call.initiated",
            direction="outgoing",
            state="bridging",
            start_time=self._call.started_at,
        )
        self._call.status = "ringing"
        if not self._may_dial:
            text = "The application has no outbound voice profile: Telnyx does not dial"
            self._call.note("not_dialled", text, sip_hangup_cause=NO_VOICE_PROFILE)
            self._end("carrier", "call_rejected", NO_VOICE_PROFILE)
        elif await self._ring():
            await self._talk()
        await self._finish()

    async def _ring(self) -> bool:
        """Let it ring, and hear commands meanwhile; tell whether somebody answered."""
        if self._far_end.rings:
            self._call.note("ringing", f"The phone of {self._call.to} rings")
        settings = self._world.settings
        rings_s, ending = self._far_end.ring(
            float(self._call.dialled.get("timeout_secs") or DEFAULT_TIMEOUT_S),
            settings.far_end_answers_after_s,
            settings.longest_ring_s,
        )
        until = time.monotonic() + rings_s
        while not self._call.over.is_set():
            if not await self._obey_next(max(0.0, until - time.monotonic())):
                break
        if self._call.over.is_set():
            return False
        if ending is not None:
            self._refuse(ending)
        return ending is None

    def _refuse(self, ending: Ending) -> None:
        cause = _CAUSES[ending.sip_code]
        self._call.note("not_answered", ending.text, cause=cause)
        by = "carrier" if cause == "timeout" else self._call.far_side
        self._end(by, cause, ending.sip_code)

    async def _talk(self) -> None:
        dialled = self._call.dialled
        self._call.pick_up()
        self._call.note("answered", f"{self._call.to} answers ({self._far_end.answered_by})")
        self._event("call.answered", state="answered", start_time=self._call.started_at)
        if self._far_end.behaviour == "answer_and_hang_up":
            self._end(self._call.far_side, "normal_clearing")
            return
        self._beside.append(self._world.begin(self._detect()))
        self._start_stream(dialled)
        limit = asyncio.get_running_loop().call_later(
            float(dialled.get("time_limit_secs") or self._world.settings.call_limit_s),
            self._end,
            "carrier",
            "time_limit",
        )
        try:
            await self._live()
        finally:
            limit.cancel()

    async def _detect(self) -> None:
        """Tell what answering-machine detection found, each after a while."""
        mode = self._call.dialled.get("answering_machine_detection", "disabled")
        for event_type, result in findings(mode, self._far_end.answered_by):
            try:
                async with asyncio.timeout(self._world.settings.machine_detection_s):
                    await self._call.over.wait()
                return
            except TimeoutError:
                self._call.note("machine_detection", f"{event_type}: {result}", result=result)
                self._event(event_type, result=result)
