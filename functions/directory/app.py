"""The directory: who uses Switchboard, and who did what."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.directory import api_keys, audit
from switchboard import edge, wiring
from switchboard.app import App

api = edge.api()
api.include_router(api_keys.api)
api.include_router(audit.api)


def lambda_handler(
    event: dict[str, Any], context: LambdaContext, app: Callable[[], App] = wiring.app
) -> dict[str, Any]:
    """Answer an API request."""
    return edge.handle(api, event, context, app)
