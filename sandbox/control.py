"""The sandbox's own API under `/_/`: place calls, read the books, program faults."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import accounts, carriers, inventory
from sandbox.faults import BadFault
from sandbox.transcript import Plan
from sandbox.wire import json_fields
from sandbox.world import World


class Wrong(Exception):
    """The request to the control API cannot be served; the message says what to do."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


Work = Callable[[Request, World], Awaitable[Response]]


def _route(path: str, work: Work, *methods: str) -> Route:
    async def serve(request: Request) -> Response:
        try:
            return await work(request, request.app.state.world)
        except Wrong as wrong:
            return JSONResponse({"detail": str(wrong)}, wrong.status)

    return Route(path, serve, methods=list(methods))


async def _body(request: Request) -> dict[str, Any]:
    try:
        return json_fields(await request.body())
    except ValueError as error:
        raise Wrong(400, f"send a JSON object: {error}") from error


async def _health(request: Request, world: World) -> Response:
    return JSONResponse({"status": "ok", "carriers": sorted(carriers.CARRIERS)})


async def _list_accounts(request: Request, world: World) -> Response:
    carrier = request.query_params.get("carrier")
    rows = [a.report() for a in world.books.accounts if carrier in (None, a.carrier)]
    return JSONResponse({"accounts": rows})


async def _make_account(request: Request, world: World) -> Response:
    try:
        account = accounts.make(await _body(request))
    except ValueError as error:
        raise Wrong(422, str(error)) from error
    world.books.accounts.append(account)
    world.books.save()
    return JSONResponse(account.report(), 201)


async def _change_account(request: Request, world: World) -> Response:
    wanted = request.path_params["id"]
    account = next((a for a in world.books.accounts if a.id == wanted), None)
    if account is None:
        raise Wrong(404, f"no account {wanted}; GET /_/accounts lists them")
    try:
        accounts.change(account, await _body(request))
    except ValueError as error:
        raise Wrong(422, str(error)) from error
    world.books.save()
    return JSONResponse(account.report())


async def _place_call(request: Request, world: World) -> Response:
    wanted = await _body(request)
    carrier, to = wanted.get("carrier"), wanted.get("to")
    if carrier not in carriers.CARRIERS:
        raise Wrong(422, f"carrier must be one of: {', '.join(sorted(carriers.CARRIERS))}")
    number = world.books.owner(carrier, to) if isinstance(to, str) else None
    account = world.books.account(carrier, number.account) if number else None
    if number is None or account is None:
        raise Wrong(404, f"nobody owns {to} at {carrier}: buy it first")
    from_, plan = _caller(wanted)
    call, player = carriers.CARRIERS[carrier].place_call(world, account, number, from_, plan)
    world.calls[call.id] = call
    call.note("ringing", f"{from_} calls {to} ({carrier})", carrier_call_id=call.carrier_call_id)
    task = world.begin(player.play())
    if request.query_params.get("wait") == "false":
        return JSONResponse({"id": call.id, "carrier_call_id": call.carrier_call_id}, 202)
    done, _ = await asyncio.wait({task}, timeout=world.settings.call_limit_s)
    if done and (problem := task.exception()):
        raise problem
    return JSONResponse(call.report(), 200 if done else 202)


def _caller(wanted: dict[str, Any]) -> tuple[str, Plan]:
    from_, hangup, say = wanted.get("from"), wanted.get("hangup_after_s"), wanted.get("say", [])
    if not isinstance(from_, str) or not inventory.E164.match(from_):
        raise Wrong(422, "from must be a number like +14155550100")
    if hangup is not None and (not isinstance(hangup, int | float) or hangup <= 0):
        raise Wrong(422, "hangup_after_s must be a number above 0")
    if not isinstance(say, list) or not all(isinstance(sentence, str) for sentence in say):
        raise Wrong(422, "say must be a list of sentences")
    return from_, Plan(hangup, tuple(say))


async def _list_calls(request: Request, world: World) -> Response:
    return JSONResponse({"calls": [call.report() for call in world.calls.values()]})


async def _get_call(request: Request, world: World) -> Response:
    call = world.calls.get(request.path_params["id"])
    if call is None:
        raise Wrong(404, "no such call; GET /_/calls lists them")
    return JSONResponse(call.report())


def _matching(rows: Iterable[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
    """Pick the rows whose fields are as the query string says."""
    wanted = request.query_params.items()
    return [row for row in rows if all(str(row.get(name)) == value for name, value in wanted)]


async def _requests(request: Request, world: World) -> Response:
    return JSONResponse({"requests": _matching(world.requests, request)})


async def _webhooks(request: Request, world: World) -> Response:
    return JSONResponse({"webhooks": _matching(world.webhooks, request)})


async def _numbers(request: Request, world: World) -> Response:
    carrier = request.query_params.get("carrier")
    books = world.books
    bought = Counter((p["carrier"], p["number"]) for p in books.purchases)
    numbers = [
        asdict(n) | {"purchases": bought[n.carrier, n.number]}
        for n in books.numbers
        if carrier in (None, n.carrier)
    ]
    purchases = [p for p in books.purchases if carrier in (None, p["carrier"])]
    orders = [
        r.body | {"carrier": r.carrier, "account": r.account}
        for r in books.resources
        if r.kind == "number_orders" and carrier in (None, r.carrier)
    ]
    return JSONResponse({"numbers": numbers, "purchases": purchases, "orders": orders})


async def _program_fault(request: Request, world: World) -> Response:
    try:
        fault = world.faults.program(await _body(request))
    except BadFault as error:
        raise Wrong(422, str(error)) from error
    return JSONResponse(asdict(fault), 201)


async def _list_faults(request: Request, world: World) -> Response:
    return JSONResponse({"faults": world.faults.report()})


async def _drop_faults(request: Request, world: World) -> Response:
    world.faults.clear()
    return Response(status_code=204)


async def _settings(request: Request, world: World) -> Response:
    if request.method == "PATCH":
        try:
            world.settings.change(await _body(request))
        except ValueError as error:
            raise Wrong(422, str(error)) from error
    return JSONResponse(asdict(world.settings))


async def _complete_order(request: Request, world: World) -> Response:
    wanted = request.path_params["id"]
    order = next((r for r in world.books.resources if r.id == wanted), None)
    if order is None or order.kind != "number_orders":
        raise Wrong(404, f"no order {wanted}; GET /_/numbers lists them")
    status = (await _body(request)).get("status", "success")
    if status not in ("success", "failure"):
        raise Wrong(422, "status must be success or failure")
    carriers.CARRIERS[order.carrier].complete_order(world, order, status)
    world.books.save()
    return JSONResponse(order.body)


async def _reset(request: Request, world: World) -> Response:
    await world.reset()
    return Response(status_code=204)


def routes() -> list[Route]:
    """Return the routes below `/_`."""
    return [
        _route("/health", _health, "GET"),
        _route("/accounts", _list_accounts, "GET"),
        _route("/accounts", _make_account, "POST"),
        _route("/accounts/{id}", _change_account, "PATCH"),
        _route("/calls", _place_call, "POST"),
        _route("/calls", _list_calls, "GET"),
        _route("/calls/{id}", _get_call, "GET"),
        _route("/requests", _requests, "GET"),
        _route("/webhooks", _webhooks, "GET"),
        _route("/numbers", _numbers, "GET"),
        _route("/orders/{id}/complete", _complete_order, "POST"),
        _route("/faults", _program_fault, "POST"),
        _route("/faults", _list_faults, "GET"),
        _route("/faults", _drop_faults, "DELETE"),
        _route("/settings", _settings, "GET", "PATCH"),
        _route("/reset", _reset, "POST"),
    ]
