"""Replacing a secret without an interruption: for a while the one before it counts as well.

Whoever signs has a moment of its own at which it begins to use the new one, and what is on its way
was signed before: https://www.twilio.com/docs/iam/api/authtoken
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=7)
FORMER = "former"
"""Where credentials keep what they were: `{"value": …, "until": …}`, in UTC."""


def rotated(
    before: Mapping[str, Any], after: Mapping[str, Any], name: str, until: datetime, now: datetime
) -> dict[str, Any]:
    """Return new credentials that keep until then what `name` was before, if that has changed.

    Of two changes in a row, only the later one's predecessor is kept. An end that is not in the
    future keeps nothing: for a secret that somebody else knows.
    """
    kept = {key: value for key, value in after.items() if key != FORMER}
    if until <= now:
        return kept
    old = before.get(name)
    if old and old != after.get(name):
        return kept | {FORMER: {"value": old, "until": until.isoformat()}}
    # Nothing new: what was kept stays, but not longer than it was to.
    former = before.get(FORMER)
    return kept | {FORMER: former} if former else kept


def former(credentials: Mapping[str, Any], name: str, now: datetime) -> dict[str, Any] | None:
    """Return the credentials as they were before `name` was changed, while that still counts."""
    kept = credentials.get(FORMER)
    if not kept or now >= datetime.fromisoformat(kept["until"]):
        return None
    return {**credentials, name: kept["value"]}
