"""What Telnyx is told about text messages."""

from typing import Any

from ...model import Text
from .api import SMS_PATH, TelnyxApi


class TelnyxTexts(TelnyxApi):
    """The text messages of one Telnyx account."""

    def send_text(self, text: Text) -> str:
        """Send a message: one request. Telnyx heeds no Idempotency-Key here."""
        extra: dict[str, Any] = {"media_urls": list(text.media_urls)} if text.media_urls else {}
        if text.body:
            extra["text"] = text.body
        return self._ask(
            f"send the message to {text.to}",
            lambda client: _message_id(
                client.messages.send(
                    to=text.to,
                    from_=text.from_,
                    # Asked before the messaging profile's own URL, which has no id of ours.
                    webhook_url=self._context.text_url(SMS_PATH, text.id),
                    **extra,
                ).data
            ),
            buys=True,
        )


def _message_id(sent: Any) -> str:
    if not sent or not sent.id:
        raise ValueError("an answer without a message")
    return str(sent.id)
