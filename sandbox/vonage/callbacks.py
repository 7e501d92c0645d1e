"""Make and sign the requests Vonage sends about a call: the question, and the events."""

from datetime import UTC, datetime
from typing import Any

import httpx

from sandbox import ids
from sandbox.books import Account, Resource
from sandbox.vonage import signed
from sandbox.vonage.applications import voice
from sandbox.vonage.call import NETWORK, RATE, Script, VonageCall, conversation
from sandbox.vonage.rest import msisdn
from sandbox.webhooks import Answered, Hook, Outbox
from sandbox.world import World

# https://developer.vonage.com/en/getting-started/concepts/webhooks: these, and no answer at all,
# are asked once more; other errors are final.
_ASKED_AGAIN = (429, 503, 504)
_SERVER_ERRORS = range(500, 600)
_ATTEMPTS = 2


def timestamp(at: str | None = None) -> str:
    """Format a moment as events do, with milliseconds."""
    moment = datetime.fromisoformat(at) if at else datetime.now(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class CallWebhooks:
    """The webhooks of one call."""

    def __init__(
        self, world: World, account: Account, application: Resource, call: VonageCall
    ) -> None:
        self._world = world
        self._account = account
        self._application = application
        self._call = call
        self._outbox = Outbox(world, call)

    async def ask(self, script: Script) -> Answered:
        """Ask a URL for an NCCO; what cannot be reached is asked twice."""
        hook = self._hook("answer", script.url, script.method, self._question(), asks=True)
        return await self._outbox.send(hook)

    async def ask_fallback(self, script: Script, reason: str) -> Answered | None:
        """Ask the fallback URL, telling it what went wrong; None when there is none."""
        webhook = self._webhook("fallback_answer_url")
        if not webhook.get("address"):
            return None
        asked = self._question() | {
            "reason": reason,
            "original_request": {"url": script.url, "type": "answer"},
        }
        method = webhook.get("http_method", "GET")
        hook = self._hook("fallback_answer", webhook["address"], method, asked, asks=True)
        return await self._outbox.send(hook)

    def tell(self, status: str, **extra: Any) -> None:
        """Tell how the call stands, after what was told before; nobody waits for the reply."""
        self._call.word = status
        self._post(status, self._event(status) | extra)

    def tell_end(self, sip_code: str) -> None:
        """Tell that the call is over, which comes after a `busy` or a `timeout` too."""
        call = self._call
        ours = call.hung_up_by in ("assistant", "carrier")
        self._post(
            "completed",
            self._event("completed")
            | {
                "start_time": timestamp(call.started_at) if call.answered else None,
                "end_time": timestamp(call.ended_at),
                "duration": str(call.duration_s),
                "rate": RATE,
                "price": call.price,
                "network": NETWORK,
                "disconnected_by": "platform" if ours else "user",
                "sip_code": int(sip_code),
            },
        )

    def tell_of_leg(self, leg: "Leg", status: str, **extra: Any) -> None:
        """Tell about a leg of its own id that the call was connected to."""
        event = {
            "headers": {},
            "from": msisdn(self._call.to),
            "to": leg.to,
            "uuid": leg.id,
            "conversation_uuid": self._call.conversation_id,
            "status": status,
            "direction": "outbound",
            "timestamp": timestamp(),
        }
        self._post(f"leg.{status}", event | extra, leg.event_url)

    def tell_problem(self, reason: str) -> None:
        """Tell what was wrong with our instructions; such an event has no status."""
        event = {"reason": reason, "conversation_uuid": self._call.conversation_id}
        self._post("error", event | {"timestamp": timestamp()})

    def tell_of_move(self) -> None:
        """Move the call to another conversation, and tell so; that event has no status."""
        before, self._call.conversation_id = self._call.conversation_id, conversation()
        event = {
            "conversation_uuid_from": before,
            "conversation_uuid_to": self._call.conversation_id,
            "uuid": self._call.carrier_call_id,
            "timestamp": timestamp(),
        }
        self._post("transfer", event)

    def tell_of_recording(self, action: dict[str, Any]) -> None:
        """Tell where a recording is; that event has neither a status nor the call's id."""
        recording, form = ids.uuid(), action.get("format", "mp3")
        self._call.recordings.append(recording)
        event = {
            "start_time": timestamp(self._call.started_at),
            "recording_url": f"{self._world.own_url}/vonage/v1/files/{recording}",
            "size": 12_345 if form == "mp3" else 123_456,
            "recording_uuid": recording,
            "end_time": timestamp(self._call.ended_at),
            "conversation_uuid": self._call.conversation_id,
            "timestamp": timestamp(),
        }
        self._post("record", event, next(iter(action.get("eventUrl", [])), None))

    async def ask_about(self, event: str, body: dict[str, Any]) -> Answered:
        """Tell an event whose reply may be a new NCCO."""
        url, method = self._event_target()
        return await self._outbox.send(self._hook(event, url, method, body, asks=True))

    async def drain(self) -> None:
        """Wait until everything was told."""
        await self._outbox.drain()

    def token(self) -> str:
        """Make the token with which a websocket is opened that wants one."""
        return signed.token(self._account, self._application, b"")

    def machine(self, status: str, **extra: Any) -> dict[str, Any]:
        """Make the event of a detection, which names the call in a way of its own."""
        event = self._event(status)
        return {"call_uuid": event.pop("uuid"), **event, **extra}

    def _question(self) -> dict[str, Any]:
        call = self._call
        return {
            "to": msisdn(call.to),
            "from": msisdn(call.from_),
            "conversation_uuid": call.conversation_id,
            "uuid": call.carrier_call_id,
            "endpoint_type": "sip" if call.to.startswith("sip") else "phone",
        }

    def _event(self, status: str) -> dict[str, Any]:
        call = self._call
        return {
            "headers": {},
            "from": msisdn(call.from_),
            "to": msisdn(call.to),
            "uuid": call.carrier_call_id,
            "conversation_uuid": call.conversation_id,
            "status": status,
            "direction": call.direction,
            "timestamp": timestamp(),
        }

    def _webhook(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = voice(self._application).get("webhooks", {}).get(name) or {}
        return found

    def _event_target(self) -> tuple[str, str]:
        """Return where events go: where the dial said, or else the application."""
        own = self._call.dialled.get("event_url")
        if own:
            return own[0], self._call.dialled.get("event_method", "POST")
        webhook = self._webhook("event_url")
        return webhook.get("address", ""), webhook.get("http_method", "POST")

    def _post(self, event: str, body: dict[str, Any], url: str | None = None) -> None:
        target, method = self._event_target()
        if url or target:
            self._outbox.post(self._hook(event, url or target, method, body))

    def _limit_s(self, asks: bool) -> float:
        settings = self._world.settings
        name = "answer_url" if asks else "event_url"
        own = self._webhook(name).get("socket_timeout")
        usual = settings.vonage_answer_limit_s if asks else settings.vonage_event_limit_s
        return min(usual, own / 1000) if own else usual

    def _hook(
        self, event: str, url: str, method: str, body: dict[str, Any], asks: bool = False
    ) -> Hook:
        def build(target: str, attempt: int, fault: str | None) -> httpx.Request:
            # One that came unsigned and was refused comes again, signed.
            spoilt = None if fault == "unsigned" and attempt > 1 else fault
            return signed.request(self._account, self._application, target, method, body, spoilt)

        again = _asked_again if asks else _told_again
        urls = [url] * _ATTEMPTS
        return Hook("vonage", event, urls, self._limit_s(asks), build, asks, again)


class Leg:
    """Something that the call was connected to: it has an id and events of its own."""

    def __init__(self, to: str, event_url: str | None) -> None:
        self.id = ids.uuid()
        self.to = to
        self.event_url = event_url


def _asked_again(answered: Answered, fault: str | None) -> bool:
    return answered.status is None or answered.status in _ASKED_AGAIN


def _told_again(answered: Answered, fault: str | None) -> bool:
    """Tell whether an event comes again: nothing says so, but of unsigned ones it is reported."""
    return fault == "unsigned" and answered.status in _SERVER_ERRORS
