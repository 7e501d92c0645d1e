"""What Vonage is told about text messages: its Messages API, see decision 39."""

from typing import Any
from urllib.parse import urlsplit

from ...destinations import country_of
from ...errors import InvalidRequest
from ...model import Text
from ..problems import unanswered
from .api import SMS_PATH, VonageApi

# https://developer.vonage.com/en/messages/concepts/mms: the kind is told beside the URL.
_KINDS = {
    **dict.fromkeys(("mp3", "wav", "ogg", "m4a", "amr", "aac", "3ga"), "audio"),
    **dict.fromkeys(("mp4", "mov", "3gp", "3gpp", "webm", "avi"), "video"),
    "vcf": "vcard",
    **dict.fromkeys(("pdf", "csv", "zip", "txt"), "file"),
}

type Json = dict[str, Any]


class VonageTexts(VonageApi):
    """The text messages of one Vonage account."""

    def send_text(self, text: Text) -> str:
        """Send a message: one request. It has no key by which Vonage would know a second one.

        Raises InvalidRequest for media outside the US. That somebody has opted out, only the
        receipt tells.
        """
        what = f"send the message to {text.to}"
        sent = self._message_api(
            what,
            (_with_media(text) if text.media_urls else _plain(text))
            | {
                "from": text.from_.removeprefix("+"),
                "to": text.to.removeprefix("+"),
                # Asked before the application's own URL, which has no id of ours.
                "webhook_url": self._context.text_url(SMS_PATH, text.id),
                "webhook_version": "v1",
            },
        )
        sid = sent.get("message_uuid")
        if not isinstance(sid, str) or not sid:
            raise unanswered("Vonage", what, "its answer could not be read")
        return sid


def _plain(text: Text) -> Json:
    return {"channel": "sms", "message_type": "text", "text": text.body}


def _with_media(text: Text) -> Json:
    if not all(country_of(number) == "US" for number in (text.from_, text.to)):
        raise InvalidRequest(
            f"Vonage carries media between numbers of the US only, so nothing was sent from "
            f"{text.from_} to {text.to}. Leave media_urls out and write a link into the message."
        )
    parts = [{"type": _kind(url), "url": url} for url in text.media_urls]
    if text.body:
        parts[0]["caption"] = text.body
    if len(parts) > 1:
        return {"channel": "mms", "message_type": "content", "content": parts}
    kind = parts[0].pop("type")
    return {"channel": "mms", "message_type": kind, kind: parts[0]}


def _kind(url: str) -> str:
    # What says nothing of itself is a picture: most are.
    ending = urlsplit(url).path.rpartition("/")[2].rpartition(".")[2]
    return _KINDS.get(ending.lower(), "image")
