"""From the table's stream to the queues: whatever has a new moment to be woken at."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from .office import Message, Queue

# The queue's longest delay. What is due later is found by the sweep.
LONGEST_DELAY = timedelta(minutes=15)


def messages(records: Iterable[Mapping[str, Any]], now: datetime) -> list[tuple[Message, int]]:
    """Return what the queues shall hold for records of the stream, each with its delay."""
    return [found for record in records if (found := _message(record["dynamodb"], now))]


def relay(queue: Queue, records: Iterable[Mapping[str, Any]], now: datetime) -> None:
    """Put into the queue what the records ask for. Doing so twice is harmless."""
    if found := messages(records, now):
        queue.put(found)


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
    """Return the message about the row of an event, a delivery, a recording or a text message."""
    kind, _, event_id = pk.partition("#")
    if kind == "CALL":
        return {
            "recording": sk.removeprefix("RECORDING#"),
            "call": int(event_id),
            "organization": organization_id,
        }
    if kind == "TEXT":
        return {"text": event_id, "organization": organization_id}
    about: Message = {"event": event_id, "organization": organization_id}
    return about if kind == "EVENT" else about | {"endpoint": sk.removeprefix("TO#")}
