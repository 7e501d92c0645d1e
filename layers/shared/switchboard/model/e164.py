"""Phone numbers as text: E.164, and how a log line shows them."""

import re
from typing import NewType

from ..errors import InvalidNumber

E164 = NewType("E164", str)
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
# Also without the plus, as carriers write them and as ids of numbers are: other ids are longer.
_NUMBER_IN_TEXT = re.compile(r"\+\d{7,}|(?<![\w.+-])\d{8,14}(?!\w)")


def parse_e164(text: str) -> E164:
    """Return `text` as an E.164 number ("+" and 7 to 15 digits) or raise InvalidNumber."""
    number = text.strip()
    if not _E164.fullmatch(number):
        raise InvalidNumber("Phone number must be in E.164 format (e.g., +1234567890)")
    return E164(number)


def is_e164(text: str) -> bool:
    """Tell whether `text` is an E.164 number, without spaces around it."""
    return _E164.fullmatch(text) is not None


def masked(number: str) -> str:
    """Shorten a phone number for a log line: enough to recognize it, not enough to call it."""
    return f"{number[:5]}…{number[-2:]}" if len(number) > 7 else "…"


def without_numbers(text: str) -> str:
    """Return a text for a log line, every phone number in it shortened."""
    return _NUMBER_IN_TEXT.sub(lambda found: masked(found[0]), text)
