"""Phone numbers but for buying them: finding, releasing, taking over, and who answers them."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import edge, wiring
from switchboard.app import App

from . import assignment, caller_ids, carrier_settings, flows, numbers, search, sync

api = edge.api()
api.include_router(search.api)
api.include_router(numbers.api)
api.include_router(assignment.api)
api.include_router(flows.api)
api.include_router(sync.api)
api.include_router(carrier_settings.api)
api.include_router(caller_ids.api)


def lambda_handler(
    event: dict[str, Any], context: LambdaContext, app: Callable[[], App] = wiring.app
) -> dict[str, Any]:
    """Answer an API request."""
    return edge.handle(api, caller_ids.form_as_json(event), context, app)
