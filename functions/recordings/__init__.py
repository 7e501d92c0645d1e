"""What was recorded of calls."""
