"""Play an outbound call at Twilio: ring the far end, report its progress, obey the TwiML."""

import asyncio

from sandbox import ids
from sandbox.books import Account
from sandbox.far_end import Ending, FarEnd
from sandbox.twilio import recordings
from sandbox.twilio.call import TwilioCall, entry_of
from sandbox.twilio.player import TwimlPlayer
from sandbox.twilio.rest import API_VERSION
from sandbox.twilio.voice_webhooks import VoiceWebhooks
from sandbox.world import World

DEFAULT_TIMEOUT_S = 60
EVENT_STATUS = {"initiated": "initiated", "ringing": "ringing", "answered": "in-progress"}


class OutboundCall:
    """One call that was dialled over REST, from the queue to the last status callback."""

    def __init__(self, world: World, account: Account, call: TwilioCall, far_end: FarEnd) -> None:
        self._world = world
        self._call = call
        self._far_end = far_end
        self._form = call.dialled
        self._hooks = VoiceWebhooks(world, account, call)
        self._player = TwimlPlayer(account, call, self._hooks)
        self._told = 0
        self._sip_code = "200"
        self._recording_sid = ids.sid("RE") if self._form.get("Record") == "true" else None

    async def play(self) -> None:
        """Run the call to its end."""
        self._progress("initiated")
        if self._far_end.rings:
            self._call.status = "ringing"
            self._call.note("ringing", f"The phone of {self._call.to} rings")
            self._progress("ringing")
        final = await self._ring()
        if final is None:
            await self._talk()
            final = "completed"
        self._end(final)
        await self._hooks.drain()

    async def _ring(self) -> str | None:
        """Return the final status of a call that nobody answered, None for an answered one."""
        settings = self._world.settings
        rings_s, ending = self._far_end.ring(
            float(self._form.get("Timeout") or DEFAULT_TIMEOUT_S),
            settings.far_end_answers_after_s,
            settings.longest_ring_s,
        )
        try:
            async with asyncio.timeout(rings_s):
                await self._call.over.wait()
        except TimeoutError:
            return self._refuse(ending) if ending else None
        self._sip_code = "487"
        return "canceled"

    def _refuse(self, ending: Ending) -> str:
        self._sip_code = ending.sip_code
        self._call.note("not_answered", ending.text, sip_code=ending.sip_code)
        self._call.hang_up(self._call.far_side)
        return ending.status

    async def _talk(self) -> None:
        self._call.pick_up()
        self._call.note("answered", f"{self._call.to} answers ({self._far_end.answered_by})")
        self._progress("answered")
        self._report_recording("in-progress")
        if self._far_end.behaviour == "answer_and_hang_up":
            self._call.hang_up(self._call.far_side)
        limit = asyncio.get_running_loop().call_later(
            float(self._form.get("TimeLimit") or self._world.settings.call_limit_s),
            self._call.hang_up,
            "carrier",
        )
        try:
            await self._detect_and_obey()
        finally:
            limit.cancel()

    async def _detect_and_obey(self) -> None:
        detects = self._form.get("MachineDetection") in ("Enable", "DetectMessageEnd")
        if not detects or self._form.get("SendDigits"):
            await self._player.play(entry_of(self._form))
        elif self._form.get("AsyncAmd") == "true":
            detecting = self._world.begin(self._detect_beside())
            await self._player.play(entry_of(self._form))
            await detecting
        else:
            took = await self._detect()
            await self._player.play(entry_of(self._form), **took)

    async def _detect(self) -> dict[str, str]:
        """Listen to who has answered; return what the result adds to a webhook."""
        seconds = self._world.settings.machine_detection_s
        who = self._far_end.answered_by
        if who == "machine":
            to_the_beep = self._form["MachineDetection"] == "DetectMessageEnd"
            who = "machine_end_beep" if to_the_beep else "machine_start"
        try:
            async with asyncio.timeout(seconds):
                await self._call.over.wait()
            who = "unknown"
        except TimeoutError:
            pass
        self._call.answered_by = who
        self._call.note("machine_detection", f"Machine detection says: {who}", answered_by=who)
        return {"AnsweredBy": who, "MachineDetectionDuration": str(round(seconds * 1000))}

    async def _detect_beside(self) -> None:
        found = await self._detect()
        url = self._form.get("AsyncAmdStatusCallback")
        if url:
            method = self._form.get("AsyncAmdStatusCallbackMethod", "POST")
            self._hooks.tell("amd", url, method, self._hooks.identity() | found)

    def _end(self, final: str) -> None:
        call = self._call
        call.close(final)
        text = f"The call is over ({final}), ended by the {call.hung_up_by}"
        call.note("hung_up", text, by=call.hung_up_by, status=final)
        extra = self._hooks.lasted() | {"SipResponseCode": self._sip_code}
        if self._recording_sid and call.answered is not None:
            extra |= self._recording()
        self._progress("completed", extra)
        self._report_recording("completed")
        recordings.report(call, self._hooks)

    def _progress(self, event: str, extra: dict[str, str] | None = None) -> None:
        """Tell the status callback, when it wants to hear of this event."""
        status = EVENT_STATUS.get(event, self._call.status)
        self._call.status = status
        url = self._form.get("StatusCallback")
        if not url or event not in _events(self._form.get("StatusCallbackEvent"), "completed"):
            return
        params = self._hooks.progress(self._told) | (extra or {})
        self._hooks.tell(status, url, self._form.get("StatusCallbackMethod", "POST"), params)
        self._told += 1

    def _recording(self) -> dict[str, str]:
        sid = self._recording_sid or ""
        account = self._call.account
        return {
            "RecordingSid": sid,
            "RecordingUrl": f"https://api.twilio.com/{API_VERSION}/Accounts/{account}/Recordings/{sid}",
            "RecordingDuration": str(self._call.duration_s),
        }

    def _report_recording(self, status: str) -> None:
        url = self._form.get("RecordingStatusCallback")
        wanted = _events(self._form.get("RecordingStatusCallbackEvent"), "completed")
        recorded = self._recording_sid and self._call.answered is not None
        if not url or not recorded or status not in wanted:
            return
        dual = self._form.get("RecordingChannels") == "dual"
        params = self._hooks.identity() | self._recording()
        params |= {
            "RecordingStatus": status,
            "RecordingChannels": "2" if dual else "1",
            "RecordingSource": "OutboundAPI",
            "RecordingTrack": self._form.get("RecordingTrack", "both"),
            "RecordingStartTime": ids.rfc2822(self._call.started_at),
        }
        method = self._form.get("RecordingStatusCallbackMethod", "POST")
        self._hooks.tell("recording", url, method, params)


def _events(asked: str | list[str] | None, default: str) -> list[str]:
    """Read a repeated field; some send one field with the names parted by spaces."""
    names = asked if isinstance(asked, list) else (asked or default).split()
    return list(names)
