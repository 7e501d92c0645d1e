"""What Vonage's Messages API says: a text message came, or one of ours has come further.

https://developer.vonage.com/en/api/messages#inbound-message
"""

from typing import Any

from ...errors import CarrierError, InvalidRequest, RecipientOptedOut
from ...model import Refusal, TextStatus
from ..base import Ignored, InboundMessage, MessageReceipt, Webhook
from .api import MESSAGE_PROBLEMS, error_code, with_plus

_STATUS = {
    "submitted": TextStatus.SENT,
    "delivered": TextStatus.DELIVERED,
    "read": TextStatus.DELIVERED,
    "rejected": TextStatus.UNDELIVERED,
    "undeliverable": TextStatus.UNDELIVERED,
}
# An application may have WhatsApp and others too: those are no text messages.
_CHANNELS = ("sms", "mms")
_MEDIA = ("image", "audio", "video", "vcard", "file")

type Json = dict[str, Any]


def read_message(said: Json, text_id: str | None) -> Webhook:
    """Read what came to the URL of messages; `text_id` is our id, when the URL has one."""
    sid, sender, to = (said.get(name) for name in ("message_uuid", "from", "to"))
    if not (sid and sender and to):
        raise InvalidRequest("A Vonage message without message_uuid, from or to")
    if said.get("channel", "sms") not in _CHANNELS:
        return Ignored(f"message by {said['channel']}")
    word = said.get("status")
    if word is None:
        return _inbound(said)
    status = _STATUS.get(str(word))
    if status is None:
        return Ignored(f"message {word}")
    return MessageReceipt(str(sid), status, text_id, _why_not(said))


def _inbound(said: Json) -> InboundMessage:
    parts = _parts(said)
    captions = [str(it.get("caption") or "") for it in parts]
    return InboundMessage(
        message_sid=str(said["message_uuid"]),
        from_=with_plus(said["from"]),
        to=with_plus(said["to"]),
        body=str(said.get("text") or "\n".join(filter(None, captions))),
        media_urls=tuple(str(it["url"]) for it in parts if it.get("url")),
        # `sms.keyword` is but the first word: what is STOP, we find out ourselves.
    )


def _parts(said: Json) -> list[Json]:
    """Return the media of a message: one under its kind, several under `content`."""
    several = said.get("content")
    found = [said.get(kind) for kind in _MEDIA] + (several if isinstance(several, list) else [])
    return [it for it in found if isinstance(it, dict)]


def _why_not(said: Json) -> Refusal | None:
    error = said.get("error")
    if not isinstance(error, dict):
        return None
    # In some of Vonage's own examples it stands one deeper.
    inner = error.get("error")
    error = inner if isinstance(inner, dict) else error
    # The title is the code, as text or as a number.
    title = str(error.get("title") or "")
    code = title if title.isdecimal() else error_code(error)
    opted_out = MESSAGE_PROBLEMS.get(code) is RecipientOptedOut
    kind = RecipientOptedOut if opted_out else CarrierError
    words = str(error.get("detail") or title or "no reason given").strip().rstrip(".")
    text = f"Vonage did not deliver the message: {words} (error {code or 'unknown'})."
    return Refusal(kind.status, kind.code, text)
