"""From the table's stream to whoever is to look at the rows that it wakes."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from ..stream import Woken, woken
from .office import Message, Queue

# The queue's longest delay. What is due later is found by the sweep.
LONGEST_DELAY = timedelta(minutes=15)


def messages(changes: Iterable[Mapping[str, Any]], now: datetime) -> list[tuple[Message, int]]:
    """Return whom changes of the stream wake, each with its delay in seconds."""
    return [
        (found, max(0, ceil((row.at - now).total_seconds())))
        for row in woken(changes)
        if row.at - now <= LONGEST_DELAY and (found := _message(row))
    ]


def relay(queue: Queue, changes: Iterable[Mapping[str, Any]], now: datetime) -> None:
    """Put into the queue what the changes ask for. Doing so twice is harmless."""
    if found := messages(changes, now):
        queue.put(found)


def message(pk: str, sk: str, organization_id: int) -> Message:
    """Return the message about an event, or about its delivery to one receiver."""
    kind, _, event_id = pk.partition("#")
    about: Message = {"event": event_id, "organization": organization_id}
    return about if kind == "EVENT" else about | {"endpoint": sk.removeprefix("TO#")}


def _message(row: Woken) -> Message | None:
    kind, _, name = row.pk.partition("#")
    match kind:
        case "CALL":
            return None  # a recording: who fetches it reads the stream, too
        case "FUSE":
            return {"fuse": row.organization_id, "organization": row.organization_id}
        case "TEXT":
            return {"text": name, "organization": row.organization_id}
    return message(row.pk, row.sk, row.organization_id)
