"""A stateful stand-in for the carriers, for developing agents without a phone or an account."""
