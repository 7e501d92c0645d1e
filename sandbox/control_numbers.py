"""The control API's numbers: the books, and what people do in a carrier's portal."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import carriers, inventory
from sandbox.books import Account, OwnedNumber
from sandbox.control_web import Wrong, body, route
from sandbox.world import World

_MOST_AT_ONCE = 10_000
_FIELDS = ("carrier", "account", "numbers", "from", "count", "config")
_VIA = "portal"


async def _list(request: Request, world: World) -> Response:
    carrier = request.query_params.get("carrier")
    books = world.books
    bought = Counter((p["carrier"], p["number"]) for p in books.purchases)
    numbers = [
        asdict(n) | {"purchases": bought[n.carrier, n.number]}
        for n in books.numbers
        if carrier in (None, n.carrier)
    ]
    purchases = [p for p in books.purchases if carrier in (None, p["carrier"])]
    releases = [r for r in books.releases if carrier in (None, r["carrier"])]
    orders = [
        r.body | {"carrier": r.carrier, "account": r.account}
        for r in books.resources
        if r.kind == "number_orders" and carrier in (None, r.carrier)
    ]
    found = {"numbers": numbers, "purchases": purchases, "releases": releases, "orders": orders}
    return JSONResponse(found)


async def _enter(request: Request, world: World) -> Response:
    """Put numbers into an account as if they had been bought in the carrier's portal."""
    wanted = await body(request)
    unknown = sorted(set(wanted) - set(_FIELDS))
    if unknown:
        raise Wrong(422, f"unknown field {unknown[0]!r}; there are: {', '.join(_FIELDS)}")
    carrier = _carrier(wanted.get("carrier"))
    account = _account(world, carrier, wanted.get("account"))
    numbers = _numbers(wanted)
    taken = {n.number: n.account for n in world.books.numbers if n.carrier == carrier}
    for number in numbers:
        if number in taken:
            raise Wrong(409, f"{number} belongs to {taken[number]} already; nothing was entered")
    made = [_configured(account, _made(account, number), wanted, world) for number in numbers]
    for number_made in made:
        world.books.add_number(number_made, world.settings.number_price, _VIA)
    world.books.save()
    return JSONResponse({"count": len(made), "numbers": [asdict(n) for n in made]}, 201)


def _made(account: Account, number: str) -> OwnedNumber:
    return carriers.CARRIERS[account.carrier].new_number(account.id, number)


def _configured(
    account: Account, number: OwnedNumber, wanted: dict[str, Any], world: World
) -> OwnedNumber:
    config = wanted.get("config", {})
    if not isinstance(config, dict):
        raise Wrong(422, "config must be an object with the carrier's own fields")
    try:
        carriers.CARRIERS[account.carrier].configure(world, account, number, config)
    except ValueError as error:
        raise Wrong(422, str(error)) from error
    return number


def _carrier(name: object) -> str:
    if not isinstance(name, str) or name not in carriers.CARRIERS:
        raise Wrong(422, f"carrier must be one of: {', '.join(sorted(carriers.CARRIERS))}")
    return name


def _account(world: World, carrier: str, account_id: object) -> Account:
    """Return the account named, or the one that is always there."""
    if account_id is None:
        return next(a for a in world.books.accounts if a.carrier == carrier)
    account = world.books.account(carrier, str(account_id))
    if account is None:
        raise Wrong(404, f"no account {account_id} at {carrier}; GET /_/accounts lists them")
    return account


def _numbers(wanted: dict[str, Any]) -> list[str]:
    numbers = wanted.get("numbers")
    if numbers is None:
        numbers = _run_of(wanted.get("from"), wanted.get("count", 1))
    if not isinstance(numbers, list) or not numbers:
        raise Wrong(422, "send numbers (a list), or from and count")
    for number in numbers:
        if not isinstance(number, str) or not inventory.is_number(number):
            raise Wrong(422, f"{number} is not a number like +14155550100")
    if len(set(numbers)) < len(numbers):
        raise Wrong(422, "the same number comes twice")
    return numbers


def _run_of(first: object, count: object) -> list[str]:
    """Return as many numbers as are wanted, one after the other."""
    if not isinstance(first, str) or not inventory.is_number(first):
        raise Wrong(422, "send numbers (a list), or from (a number like +14155550100) and count")
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= _MOST_AT_ONCE:
        raise Wrong(422, f"count must be a number from 1 to {_MOST_AT_ONCE}")
    return [f"+{int(first[1:]) + n}" for n in range(count)]


def _owned(request: Request, world: World) -> tuple[Account, OwnedNumber]:
    wanted = request.path_params["number"]
    carrier = request.query_params.get("carrier")
    found = [n for n in world.books.numbers if n.number == wanted and carrier in (None, n.carrier)]
    if not found:
        raise Wrong(404, f"nobody owns {wanted}; GET /_/numbers lists the numbers")
    if len(found) > 1:
        raise Wrong(422, f"{wanted} is owned at several carriers: add ?carrier=")
    return _account(world, found[0].carrier, found[0].account), found[0]


async def _change(request: Request, world: World) -> Response:
    """Change a number's configuration as somebody does in the portal."""
    account, number = _owned(request, world)
    changed = _configured(account, number, {"config": await body(request)}, world)
    world.books.save()
    return JSONResponse(asdict(changed))


async def _drop(request: Request, world: World) -> Response:
    """Release a number as somebody does in the portal."""
    _, number = _owned(request, world)
    world.books.release(number, _VIA)
    world.books.save()
    return Response(status_code=204)


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


async def _list_caller_ids(request: Request, world: World) -> Response:
    """List the verified caller ids of all accounts, and those that wait for their code."""
    carrier = request.query_params.get("carrier")
    rows = [
        row
        for name, known in carriers.CARRIERS.items()
        if carrier in (None, name)
        for row in known.caller_ids(world)
    ]
    return JSONResponse({"caller_ids": rows})


async def _complete_caller_id(request: Request, world: World) -> Response:
    """End a verification as the person does who keys the code in, or does not."""
    number, wanted = request.path_params["number"], await body(request)
    carrier = _carrier(wanted.get("carrier"))
    status = wanted.get("status", "success")
    if status not in ("success", "failure"):
        raise Wrong(422, "status must be success or failure")
    account = _account(world, carrier, wanted.get("account"))
    if not carriers.CARRIERS[carrier].complete_caller_id(world, account, number, status):
        raise Wrong(404, f"{number} waits for no code at {carrier}; GET /_/caller-ids lists them")
    world.books.save()
    return JSONResponse({"carrier": carrier, "number": number, "status": status})


def routes() -> list[Route]:
    """Return the routes of numbers."""
    return [
        route("/numbers", _list, "GET"),
        route("/numbers", _enter, "POST"),
        route("/numbers/{number}", _change, "PATCH"),
        route("/numbers/{number}", _drop, "DELETE"),
        route("/orders/{id}/complete", _complete_order, "POST"),
        route("/caller-ids", _list_caller_ids, "GET"),
        route("/caller-ids/{number}/complete", _complete_caller_id, "POST"),
    ]
