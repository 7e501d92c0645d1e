"""Stand in for Vonage."""
