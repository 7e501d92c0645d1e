"""Telnyx's text messages: sent over REST, with receipts as events; and those that come."""

from typing import Any

from sandbox import ids, inventory
from sandbox.books import Account, OwnedNumber
from sandbox.telnyx.events import event_hook, new_event
from sandbox.telnyx.resources import MESSAGING_PROFILES
from sandbox.telnyx.rest import data, error, insufficient_funds, not_found
from sandbox.texts import TextMessage
from sandbox.webhooks import Outbox
from sandbox.wire import Asked, Refused, Reply
from sandbox.world import World

_MOST_PARTS = 10


def send(asked: Asked) -> Reply:
    """Queue a message; its way to the phone runs beside the request."""
    body = asked.body
    profile = _checked(asked)
    message = asked.world.texts.enter(
        TextMessage(
            "telnyx",
            asked.account.id,
            ids.uuid(),
            "outbound",
            body["from"],
            body["to"],
            str(body.get("text") or ""),
            list(body.get("media_urls") or []),
        )
    )
    reply = data(show(message, profile, body.get("webhook_url")))
    asked.world.begin(_carry(asked, message, profile))
    return reply


def get(asked: Asked) -> Reply:
    """Show one message."""
    for message in asked.world.texts.messages:
        if (message.account, message.carrier_message_id) == (asked.account.id, asked.path["id"]):
            owned = asked.world.books.owner("telnyx", message.from_)
            config = owned.config if owned else {}
            return data(show(message, {"id": str(config.get("messaging_profile_id"))}, None))
    raise Refused(not_found())


def show(message: TextMessage, profile: dict[str, Any], url: str | None) -> dict[str, Any]:
    """Return a message as Telnyx shows it."""
    ours = {"carrier": "TELNYX LLC", "line_type": "VoIP", "phone_number": message.from_}
    theirs = {"carrier": "T-MOBILE USA, INC.", "line_type": "Wireless"}
    is_out = message.direction == "outbound"
    status = message.status if is_out else "webhook_delivered"
    failed = {"code": message.error, "title": "Undeliverable", "detail": "The phone is off."}
    return {
        "id": message.carrier_message_id,
        "record_type": "message",
        "direction": message.direction,
        "type": "MMS" if message.media_urls else "SMS",
        "messaging_profile_id": profile.get("id"),
        "from": ours if is_out else theirs | {"phone_number": message.from_},
        "to": [theirs | {"phone_number": message.to, "status": status}],
        "text": message.text,
        "media": [
            {"url": it, "content_type": None, "sha256": None, "size": None}
            for it in message.media_urls
        ],
        "parts": min(message.parts, _MOST_PARTS),
        "encoding": "GSM-7" if message.text.isascii() else "UCS-2",
        "webhook_url": url,
        "webhook_failover_url": None,
        "received_at": message.at,
        "sent_at": None,
        "completed_at": None,
        "valid_until": None,
        "cost": None,
        "tags": [],
        "errors": [failed] if message.error else [],
    }


def _checked(asked: Asked) -> dict[str, Any]:
    """Refuse what Telnyx refuses; return the messaging profile of the number that sends."""
    body = asked.body
    for name in ("from", "to"):
        if not inventory.E164.match(str(body.get(name) or "")):
            detail = f"The '{name}' address should be in E.164 format"
            code = "40305" if name == "from" else "40310"
            raise Refused(error(400, code, f"Invalid '{name}' address", detail, f"/{name}"))
    if not body.get("text") and not body.get("media_urls"):
        detail = "The message has neither text nor media."
        raise Refused(error(400, "40316", "No content provided for message", detail, "/text"))
    owned = asked.world.books.owner("telnyx", body["from"])
    profile_id = str(owned.config.get("messaging_profile_id") or "") if owned else ""
    profile = asked.world.books.resource(asked.account, MESSAGING_PROFILES, profile_id)
    if owned is None or owned.account != asked.account.id or profile is None:
        detail = "The 'from' number is not assigned to a messaging profile of the account."
        raise Refused(error(400, "40305", "Invalid 'from' address", detail, "/from"))
    opted_out = asked.fault is not None and asked.fault.fault == "opted_out"
    if opted_out or asked.world.texts.refuses("telnyx", body["from"], body["to"]):
        detail = "Messages cannot be sent from this number to this address."
        raise Refused(error(403, "40300", "Blocked due to STOP message", detail))
    if asked.account.balance <= 0:
        raise Refused(insufficient_funds())
    return profile.body


async def _carry(asked: Asked, message: TextMessage, profile: dict[str, Any]) -> None:
    fails = asked.fault is not None and asked.fault.fault == "undelivered"
    urls = [asked.body.get("webhook_url"), profile.get("webhook_url")]
    outbox = Outbox(asked.world)
    for event, status in (
        ("message.sent", "sent"),
        ("message.finalized", "delivery_failed" if fails else "delivered"),
    ):
        message.status = status
        if status == "delivery_failed":
            message.error = "40008"
        told = new_event(event, show(message, profile, asked.body.get("webhook_url")))
        limit = asked.world.settings.telnyx_webhook_limit_s
        outbox.post(event_hook(asked.account, told, urls, limit))
    await outbox.drain()


async def receive(world: World, account: Account, number: OwnedNumber, text: TextMessage) -> bool:
    """Tell the number's messaging profile of a message that came; return whether it was taken."""
    profile_id = str(number.config.get("messaging_profile_id") or "")
    profile = world.books.resource(account, MESSAGING_PROFILES, profile_id)
    if profile is None or not profile.body.get("webhook_url"):
        return False
    told = new_event("message.received", show(text, profile.body, None))
    urls = [profile.body["webhook_url"], profile.body.get("webhook_failover_url")]
    hook = event_hook(account, told, urls, world.settings.telnyx_webhook_limit_s)
    return (await Outbox(world).send(hook)).is_ok
