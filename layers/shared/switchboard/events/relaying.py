"""From the table's stream to the queues: whatever has a new moment to be woken at."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from .office import Message, Queue

logger = logging.getLogger(__name__)

# The queue's longest delay. What is due later is found by the sweep.
LONGEST_DELAY = timedelta(minutes=15)


def messages(records: Iterable[Mapping[str, Any]], now: datetime) -> list[tuple[Message, int]]:
    """Return what the queues shall hold for records of the stream, each with its delay."""
    return [found for record in records if (found := _read(record, now))]


def relay(queue: Queue, records: Iterable[Mapping[str, Any]], now: datetime) -> None:
    """Put into the queue what the records ask for. Doing so twice is harmless."""
    if found := messages(records, now):
        queue.put(found)


def _read(record: Mapping[str, Any], now: datetime) -> tuple[Message, int] | None:
    try:
        return _message(record["dynamodb"], now)
    except (AttributeError, KeyError, TypeError, ValueError):
        # It would hold up all that comes after it for a day; the sweep finds what its row is about.
        logger.exception("change not understood")
        return None


def _message(change: Mapping[str, Any], now: datetime) -> tuple[Message, int] | None:
    row, before = change.get("NewImage") or {}, change.get("OldImage") or {}
    wake = row.get("wake", {}).get("S")
    if wake is None or wake == before.get("wake", {}).get("S"):
        return None
    delay = datetime.fromisoformat(wake) - now
    if delay > LONGEST_DELAY:
        return None
    seconds = max(0, ceil(delay.total_seconds()))
    return message(row["pk"]["S"], row["sk"]["S"], int(row["organization_id"]["N"])), seconds


def message(pk: str, sk: str, organization_id: int) -> Message:
    """Return the message about a row: an event, a delivery, a recording, a text, a fuse."""
    kind, _, event_id = pk.partition("#")
    if kind == "CALL":
        return {
            "recording": sk.removeprefix("RECORDING#"),
            "call": int(event_id),
            "organization": organization_id,
        }
    if kind == "FUSE":
        return {"fuse": organization_id, "organization": organization_id}
    if kind == "TEXT":
        return {"text": event_id, "organization": organization_id}
    about: Message = {"event": event_id, "organization": organization_id}
    return about if kind == "EVENT" else about | {"endpoint": sk.removeprefix("TO#")}
