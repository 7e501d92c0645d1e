"""Recordings on their way from the carriers: the table's stream, and once a minute the sweep."""

from collections.abc import Callable
from typing import Any

from switchboard import recording_room
from switchboard.recordings.room import Room


def lambda_handler(
    event: dict[str, Any], context: object, room: Callable[[], Room] = recording_room.room
) -> None:
    """Fetch what a batch of changes tells of, or look for what was forgotten."""
    recording_room.fetch(event, room)
