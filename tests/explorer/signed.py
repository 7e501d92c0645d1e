"""The carriers' own webhooks, as API Gateway hands them to our function: signed, with their ids."""

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from switchboard import webhook_edge
from switchboard.app import App
from switchboard.errors import ServiceUnavailable
from switchboard.model import CallStatus
from tests.explorer import convergence, errands, promises
from tests.explorer.world import SETTINGS, Intent, World

_BASE = urlsplit(SETTINGS.public_base_url).path


def told(world: World) -> Intent:
    """Let a call ring, be taken and end; what its carrier signed then wants to be heard."""
    return _heard_from(world, _ended(world))


def told_late(world: World) -> Intent:
    """The same, when reconciliation has learned of the end from the carrier's records."""
    first, *others = _ended(world)
    assert _answer(world.app, world.carrier, first)["statusCode"] == 200
    world.clock.advance(minutes=4)
    convergence.reconciled(world)
    [call] = promises.calls(world)
    assert call.status is CallStatus.COMPLETED
    return _heard_from(world, others)


def _ended(world: World) -> list[httpx.Request]:
    """Place a call that is taken at once, let it end, and return what its carrier has signed."""
    # What is told is told by the carrier itself, once: what is lost for good, the records know.
    world.is_told_by_carrier = world.has_forgotten = True
    world.exchange.world.settings.far_end_answers_after_s = 0
    world.ask(errands.purchase(world.carrier))
    world.ask(errands.dial())
    world.exchange.settle()
    world.hang_up()
    # The fallback is asked too, where it answers by itself: it is signed for nobody.
    return [it for it in world.exchange.webhooks() if it.url.query]


def _heard_from(world: World, requests: list[httpx.Request]) -> Intent:
    def attempt(app: App) -> Any:
        for request in requests:
            reply = _answer(app, world.carrier, request)
            if reply["statusCode"] >= 300:
                return ServiceUnavailable(reply["body"])  # its carrier sends it again
        return True

    def is_final(reply: Any) -> bool:
        return not isinstance(reply, Exception)

    return Intent("the signed webhooks of a call", attempt, is_final)


class _Here:
    """Stands in for the edge's thread: a process of the explorer is one thread's."""

    def __init__(self, target: Any, daemon: bool) -> None:
        self.start, self.daemon = target, daemon

    def join(self, timeout: float) -> None:
        """Wait for nothing."""


def _answer(app: App, carrier: str, request: httpx.Request) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(webhook_edge, "Thread", _Here)
        return webhook_edge.handle(_event(request), carrier, lambda: app)


def _event(request: httpx.Request) -> dict[str, Any]:
    path = request.url.path.removeprefix(_BASE)
    query: dict[str, list[str]] = {}
    for name, value in request.url.params.multi_items():
        query.setdefault(name, []).append(value)
    return {
        "httpMethod": request.method,
        "resource": path,
        "path": path,
        "headers": dict(request.headers),
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "body": request.content.decode() or None,
        "isBase64Encoded": False,
        "requestContext": {"requestId": "explored", "path": request.url.path},
    }
