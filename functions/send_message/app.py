"""Text messages whose turn has come: messages of their queue, and once a minute the sweep."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger

from switchboard import post_office, wiring
from switchboard.app import App

# Named like the package, so that every module's own logger speaks through it.
logger = Logger(service="switchboard")


def lambda_handler(
    event: dict[str, Any], context: object, app: Callable[[], App] = wiring.app
) -> dict[str, Any]:
    """Send what a batch of messages asks for, or look for what was forgotten."""
    return post_office.send_texts(event, app)
