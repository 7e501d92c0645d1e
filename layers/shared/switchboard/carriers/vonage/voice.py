"""Everything of Vonage that a ringing phone needs."""

from .calls import VonageCalls
from .webhooks import VonageWebhooks


class VonageVoice(VonageWebhooks, VonageCalls):
    """Calls at one Vonage account, and what it says of them."""
