"""Make and sign the requests Twilio sends about a call."""

import asyncio
from urllib.parse import urldefrag

import httpx

from sandbox import ids, inventory
from sandbox.books import Account
from sandbox.twilio.call import TwilioCall
from sandbox.twilio.rest import API_VERSION
from sandbox.twilio.signed import signed_request
from sandbox.webhooks import Answered, Hook, Outbox
from sandbox.world import World

# Blank, but present and signed: what a verifier that drops blank values stumbles over.
_PLACES = ("City", "State", "Zip")
_BILLING_UNIT_S = 60


class VoiceWebhooks:
    """The webhooks of one call."""

    def __init__(self, world: World, account: Account, call: TwilioCall) -> None:
        self._world = world
        self._account = account
        self._call = call
        self._outbox = Outbox(world, call)

    async def ask(
        self, event: str, url: str, method: str, extra: dict[str, str] | None = None
    ) -> Answered:
        """Ask a URL what to do."""
        params = self.params() | (extra or {})
        return await self._outbox.send(self._hook(event, url, method, params, asks=True))

    def tell(self, event: str, url: str, method: str, params: dict[str, str]) -> None:
        """Tell a URL something after what it was told before; nobody waits for the reply."""
        self._outbox.post(self._hook(event, url, method, params))

    async def drain(self) -> None:
        """Wait until everything was told."""
        await self._outbox.drain()

    async def report_stream(self, url: str, params: dict[str, str]) -> None:
        """Tell a stream's status callback what became of it."""
        stream_sid = "MZ" + self._call.carrier_call_id.removeprefix("CA")
        call = self.identity() | {"StreamSid": stream_sid}
        await self._outbox.send(self._hook(params["StreamEvent"], url, "POST", call | params))

    def identity(self) -> dict[str, str]:
        """Return the two parameters that every webhook about a call has."""
        return {"CallSid": self._call.carrier_call_id, "AccountSid": self._account.id}

    def progress(self, sequence: int) -> dict[str, str]:
        """Return the parameters of a status callback."""
        return self.params() | {
            "CallbackSource": "call-progress-events",
            "Timestamp": ids.rfc2822(),
            "SequenceNumber": str(sequence),
        }

    def lasted(self) -> dict[str, str]:
        """Return what only the last status callback can know."""
        seconds = self._call.duration_s
        minutes = -(-seconds // _BILLING_UNIT_S)
        return {"CallDuration": str(seconds), "Duration": str(minutes)}

    def params(self) -> dict[str, str]:
        """Return the call's own parameters, as they stand now."""
        call = self._call
        params = self.identity() | {
            "From": call.from_,
            "To": call.to,
            "Caller": call.from_,
            "Called": call.to,
            "CallStatus": call.status,
            "Direction": call.wording,
            "ApiVersion": API_VERSION,
        }
        if call.sip_headers is not None:
            params |= {"SipDomain": call.to.partition("@")[2], "SipCallId": call.id}
            params |= {f"SipHeader_{name}": value for name, value in call.sip_headers.items()}
        if call.answered_by:
            params["AnsweredBy"] = call.answered_by
        sides = {"From": call.from_, "To": call.to, "Caller": call.from_, "Called": call.to}
        for side, number in sides.items():
            params |= {side + place: "" for place in _PLACES}
            params[side + "Country"] = inventory.country_of(number)
        return params

    def _hook(
        self, event: str, url: str, method: str, params: dict[str, str], asks: bool = False
    ) -> Hook:
        token = ids.uuid()  # the same in a duplicate: that is how one is recognised

        def build(target: str, attempt: int, fault: str | None) -> httpx.Request:
            return signed_request(self._account, target, method, params, token, fault)

        limit = self._world.settings.twilio_webhook_limit_s
        # The fragment holds connection settings; it is neither sent nor signed.
        return Hook("twilio", event, [urldefrag(url).url], limit, build, asks)


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
