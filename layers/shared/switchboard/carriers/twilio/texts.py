"""What Twilio is told about text messages."""

from typing import Any

from ...model import Text
from .api import SMS_PATH, TwilioApi


class TwilioTexts(TwilioApi):
    """The text messages of one Twilio account."""

    def send_text(self, text: Text) -> str:
        """Send a message: one request. It has no key by which Twilio would know a second one."""
        extra: dict[str, Any] = {"media_url": list(text.media_urls)} if text.media_urls else {}
        if text.body:
            extra["body"] = text.body
        return self._ask(
            f"send the message to {text.to}",
            lambda client: _message_sid(
                client.messages.create(
                    to=text.to,
                    from_=text.from_,
                    status_callback=self._context.text_url(SMS_PATH, text.id),
                    **extra,
                )
            ),
            buys=True,
        )


def _message_sid(sent: Any) -> str:
    if not sent.sid:
        raise ValueError("an answer without a message")
    return str(sent.sid)
