"""What Telnyx is told about text messages."""

from typing import Any

from ...model import Text
from .api import SMS_PATH, TelnyxApi


class TelnyxTexts(TelnyxApi):
    """The text messages of one Telnyx account."""

    def send_text(self, text: Text) -> str:
        """Send a message: one request. Telnyx heeds no Idempotency-Key here."""
        wanted: dict[str, Any] = {
            "from": text.from_,
            "to": text.to,
            # Asked before the messaging profile's own URL, which has no id of ours.
            "webhook_url": self._context.text_url(SMS_PATH, text.id),
        }
        if text.media_urls:
            wanted["media_urls"] = list(text.media_urls)
        if text.body:
            wanted["text"] = text.body
        return self._ask(
            f"send the message to {text.to}",
            "POST",
            "/messages",
            lambda answer: _message_id(answer.data),
            body=wanted,
            buys=True,
        )


def _message_id(sent: Any) -> str:
    if not sent or not sent.id:
        raise ValueError("an answer without a message")
    return str(sent.id)
