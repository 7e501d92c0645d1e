"""Switchboard: the telephony control plane for voice AI assistants."""
