"""The only list of carriers. Each is imported when it is first asked for, and not before:
a function that answers one carrier's calls pays for that carrier alone."""

from importlib import import_module

from ..errors import UnknownProvider
from .base import Carrier

CARRIERS = {
    "twilio": "Twilio",
    "telnyx": "Telnyx",
}


def carrier_class(name: str) -> type[Carrier]:
    """Return the class of the carrier called `name`; raise UnknownProvider if there is none."""
    if name not in CARRIERS:
        known = " or ".join(f"'{known}'" for known in CARRIERS)
        raise UnknownProvider(f"Provider must be {known}")
    found: type[Carrier] = getattr(import_module(f".{name}", __package__), CARRIERS[name])
    return found
