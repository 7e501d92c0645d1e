"""The table's stream: rows that have a new moment to be woken at."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Woken:
    """A row that somebody is to look at, at a moment."""

    pk: str
    sk: str
    organization_id: int
    at: datetime


def woken(changes: Iterable[Mapping[str, Any]]) -> Iterator[Woken]:
    """Yield what changes of the stream wake; a row that keeps its moment is not woken again."""
    for change in changes:
        try:
            found = _woken(change["dynamodb"])
        except (AttributeError, KeyError, TypeError, ValueError):
            # It would hold up all that comes after it for a day; a sweep finds what it is about.
            logger.exception("change not understood")
        else:
            if found:
                yield found


def _woken(change: Mapping[str, Any]) -> Woken | None:
    row, before = change.get("NewImage") or {}, change.get("OldImage") or {}
    at = row.get("wake", {}).get("S")
    if at is None or at == before.get("wake", {}).get("S"):
        return None
    organization_id = int(row["organization_id"]["N"])
    return Woken(row["pk"]["S"], row["sk"]["S"], organization_id, datetime.fromisoformat(at))
