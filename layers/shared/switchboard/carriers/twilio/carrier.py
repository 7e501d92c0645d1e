"""The whole of Twilio."""

from .checks import TwilioChecks
from .numbers import TwilioNumbers
from .texts import TwilioTexts
from .voice import TwilioVoice


class Twilio(TwilioVoice, TwilioNumbers, TwilioTexts, TwilioChecks):
    """One Twilio account: its calls, its numbers and the account itself."""
