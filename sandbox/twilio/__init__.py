"""Stand in for Twilio."""
