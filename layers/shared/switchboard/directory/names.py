"""Texts that people give to things: what may be written, and how it is tidied."""

from ..errors import InvalidNumber, InvalidRequest
from ..model import E164, parse_e164

NAME_LENGTH = 100


def named(name: str, most: int = NAME_LENGTH) -> str:
    """Return a name without the space around it; raise InvalidRequest when it will not do."""
    name = name.strip()
    if not name or len(name) > most or not name.isprintable():
        raise InvalidRequest(f"A name is 1 to {most} characters on one line")
    return name


def text(given: str | None) -> str | None:
    """Return a text without the space around it, or None when nothing is left."""
    return given.strip() or None if given else None


def phone_number(field: str, given: str) -> E164:
    """Return a number; raise InvalidNumber that names the field it came in."""
    try:
        return parse_e164(given)
    except InvalidNumber as error:
        raise InvalidNumber(f"{field} must be E.164: + and 7 to 15 digits") from error
