"""The whole of Twilio."""

from .checks import TwilioChecks
from .numbers import TwilioNumbers
from .recordings import TwilioRecordings
from .voice import TwilioVoice


class Twilio(TwilioVoice, TwilioNumbers, TwilioRecordings, TwilioChecks):
    """One Twilio account: its calls, its numbers, its recordings and the account itself."""
