"""A bridge's HTTP side: Switchboard's commands, and the control API that configures bridges."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import ids
from sandbox.bridge.legs import Leg, PlayedLeg
from sandbox.bridge.player import BridgeCall
from sandbox.bridge.protocol import CARRIER, Bridge
from sandbox.bridge.sip import SipLine
from sandbox.control_web import Wrong, body, route
from sandbox.faults import REFUSALS, TRUNK_FAULTS, Fault
from sandbox.transcript import Call, Plan
from sandbox.wire import LostAnswer, json_fields
from sandbox.world import World

DEFAULT_DELAY_FAULT_S = 30.0
_REFUSALS = {
    "not_this_trunk": (503, "The trunk is down"),
    "trunk_timeout": (408, "The trunk does not answer"),
    "server_error": (500, "The bridge stumbled"),
    "rate_limited": (429, "Too many calls at once"),
    "invalid_credentials": (401, "The signature is wrong"),
    "no_balance": (402, "There is no balance"),
    "number_taken": (422, "The number cannot be called"),
    "address_required": (403, "The number may not be called"),
}


async def _command(request: Request) -> Response:
    world: World = request.app.state.world
    bridge = world.bridges.get(request.path_params["id"])
    raw = await request.body()
    if bridge is None:
        return _refusal(404, "There is no such bridge")
    if not bridge.is_genuine(request.headers, raw):
        return _refusal(401, "The signature is wrong")
    command = json_fields(raw)
    name = str(command.get("command"))
    entry = {"at": ids.iso(), "carrier": CARRIER, "operation": name, "body": command}
    world.requests.append(entry)
    fault = world.faults.strike(CARRIER, name)
    if fault and fault.fault in REFUSALS + TRUNK_FAULTS:
        return _refusal(*_REFUSALS[fault.fault])
    reply = _obey(world, bridge, name, command)
    return await _delivered(fault, reply)


async def _delivered(fault: Fault | None, reply: Response) -> Response:
    match fault.fault if fault else None:
        case "lost_answer":
            return LostAnswer()
        case "error_after_success":
            return _refusal(500, "The bridge stumbled")
        case "timeout" | "delay":
            await asyncio.sleep(fault.delay_or(DEFAULT_DELAY_FAULT_S) if fault else 0)
    return reply


def _refusal(status: int, error: str) -> Response:
    return JSONResponse({"error": error}, status)


def _obey(world: World, bridge: Bridge, name: str, command: dict[str, Any]) -> Response:
    if name == "originate":
        return _originate(world, bridge, command)
    call = world.call_by_carrier_id(CARRIER, str(command.get("call_sid")))
    if call is None or call.over.is_set():
        return _refusal(404, "There is no such call")
    if name == "hangup":
        call.hang_up("assistant")
    elif name == "transfer":
        call.note("transferred", f"Put through to {command['to']}", to=command["to"])
        call.outcome = "dialled"
        call.interrupted.set()
    else:
        return _refusal(400, f"There is no command {name!r}")
    return JSONResponse({"call_sid": call.carrier_call_id})


def _originate(world: World, bridge: Bridge, command: dict[str, Any]) -> Response:
    reference = str(command["call_id"])
    if any(it.reference == reference and it.account == bridge.id for it in world.calls.values()):
        return _refusal(409, "This call was placed already")
    far_end = world.far_ends.at(str(command["to"]))
    call = Call(
        CARRIER,
        bridge.id,
        str(command["from"]),
        str(command["to"]),
        ids.uuid(),
        far_end.plan,
        direction="outbound",
        reference=reference,
        status="queued",
    )
    call.note("queued", f"{call.from_} calls {call.to} (bridge)", command=command)
    line = world.sip_lines.get(bridge.id)
    leg: Leg = line.outgoing(call) if line and bridge.gateway else _played(world, call)
    player = BridgeCall(world, bridge, call, leg, int(command["call_id"]))
    world.play(call, player.place(command | {"answered_by": far_end.answered_by}))
    return JSONResponse({"call_sid": call.carrier_call_id}, 201)


def _played(world: World, call: Call) -> PlayedLeg:
    settings, far_end = world.settings, world.far_ends.at(call.to)
    return PlayedLeg(call, far_end, settings.far_end_answers_after_s, settings.longest_ring_s)


async def _make(request: Request, world: World) -> Response:
    """Configure a bridge, and let it listen for SIP when `sip` is true."""
    wanted = await body(request)
    try:
        gateway = wanted.get("gateway")
        host, port = str(gateway).rsplit(":", 1) if gateway else ("", "0")
        bridge = Bridge(
            str(wanted["trunk"]),
            str(wanted["secret"]),
            str(wanted["base_url"]).rstrip("/"),
            (host, int(port)) if gateway else None,
        )
    except (KeyError, ValueError) as error:
        raise Wrong(
            422, "a bridge has trunk, secret, base_url, gateway (host:port), sip"
        ) from error
    world.bridges[bridge.id] = bridge
    told = bridge.report()
    if wanted.get("sip"):
        line = SipLine(world, bridge)
        await line.start()
        world.sip_lines[bridge.id] = line
        told["sip"] = line.address
    return JSONResponse(told, 201)


async def _call(request: Request, world: World) -> Response:
    """Let somebody call through a bridge, without SIP: `from`, `to`, `headers`, `announce`."""
    bridge = world.bridges.get(request.path_params["id"])
    if bridge is None:
        raise Wrong(404, "no such bridge; POST /_/bridges makes one")
    wanted = await body(request)
    plan = Plan(wanted.get("hangup_after_s"), tuple(wanted.get("say", ())))
    call = Call(CARRIER, bridge.id, str(wanted["from"]), str(wanted["to"]), ids.uuid(), plan)
    call.note("ringing", f"{call.from_} calls {call.to} (bridge)")
    player = BridgeCall(world, bridge, call, _played(world, call))
    await world.play(call, player.take(wanted.get("headers") or {}))
    return JSONResponse(call.report())


def commands() -> list[Route]:
    """Return the routes of Switchboard's commands."""
    return [Route("/{id}", _command, methods=["POST"])]


def control_routes() -> list[Route]:
    """Return the routes of the control API."""
    return [
        route("/bridges", _make, "POST"),
        route("/bridges/{id}/calls", _call, "POST"),
    ]
