"""Everything of Telnyx that a ringing phone needs."""

from .calls import TelnyxCalls
from .webhooks import TelnyxWebhooks


class TelnyxVoice(TelnyxWebhooks, TelnyxCalls):
    """Calls at one Telnyx account, and what it says of them."""
