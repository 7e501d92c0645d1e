"""The control API's calls: ring a number, read transcripts, program who is at the far end."""

import asyncio
from collections import defaultdict
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import carriers, inventory, sip_domains
from sandbox.control_web import Wrong, body, matching, route
from sandbox.far_end import BadFarEnd
from sandbox.transcript import Call, Plan
from sandbox.world import World


async def _place(request: Request, world: World) -> Response:
    wanted = await body(request)
    carrier, to = wanted.get("carrier"), wanted.get("to")
    if carrier not in carriers.CARRIERS:
        raise Wrong(422, f"carrier must be one of: {', '.join(sorted(carriers.CARRIERS))}")
    if sip_domains.is_address(to):
        return await _place_over_sip(request, world, str(carrier), wanted)
    number = world.books.owner(carrier, to) if isinstance(to, str) else None
    account = world.books.account(carrier, number.account) if number else None
    if number is None or account is None:
        raise Wrong(404, f"nobody owns {to} at {carrier}: buy it first")
    from_, plan = _caller(wanted)
    call, player = carriers.CARRIERS[carrier].place_call(world, account, number, from_, plan)
    return await _play(request, world, call, player)


async def _place_over_sip(
    request: Request, world: World, carrier: str, wanted: dict[str, Any]
) -> Response:
    account, domain, headers = sip_domains.dialled(world, carrier, wanted)
    caller = sip_domains.check_caller(wanted.get("from"))
    _, plan = _caller(wanted | {"from": "+14155550100"})
    call, player = carriers.CARRIERS[carrier].place_call(world, account, domain, caller, plan)
    call.sip_headers = headers
    return await _play(request, world, call, player)


async def _play(request: Request, world: World, call: Call, player: carriers.Player) -> Response:
    text = f"{call.from_} calls {call.to} ({call.carrier})"
    call.note("ringing", text, carrier_call_id=call.carrier_call_id)
    world.play(call, player.play())
    if request.query_params.get("wait") == "false":
        return JSONResponse({"id": call.id, "carrier_call_id": call.carrier_call_id}, 202)
    return await _when_over(world, call)


async def _when_over(world: World, call: Call) -> Response:
    """Answer with the transcript once everything is told, or with what there is by the limit."""
    task = world.playing.get(call.id)
    if task is not None:
        done, _ = await asyncio.wait({task}, timeout=world.settings.call_limit_s)
        if not done:
            return JSONResponse(call.report(), 202)
        if problem := task.exception():
            raise problem
    return JSONResponse(call.report())


def _caller(wanted: dict[str, Any]) -> tuple[str, Plan]:
    from_, hangup, say = wanted.get("from"), wanted.get("hangup_after_s"), wanted.get("say", [])
    if not isinstance(from_, str) or not inventory.E164.match(from_):
        raise Wrong(422, "from must be a number like +14155550100")
    if hangup is not None and (not isinstance(hangup, int | float) or hangup <= 0):
        raise Wrong(422, "hangup_after_s must be a number above 0")
    if not isinstance(say, list) or not all(isinstance(sentence, str) for sentence in say):
        raise Wrong(422, "say must be a list of sentences")
    return from_, Plan(hangup, tuple(say))


async def _list(request: Request, world: World) -> Response:
    reports = (call.report() for call in world.calls.values())
    return JSONResponse({"calls": matching(reports, request)})


async def _get(request: Request, world: World) -> Response:
    wanted = request.path_params["id"]
    call = world.calls.get(wanted) or next(
        (c for c in world.calls.values() if c.carrier_call_id == wanted), None
    )
    if call is None:
        raise Wrong(404, "no such call; GET /_/calls lists them")
    if request.query_params.get("wait") == "true":
        return await _when_over(world, call)
    return JSONResponse(call.report())


async def _dials(request: Request, world: World) -> Response:
    """Count the calls that were dialled alike, so that one dialled twice is seen."""
    alike: dict[tuple[str | None, ...], list[str]] = defaultdict(list)
    for call in world.calls.values():
        if call.direction == "outbound":
            dialled = (call.carrier, call.account, call.from_, call.to, call.reference)
            alike[dialled].append(call.id)
    names = ("carrier", "account", "from", "to", "reference")
    rows = (
        dict(zip(names, dialled, strict=True)) | {"count": len(calls), "calls": calls}
        for dialled, calls in alike.items()
    )
    return JSONResponse({"dials": matching(rows, request)})


async def _program(request: Request, world: World) -> Response:
    try:
        far_end = world.far_ends.program(await body(request))
    except BadFarEnd as error:
        raise Wrong(422, str(error)) from error
    return JSONResponse(asdict(far_end), 201)


async def _list_far_ends(request: Request, world: World) -> Response:
    return JSONResponse({"far_ends": world.far_ends.report()})


async def _drop_far_ends(request: Request, world: World) -> Response:
    world.far_ends.clear()
    return Response(status_code=204)


def routes() -> list[Route]:
    """Return the routes of calls."""
    return [
        route("/calls", _place, "POST"),
        route("/calls", _list, "GET"),
        route("/calls/{id}", _get, "GET"),
        route("/dials", _dials, "GET"),
        route("/far-ends", _program, "POST"),
        route("/far-ends", _list_far_ends, "GET"),
        route("/far-ends", _drop_far_ends, "DELETE"),
    ]
