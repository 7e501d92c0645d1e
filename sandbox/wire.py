"""Serve a carrier's REST request: authenticate, let faults strike, record it, answer."""

import asyncio
import base64
import binascii
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox import ids
from sandbox.books import Account, Resource
from sandbox.faults import ANSWER_FAULTS, REFUSALS, Fault
from sandbox.world import World

DEFAULT_TIMEOUT_FAULT_S = 30.0
DEFAULT_DELAY_FAULT_S = 1.0
_SECRET_FIELDS = {"stream_auth_token", "sip_auth_password", "SipAuthPassword", "external_pin"}


@dataclass(frozen=True)
class Reply:
    """A status and a JSON body; no body at all when it is None."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """Turn the reply into bytes on the wire."""
        if self.body is None:
            return Response(status_code=self.status, headers=self.headers)
        if isinstance(self.body, bytes):
            return Response(self.body, self.status, headers=self.headers)
        return JSONResponse(self.body, self.status, headers=self.headers)


class Refused(Exception):
    """The carrier refuses the request with this reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"refused with {reply.status}")
        self.reply = reply


@dataclass(frozen=True)
class Asked:
    """An authenticated request with its parts parsed.

    `application` is the one whose token was sent, where a carrier's applications have any.
    """

    world: World
    account: Account
    path: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]
    fault: Fault | None
    application: Resource | None = None


class CarrierApi(Protocol):
    """What differs between the carriers' REST conventions."""

    name: str

    def authenticate(self, request: Request, world: World) -> Account:
        """Return whose credentials these are, or raise Refused."""

    def parse(self, raw: bytes) -> dict[str, Any]:
        """Return the fields of a request body, or raise Refused."""

    def refusal(self, asked: Asked, fault: str) -> Reply:
        """Return the carrier's own way to say that something went wrong."""


Handler = Callable[[Asked], Reply]
Naming = Callable[[dict[str, Any]], str]


def basic_credentials(header: str) -> tuple[str, str]:
    """Return user and password of an Authorization header; both empty when it has none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def form_fields(raw: bytes) -> dict[str, Any]:
    """Parse a form; a repeated field becomes a list."""
    fields: dict[str, Any] = {}
    for name, value in parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True):
        if name not in fields:
            fields[name] = value
        elif isinstance(fields[name], list):
            fields[name].append(value)
        else:
            fields[name] = [fields[name], value]
    return fields


def endpoint(
    api: CarrierApi, operation: str | Naming, handler: Handler
) -> Callable[[Request], Awaitable[Response]]:
    """Make a route of a handler; `operation` is the name that faults and the log know it by.

    It follows from the body where one path does several things.
    """

    async def serve(request: Request) -> Response:
        world: World = request.app.state.world
        began = time.monotonic()
        world.own_url = f"{request.url.scheme}://{request.url.netloc}"
        entry = _entry(api, operation, request)
        world.requests.append(entry)
        try:
            reply, lost = await _serve(api, operation, handler, request, entry)
        except Refused as refused:
            reply, lost = refused.reply, False
        if request.method != "GET":
            world.books.save()
        entry["status"] = None if lost else reply.status
        entry["ms"] = round((time.monotonic() - began) * 1000)
        return LostAnswer() if lost else reply.response()

    return serve


def _entry(api: CarrierApi, operation: str | Naming, request: Request) -> dict[str, Any]:
    return {
        "at": ids.iso(),
        "carrier": api.name,
        "operation": operation if isinstance(operation, str) else operation({}),
        "method": request.method,
        "path": request.url.path,
        "query": dict(request.query_params),
        "body": None,
        "account": None,
        "fault": None,
        "status": None,
    }


def _query(request: Request) -> dict[str, str]:
    """Return the query; a repeated field is a list with commas, as the SDKs write one too."""
    fields: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        fields.setdefault(name.removesuffix("[]"), []).append(value)
    return {name: ",".join(values) for name, values in fields.items()}


async def _serve(
    api: CarrierApi,
    operation: str | Naming,
    handler: Handler,
    request: Request,
    entry: dict[str, Any],
) -> tuple[Reply, bool]:
    """Return the reply and whether it gets lost on its way."""
    world: World = request.app.state.world
    account = api.authenticate(request, world)
    entry["account"] = account.id
    body = api.parse(await request.body())
    entry["body"] = {k: "***" if k in _SECRET_FIELDS else v for k, v in body.items()}
    if not isinstance(operation, str):
        entry["operation"] = operation(body)
    fault = world.faults.strike(api.name, entry["operation"])
    entry["fault"] = fault.fault if fault else None
    # What is neither refused nor lost here is the handler's own affair (a pending order).
    own = fault if fault and fault.fault not in REFUSALS + ANSWER_FAULTS else None
    application = getattr(request.state, "application", None)
    path, query = dict(request.path_params), _query(request)
    asked = Asked(world, account, path, query, body, own, application)
    if fault and fault.fault in REFUSALS:
        return api.refusal(asked, fault.fault), False
    if fault and fault.fault == "delay":
        await asyncio.sleep(fault.delay_or(DEFAULT_DELAY_FAULT_S))
    reply = handler(asked)
    if fault and fault.fault == "timeout":
        world.books.save()
        await asyncio.sleep(fault.delay_or(DEFAULT_TIMEOUT_FAULT_S))
    if fault and fault.fault == "error_after_success":
        return api.refusal(asked, "server_error"), False
    return reply, bool(fault and fault.fault == "lost_answer")


class LostAnswer(Response):
    """Close the connection without a byte of answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Cut the line that `CuttableLine` put into the scope."""
        cut = scope.get("sandbox.cut")
        if cut is None:
            raise ConnectionResetError("the sandbox lost this answer on purpose")
        cut()
        while (await receive())["type"] != "http.disconnect":
            continue


class CuttableLine:
    """Let a response cut the connection: ASGI itself has no word for that."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the server's transport, when there is one, on to the response."""
        # uvicorn's `send` is a method of the object that holds the transport.
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if transport is not None:
            scope["sandbox.cut"] = transport.abort
        await self._app(scope, receive, send)


def json_fields(raw: bytes) -> dict[str, Any]:
    """Parse a JSON object; raise ValueError for anything else."""
    if not raw:
        return {}
    parsed = json.loads(raw)
    if not isinstance(parsed, dict):
        raise ValueError("the body must be a JSON object")
    return parsed
