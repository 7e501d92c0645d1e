"""The sandbox's own API under `/_/`: read the books, program faults, change settings."""

from collections import Counter
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import accounts, carriers, control_calls
from sandbox.control_web import Wrong, body, matching, route
from sandbox.faults import BadFault
from sandbox.world import World


async def _health(request: Request, world: World) -> Response:
    return JSONResponse({"status": "ok", "carriers": sorted(carriers.CARRIERS)})


async def _list_accounts(request: Request, world: World) -> Response:
    carrier = request.query_params.get("carrier")
    rows = [a.report() for a in world.books.accounts if carrier in (None, a.carrier)]
    return JSONResponse({"accounts": rows})


async def _make_account(request: Request, world: World) -> Response:
    try:
        account = accounts.make(await body(request))
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
        accounts.change(account, await body(request))
    except ValueError as error:
        raise Wrong(422, str(error)) from error
    world.books.save()
    return JSONResponse(account.report())


async def _requests(request: Request, world: World) -> Response:
    return JSONResponse({"requests": matching(world.requests, request)})


async def _webhooks(request: Request, world: World) -> Response:
    return JSONResponse({"webhooks": matching(world.webhooks, request)})


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
        fault = world.faults.program(await body(request))
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
            world.settings.change(await body(request))
        except ValueError as error:
            raise Wrong(422, str(error)) from error
    return JSONResponse(asdict(world.settings))


async def _complete_order(request: Request, world: World) -> Response:
    wanted = request.path_params["id"]
    order = next((r for r in world.books.resources if r.id == wanted), None)
    if order is None or order.kind != "number_orders":
        raise Wrong(404, f"no order {wanted}; GET /_/numbers lists them")
    status = (await body(request)).get("status", "success")
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
        route("/health", _health, "GET"),
        route("/accounts", _list_accounts, "GET"),
        route("/accounts", _make_account, "POST"),
        route("/accounts/{id}", _change_account, "PATCH"),
        *control_calls.routes(),
        route("/requests", _requests, "GET"),
        route("/webhooks", _webhooks, "GET"),
        route("/numbers", _numbers, "GET"),
        route("/orders/{id}/complete", _complete_order, "POST"),
        route("/faults", _program_fault, "POST"),
        route("/faults", _list_faults, "GET"),
        route("/faults", _drop_faults, "DELETE"),
        route("/settings", _settings, "GET", "PATCH"),
        route("/reset", _reset, "POST"),
    ]
