"""Calls through the organization's own bridge: all that a ringing phone needs."""

from .calls import BridgeCalls
from .webhooks import BridgeWebhooks


class ByoSipTrunkVoice(BridgeWebhooks, BridgeCalls):
    """One trunk's own bridge: its calls, and what it says of them."""
