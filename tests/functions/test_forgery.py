"""Forged webhooks through the deployed function: none is believed, none does or breaks anything."""

import ast
import inspect
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import pytest

from switchboard.app import App
from switchboard.model import TextStatus
from tests import figures
from tests.builders import ORGANIZATION, OTHER_ORGANIZATION, a_text, an_organization
from tests.clock import Clock
from tests.functions import bridges, forging, signed
from tests.functions.carriers import Http
from tests.functions.events import ROOT, load
from tests.functions.test_outbound_webhooks import place

type Event = dict[str, Any]
type Send = Callable[[Event, str], dict[str, Any]]

PREFIX = {"byo-sip-trunk": "sip"}
# Vonage signs some callbacks only when it sends them again after a 5xx, so that a forgery is
# answered like that: the contract's rule, for Vonage alone. See docs/carriers.md.
REFUSED = {"twilio": {403}, "telnyx": {401, 403}, "vonage": {403, 503}, "byo-sip-trunk": {401, 403}}
_READS = {"GetItem", "BatchGetItem", "Query", "Scan"}


@dataclass
class Watch:
    """What was written to the table, and asked of AWS beside it."""

    writes: list[str] = field(default_factory=list)

    def __call__(self, model: Any, **_: Any) -> None:
        if model.name not in _READS:
            self.writes.append(model.name)


@pytest.fixture
def watch(live: App) -> Watch:
    """Looks at every request to the table from now on."""
    bridges.connect(live)
    place(live, "vonage")
    seen = Watch()
    live.store._client.meta.events.register("before-call.dynamodb", seen)
    return seen


def genuine(carrier: str) -> list[Event]:
    """Return the carrier's events of the samples: real requests with real signatures."""
    names = sorted(
        path.stem for path in (ROOT / "carrier_webhook").glob(f"{PREFIX.get(carrier, carrier)}-*")
    )
    found = [load(f"carrier_webhook/{name}") for name in names]
    return [event for event in found if event["body"] or event["httpMethod"] == "POST"]


def forge(carrier: str, send: Send, watch: Watch, http: Http, times: int) -> Counter[str]:
    """Send so many forgeries, each of which must be refused, and count them by kind."""
    kinds: Counter[str] = Counter()
    for kind, event in forging.forgeries(carrier, genuine(carrier), times):
        reply = send(event, carrier)
        kinds[kind] += 1
        # A header that is no text at all is not looked at any further.
        assert reply["statusCode"] in REFUSED[carrier] | {400}, (kind, event, reply)
        said = json.loads(reply["body"])
        assert reply["statusCode"] != 400 or said["code"] == "invalid_request", (kind, event, reply)
        assert set(said) == {"detail", "code", "request_id"}
        assert "Traceback" not in reply["body"]
    assert watch.writes == []
    assert http.sent == []
    figures.count("forged requests refused", times)
    return kinds


@pytest.mark.parametrize("carrier", forging.CARRIERS)
def test_no_forgery_is_believed(carrier: str, send: Send, watch: Watch, http: Http) -> None:
    kinds = forge(carrier, send, watch, http, 500)

    assert len(kinds) >= 12
    assert min(kinds.values()) >= 5


@pytest.mark.long
@pytest.mark.parametrize("carrier", forging.CARRIERS)
def test_none_of_many_forgeries_is_believed(
    carrier: str, send: Send, watch: Watch, http: Http
) -> None:
    forge(carrier, send, watch, http, 20_000)


@pytest.mark.parametrize("carrier", forging.CARRIERS)
def test_what_the_forgeries_are_made_from_is_believed(carrier: str, live: App, send: Send) -> None:
    bridges.connect(live)
    events = genuine(carrier)

    replies = [send(event, carrier) for event in events]

    assert len(events) >= 5
    # Some speak of calls that nobody placed here; but all were found to be genuine.
    assert {reply["statusCode"] for reply in replies} <= {200, 204, 404}


@pytest.mark.parametrize("carrier", ["telnyx", "vonage", "byo-sip-trunk"])
@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_a_genuine_webhook_is_not_believed_later_or_earlier(
    carrier: str, seconds: int, send: Send, watch: Watch, http: Http, clock: Clock
) -> None:
    clock.advance(seconds=seconds)

    replies = [send(event, carrier) for event in genuine(carrier)]

    assert all(reply["statusCode"] in REFUSED[carrier] for reply in replies)
    assert (watch.writes, http.sent) == ([], [])
    figures.count("forged requests refused", len(replies))


@pytest.mark.parametrize("carrier", ["twilio", "telnyx", "vonage"])
def test_a_webhook_of_one_organization_is_not_believed_of_another(
    carrier: str, live: App, send: Send, watch: Watch
) -> None:
    _connect_another(live)
    watch.writes.clear()
    events = [_to_another(event) for event in genuine(carrier)]

    replies = [send(event, carrier) for event in events]

    assert all(reply["statusCode"] in REFUSED[carrier] for reply in replies)
    assert watch.writes == []
    figures.count("forged requests refused", len(replies))


def _connect_another(live: App) -> None:
    """Let another organization be connected to accounts of its own."""
    live.store.add_organization(an_organization(id=OTHER_ORGANIZATION))
    for carrier in ("twilio", "telnyx", "vonage"):
        credentials = live.secrets.carrier(ORGANIZATION, carrier)
        others = {
            "auth_token": "f" * 32,
            "signature_secret": "another-signature-secret-of-40-letters",
        }
        others["public_key"] = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
        theirs = {name: others.get(name, value) for name, value in credentials.items()}
        live.secrets.store_carrier(OTHER_ORGANIZATION, carrier, theirs)


def _to_another(event: Event) -> Event:
    query = event["multiValueQueryStringParameters"]
    moved = {
        name: [value.replace(str(ORGANIZATION), str(OTHER_ORGANIZATION), 1) for value in values]
        for name, values in query.items()
    }
    return event | {"multiValueQueryStringParameters": moved}


# Telnyx, Vonage and a bridge sign what they say and not where they say it. Whoever could catch a
# genuine request could send it elsewhere within five minutes: that must win nothing.

ENDPOINTS = {
    "telnyx": ("/telnyx-webhook", "/webhooks/sms/telnyx", "/telnyx-sms-webhook"),
    "vonage": ("/vonage-webhook", "/webhooks/sms/vonage"),
    "byo-sip-trunk": ("/sip-webhook", "/sip-status", "/sip-prewarm"),
}


@pytest.mark.parametrize("carrier", ENDPOINTS)
def test_a_genuine_webhook_breaks_nothing_at_another_endpoint(
    carrier: str, live: App, send: Send
) -> None:
    bridges.connect(live)
    for event in genuine(carrier):
        for endpoint in ENDPOINTS[carrier]:
            assert send(event | {"resource": endpoint}, carrier)["statusCode"] < 500


def test_a_genuine_event_does_not_touch_another_call_that_a_url_names(
    live: App, send: Send
) -> None:
    call = place(live, "vonage")
    before = live.store.call(call.id)
    foreign = signed.vonage("outbound-completed", uuid="5f0a4d33-another-call")

    reply = send(foreign, "vonage")

    assert foreign["multiValueQueryStringParameters"] == {"call": [f"{ORGANIZATION}-{call.id}"]}
    assert reply["statusCode"] < 500
    assert live.store.call(call.id) == before


def test_a_genuine_receipt_does_not_touch_another_message_that_a_url_names(
    live: App, send: Send
) -> None:
    text = a_text(carrier="telnyx", status=TextStatus.SENT, message_sid="another-message")
    live.store.add_text(text, None, "", None, text.created_at)

    reply = send(load("carrier_webhook/telnyx-message-failed"), "telnyx")

    assert reply["statusCode"] == 204
    assert live.store.text(text.id) == text
    assert live.store.consent(ORGANIZATION, text.from_, text.to) is None


# --- what time tells ---


COMPARES = {"compare_digest", "verify"}


@pytest.mark.parametrize("carrier", ["twilio", "telnyx", "vonage", "byo_sip_trunk"])
def test_no_verifier_compares_with_an_equals_sign_what_a_secret_has_made(carrier: str) -> None:
    """Whoever can measure how long `==` takes finds out a signature byte by byte."""
    source = inspect.getsource(import_module(f"switchboard.carriers.{carrier}.webhooks"))
    verifiers = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.name in ("verify", "_claims")
    ]

    inside = [node for verifier in verifiers for node in ast.walk(verifier)]
    called = {
        node.func.attr
        for node in inside
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    compared = [ast.unparse(node) for node in inside if _is_equation(node)]
    # What is left is not made of a secret: ids of accounts, and which algorithm is named.
    public = {"request.method == 'POST'", "scheme != 'Bearer'", "parts[0].get('alg') != 'HS256'"}
    public |= {"claims.get('api_key') != ours.get('api_key')"}

    assert called & COMPARES
    assert set(compared) <= public


def _is_equation(node: ast.AST) -> bool:
    return isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq)
