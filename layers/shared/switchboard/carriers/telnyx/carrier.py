"""The whole of Telnyx."""

from .checks import TelnyxChecks
from .numbers import TelnyxNumbers
from .voice import TelnyxVoice


class Telnyx(TelnyxVoice, TelnyxNumbers, TelnyxChecks):
    """One Telnyx account: its calls, its numbers and the account itself."""
