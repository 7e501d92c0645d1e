"""Events on their way to customers: messages of the event queue, and once a minute the sweep."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger

from switchboard import post_office
from switchboard.events.office import Office

# Named like the package, so that every module's own logger speaks through it.
logger = Logger(service="switchboard")


def lambda_handler(
    event: dict[str, Any], context: object, office: Callable[[], Office] = post_office.office
) -> dict[str, Any]:
    """Deliver what a batch of messages asks for, or look for what was forgotten."""
    return post_office.deliver(event, office)
