"""One carrier's webhooks. Deployed once per carrier: CARRIER says which."""

import os
from collections.abc import Callable
from typing import Any

from switchboard import boot, restoring, webhook_edge, wiring
from switchboard.app import App

if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    # In Lambda, and not where a test imports this: the first caller shall not wait for it.
    webhook_edge.prepare(os.environ["CARRIER"], wiring.app)
    restoring.arrange(wiring.app)

boot.done()


def lambda_handler(
    event: dict[str, Any], context: object, app: Callable[[], App] = wiring.app
) -> dict[str, Any]:
    """Verify, record and answer what a carrier sends."""
    return webhook_edge.handle(event, os.environ["CARRIER"], app)
