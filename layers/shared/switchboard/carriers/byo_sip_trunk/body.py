"""The JSON that a bridge sends: read field by field, and refused where it is not as documented."""

import json
from datetime import UTC, datetime
from typing import Any

from ...errors import InvalidRequest
from ...ids import LAST_ID
from ...model import Direction
from ..base import speakable

# Longer than any bridge's own id of a call.
SID_LIMIT = 200
TEXT_LIMIT = 512
# Far more than any INVITE has, and little enough to look through while a phone rings.
_HEADERS_LIMIT = 64
_VALUE_LIMIT = 2_048
_FIGURE_LIMIT = 10**9
_TIME = "{} must be a time with its zone, like 2026-11-21T16:00:00Z"


class Body:
    """A bridge's JSON object; raises InvalidRequest for whatever is not as documented."""

    def __init__(self, raw: bytes) -> None:
        self._fields = _object(raw, "The body")

    @property
    def call_sid(self) -> str:
        """Return the bridge's id of the call."""
        sid = self.text("call_sid", SID_LIMIT)
        if not sid:
            # The contract's words, for all three paths.
            raise InvalidRequest("call_sid required")
        if not sid.isprintable():
            raise InvalidRequest("call_sid must be printable text")
        return sid

    @property
    def call_id(self) -> int | None:
        """Return our own id, which the bridge gives back with every event of our call."""
        return self.figure("call_id", LAST_ID)

    @property
    def sip_code(self) -> int | None:
        """Return SIP's status code."""
        code = self.figure("sip_code", 699)
        if code is not None and code < 100:
            raise InvalidRequest("sip_code must be a whole number from 100 to 699")
        return code

    @property
    def direction(self) -> Direction | None:
        """Return who started the call, if it says."""
        word = self.choice("direction", tuple(Direction))
        return Direction(word) if word else None

    @property
    def headers(self) -> dict[str, str]:
        """Return the INVITE's headers; its address and the body's `to` are among them."""
        given = self._fields.get("headers") or {}
        if not isinstance(given, dict) or len(given) > _HEADERS_LIMIT:
            raise InvalidRequest(f"headers must be an object of at most {_HEADERS_LIMIT} names")
        found = {name.lower(): _value(name, value) for name, value in given.items()}
        return {"to": self.text("to", TEXT_LIMIT)} | found

    @property
    def variables(self) -> dict[str, Any]:
        """Return the contract's variables: an object, or one written as text."""
        given = self._fields.get("variables")
        if isinstance(given, str) and given:
            return _object(given.encode("utf-8", "surrogatepass"), "variables")
        if given and not isinstance(given, dict):
            raise InvalidRequest("variables must be an object")
        return given or {}

    def text(self, name: str, limit: int) -> str:
        """Return a text, or a whole number as text; empty when it is absent."""
        value = self._fields.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _FIGURE_LIMIT:
            value = str(value)
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > limit or not _is_valid(value):
            raise InvalidRequest(f"{name} must be text of at most {limit} characters")
        return value.strip()

    def figure(self, name: str, limit: int = _FIGURE_LIMIT) -> int | None:
        """Return a whole number that is not negative."""
        value = self._fields.get(name)
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 16:
            value = int(value)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= limit:
            raise InvalidRequest(f"{name} must be a whole number from 0 to {limit}")
        return value

    def truth(self, name: str) -> bool:
        """Return yes or no; what is absent is no."""
        value = self._fields.get(name)
        if value in (None, "", "false", "true") or isinstance(value, bool):
            return value in (True, "true")
        raise InvalidRequest(f"{name} must be true or false")

    def choice(self, name: str, words: tuple[str, ...]) -> str | None:
        """Return one of some words, or None."""
        word = self.text(name, 40)
        if word and word not in words:
            raise InvalidRequest(f"{name} must be one of: {', '.join(words)}")
        return word or None

    def time(self, name: str) -> datetime | None:
        """Return an ISO 8601 time with its zone."""
        text = self.text(name, 40)
        try:
            found = datetime.fromisoformat(text) if text else None
            if found is None or found.tzinfo is not None:
                return found.astimezone(UTC) if found else None
        except (ValueError, OverflowError) as error:
            raise InvalidRequest(_TIME.format(name)) from error
        raise InvalidRequest(_TIME.format(name))


def _value(name: str, value: object) -> str:
    """Return a header's value; one that came several times is a list, from top to bottom."""
    values = value if isinstance(value, list) else [value]
    texts = [text for text in values if isinstance(text, str)]
    joined = ", ".join(texts)
    if len(texts) < len(values) or len(joined) > _VALUE_LIMIT or not _is_valid(name + joined):
        raise InvalidRequest(
            f"The header {speakable(name[:80])} must be text, or a list of texts, of at most "
            f"{_VALUE_LIMIT} characters"
        )
    return joined


def _is_valid(text: str) -> bool:
    # A lone half of a pair cannot be stored or sent on.
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _object(raw: bytes, what: str) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"{what} must be a JSON object") from error
    if not isinstance(found, dict):
        raise InvalidRequest(f"{what} must be a JSON object")
    return found
