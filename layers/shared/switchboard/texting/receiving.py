"""What carriers tell of text messages: one came, or one of ours has come further."""

import logging
import re
from dataclasses import replace

from ..app import App
from ..carriers.base import InboundMessage, MessageReceipt
from ..errors import RecipientOptedOut, ServiceUnavailable
from ..model import Consent, Message, Text, is_e164
from ..store import Taken
from . import dispatching

logger = logging.getLogger(__name__)

_WRITE_TRIES = 6
# Both carriers' words; what only one of them takes for STOP, we honour at both.
# https://help.twilio.com/articles/223134027
# https://developers.telnyx.com/docs/messaging/messages/advanced-opt-in-out
_KEYWORDS = {
    **dict.fromkeys(
        (
            "stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke",
            "optout", "opt out",
        ),
        "stop",
    ),
    **dict.fromkeys(("start", "unstop", "yes"), "start"),
    **dict.fromkeys(("help", "info"), "help"),
}  # fmt: skip
_NO_LETTERS = re.compile(r"^\W+|\W+$")


def keyword_of(text: str) -> str | None:
    """Return stop, start or help for a message that is nothing but such a word."""
    return _KEYWORDS.get(_NO_LETTERS.sub("", text).casefold())


def receive(app: App, carrier: str, organization_id: int, inbound: InboundMessage) -> None:
    """Keep a message that came, pass it on, and heed what it says of wanting more.

    The same message told again changes nothing: an old STOP does not undo a START.
    """
    message = Message(
        message_sid=inbound.message_sid,
        organization_id=organization_id,
        carrier=carrier,
        from_=inbound.from_,
        to=inbound.to,
        body=inbound.body,
        received_at=app.clock(),
        media_urls=inbound.media_urls,
        keyword=inbound.keyword or keyword_of(inbound.body),
    )
    number = app.store.number(inbound.to) if is_e164(inbound.to) else None
    is_ours = number is not None and number.organization_id == organization_id
    assistant = number.assistant if number and is_ours else None
    try:
        app.store.add_message(
            message,
            assistant_id=assistant.id if assistant else None,
            consent=_consent(app, message) if is_ours else None,
            is_ours=is_ours,
        )
    except Taken:
        logger.info("message known", extra={"carrier": carrier})


def record(app: App, organization_id: int, receipt: MessageReceipt) -> None:
    """Apply a receipt to its message, only forward.

    Raises ServiceUnavailable when too many others write the same: the carrier sends it again.
    """
    for _ in range(_WRITE_TRIES):
        text = _known(app, organization_id, receipt)
        if text is None:
            logger.info("receipt of an unknown message")
            return
        if text.message_sid and receipt.status.rank <= text.status.rank:
            return
        try:
            app.store.save_text(text, _further(text, receipt), _opt_out(app, text, receipt))
            return
        except Taken:
            continue
    raise ServiceUnavailable("The message is being changed by others. Try again.")


def _consent(app: App, message: Message) -> Consent | None:
    if message.keyword is None:
        return None
    # HELP says nothing of wanting more: who has said STOP before stays opted out.
    known = app.store.consent(message.organization_id, message.to, message.from_)
    was = known.is_opted_out if known else False
    return Consent(
        organization_id=message.organization_id,
        phone_number=message.to,
        customer_number=message.from_,
        is_opted_out={"stop": True, "start": False}.get(message.keyword, was),
        said=message.keyword,
        at=message.received_at,
    )


def _known(app: App, organization_id: int, receipt: MessageReceipt) -> Text | None:
    if receipt.text_id is None:
        return app.store.text_by_sid(organization_id, receipt.message_sid)
    # Our own id comes back with every receipt, and is there before the carrier's is.
    text = app.store.text(receipt.text_id)
    return text if text and text.organization_id == organization_id else None


def _further(text: Text, receipt: MessageReceipt) -> Text:
    known = replace(text, message_sid=text.message_sid or receipt.message_sid)
    if receipt.status.rank <= text.status.rank:
        return known
    return replace(known, status=receipt.status, due=None, refusal=receipt.refusal)


def _opt_out(app: App, text: Text, receipt: MessageReceipt) -> Consent | None:
    refusal = receipt.refusal
    if refusal is None or refusal.code != RecipientOptedOut.code:
        return None
    return dispatching.carriers_word(app, text)
