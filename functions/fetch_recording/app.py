"""Recordings on their way from the carriers: messages of their queue, and in between the sweep."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger

from switchboard import recording_room
from switchboard.recordings.room import Room

# Named like the package, so that every module's own logger speaks through it.
logger = Logger(service="switchboard")


def lambda_handler(
    event: dict[str, Any], context: object, room: Callable[[], Room] = recording_room.room
) -> dict[str, Any]:
    """Fetch what a batch of messages asks for, or look for what was forgotten."""
    return recording_room.fetch(event, room)
