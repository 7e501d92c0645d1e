"""The table's stream, turned into messages of the queues."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger

from switchboard import post_office
from switchboard.events.office import Queue

# Named like the package, so that every module's own logger speaks through it.
logger = Logger(service="switchboard")


def lambda_handler(
    event: dict[str, Any], context: object, queue: Callable[[], Queue] = post_office.queue
) -> None:
    """Relay a batch of changes; one that fails comes again."""
    post_office.relay(event, queue)
