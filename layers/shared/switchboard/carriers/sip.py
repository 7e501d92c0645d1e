"""What SIP says of a call: the number that was really called, and what a final code means."""

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote

from ..model import E164, CallStatus, is_e164

type Headers = Mapping[str, tuple[str, ...]]
"""A request's headers: names in lower case, each with its values from top to bottom."""

# Behind a PBX all its numbers come in on one extension. Where the called one may stand, the most
# trustworthy place first: this order is the contract's (3.5). RFC 5806, RFC 7044, RFC 7315.
CALLED_NUMBER_HEADERS = (
    "diversion",
    "history-info",
    "x-original-called",
    "x-original-number",
    "x-forwarded-to",
    "x-original-to",
    "p-called-party-id",
    "request-uri",
    "to",
)
# One table request brings that many rows; a call that was sent on more often goes in circles.
_MOST_NUMBERS = 40

# <sip:+14155550100;npdi@pbx.example.com>;reason=…, tel:+1-415-555-0100, or a bare number.
_URI = re.compile(r"(?:sips?|tel):([^@>;,?\s]{1,128})", re.IGNORECASE)
_BARE = re.compile(r"\s*\"?(\+?[0-9(][0-9().\s\-]{4,40})\"?\s*(?:[@;,].*)?", re.DOTALL)
_SEPARATORS = re.compile(r"[().\s\-]")
_DIGITS = re.compile(r"[1-9][0-9]{10,14}", re.ASCII)


def called_numbers(headers: Headers) -> tuple[tuple[E164, ...], ...]:
    """Return the numbers that a call may be for, by header, the most trustworthy header first.

    More than one of the organization's own in one header is ambiguous: then nobody may choose.
    """
    seen = 0
    groups = []
    for name in CALLED_NUMBER_HEADERS:
        numbers = tuple(dict.fromkeys(_numbers_in(headers.get(name, ()))))
        groups.append(numbers[: _MOST_NUMBERS - seen])
        seen += len(groups[-1])
    return tuple(group for group in groups if group)


def number_in(text: str) -> E164 | None:
    """Return the phone number of a SIP or tel address, or of a bare number; None without one."""
    return next(_numbers_in((text,)), None)


def party(address: str) -> str:
    """Return the phone number in a SIP address, or the address when there is none.

    Only a number with + says of itself which country it is in.
    """
    user = user_of(address)
    return user if is_e164(user) else address[:255]


def is_sip(address: str) -> bool:
    """Tell whether this is a SIP address, and not a number in the telephone network."""
    return address.lower().startswith(("sip:", "sips:")) or "@" in address


def user_of(text: str) -> str:
    """Return the user of a SIP address, or the text itself: what may be shown of an extension."""
    found = _URI.search(text)
    shown = unquote(found[1]) if found else text.strip()
    return "".join(filter(str.isprintable, shown))[:64]


def _numbers_in(values: Iterable[str]) -> Iterator[E164]:
    for value in values:
        users = _URI.findall(value) or [bare[1] for bare in [_BARE.fullmatch(value)] if bare]
        for user in users:
            number = _number(user)
            if number:
                yield number


def _number(user: str) -> E164 | None:
    text = _SEPARATORS.sub("", unquote(user))
    # Some PBXs leave the "+" away. With so many digits it is no guess to add it: only a number that
    # the organization holds is found by it. Fewer digits may be a national number.
    if _DIGITS.fullmatch(text):
        text = f"+{text}"
    return E164(text) if is_e164(text) else None


def ending(code: int) -> CallStatus:
    """Return how a call ended that was never answered, by SIP's final code (RFC 3261, 21)."""
    if code in _ENDINGS:
        return _ENDINGS[code]
    return CallStatus.COMPLETED if 200 <= code < 300 else CallStatus.FAILED


# The final codes by which a gateway says that it, and not the person who is called, is the reason:
# no answer from it at all (408), or trouble of its own. A proxy may go elsewhere with the call.
TRUNK_FAILURES = frozenset({"408", "500", "502", "503", "504"})

_ENDINGS = {
    **dict.fromkeys([486, 600], CallStatus.BUSY),
    **dict.fromkeys([408, 480], CallStatus.NO_ANSWER),
    487: CallStatus.CANCELLED,
}
