"""What the suite has counted, for whoever prints it at the end."""

from collections import Counter

counted: Counter[str] = Counter()


def count(name: str, times: int = 1) -> None:
    """Add to a figure, which is printed under this name."""
    counted[name] += times
