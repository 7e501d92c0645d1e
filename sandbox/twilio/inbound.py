"""Play an inbound call at Twilio: ask the voice URL, obey its TwiML, report the end."""

import asyncio
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from sandbox.books import Account, OwnedNumber
from sandbox.media import MediaStream, StreamRefused
from sandbox.transcript import Call
from sandbox.twilio import twiml
from sandbox.twilio.dialect import dialect
from sandbox.twilio.voice_webhooks import StreamReports, VoiceWebhooks
from sandbox.webhooks import Answered
from sandbox.world import World

DEFAULT_HANGUP_AFTER_S = 1.0
_MOST_DOCUMENTS = 10


class _Finished(Exception):
    """The call is over; nothing of the document is obeyed any more."""


class InboundCall:
    """One call to a Twilio number, from the first ring to the status callback."""

    def __init__(self, world: World, account: Account, number: OwnedNumber, call: Call) -> None:
        self._world = world
        self._account = account
        self._number = number
        self._call = call
        self._hooks = VoiceWebhooks(world, account, number, call)
        self._documents = 0

    async def play(self) -> None:
        """Run the call to its end."""
        try:
            await self._ask_and_obey()
            self._call.hang_up("assistant")
        except _Finished:
            pass
        answered = self._call.answered is not None
        rejected = {"rejected": "busy", "application_error": "failed"}
        final = "completed" if answered else rejected.get(self._call.outcome, "no-answer")
        self._call.close(final)
        self._call.note(
            "hung_up",
            f"The call is over ({final}), ended by the {self._call.hung_up_by}",
            by=self._call.hung_up_by,
            status=final,
        )
        await self._hooks.report_end()

    async def _ask_and_obey(self) -> None:
        answered = await self._hooks.ask("voice", self._config("voice_url"), self._method("voice"))
        try:
            document = self._readable(answered)
        except twiml.BadTwiml as error:
            answered = await self._ask_fallback(answered, error)
            try:
                document = self._readable(answered)
            except twiml.BadTwiml as second:
                self._fail(f"The fallback failed too ({second})")
        await self._obey(document, answered.url)

    async def _ask_fallback(self, answered: Answered, error: twiml.BadTwiml) -> Answered:
        self._call.note("webhook_failed", f"Twilio warning {error}", code=error.code)
        url = self._config("voice_fallback_url")
        if not url:
            self._fail("There is no fallback URL")
        extra = {"ErrorCode": str(error.code), "ErrorUrl": answered.url}
        return await self._hooks.ask("voice_fallback", url, self._method("voice_fallback"), extra)

    def _readable(self, answered: Answered) -> list[Element]:
        if not answered.is_ok:
            reason = answered.problem or f"HTTP {answered.status}"
            raise twiml.BadTwiml(11200, f"HTTP retrieval failure: {reason}")
        verbs = twiml.parse(answered.body, answered.content_type)
        names = [verb.tag for verb in verbs]
        self._call.note("answer", f"TwiML: {', '.join(names) or 'empty'}", verbs=names)
        return verbs

    def _fail(self, reason: str) -> None:
        self._call.outcome = "application_error"
        self._call.pick_up()
        self._call.note(
            "application_error",
            f"{reason}: the caller hears “an application error has occurred”",
        )
        self._call.hang_up("carrier")
        raise _Finished

    def _config(self, name: str) -> str:
        return str(self._number.config.get(name) or "")

    def _method(self, name: str) -> str:
        return str(self._number.config.get(f"{name}_method") or "POST")

    async def _obey(self, verbs: list[Element], base: str) -> None:
        for position, verb in enumerate(verbs):
            if verb.tag == "Reject" and position == 0:
                self._reject(verb)
            if verb.tag not in ("Reject", "Pause"):
                self._call.pick_up()
            await self._obey_one(verb, base)

    async def _obey_one(self, verb: Element, base: str) -> None:
        match verb.tag:
            case "Say":
                self._say(verb)
            case "Connect":
                await self._connect(verb)
            case "Dial":
                self._dial(verb)
            case "Pause":
                await self._pause(float(verb.get("length", "1")))
            case "Hangup":
                self._call.hang_up("assistant")
                raise _Finished
            case "Redirect":
                await self._follow(urljoin(base, (verb.text or "").strip()), verb)
            case _:
                self._call.note(
                    "verb_passed", f"<{verb.tag}> is noted, the sandbox does not play it"
                )
        if verb.get("action") and verb.tag in ("Connect", "Dial"):
            await self._follow(urljoin(base, verb.get("action", "")), verb)

    def _reject(self, verb: Element) -> None:
        reason = verb.get("reason", "rejected")
        self._call.outcome = "rejected"
        self._call.note("rejected", f"The call was refused ({reason})", reason=reason)
        self._call.hang_up("assistant")
        raise _Finished

    def _say(self, verb: Element) -> None:
        sentence = " ".join("".join(verb.itertext()).split())
        self._call.said.append(sentence)
        if self._call.outcome == "unanswered":
            self._call.outcome = "spoken"
        self._call.note("said", f"The caller hears: {sentence}", sentence=sentence)

    def _dial(self, verb: Element) -> None:
        targets = [(part.text or "").strip() for part in verb] or [(verb.text or "").strip()]
        self._call.outcome = "dialled"
        self._call.note("dialled", f"The caller is connected to {', '.join(targets)}", to=targets)

    async def _pause(self, length_s: float) -> None:
        limit = self._call.plan.hangup_after_s or DEFAULT_HANGUP_AFTER_S
        await asyncio.sleep(min(length_s, limit))

    async def _connect(self, verb: Element) -> None:
        stream = verb.find("Stream")
        if stream is None:
            self._call.note("verb_passed", "<Connect> without <Stream> is not played here")
            return
        url = stream.get("url", "")
        reports = StreamReports(self._hooks, stream.get("statusCallback"))
        try:
            if "?" in url:
                raise StreamRefused("Twilio takes no query string in a stream URL: use <Parameter>")
            await MediaStream(self._call, url, dialect(self._call, self._account, stream, url)).run(
                self._call.plan.hangup_after_s or DEFAULT_HANGUP_AFTER_S,
                opened=lambda: reports.tell("stream-started"),
            )
        except StreamRefused as error:
            self._call.note("stream_failed", f"Twilio error 31920: {error}", url=url)
            reports.tell("stream-error", str(error))
            await reports.delivered()
            return
        reports.tell("stream-stopped")
        await reports.delivered()
        self._call.outcome = "streamed"
        if self._call.streams[-1]["closed_by"] == "carrier":
            self._call.hang_up("caller")
        if self._call.over.is_set():
            raise _Finished

    async def _follow(self, url: str, verb: Element) -> None:
        self._documents += 1
        if self._documents > _MOST_DOCUMENTS:
            self._fail("The TwiML redirects without end")
        answered = await self._hooks.ask("voice", url, verb.get("method", "POST"))
        try:
            verbs = self._readable(answered)
        except twiml.BadTwiml as error:
            self._fail(f"Twilio warning {error}")
        await self._obey(verbs, url)
        self._call.hang_up("assistant")
        raise _Finished
