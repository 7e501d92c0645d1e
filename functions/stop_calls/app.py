"""Calls of tripped fuses: messages of their queue, and once a minute the sweep."""

from collections.abc import Callable
from typing import Any

from switchboard import post_office, wiring
from switchboard.app import App


def lambda_handler(
    event: dict[str, Any], context: object, app: Callable[[], App] = wiring.app
) -> dict[str, Any]:
    """End the calls that a batch of messages is about, or look for what was forgotten."""
    return post_office.stop_calls(event, app)
