"""Telnyx's paths, and the operation names by which faults know them."""

from starlette.routing import Route

from sandbox import ids
from sandbox.books import Account, OwnedNumber
from sandbox.recordings import telnyx_files
from sandbox.telnyx import (
    available,
    commands,
    coverage,
    messages,
    numbers,
    orders,
    recordings,
    resources,
    verified,
)
from sandbox.telnyx import number_settings as settings
from sandbox.telnyx.commands import TelnyxCall
from sandbox.telnyx.dial import dial
from sandbox.telnyx.inbound import InboundCall
from sandbox.telnyx.rest import TelnyxApi, not_found
from sandbox.transcript import Call, Plan
from sandbox.wire import Asked, Handler, Reply, endpoint
from sandbox.world import World

_Table = list[tuple[str, str, str, Handler]]

_NUMBERS: _Table = [
    ("GET", "/available_phone_numbers", "search", available.search),
    ("GET", "/country_coverage", "countries", coverage.countries),
    ("GET", "/country_coverage/countries/{code}", "countries", coverage.country),
    ("POST", "/number_orders", "buy_number", orders.buy),
    ("GET", "/number_orders", "list_orders", orders.list_orders),
    ("GET", "/number_orders/{id}", "get_order", orders.get),
    ("GET", "/phone_numbers", "list_numbers", numbers.list_owned),
    ("GET", "/phone_numbers/{id}", "show_number", numbers.get),
    ("PATCH", "/phone_numbers/{id}", "update_number", numbers.update),
    ("DELETE", "/phone_numbers/{id}", "release", numbers.release),
    ("GET", "/phone_numbers/{id}/messaging", "get_messaging", settings.get_messaging),
    ("PATCH", "/phone_numbers/{id}/messaging", "update_messaging", settings.update_messaging),
    ("GET", "/phone_numbers/{id}/voice", "get_voice", settings.get_voice),
    ("PATCH", "/phone_numbers/{id}/voice", "update_voice", settings.update_voice),
    ("GET", "/verified_numbers", "list_caller_ids", verified.list_verified),
    ("POST", "/verified_numbers", "verify_caller_id", verified.request),
    ("GET", "/verified_numbers/{number}", "get_caller_id", verified.get),
    ("DELETE", "/verified_numbers/{number}", "delete_caller_id", verified.delete),
    (
        "POST",
        "/verified_numbers/{number}/actions/verify",
        "confirm_caller_id",
        verified.verify,
    ),
    ("POST", "/messages", "send_message", messages.send),
    ("GET", "/messages/{id}", "get_message", messages.get),
    ("GET", "/balance", "get_balance", resources.balance),
]
_CALLS: _Table = [
    ("POST", "/calls", "dial", dial),
    ("GET", "/calls/{id}", "get_call", commands.get),
    (
        "PUT",
        "/calls/{id}/actions/client_state_update",
        "client_state_update",
        commands.update_client_state,
    ),
    ("GET", "/recordings", "list_recordings", recordings.list_made),
    ("GET", "/recordings/{id}", "get_recording", recordings.get),
    *(
        ("POST", f"/calls/{{id}}/actions/{action}", action, commands.command(action))
        for action in commands.ACTIONS
    ),
]


def _of_resources() -> _Table:
    table: _Table = []
    for shape in resources.SHAPES:
        one, many = shape.record_type, shape.kind
        work = resources.Collection(shape)
        table += [
            ("GET", f"/{many}", f"list_{many}", work.list_all),
            ("POST", f"/{many}", f"create_{one}", work.create),
            ("GET", f"/{many}/{{id}}", f"get_{one}", work.get),
            ("PATCH", f"/{many}/{{id}}", f"update_{one}", work.update),
            ("DELETE", f"/{many}/{{id}}", f"delete_{one}", work.delete),
        ]
    return table


_TABLE = _NUMBERS + _CALLS + _of_resources()
OPERATIONS = {operation for _, _, operation, _ in _TABLE}


def _nothing_here(asked: Asked) -> Reply:
    return not_found()


def routes() -> list[Route]:
    """Return the routes below `/telnyx`."""
    api = TelnyxApi()
    table = [
        Route(path, endpoint(api, operation, handler), methods=[method])
        for method, path, operation, handler in _TABLE
    ]
    every = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return [
        *table,
        telnyx_files(),
        Route("/{rest:path}", endpoint(api, "unknown", _nothing_here), methods=every),
    ]


def place_call(
    world: World, account: Account, number: OwnedNumber, from_: str, plan: Plan
) -> tuple[Call, InboundCall]:
    """Prepare an inbound call to a Telnyx number."""
    call = TelnyxCall("telnyx", account.id, from_, number.number, "v3:" + ids.uuid(), plan)
    connection = str(number.config.get("connection_id") or "")
    application = world.books.resource(account, resources.APPLICATIONS, connection)
    return call, InboundCall(world, account, application, call)
