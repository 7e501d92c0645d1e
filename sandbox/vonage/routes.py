"""Vonage's paths, and the operation names by which faults know them.

Its two hosts, rest.nexmo.com (numbers, account) and api.nexmo.com (calls, messages, applications),
are one here: no path is on both.
"""

from starlette.routing import Route

from sandbox import ids
from sandbox.books import Account, OwnedNumber
from sandbox.transcript import Plan
from sandbox.vonage import account as accounts
from sandbox.vonage import applications, calls, messages, numbers, recordings
from sandbox.vonage.call import VonageCall
from sandbox.vonage.dial import dial
from sandbox.vonage.inbound import InboundCall
from sandbox.vonage.rest import ApplicationsApi, NumbersApi, not_found
from sandbox.vonage.voice_api import VoiceApi
from sandbox.wire import Asked, Handler, Naming, Reply, endpoint
from sandbox.world import World

_Table = list[tuple[str, str, str, Handler]]

_NUMBERS: _Table = [
    ("GET", "/account/get-balance", "get_balance", accounts.balance),
    ("GET", "/account/numbers", "list_numbers", numbers.list_owned),
    ("GET", "/number/search", "search", numbers.search),
    ("POST", "/number/buy", "buy_number", numbers.buy),
    ("POST", "/number/update", "update_number", numbers.update),
    ("POST", "/number/cancel", "release", numbers.cancel),
]
_APPLICATIONS: _Table = [
    ("GET", "/v2/applications", "list_applications", applications.list_all),
    ("POST", "/v2/applications", "create_application", applications.create),
    ("GET", "/v2/applications/{id}", "get_application", applications.get),
    ("PUT", "/v2/applications/{id}", "update_application", applications.update),
    ("DELETE", "/v2/applications/{id}", "delete_application", applications.delete),
]
_CALLS: _Table = [
    ("GET", "/v1/calls", "list_calls", calls.list_calls),
    ("POST", "/v1/calls", "dial", dial),
    ("GET", "/v1/calls/{uuid}", "get_call", calls.get),
    ("GET", "/v1/files/{id}", "get_recording_media", recordings.media),
]
_MESSAGES: _Table = [("POST", "/v1/messages", "send_message", messages.send)]
_UPDATES = ("hangup", "transfer", "update_call")
OPERATIONS = {name for _, _, name, _ in _NUMBERS + _APPLICATIONS + _CALLS + _MESSAGES} | set(
    _UPDATES
)


def _nothing_here(asked: Asked) -> Reply:
    return not_found()


def routes() -> list[Route]:
    """Return the routes below `/vonage`."""
    voice = VoiceApi()
    table = [
        Route(path, endpoint(api, operation, handler), methods=[method])
        for api, rows in (
            (NumbersApi(), _NUMBERS),
            (ApplicationsApi(), _APPLICATIONS),
            (voice, _CALLS),
            (messages.MessagesApi(), _MESSAGES),
        )
        for method, path, operation, handler in rows
    ]
    naming: Naming = calls.operation
    table.append(Route("/v1/calls/{uuid}", endpoint(voice, naming, calls.update), methods=["PUT"]))
    every = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    unknown = endpoint(ApplicationsApi(), "unknown", _nothing_here)
    return [*table, Route("/{rest:path}", unknown, methods=every)]


def place_call(
    world: World, account: Account, number: OwnedNumber, from_: str, plan: Plan
) -> tuple[VonageCall, InboundCall]:
    """Prepare an inbound call to a Vonage number."""
    linked = str(number.config.get("app_id") or "")
    application = world.books.resource(account, applications.APPLICATIONS, linked)
    call = VonageCall(
        "vonage",
        account.id,
        from_,
        number.number,
        # Of an inbound call without dashes: both forms are in Vonage's own examples.
        ids.uuid().replace("-", ""),
        plan,
        application_id=linked,
    )
    return call, InboundCall(world, account, number, application, call)
