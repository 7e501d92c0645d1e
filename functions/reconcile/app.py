"""Every few minutes: what a crash or a lost answer left open is settled by looking."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import wiring
from switchboard.app import App
from switchboard.logs import logger
from switchboard.reconciling import running

# Longer than everything that one finding can take: four requests to a carrier that is silent.
_LAST_STEP = timedelta(seconds=60)


def lambda_handler(
    event: dict[str, Any], context: LambdaContext, app: Callable[[], App] = wiring.app
) -> dict[str, Any]:
    """Sweep as far as time allows; the next run goes on there."""
    opened = app()
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    swept = running.sweep(opened, opened.clock() + left - _LAST_STEP)
    said = {
        "found": dict(swept.found),
        "problems": swept.problems,
        "is_complete": swept.is_complete,
    }
    logger.info("swept", extra=said)
    return said
