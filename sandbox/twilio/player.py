"""Obey TwiML: ask for it, play its verbs, follow where it leads."""

from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from sandbox.books import Account
from sandbox.media import MediaStream, StreamRefused
from sandbox.twilio import recordings, twiml
from sandbox.twilio.call import Entry, TwilioCall
from sandbox.twilio.dialect import dialect
from sandbox.twilio.voice_webhooks import StreamReports, VoiceWebhooks
from sandbox.webhooks import Answered

_MOST_DOCUMENTS = 10


class _Finished(Exception):
    """The call is over; nothing of the document is obeyed any more."""


class _Detour(Exception):
    """Other instructions came over REST; the rest of the document is not obeyed."""


class TwimlPlayer:
    """Plays the instructions of one call."""

    def __init__(self, account: Account, call: TwilioCall, hooks: VoiceWebhooks) -> None:
        self._account = account
        self._call = call
        self._hooks = hooks
        self._documents = 0

    async def play(self, entry: Entry, **extra: str) -> None:
        """Obey the instructions, and those that replace them, until the call is over.

        `extra` are further parameters of the first question.
        """
        waiting: Entry | None = entry
        try:
            while waiting is not None:
                try:
                    await self._ask_and_obey(waiting, extra)
                except _Detour:
                    self._call.note("redirected", "Other instructions came over REST")
                waiting = self._call.take_detour()
            self._call.hang_up("assistant")
        except _Finished:
            pass

    async def _ask_and_obey(self, entry: Entry, extra: dict[str, str]) -> None:
        answered = await self._instructions(entry, extra)
        try:
            document = self._readable(answered)
        except twiml.BadTwiml as error:
            answered = await self._ask_fallback(entry, answered, error)
            try:
                document = self._readable(answered)
            except twiml.BadTwiml as second:
                self._fail(f"The fallback failed too ({second})")
        await self._obey(document, answered.url)

    async def _instructions(self, entry: Entry, extra: dict[str, str]) -> Answered:
        if entry.twiml is not None:
            return Answered("", 200, entry.twiml, "text/xml", "")
        return await self._hooks.ask("voice", entry.url, entry.method, extra)

    async def _ask_fallback(
        self, entry: Entry, answered: Answered, error: twiml.BadTwiml
    ) -> Answered:
        self._call.note("webhook_failed", f"Twilio warning {error}", code=error.code)
        if not entry.fallback_url:
            self._fail("There is no fallback URL")
        extra = {"ErrorCode": str(error.code), "ErrorUrl": answered.url}
        return await self._hooks.ask(
            "voice_fallback", entry.fallback_url, entry.fallback_method, extra
        )

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
            f"{reason}: the {self._call.far_side} hears “an application error has occurred”",
        )
        self._call.hang_up("carrier")
        raise _Finished

    async def _obey(self, verbs: list[Element], base: str) -> None:
        for position, verb in enumerate(verbs):
            self._go_on()
            if verb.tag == "Reject" and position == 0 and self._call.answered is None:
                self._reject(verb)
            if verb.tag not in ("Reject", "Pause"):
                self._call.pick_up()
            await self._obey_one(verb, base)
        self._go_on()

    def _go_on(self) -> None:
        if self._call.over.is_set():
            raise _Finished
        if self._call.interrupted.is_set():
            raise _Detour

    async def _obey_one(self, verb: Element, base: str) -> None:
        match verb.tag:
            case "Say":
                self._say(verb)
            case "Connect":
                await self._connect(verb)
            case "Start":
                recordings.begin(self._call, verb)
            case "Dial":
                self._dial(verb)
            case "Pause":
                await self._call.pause(float(verb.get("length", "1")))
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
        self._call.hears(sentence)

    def _dial(self, verb: Element) -> None:
        targets = [(part.text or "").strip() for part in verb] or [(verb.text or "").strip()]
        self._call.outcome = "dialled"
        text = f"The {self._call.far_side} is connected to {', '.join(targets)}"
        self._call.note("dialled", text, to=targets)

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
                self._call.plan.talks_s,
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
        closed_by_carrier = self._call.streams[-1]["closed_by"] == "carrier"
        if closed_by_carrier and not self._call.interrupted.is_set():
            self._call.hang_up(self._call.far_side)
        self._go_on()

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
