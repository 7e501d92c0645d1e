"""Vonage's Messages API: texts are taken with 202, and whatever becomes of them is told later."""

import re
from typing import Any

import httpx

from sandbox import ids
from sandbox.books import Account, OwnedNumber, Resource
from sandbox.texts import TextMessage
from sandbox.vonage import signed
from sandbox.vonage.applications import APPLICATIONS, messages
from sandbox.vonage.callbacks import timestamp
from sandbox.vonage.rest import msisdn, problem, unauthorized
from sandbox.vonage.voice_api import VoiceApi, application_of
from sandbox.webhooks import Answered, Hook, Outbox
from sandbox.wire import Asked, Refused, Reply
from sandbox.world import World

_ERRORS = "https://developer.vonage.com/api-errors/messages"
_LONGEST = 3200
_MEDIA = ("image", "audio", "video", "vcard", "file")
# https://developer.vonage.com/en/api-errors/messages
_UNREACHABLE = ("1180", "Absent Subscriber Temporary - The phone is switched off.")
_OPTED_OUT = ("1240", "Illegal Number - The user has already sent a STOP opt-out message.")
_ATTEMPTS = 3


class MessagesApi(VoiceApi):
    """How the Messages API says no; whose token it takes is as with calls."""

    def refusal(self, asked: Asked, fault: str) -> Reply:
        """Say it with the ids of the newer APIs, and what is wrong with a message by a code."""
        if fault == "invalid_credentials":
            return unauthorized()
        usual = super().refusal(asked, fault)
        return usual if usual.status != 400 else _unprocessable("1020", "Invalid params")


def send(asked: Asked) -> Reply:
    """Take a message; its way to the phone runs beside the request."""
    body, application = asked.body, application_of(asked)
    from_, to = _checked(asked, application)
    text, media = _content(body)
    message = asked.world.texts.enter(
        TextMessage("vonage", asked.account.id, ids.uuid(), "outbound", from_, to, text, media)
    )
    asked.world.begin(_carry(asked, application, message))
    return Reply(202, {"message_uuid": message.carrier_message_id})


def _checked(asked: Asked, application: Resource) -> tuple[str, str]:
    """Return from whom a message goes to whom; refuse what Vonage refuses at once."""
    body = asked.body
    if body.get("channel") not in ("sms", "mms"):
        raise Refused(_unprocessable("1400", "Unsupported channel"))
    for name, code, title in (("to", "1430", "recipient"), ("from", "1420", "sender")):
        if not re.fullmatch("[1-9][0-9]{6,14}", str(body.get(name))):
            raise Refused(_unprocessable(code, f"Invalid {title}", f"The `{name}` is invalid."))
    from_, to = f"+{body['from']}", f"+{body['to']}"
    owned = asked.world.books.owner("vonage", from_)
    if owned is None or owned.config.get("app_id") != application.id:
        detail = "The `from` parameter is invalid for the given channel."
        raise Refused(_unprocessable("1420", "Invalid sender", detail))
    if asked.account.balance <= 0:
        detail = "This request could not be performed due to your account balance being low."
        raise Refused(problem(402, "low-balance", "Low balance", detail))
    return from_, to


def _content(body: dict[str, Any]) -> tuple[str, list[str]]:
    """Return a message's text and the URLs of its media."""
    kind = body.get("message_type")
    if kind == "text":
        text = body.get("text")
        if isinstance(text, str) and 0 < len(text) <= _LONGEST:
            return text, []
    elif body["channel"] == "mms" and kind in (*_MEDIA, "content"):
        parts = body.get(kind)
        parts = parts if isinstance(parts, list) else [parts]
        if parts and all(_is_part(part, kind) for part in parts):
            captions = [part["caption"] for part in parts if part.get("caption")]
            return "\n".join(captions), [part["url"] for part in parts]
    raise Refused(_unprocessable("1020", "Invalid params", "The message has no such content."))


def _is_part(part: Any, kind: str) -> bool:
    if not isinstance(part, dict) or not str(part.get("url")).startswith("https://"):
        return False
    return kind != "content" or part.get("type") in _MEDIA


def _unprocessable(code: str, title: str, detail: str = "") -> Reply:
    said = {"type": f"{_ERRORS}#{code}", "title": title, "detail": detail or title}
    return Reply(422, said | {"instance": ids.uuid()})


async def _carry(asked: Asked, application: Resource, message: TextMessage) -> None:
    """Tell how far a message comes: that its addressee wants none is found out only now."""
    world, fault = asked.world, asked.fault.fault if asked.fault else None
    url = asked.body.get("webhook_url") or _url(application, "status_url")
    told: list[tuple[str, tuple[str, str] | None]] = [("submitted", None), ("delivered", None)]
    if fault == "opted_out" or world.texts.refuses("vonage", message.from_, message.to):
        told = [("rejected", _OPTED_OUT)]
    elif fault == "undelivered":
        told = [("submitted", None), ("rejected", _UNREACHABLE)]
    outbox = Outbox(world)
    for status, error in told:
        message.status, message.error = status, error[0] if error else None
        if url:
            body = _event(message) | {"status": status} | _why_not(error)
            outbox.post(_hook(world, asked.account, application, status, url, body))
    await outbox.drain()


def _event(message: TextMessage) -> dict[str, Any]:
    return {
        "channel": "mms" if message.media_urls else "sms",
        "message_uuid": message.carrier_message_id,
        "to": msisdn(message.to),
        "from": msisdn(message.from_),
        "timestamp": timestamp(),
    }


def _why_not(error: tuple[str, str] | None) -> dict[str, Any]:
    if error is None:
        return {}
    code, detail = error
    said = {"type": f"{_ERRORS}#{code}", "title": code, "detail": detail, "instance": ids.uuid()}
    return {"error": said}


def _url(application: Resource, name: str) -> str:
    return str((messages(application).get("webhooks", {}).get(name) or {}).get("address") or "")


def _hook(
    world: World,
    account: Account,
    application: Resource,
    event: str,
    url: str,
    body: dict[str, Any],
) -> Hook:
    def build(target: str, attempt: int, fault: str | None) -> httpx.Request:
        # One that came unsigned and was refused comes again, signed.
        spoilt = None if fault == "unsigned" and attempt > 1 else fault
        return signed.request(account, application, target, "POST", body, spoilt)

    limit = world.settings.vonage_event_limit_s
    return Hook("vonage", f"message.{event}", [url] * _ATTEMPTS, limit, build, again=_told_again)


async def receive(world: World, account: Account, number: OwnedNumber, text: TextMessage) -> bool:
    """Tell the number's application of a message that came; return whether it was taken."""
    linked = str(number.config.get("app_id") or "")
    application = world.books.resource(account, APPLICATIONS, linked)
    url = _url(application, "inbound_url") if application else ""
    if application is None or not url:
        return False
    body = _event(text) | _inbound(text)
    hook = _hook(world, account, application, "inbound", url, body)
    return (await Outbox(world).send(hook)).is_ok


def _inbound(text: TextMessage) -> dict[str, Any]:
    if not text.media_urls:
        words = text.text.split()
        sms = {"num_messages": str(text.parts), "keyword": words[0].upper() if words else ""}
        return {"message_type": "text", "text": text.text, "sms": sms}
    parts = [{"type": "image", "url": url} for url in text.media_urls]
    if text.text:
        parts[0]["caption"] = text.text
    if len(parts) > 1:
        return {"message_type": "content", "content": parts}
    del parts[0]["type"]
    return {"message_type": "image", "image": parts[0]}


def _told_again(answered: Answered, fault: str | None) -> bool:
    # https://developer.vonage.com/en/messages/concepts/troubleshooting: for a day, in life.
    return answered.status is None or answered.status == 429 or answered.status >= 500
