"""Texts that people give to things: what may be written, and how it is tidied."""

from ..errors import InvalidNumber, InvalidRequest
from ..model import E164, parse_e164

NAME_LENGTH = 100
# What is spoken in five minutes.
TEXT_LENGTH = 4_096


def named(name: str, most: int = NAME_LENGTH) -> str:
    """Return a name without the space around it; raise InvalidRequest when it will not do."""
    name = name.strip()
    if not name or len(name) > most or not name.isprintable():
        raise InvalidRequest(f"A name is 1 to {most} characters on one line")
    return name


def text(field: str, given: object, most: int = TEXT_LENGTH) -> str | None:
    """Return a text without the space around it, or None when nothing is left.

    Raises InvalidRequest for what is no text, or too long.
    """
    if given is None:
        return None
    if not isinstance(given, str):
        raise InvalidRequest(f"{field} is a text")
    if len(given) > most:
        raise InvalidRequest(f"{field} has at most {most} characters")
    # Half of a character that takes two cannot be written anywhere.
    if any("\ud800" <= it <= "\udfff" for it in given):
        raise InvalidRequest(f"{field} holds half a character")
    return given.strip() or None


def phone_number(field: str, given: str) -> E164:
    """Return a number; raise InvalidNumber that names the field it came in."""
    try:
        return parse_e164(given)
    except InvalidNumber as error:
        raise InvalidNumber(f"{field} must be E.164: + and 7 to 15 digits") from error


def phone_numbers(field: str, given: list[str], most: int) -> tuple[E164, ...]:
    """Return numbers, each once; raise InvalidNumber, or InvalidRequest for too many."""
    numbers = tuple(dict.fromkeys(phone_number(field, number) for number in given))
    if len(numbers) > most:
        raise InvalidRequest(f"{field} has at most {most} numbers")
    return numbers
