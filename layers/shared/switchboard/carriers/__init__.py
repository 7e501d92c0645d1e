"""The only list of carriers. Each is imported when it is first asked for, and not before:
a function that answers one carrier's calls pays for that carrier's calls alone.

A carrier is a folder of this name, whose parts have the same names at every carrier: the class
of `voice.py` ends in Voice, and `carrier.py` has the whole.
"""

from importlib import import_module
from typing import Any

from ..errors import UnknownProvider
from ..model import BYO
from .base import Carrier, Voice

CARRIERS = {
    "twilio": "Twilio",
    "telnyx": "Telnyx",
    "vonage": "Vonage",
}
_ALL = CARRIERS | {BYO: "ByoSipTrunk"}


def carrier_class(name: str) -> type[Carrier]:
    """Return the whole carrier called `name`; raise UnknownProvider if there is none."""
    found: type[Carrier] = _part(name, "carrier", "")
    return found


def voice_class(name: str) -> type[Voice]:
    """Return the carrier's calls and webhooks, without the rest; raise UnknownProvider."""
    found: type[Voice] = _part(name, "voice", "Voice")
    return found


def _part(name: str, module: str, suffix: str) -> Any:
    if name not in _ALL:
        known = " or ".join(f"'{known}'" for known in _ALL)
        raise UnknownProvider(f"Provider must be {known}")
    folder = name.replace("-", "_")
    return getattr(import_module(f".{folder}.{module}", __package__), _ALL[name] + suffix)
