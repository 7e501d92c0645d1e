"""The directory: organizations, assistants, flows, SIP trunks, API keys, the audit record."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import edge, wiring
from switchboard.app import App

from . import api_keys, assistants, audit, flows, organization, sip_trunks

api = edge.api()
for router in (assistants, flows, organization, api_keys, audit, sip_trunks):
    api.include_router(router.api)


def lambda_handler(
    event: dict[str, Any], context: LambdaContext, app: Callable[[], App] = wiring.app
) -> dict[str, Any]:
    """Answer an API request."""
    return edge.handle(api, event, context, app)
