"""How many messages a text really is: carriers send, and bill, it in segments.

Seven bits a character while all of it is in GSM's alphabet, sixteen otherwise. A text of more
than one segment loses room in each for the header that puts it together again (3GPP TS 23.038 and
23.040). Why no library counts them: decision 35.
"""

from dataclasses import dataclass

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each takes an escape before it.
_EXTENDED = frozenset("\f^{}\\[~]|€")

GSM_7 = "GSM-7"
UCS_2 = "UCS-2"
# Units of one segment when there is only one, and of each when there are several.
_ROOM = {GSM_7: (160, 153), UCS_2: (70, 67)}


@dataclass(frozen=True)
class Segments:
    """How a text is sent."""

    encoding: str
    count: int
    """At least 1: media alone is one message."""


def measured(text: str) -> Segments:
    """Return how many segments a text takes, and in which encoding."""
    gsm = all(character in _BASIC or character in _EXTENDED for character in text)
    encoding = GSM_7 if gsm else UCS_2
    units = [_units(character, encoding) for character in text]
    alone, together = _ROOM[encoding]
    if sum(units) <= alone:
        return Segments(encoding, 1)
    count, used = 1, 0
    for size in units:
        # Neither an escape nor half of a surrogate pair may be left behind at the end.
        if used + size > together:
            count, used = count + 1, 0
        used += size
    return Segments(encoding, count)


def _units(character: str, encoding: str) -> int:
    if encoding == GSM_7:
        return 2 if character in _EXTENDED else 1
    return 2 if ord(character) > 0xFFFF else 1
