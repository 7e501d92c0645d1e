"""The control API's text messages: write to a number, and read all that was written."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import carriers, ids, inventory
from sandbox.control_web import Wrong, body, matching, route
from sandbox.texts import TextMessage
from sandbox.world import World


async def _write(request: Request, world: World) -> Response:
    """Let somebody write to a number; answer when its owner was told."""
    wanted = await body(request)
    carrier, to = wanted.get("carrier"), wanted.get("to")
    if carrier not in carriers.CARRIERS:
        raise Wrong(422, f"carrier must be one of: {', '.join(sorted(carriers.CARRIERS))}")
    number = world.books.owner(carrier, to) if isinstance(to, str) else None
    account = world.books.account(carrier, number.account) if number else None
    if number is None or account is None:
        raise Wrong(404, f"nobody owns {to} at {carrier}: buy it first")
    message_id = ids.sid("SM") if carrier == "twilio" else ids.uuid()
    from_, text, media = _content(wanted)
    message = TextMessage(
        carrier, account.id, message_id, "inbound", from_, number.number, text, media, "received"
    )
    world.texts.enter(message)
    told = await carriers.CARRIERS[carrier].receive_text(world, account, number, message)
    return JSONResponse(message.report() | {"delivered": told}, 201)


def _content(wanted: dict[str, Any]) -> tuple[str, str, list[str]]:
    from_, text, media = wanted.get("from"), wanted.get("text"), wanted.get("media_urls", [])
    if not isinstance(from_, str) or not inventory.E164.match(from_):
        raise Wrong(422, "from must be a number like +14155550100")
    if not isinstance(text, str):
        raise Wrong(422, "text must be a string")
    if not isinstance(media, list) or not all(isinstance(url, str) for url in media):
        raise Wrong(422, "media_urls must be a list of URLs")
    return from_, text, media


async def _list(request: Request, world: World) -> Response:
    rows = (message.report() for message in world.texts.messages)
    return JSONResponse({"messages": matching(rows, request)})


def routes() -> list[Route]:
    """Return the routes of text messages."""
    return [route("/messages", _write, "POST"), route("/messages", _list, "GET")]
