"""Phone numbers but for buying them: finding, releasing, taking over, and who answers them."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import edge, wiring
from switchboard.app import App

from . import assignment, flows, numbers, search, sync

api = edge.api()
api.include_router(search.api)
api.include_router(numbers.api)
api.include_router(assignment.api)
api.include_router(flows.api)
api.include_router(sync.api)


def lambda_handler(
    event: dict[str, Any], context: LambdaContext, app: Callable[[], App] = wiring.app
) -> dict[str, Any]:
    """Answer an API request."""
    return edge.handle(api, event, context, app)
