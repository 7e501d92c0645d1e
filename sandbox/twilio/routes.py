"""Twilio's paths, and the operation names by which faults know them."""

from starlette.routing import Route

from sandbox import ids
from sandbox.books import Account, OwnedNumber
from sandbox.transcript import Plan
from sandbox.twilio import account, available, caller_ids, calls, messages, numbers, recordings
from sandbox.twilio.call import TwilioCall
from sandbox.twilio.dial import dial
from sandbox.twilio.inbound import InboundCall
from sandbox.twilio.rest import API_VERSION, TwilioApi, not_found
from sandbox.wire import Asked, Handler, Reply, endpoint
from sandbox.world import World

_ACCOUNT = f"/{API_VERSION}/Accounts/{{account_sid}}"
_NUMBERS = f"{_ACCOUNT}/IncomingPhoneNumbers"
_CALLER_IDS = f"{_ACCOUNT}/OutgoingCallerIds"
_AVAILABLE = f"{_ACCOUNT}/AvailablePhoneNumbers"

_TABLE: list[tuple[str, str, str, Handler]] = [
    ("GET", f"{_ACCOUNT}.json", "get_account", account.account),
    ("GET", f"{_ACCOUNT}/Balance.json", "get_balance", account.balance),
    ("GET", f"{_AVAILABLE}.json", "countries", available.countries),
    ("GET", f"{_AVAILABLE}/{{country}}.json", "countries", available.country),
    ("GET", f"{_AVAILABLE}/{{country}}/{{kind}}.json", "search", available.search),
    ("GET", f"{_NUMBERS}.json", "list_numbers", numbers.list_owned),
    ("POST", f"{_NUMBERS}.json", "buy_number", numbers.buy),
    ("GET", f"{_NUMBERS}/{{sid}}.json", "show_number", numbers.get),
    ("POST", f"{_NUMBERS}/{{sid}}.json", "update_number", numbers.update),
    ("DELETE", f"{_NUMBERS}/{{sid}}.json", "release", numbers.release),
    ("GET", f"{_ACCOUNT}/Calls.json", "list_calls", calls.list_calls),
    ("POST", f"{_ACCOUNT}/Calls.json", "dial", dial),
    ("GET", f"{_ACCOUNT}/Calls/{{sid}}.json", "get_call", calls.get),
    ("POST", f"{_ACCOUNT}/Calls/{{sid}}.json", "update_call", calls.update),
    ("DELETE", f"{_ACCOUNT}/Calls/{{sid}}.json", "delete_call", calls.delete),
    ("GET", f"{_ACCOUNT}/Recordings/{{sid}}.mp3", "get_recording_media", recordings.media),
    ("POST", f"{_ACCOUNT}/Messages.json", "send_message", messages.send),
    ("GET", f"{_ACCOUNT}/Messages/{{sid}}.json", "get_message", messages.get),
    ("GET", f"{_CALLER_IDS}.json", "list_caller_ids", caller_ids.list_verified),
    ("POST", f"{_CALLER_IDS}.json", "verify_caller_id", caller_ids.verify),
    ("GET", f"{_CALLER_IDS}/{{sid}}.json", "get_caller_id", caller_ids.get),
    ("DELETE", f"{_CALLER_IDS}/{{sid}}.json", "delete_caller_id", caller_ids.delete),
]

OPERATIONS = {operation for _, _, operation, _ in _TABLE}


def _nothing_here(asked: Asked) -> Reply:
    return not_found("/" + asked.path["rest"])


def routes() -> list[Route]:
    """Return the routes below `/twilio`."""
    api = TwilioApi()
    table = [
        Route(path, endpoint(api, operation, handler), methods=[method])
        for method, path, operation, handler in _TABLE
    ]
    unknown = endpoint(api, "unknown", _nothing_here)
    return [*table, Route("/{rest:path}", unknown, methods=["GET", "POST", "PUT", "DELETE"])]


def place_call(
    world: World, account: Account, number: OwnedNumber, from_: str, plan: Plan
) -> tuple[TwilioCall, InboundCall]:
    """Prepare an inbound call to a Twilio number."""
    call = TwilioCall("twilio", account.id, from_, number.number, ids.sid("CA"), plan)
    return call, InboundCall(world, account, number, call)
