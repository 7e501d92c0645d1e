"""The whole of Telnyx."""

from .checks import TelnyxChecks
from .numbers import TelnyxNumbers
from .texts import TelnyxTexts
from .voice import TelnyxVoice


class Telnyx(TelnyxVoice, TelnyxNumbers, TelnyxTexts, TelnyxChecks):
    """One Telnyx account: its calls, its numbers and the account itself."""
