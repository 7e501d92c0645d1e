"""Events: what happened, what did not arrive, who is told, and what was said in a call."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import edge, wiring
from switchboard.app import App

from . import calls, history, webhooks

api = edge.api()
for router in (history, webhooks, calls):
    api.include_router(router.api)


def lambda_handler(
    event: dict[str, Any], context: LambdaContext, app: Callable[[], App] = wiring.app
) -> dict[str, Any]:
    """Answer an API request."""
    return edge.handle(api, event, context, app)
