"""Everything of Twilio that a ringing phone needs."""

from .calls import TwilioCalls
from .webhooks import TwilioWebhooks


class TwilioVoice(TwilioWebhooks, TwilioCalls):
    """Calls at one Twilio account, and what it says of them."""
