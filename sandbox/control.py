"""The sandbox's own API under `/_/`: read the books, program faults, change settings."""

from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import accounts, carriers, control_calls, control_numbers, control_texts, receiver
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
        *control_texts.routes(),
        route("/requests", _requests, "GET"),
        route("/webhooks", _webhooks, "GET"),
        *control_numbers.routes(),
        *receiver.control(),
        route("/faults", _program_fault, "POST"),
        route("/faults", _list_faults, "GET"),
        route("/faults", _drop_faults, "DELETE"),
        route("/settings", _settings, "GET", "PATCH"),
        route("/reset", _reset, "POST"),
    ]
