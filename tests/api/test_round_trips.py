"""How many requests each route takes, counted: what it asks of AWS while its client waits."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.api import world
from tests.api.document import Operation, for_customers, request
from tests.api.gateway import Gateway

COUNTS = Path(__file__).parent / "round_trips.json"
ROUTES = [pytest.param(operation, id=operation.name) for operation in for_customers()]


def counted(gateway: Gateway, operation: Operation) -> dict[str, int]:
    """Carry out an operation's first example; return its requests by AWS's names of services."""
    world.prepare(gateway.app, operation)
    token = world.token(gateway.app, operation)
    # The door writes down once a minute that a key is used: this was not the first use of late.
    gateway.send("GET", "/api/v1/calls", headers={"Authorization": f"Bearer {token}"})
    asked: Counter[str] = Counter()

    def count(event_name: str, **_: Any) -> None:
        asked[event_name.split(".")[1]] += 1

    for client in (gateway.app.store._client, gateway.app.secrets._client):
        client.meta.events.register("request-created", count)
    request(gateway, operation, token, 0)
    return dict(asked)


@pytest.mark.parametrize("operation", ROUTES)
def test_a_route_takes_the_requests_that_are_written_down(
    gateway: Gateway, operation: Operation
) -> None:
    """With WRITE_ROUND_TRIPS=1 the count is written down, for `git diff` to show what changed."""
    written = json.loads(COUNTS.read_text()) if COUNTS.exists() else {}

    found = counted(gateway, operation)

    if os.environ.get("WRITE_ROUND_TRIPS"):
        written[operation.name] = found
        COUNTS.write_text(json.dumps(written, indent=2, sort_keys=True) + "\n")
    assert found == written[operation.name]


def test_every_route_is_counted_and_no_other() -> None:
    assert set(json.loads(COUNTS.read_text())) == {it.name for it in for_customers()}
