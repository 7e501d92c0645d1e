"""The whole of Twilio."""

from .checks import TwilioChecks
from .numbers import TwilioNumbers
from .voice import TwilioVoice


class Twilio(TwilioVoice, TwilioNumbers, TwilioChecks):
    """One Twilio account: its calls, its numbers and the account itself."""
