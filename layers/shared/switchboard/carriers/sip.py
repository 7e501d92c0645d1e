"""What SIP addresses and headers say of the numbers in them."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from ..model import E164, CallStatus, is_e164

# Behind a PBX, the number that was called stands in one of these: the most telling first.
_ORDER = (
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
_LONGEST = 2_000
_MOST = 10
_USER = re.compile(r"(?:sips?|tel):([^@;>?,\s\"]+)", re.IGNORECASE)
_EXTRAS = re.compile(r"[\s().\-]")


def called_numbers(headers: Mapping[str, str]) -> tuple[tuple[E164, ...], ...]:
    """Return the numbers that each header names, the most telling header first.

    `headers` holds SIP headers by name, `Request-URI` and `To` among them. A header that names
    several numbers does not say which one was called: that is for the reader to decide.
    """
    by_name = {name.lower(): value for name, value in headers.items()}
    named = (tuple(_numbers_in(by_name.get(name, ""))) for name in _ORDER)
    return tuple(numbers for numbers in named if numbers)


def party(address: str) -> str:
    """Return the phone number in a SIP address, or the address when there is none.

    Only a number with + says of itself which country it is in.
    """
    user = user_of(address)
    return user if is_e164(user) else address[:255]


def user_of(address: str) -> str:
    """Return who is addressed: the part before the @, or all of what is no SIP address."""
    found = _USER.search(address[:_LONGEST])
    return unquote(found[1]) if found else address[:255]


def is_sip(address: str) -> bool:
    """Tell whether this is a SIP address, and not a number in the telephone network."""
    return address.lower().startswith(("sip:", "sips:")) or "@" in address


def ending(code: int) -> CallStatus:
    """Return how a call ended that nobody answered, by SIP's final code (RFC 3261, 21)."""
    if 200 <= code < 300:
        return CallStatus.COMPLETED
    return _ENDINGS.get(code, CallStatus.FAILED)


# The final codes by which a gateway says that it, and not the person who is called, is the reason:
# no answer from it at all (408), or trouble of its own. A proxy may go elsewhere with the call.
TRUNK_FAILURES = frozenset({"408", "500", "502", "503", "504"})

_ENDINGS = {
    **dict.fromkeys([486, 600], CallStatus.BUSY),
    **dict.fromkeys([408, 480], CallStatus.NO_ANSWER),
    487: CallStatus.CANCELLED,
}


def _numbers_in(header: str) -> Iterable[E164]:
    header = header[:_LONGEST]
    users = _USER.findall(header) or header.split(",")
    numbers = (_number(unquote(user)) for user in users[:_MOST])
    return dict.fromkeys(number for number in numbers if number)


def _number(user: str) -> E164 | None:
    digits = _EXTRAS.sub("", user.strip().strip('<>"'))
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    elif digits[:1].isdecimal():
        # A number without its country becomes one that nobody here holds, and so counts for none.
        digits = f"+{digits}"
    return E164(digits) if is_e164(digits) else None
