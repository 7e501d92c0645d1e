"""The directory: organizations, assistants, flows, API keys, and the record of changes."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import edge, wiring
from switchboard.app import App

from . import api_keys, assistants, audit, flows, organization

api = edge.api()
for router in (assistants, flows, organization, api_keys, audit):
    api.include_router(router.api)


def lambda_handler(
    event: dict[str, Any], context: LambdaContext, app: Callable[[], App] = wiring.app
) -> dict[str, Any]:
    """Answer an API request."""
    return edge.handle(api, event, context, app)
