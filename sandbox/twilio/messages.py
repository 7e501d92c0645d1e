"""Twilio's text messages: sent over REST, with status callbacks; and those that come."""

from typing import Any

import httpx

from sandbox import ids, inventory
from sandbox.books import Account, OwnedNumber
from sandbox.texts import TextMessage
from sandbox.twilio.rest import API_VERSION, error, not_found
from sandbox.twilio.signed import signed_request
from sandbox.webhooks import Hook, Outbox
from sandbox.wire import Asked, Refused, Reply
from sandbox.world import World

_LONGEST = 1600
_MOST_MEDIA = 10
_UNREACHABLE = "30003"


def send(asked: Asked) -> Reply:
    """Queue a message; its way to the phone runs beside the request."""
    form = asked.body
    media = form.get("MediaUrl") or []
    media = media if isinstance(media, list) else [media]
    _check(asked, media)
    message = asked.world.texts.enter(
        TextMessage(
            "twilio",
            asked.account.id,
            ids.sid("MM" if media else "SM"),
            "outbound",
            str(form["From"]),
            str(form["To"]),
            str(form.get("Body") or ""),
            media,
        )
    )
    reply = Reply(201, show(message))
    asked.world.begin(_carry(asked, message))
    return reply


def get(asked: Asked) -> Reply:
    """Show one message."""
    for message in asked.world.texts.messages:
        if (message.account, message.carrier_message_id) == (asked.account.id, asked.path["sid"]):
            return Reply(200, show(message))
    raise Refused(not_found(f"/Messages/{asked.path['sid']}.json"))


def show(message: TextMessage) -> dict[str, Any]:
    """Return a message as Twilio shows it."""
    uri = f"/{API_VERSION}/Accounts/{message.account}/Messages/{message.carrier_message_id}"
    is_out = message.direction == "outbound"
    return {
        "sid": message.carrier_message_id,
        "account_sid": message.account,
        "messaging_service_sid": None,
        "from": message.from_,
        "to": message.to,
        "body": message.text,
        "status": message.status,
        "direction": "outbound-api" if is_out else "inbound",
        "num_segments": str(message.parts),
        "num_media": str(len(message.media_urls)),
        "date_created": ids.rfc2822(message.at),
        "date_updated": ids.rfc2822(message.at),
        "date_sent": None,
        "error_code": int(message.error) if message.error else None,
        "error_message": None,
        "price": None,
        "price_unit": "USD",
        "api_version": API_VERSION,
        "uri": f"{uri}.json",
        "subresource_uris": {"media": f"{uri}/Media.json"},
    }


def _check(asked: Asked, media: list[Any]) -> None:
    form = asked.body
    to, from_, body = form.get("To"), form.get("From"), str(form.get("Body") or "")
    if not to:
        raise _refuse(21604, "A 'To' phone number is required.")
    if not from_:
        raise _refuse(21603, "A 'From' phone number is required.")
    if not inventory.E164.match(str(to)):
        raise _refuse(21211, f"Invalid 'To' Phone Number: {to}")
    if not body and not media:
        raise _refuse(21602, "Message body is required.")
    if len(body) > _LONGEST:
        raise _refuse(21617, f"The concatenated message body exceeds the {_LONGEST} limit.")
    if len(media) > _MOST_MEDIA:
        raise _refuse(21623, "Number of media files exceeds allowed limit")
    owned = asked.world.books.owner("twilio", str(from_))
    if owned is None or owned.account != asked.account.id:
        raise _refuse(21606, f"The 'From' phone number provided ({from_}) is not a valid, "
                      "message-capable Twilio phone number for this destination.")  # fmt: skip
    opted_out = asked.fault is not None and asked.fault.fault == "opted_out"
    if opted_out or asked.world.texts.refuses("twilio", str(from_), str(to)):
        raise _refuse(21610, "Attempt to send to unsubscribed recipient")
    if asked.account.balance <= 0:
        raise Refused(error(403, 20005, "Account is not active"))


def _refuse(code: int, message: str) -> Refused:
    return Refused(error(400, code, message))


async def _carry(asked: Asked, message: TextMessage) -> None:
    fails = asked.fault is not None and asked.fault.fault == "undelivered"
    url = str(asked.body.get("StatusCallback") or "")
    outbox = Outbox(asked.world)
    for status in ("queued", "sent", "undelivered" if fails else "delivered"):
        message.status = status
        if status == "undelivered":
            message.error = _UNREACHABLE
        if url:
            outbox.post(_hook(asked.world, asked.account, status, url, _receipt(message)))
    await outbox.drain()


def _receipt(message: TextMessage) -> dict[str, str]:
    ids_ = _ids(message) | {"MessageStatus": message.status, "SmsStatus": message.status}
    known = ids_ | {"From": message.from_, "To": message.to}
    return known | ({"ErrorCode": message.error} if message.error else {})


def _ids(message: TextMessage) -> dict[str, str]:
    sid = message.carrier_message_id
    account = {"AccountSid": message.account, "ApiVersion": API_VERSION}
    return {"MessageSid": sid, "SmsSid": sid} | account


def _hook(world: World, account: Account, event: str, url: str, params: dict[str, str]) -> Hook:
    token = ids.uuid()

    def build(target: str, attempt: int, fault: str | None) -> httpx.Request:
        return signed_request(account, target, "POST", params, token, fault)

    return Hook("twilio", event, [url], world.settings.twilio_webhook_limit_s, build)


async def receive(world: World, account: Account, number: OwnedNumber, text: TextMessage) -> bool:
    """Tell the number's SMS URL of a message that came; return whether it was taken."""
    url = str(number.config.get("sms_url") or "")
    if not url:
        return False
    media = {f"MediaUrl{n}": it for n, it in enumerate(text.media_urls)}
    kinds = {f"MediaContentType{n}": "image/png" for n in range(len(text.media_urls))}
    params = (
        _ids(text)
        | media
        | kinds
        | {
            "SmsMessageSid": text.carrier_message_id,
            "From": text.from_,
            "To": text.to,
            "Body": text.text,
            "NumMedia": str(len(text.media_urls)),
            "NumSegments": str(text.parts),
            "SmsStatus": "received",
        }
    )
    hook = _hook(world, account, "message", url, params)
    return (await Outbox(world).send(hook)).is_ok
