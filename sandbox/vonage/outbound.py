"""Play an outbound call at Vonage: ring the far end, tell how it goes, obey the NCCO."""

import asyncio
import json
from typing import Any

from sandbox.books import Account, Resource
from sandbox.far_end import Ending, FarEnd
from sandbox.vonage.call import NETWORK, RATE, Script, VonageCall
from sandbox.vonage.callbacks import CallWebhooks, timestamp
from sandbox.vonage.machines import Detection, detection
from sandbox.vonage.ncco import BadNcco, check
from sandbox.vonage.player import NccoPlayer
from sandbox.world import World

DEFAULT_TIMEOUT_S = 60
# How a call that nobody answered is told, by the SIP code of its end.
_WORDS: dict[str, tuple[str, dict[str, str]]] = {
    "486": ("busy", {}),
    "603": ("rejected", {"detail": "declined"}),
    "480": ("unanswered", {"detail": "unavailable"}),
    "487": ("timeout", {}),
    "404": ("rejected", {"detail": "invalid_number"}),
    "503": ("failed", {"detail": "cannot_route"}),
}


class OutboundCall:
    """One call that was dialled over REST, from `started` to the last event."""

    def __init__(
        self,
        world: World,
        account: Account,
        application: Resource,
        call: VonageCall,
        far_end: FarEnd,
    ) -> None:
        self._world = world
        self._call = call
        self._far_end = far_end
        self._hooks = CallWebhooks(world, account, application, call)
        self._player = NccoPlayer(call, self._hooks)
        self._detection = detection(call.dialled)
        self._sip_code = "200"

    async def play(self) -> None:
        """Run the call to its end."""
        self._hooks.tell("started")
        self._call.status = "ringing"
        self._call.note("ringing", f"The phone of {self._call.to} rings")
        self._hooks.tell("ringing")
        final = await self._ring()
        if final is None:
            await self._talk()
            final = "completed"
        self._end(final)
        for action in self._player.recorded:
            self._hooks.tell_of_recording(action)
        await self._hooks.drain()

    async def _ring(self) -> str | None:
        """Return the final status of a call that nobody answered, None for an answered one."""
        settings = self._world.settings
        rings_s, ending = self._far_end.ring(
            float(self._call.dialled.get("ringing_timer") or DEFAULT_TIMEOUT_S),
            settings.far_end_answers_after_s,
            settings.longest_ring_s,
        )
        try:
            async with asyncio.timeout(rings_s):
                await self._call.over.wait()
        except TimeoutError:
            return self._refuse(ending) if ending else None
        self._sip_code = "487"
        self._hooks.tell("cancelled")
        return "canceled"

    def _refuse(self, ending: Ending) -> str:
        self._sip_code = ending.sip_code
        self._call.note("not_answered", ending.text, sip_code=ending.sip_code)
        self._call.hang_up(self._call.far_side)
        word, extra = _WORDS[ending.sip_code]
        self._hooks.tell(word, **extra)
        return ending.status

    async def _talk(self) -> None:
        dialled = self._call.dialled
        self._call.pick_up()
        self._call.note("answered", f"{self._call.to} answers ({self._far_end.answered_by})")
        self._hooks.tell("answered", start_time=timestamp(), rate=RATE, network=NETWORK)
        if self._far_end.behaviour == "answer_and_hang_up":
            self._call.hang_up(self._call.far_side)
        limit = asyncio.get_running_loop().call_later(
            float(dialled.get("length_timer") or self._world.settings.call_limit_s),
            self._call.hang_up,
            "carrier",
        )
        try:
            await self._detect_and_obey(self._script())
        finally:
            limit.cancel()

    def _script(self) -> Script:
        dialled = self._call.dialled
        if dialled.get("ncco") is not None:
            return Script(ncco=dialled["ncco"])
        return Script(dialled["answer_url"][0], dialled.get("answer_method", "GET"))

    async def _detect_and_obey(self, script: Script) -> None:
        wanted = self._detection
        if wanted is None:
            await self._player.play(script)
        elif wanted.comes_first:
            await self._detect(wanted)
            await self._player.play(self._call.take_detour() or script)
        else:
            detecting = self._world.begin(self._detect(wanted))
            await self._player.play(script)
            await detecting

    async def _detect(self, wanted: Detection) -> None:
        """Tell who has answered, each finding after a while; the reply may be a new NCCO."""
        for status, extra in wanted.findings(self._far_end.answered_by):
            try:
                async with asyncio.timeout(self._world.settings.machine_detection_s):
                    await self._call.over.wait()
                return
            except TimeoutError:
                pass
            text = f"Machine detection says: {status}"
            self._call.note("machine_detection", text, result=status, **extra)
            answered = await self._hooks.ask_about(status, self._hooks.machine(status, **extra))
            if status == "machine" and wanted.behavior == "hangup":
                self._call.hang_up("carrier")
                return
            if answered.is_ok:
                self._replace(answered.body)

    def _replace(self, reply: str) -> None:
        """Take an NCCO out of a reply; most replies hold none."""
        try:
            actions: Any = check(json.loads(reply or "null"))
        except (ValueError, BadNcco):
            return
        if actions:
            self._call.redirect(Script(ncco=actions))

    def _end(self, final: str) -> None:
        call = self._call
        call.close(final)
        text = f"The call is over ({final}), ended by the {call.hung_up_by}"
        call.note("hung_up", text, by=call.hung_up_by, status=final)
        if final == "completed":
            call.word = "completed"
        # After the others `completed` comes too.
        if call.word != "rejected":
            self._hooks.tell_end(self._sip_code)
