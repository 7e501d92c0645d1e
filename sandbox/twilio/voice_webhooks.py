"""Make and sign the requests Twilio sends about a call."""

import asyncio
from urllib.parse import urldefrag, urlencode

import httpx

from sandbox import ids
from sandbox.books import Account, OwnedNumber
from sandbox.signing import twilio_signature
from sandbox.transcript import Call
from sandbox.twilio.rest import API_VERSION
from sandbox.webhooks import Answered, Hook, Outbox
from sandbox.world import World

# Blank, but present and signed: what a verifier that drops blank values stumbles over.
_PLACES = ("City", "State", "Zip")
_BILLING_UNIT_S = 60


class VoiceWebhooks:
    """The webhooks of one inbound call."""

    def __init__(self, world: World, account: Account, number: OwnedNumber, call: Call) -> None:
        self._world = world
        self._account = account
        self._number = number
        self._call = call
        self._outbox = Outbox(world, call)

    async def ask(
        self, event: str, url: str, method: str, extra: dict[str, str] | None = None
    ) -> Answered:
        """Ask a URL what to do."""
        params = self._params(self._call.status) | (extra or {})
        return await self._outbox.send(self._hook(event, url, method, params, asks=True))

    async def report_end(self) -> None:
        """Tell the number's status callback how the call ended."""
        url = self._number.config.get("status_callback")
        if url:
            method = str(self._number.config.get("status_callback_method") or "POST")
            hook = self._hook(self._call.status, str(url), method, self._end_params())
            await self._outbox.send(hook)
        await self._outbox.drain()

    async def report_stream(self, url: str, params: dict[str, str]) -> None:
        """Tell a stream's status callback what became of it."""
        stream_sid = "MZ" + self._call.carrier_call_id.removeprefix("CA")
        call = {
            "CallSid": self._call.carrier_call_id,
            "AccountSid": self._account.id,
            "StreamSid": stream_sid,
        }
        await self._outbox.send(self._hook(params["StreamEvent"], url, "POST", call | params))

    def _end_params(self) -> dict[str, str]:
        seconds = self._call.duration_s
        return self._params(self._call.status) | {
            "CallDuration": str(seconds),
            "Duration": str(-(-seconds // _BILLING_UNIT_S)),
            "CallbackSource": "call-progress-events",
            "Timestamp": ids.rfc2822(),
            "SequenceNumber": "0",
        }

    def _params(self, status: str) -> dict[str, str]:
        call = self._call
        params = {
            "CallSid": call.carrier_call_id,
            "AccountSid": self._account.id,
            "From": call.from_,
            "To": call.to,
            "Caller": call.from_,
            "Called": call.to,
            "CallStatus": status,
            "Direction": "inbound",
            "ApiVersion": API_VERSION,
        }
        for side in ("From", "To", "Caller", "Called"):
            params |= {side + place: "" for place in _PLACES}
            params[side + "Country"] = self._number.country
        return params

    def _hook(
        self, event: str, url: str, method: str, params: dict[str, str], asks: bool = False
    ) -> Hook:
        token = ids.uuid()  # the same in a duplicate: that is how one is recognised

        def build(target: str, attempt: int, fault: str | None) -> httpx.Request:
            return self._request(target, method, params, token, fault)

        limit = self._world.settings.twilio_webhook_limit_s
        # The fragment holds connection settings; it is neither sent nor signed.
        return Hook("twilio", event, [urldefrag(url).url], limit, build, asks)

    def _request(
        self, url: str, method: str, params: dict[str, str], token: str, fault: str | None
    ) -> httpx.Request:
        headers = {"I-Twilio-Idempotency-Token": token, "User-Agent": "TwilioProxy/1.1"}
        form: dict[str, str] = params
        if method == "GET":
            url += ("&" if "?" in url else "?") + urlencode(params)
            form = {}
        secret = self._account.credentials["auth_token"]
        signature = twilio_signature(secret, url, form)
        if fault == "bad_signature":
            signature = twilio_signature("somebody else's token", url, form)
        if fault != "unsigned":
            headers["X-Twilio-Signature"] = signature
        if method == "GET":
            return httpx.Request("GET", url, headers=headers)
        headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        return httpx.Request("POST", url, headers=headers, content=urlencode(form))


class StreamReports:
    """What a <Stream statusCallback> is told, in order, while the stream goes on."""

    def __init__(self, hooks: VoiceWebhooks, url: str | None) -> None:
        self._hooks = hooks
        self._url = url
        self._last: asyncio.Task[None] | None = None

    def tell(self, event: str, error: str = "") -> None:
        """Report an event after the ones before it; nobody waits for the answer."""
        if self._url:
            params = {"StreamEvent": event, "StreamError": error, "Timestamp": ids.iso()}
            self._last = asyncio.create_task(self._after(self._last, self._url, params))

    async def _after(
        self, earlier: asyncio.Task[None] | None, url: str, params: dict[str, str]
    ) -> None:
        if earlier:
            await earlier
        await self._hooks.report_stream(url, params)

    async def delivered(self) -> None:
        """Wait until everything was told."""
        if self._last:
            await self._last
