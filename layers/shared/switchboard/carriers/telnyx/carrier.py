"""The whole of Telnyx."""

from .checks import TelnyxChecks
from .numbers import TelnyxNumbers
from .recordings import TelnyxRecordings
from .voice import TelnyxVoice


class Telnyx(TelnyxVoice, TelnyxNumbers, TelnyxRecordings, TelnyxChecks):
    """One Telnyx account: its calls, its numbers, its recordings and the account itself."""
