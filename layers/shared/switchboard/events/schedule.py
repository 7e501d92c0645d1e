"""When an event that did not arrive is sent again."""

from datetime import datetime, timedelta

# Twelve attempts over 75 hours; jitter only ever adds. Short steps first, for a receiver that is
# being deployed; long ones for a weekend.
_DELAYS = tuple(
    timedelta(seconds=seconds)
    for seconds in (
        5, 60, 5 * 60, 20 * 60, 3600, 3 * 3600, 6 * 3600, 10 * 3600, 14 * 3600, 18 * 3600,
        22 * 3600 + 34 * 60,
    )
)  # fmt: skip
MOST_ATTEMPTS = len(_DELAYS) + 1
_JITTER = 0.1
# A receiver may ask for patience, but not for so much that the event is forgotten.
MOST_PATIENCE = timedelta(hours=24)

GIVEN_UP_AFTER = timedelta(hours=72)
"""An event that waited behind a dead receiver is given up after so long, and not before."""
LEAST_ATTEMPTS = 10
"""… and not before so many attempts at that receiver."""


def next_attempt(
    attempts: int, now: datetime, random: float, retry_after: timedelta | None = None
) -> datetime | None:
    """Return when to try again after so many attempts, or None when that was the last.

    `random` is from 0 to 1. `retry_after` is what the receiver asked for.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    delay = _DELAYS[attempts - 1]
    delay += delay * _JITTER * random
    if retry_after:
        delay = max(delay, min(retry_after, MOST_PATIENCE))
    return now + delay
