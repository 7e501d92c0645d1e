"""Stand in for a customer's server that gets events: verify each, keep it, answer as told."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.control_web import Wrong, body, route
from sandbox.wire import json_fields
from sandbox.world import World

_KEPT = 10_000


@dataclass
class Receiver:
    """One server: its secret, how it answers next, and what has come."""

    secret: str = ""
    answers: list[int] = field(default_factory=list)
    """Statuses of the next answers; then always 200."""
    delay_s: float = 0.0
    events: list[dict[str, Any]] = field(default_factory=list)


async def _receive(request: Request, world: World) -> Response:
    receiver = _receiver(request, world)
    raw = await request.body()
    event = json_fields(raw)
    status = receiver.answers.pop(0) if receiver.answers else 200
    seen = {
        "at": datetime.now(UTC).isoformat(),
        "id": request.headers.get("webhook-id"),
        "type": event.get("type"),
        "call_id": event.get("call_id"),
        "sequence": event.get("sequence"),
        "verified": _is_verified(receiver.secret, raw, dict(request.headers)),
        "answered": status,
        "body": event,
    }
    receiver.events = [*receiver.events, seen][-_KEPT:]
    await asyncio.sleep(receiver.delay_s)
    return PlainTextResponse("ok" if status < 300 else "no", status)


def _is_verified(secret: str, raw: bytes, headers: dict[str, str]) -> bool:
    if not secret:
        return False
    try:
        Webhook(secret).verify(raw, headers)
    except WebhookVerificationError:
        return False
    return True


async def _show(request: Request, world: World) -> Response:
    receiver = _receiver(request, world)
    return JSONResponse({"events": receiver.events, "answers": receiver.answers})


async def _change(request: Request, world: World) -> Response:
    receiver, wanted = _receiver(request, world), await body(request)
    secret, answers = wanted.get("secret", receiver.secret), wanted.get("answers", [])
    delay = wanted.get("delay_s", 0.0)
    if not isinstance(secret, str) or not (secret == "" or secret.startswith("whsec_")):
        raise Wrong(422, "secret is what `switchboard webhooks secret` shows: whsec_…")
    if not isinstance(answers, list) or not all(
        isinstance(it, int) and 200 <= it <= 599 for it in answers
    ):
        raise Wrong(422, "answers are statuses: [500, 503]")
    if not isinstance(delay, int | float) or not 0 <= delay <= 60:
        raise Wrong(422, "delay_s is 0 to 60")
    receiver.secret, receiver.answers, receiver.delay_s = secret, answers, float(delay)
    return Response(status_code=204)


async def _forget(request: Request, world: World) -> Response:
    world.receivers.pop(request.path_params["name"], None)
    return Response(status_code=204)


def _receiver(request: Request, world: World) -> Receiver:
    found = world.receivers.setdefault(request.path_params["name"], Receiver())
    assert isinstance(found, Receiver)
    return found


def routes() -> list[Route]:
    """Return the receiver's own route."""
    return [route("/{name}", _receive, "POST")]


def control() -> list[Route]:
    """Return the routes below `/_` by which it is told how to answer, and read."""
    return [
        route("/receivers/{name}", _show, "GET"),
        route("/receivers/{name}", _change, "PUT"),
        route("/receivers/{name}", _forget, "DELETE"),
    ]
