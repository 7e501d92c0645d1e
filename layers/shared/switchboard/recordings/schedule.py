"""When a recording that could not be fetched is tried again."""

from datetime import datetime, timedelta

# Eighteen attempts over three days. Some carriers announce a file some seconds before it is there;
# some are away for an hour, and so may be our bucket.
_MINUTES = (0.25, 0.5, 1, 2, 5, 10, 15, 15, 30, 60, 60, 120, 240, 480, 720, 1080, 1500)
MOST_ATTEMPTS = len(_MINUTES) + 1


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """Return when to try again after so many attempts, or None when that was the last."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return now + timedelta(minutes=_MINUTES[attempts - 1])
