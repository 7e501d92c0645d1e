"""Stand in for Telnyx."""
