"""Serve the control API's requests: bodies in, readable refusals out."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.wire import json_fields
from sandbox.world import World

Work = Callable[[Request, World], Awaitable[Response]]


class Wrong(Exception):
    """The request to the control API cannot be served; the message says what to do."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def route(path: str, work: Work, *methods: str) -> Route:
    """Make a route of a piece of work."""

    async def serve(request: Request) -> Response:
        try:
            return await work(request, request.app.state.world)
        except Wrong as wrong:
            return JSONResponse({"detail": str(wrong)}, wrong.status)

    return Route(path, serve, methods=list(methods))


async def body(request: Request) -> dict[str, Any]:
    """Read a JSON object."""
    try:
        return json_fields(await request.body())
    except ValueError as error:
        raise Wrong(400, f"send a JSON object: {error}") from error


def matching(rows: Iterable[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
    """Pick the rows whose fields are as the query string says."""
    wanted = request.query_params.items()
    return [row for row in rows if all(str(row.get(name)) == value for name, value in wanted)]
