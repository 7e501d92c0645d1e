"""Goes on with a call whose SIP trunk failed: over the next trunk, or to its end."""

from collections.abc import Callable

from switchboard import lambda_events, placing, wiring
from switchboard.app import App
from switchboard.logs import logger


def lambda_handler(
    event: dict[str, int], context: object, app: Callable[[], App] = wiring.app
) -> None:
    """Go on with `call_id`. A repeated event finds that somebody does already."""
    call_id = lambda_events.number(event, "call_id")
    placing.go_on(app(), call_id)
    logger.info("failed over", extra={"call_id": call_id})
