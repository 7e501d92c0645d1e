"""The whole of Vonage."""

from .checks import VonageChecks
from .numbers import VonageNumbers
from .voice import VonageVoice


class Vonage(VonageVoice, VonageNumbers, VonageChecks):
    """One Vonage account: its calls, its numbers and the account itself."""
