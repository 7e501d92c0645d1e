"""The table's stream: whoever is to look at what changed is told."""

from collections.abc import Callable
from typing import Any

from switchboard import post_office
from switchboard.events.office import Queue


def lambda_handler(
    event: dict[str, Any], context: object, queue: Callable[[], Queue] = post_office.recipients
) -> None:
    """Relay a batch of changes; one that fails comes again."""
    post_office.relay(event, queue)
