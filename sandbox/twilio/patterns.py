"""Twilio's patterns of digits: https://www.twilio.com/docs/phone-numbers/api/availablephonenumberlocal-resource"""

import re
from collections.abc import Callable

from sandbox.inventory import Offer
from sandbox.twilio.rest import error
from sandbox.wire import Refused

_ALLOWED = re.compile(r"(?=.{2,16}$)\+?[0-9A-Za-z*%]+\$?")
_FEWEST_PLAIN = 2
_LETTERS = {
    "2": "abc",
    "3": "def",
    "4": "ghi",
    "5": "jkl",
    "6": "mno",
    "7": "pqrs",
    "8": "tuv",
    "9": "wxyz",
}
_AS_REGEX = {letter: key for key, letters in _LETTERS.items() for letter in letters}
_AS_REGEX |= {"*": r"\d", "%": r"\d*", "+": ""}


def pattern(wanted: str) -> Callable[[Offer], bool]:
    """Return who fits `Contains`: `*` is a digit, `%` are any, `+` is the start, `$` the end."""
    plain = re.sub(r"[^0-9A-Za-z]", "", wanted)
    wild = len(plain) < len(wanted)
    if not _ALLOWED.fullmatch(wanted) or (wild and len(plain) < _FEWEST_PLAIN):
        raise Refused(error(400, 20001, f"Invalid pattern for Contains: {wanted}"))
    body = "".join(_AS_REGEX.get(character, character) for character in wanted.lower())
    found = re.compile(body)
    if wanted.startswith("+"):
        return lambda offer: any(found.match(d) for d in (offer.digits, offer.national))
    return lambda offer: bool(found.search(offer.digits))
