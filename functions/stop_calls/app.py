"""Calls of tripped fuses: told by the table's stream, and once a minute the sweep."""

from collections.abc import Callable
from typing import Any

from switchboard import batches, lambda_events, stopping, wiring
from switchboard.app import App


def lambda_handler(
    event: dict[str, Any], context: object, app: Callable[[], App] = wiring.app
) -> None:
    """End the calls of the organization whose fuse tripped, or look for what was forgotten."""
    if lambda_events.is_time_to_sweep(event):
        batches.swept(lambda: stopping.sweep(app()))
    else:
        stopping.stay(app(), lambda_events.number(event, "fuse"))
