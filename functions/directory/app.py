"""The directory: who uses Switchboard, and who did what."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import edge, wiring
from switchboard.app import App

from . import api_keys, audit

api = edge.api()
api.include_router(api_keys.api)
api.include_router(audit.api)


def lambda_handler(
    event: dict[str, Any], context: LambdaContext, app: Callable[[], App] = wiring.app
) -> dict[str, Any]:
    """Answer an API request."""
    return edge.handle(api, event, context, app)
