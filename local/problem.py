"""Say in one line what stands in the way."""


class Problem(Exception):
    """The local stack cannot go on; the message is one line and says what to do."""
