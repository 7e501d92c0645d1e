"""Ids that sort by time and fit 53 bits, so that JSON's numbers hold them."""

import secrets
from datetime import UTC, datetime, timedelta

# 41 bits of milliseconds last until 2094, 12 random bits tell one millisecond's ids apart;
# every write of a new id is conditional, so a collision is noticed and never overwrites.
_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
_RANDOM_BITS = 12
LAST_ID = 2**53 - 1


def new_id(now: datetime) -> int:
    """Return a new id for something made at `now`."""
    return first_id_at(now) + secrets.randbits(_RANDOM_BITS)


def first_id_at(moment: datetime) -> int:
    """Return the smallest id that something made at `moment` can have."""
    milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1)
    return min(max(milliseconds, 0) << _RANDOM_BITS, LAST_ID)
