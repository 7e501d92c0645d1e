"""Every function takes any event: a clear answer, no fault of its own, and soon."""

import importlib
import inspect
import json
import time
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from local.workspace import ROOT
from switchboard.app import App
from switchboard.errors import InvalidRequest
from switchboard.events.office import Office
from switchboard.recordings.room import NotFetched, Room
from switchboard.recordings.vault import Bucket
from tests import figures
from tests.api import world
from tests.builders import ORGANIZATION
from tests.carriers.signing import _telnyx, _vonage
from tests.clock import START, Clock
from tests.delivery.post import MemoryQueue, Receivers
from tests.fakes import Books
from tests.functions import bridges, fuzzing
from tests.functions.events import Context
from tests.functions.forging import CARRIERS
from tests.functions.test_recordings import bucket

__all__ = ["bucket"]

type Handler = Callable[[Any], Any]

BEHIND_THE_GATEWAY = [
    "api_docs", "calls", "directory", "events", "initiate_call", "phone_numbers",
    "purchase_number", "recordings", "sms",
]  # fmt: skip
OF_AWS = [
    "deliver_event", "fail_over", "fetch_recording", "relay_events", "send_message", "stop_calls",
]  # fmt: skip
BY_THE_CLOCK = ["reconcile"]
THE_DOOR = "authorizer"
OF_CARRIERS = "carrier_webhook"
# What an answer takes at most, on a machine that does other things as well (seconds).
SOON = 5.0


@pytest.fixture
def full(app: App, books: Books, monkeypatch: pytest.MonkeyPatch) -> App:
    """The deployment with one of everything in it."""
    monkeypatch.setenv("CARRIER", "")
    return world.settle(app, books)


@pytest.fixture
def handler(full: App, clock: Clock, bucket: Bucket) -> Callable[[str], Handler]:
    """Finds a function by its folder, and gives it what it works with."""
    office = Office(full, MemoryQueue(clock), Receivers(clock))
    room = Room(full, bucket, _no_file, full.carrier, timedelta(days=90))
    given = {
        "app": lambda: full,
        "office": lambda: office,
        "queue": lambda: office.queue,
        "room": lambda: room,
        "vault": lambda: bucket,
    }

    def found(folder: str) -> Handler:
        function = importlib.import_module(f"functions.{folder}.app").lambda_handler
        wanted = [given[name] for name in inspect.signature(function).parameters if name in given]
        return lambda event: function(event, Context(), *wanted)

    return found


def _no_file(source: Any, url: str) -> Any:
    raise NotFetched("there is none")


def answered(reply: Any) -> None:
    """Check an answer to API Gateway: of its form, not a fault of ours, and telling nothing."""
    sent = json.loads(json.dumps(reply))
    assert isinstance(sent["statusCode"], int)
    assert 200 <= sent["statusCode"] < 500, sent
    text = sent.get("body") or ""
    assert "Traceback" not in text
    assert "site-packages" not in text
    headers = {**(sent.get("headers") or {}), **(sent.get("multiValueHeaders") or {})}
    assert not [it for it in str(list(headers.values())) if it in "\r\n"]
    if sent["statusCode"] >= 400:
        assert set(json.loads(text)) == {"detail", "code", "request_id"}


def timed(handle: Handler, event: Any) -> Any:
    """Return what a function answers, if it answers soon."""
    began = time.process_time()
    try:
        return handle(event)
    finally:
        assert time.process_time() - began < SOON


def each(folder: str, times: int) -> list[Any]:
    """Return so many spoilt events for a function."""
    figures.count("odd events handled", times)
    events = fuzzing.samples(folder)
    for event in events:
        if "requestContext" in event:
            known = {"organization_id": str(ORGANIZATION), "scopes": "admin", "token_id": "1"}
            event["requestContext"]["authorizer"] = known
    return list(fuzzing.spoilt(folder, events, times))


def test_no_function_is_left_out() -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}

    assert folders == {*BEHIND_THE_GATEWAY, *OF_AWS, *BY_THE_CLOCK, THE_DOOR, OF_CARRIERS}


@pytest.mark.parametrize("folder", BEHIND_THE_GATEWAY)
def test_a_function_of_the_api_answers_any_event(
    folder: str, handler: Callable[[str], Handler]
) -> None:
    for event in each(folder, 150):
        answered(timed(handler(folder), event))


@pytest.mark.long
@pytest.mark.parametrize("folder", BEHIND_THE_GATEWAY)
def test_a_function_of_the_api_answers_any_of_many_events(
    folder: str, handler: Callable[[str], Handler]
) -> None:
    for event in each(folder, 1_000):
        answered(timed(handler(folder), event))


@pytest.mark.parametrize("folder", sorted({*BEHIND_THE_GATEWAY} - {"api_docs"}))
def test_a_caller_with_scopes_and_no_organization_is_refused(
    folder: str, handler: Callable[[str], Handler]
) -> None:
    for event in fuzzing.samples(folder):
        event["requestContext"]["authorizer"] = {"scopes": "admin", "token_id": "1"}
        reply = handler(folder)(event)
        answered(reply)
        assert reply["statusCode"] == 400, reply


@pytest.mark.parametrize("folder", OF_AWS)
def test_a_function_that_aws_calls_refuses_what_it_cannot_read(
    folder: str, handler: Callable[[str], Handler]
) -> None:
    refused = 0
    for event in each(folder, 150):
        try:
            json.dumps(timed(handler(folder), event))
        except InvalidRequest:
            refused += 1  # Lambda's own error: a queue brings the message to its dead letters

    assert refused > 5


@pytest.mark.parametrize("folder", BY_THE_CLOCK)
def test_a_function_that_runs_by_the_clock_does_not_look_at_its_event(
    folder: str, handler: Callable[[str], Handler]
) -> None:
    for event in each(folder, 25):
        done = timed(handler(folder), event)
        assert done["is_complete"], done


def test_the_door_opens_to_nothing_odd(handler: Callable[[str], Handler]) -> None:
    for event in each(THE_DOOR, 300):
        # API Gateway makes a 401 of exactly this.
        with pytest.raises(Exception, match=r"^Unauthorized$"):
            timed(handler(THE_DOOR), event)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_carriers_webhook_answers_any_event(
    carrier: str, handler: Callable[[str], Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARRIER", carrier)
    for event in each(OF_CARRIERS, 150):
        reply = timed(handler(OF_CARRIERS), event)
        if carrier == "vonage" and reply["statusCode"] == 503:
            # Vonage signs some callbacks only when it sends them again after a failure.
            assert json.loads(reply["body"])["code"] == "invalid_signature"
            reply |= {"statusCode": 403}
        answered(reply)


@pytest.mark.parametrize("folder", [*BEHIND_THE_GATEWAY, OF_CARRIERS])
def test_a_body_of_6_mb_is_refused_without_being_read(
    folder: str, handler: Callable[[str], Handler], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARRIER", "twilio")
    event = fuzzing.samples(folder)[0]
    large = event | {"body": fuzzing.huge()}
    handler(folder)(event)
    tracemalloc.start()
    try:
        reply = timed(handler(folder), large)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 4 * len(large["body"])
    assert reply["statusCode"] in ((200, 413) if folder == "api_docs" else (413,))


def test_a_line_break_in_a_text_begins_no_line_of_the_log(
    handler: Callable[[str], Handler], capsys: pytest.CaptureFixture[str]
) -> None:
    event = fuzzing.samples("calls")[0]
    forged = '/x\n{"level":"ERROR","message":"forged"}'

    handler("calls")(event | {"resource": forged, "path": forged, "httpMethod": "GET\r\nX"})

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["message"] for line in lines if line["message"] == "forged"] == []


@pytest.mark.parametrize("carrier", ["telnyx", "vonage", "byo-sip-trunk"])
def test_signed_json_that_is_nested_too_deeply_is_refused(
    carrier: str, live: App, send: Callable[[Any, str], Any]
) -> None:
    bridges.connect(live)
    deep = '{"data":' * 20_000 + "1" + "}" * 20_000
    sample = fuzzing.samples(OF_CARRIERS)[0] | {"resource": f"/{carrier}-webhook"}
    url = {"multiValueQueryStringParameters": {"org": [str(ORGANIZATION)]}}
    sign = {"telnyx": _telnyx(TELNYX_KEY), "vonage": _vonage("a1b2c3d4", VONAGE_SECRET)}
    if carrier in sign:
        headers = sign[carrier]("", deep.encode(), START)
        event = sample | url | {"headers": headers, "body": deep, "httpMethod": "POST"}
    else:
        event = bridges.said("/sip-webhook", deep)

    # Vonage asks what to do with a call at the same URL: who may be listening hears an apology.
    assert send(event, carrier)["statusCode"] == (200 if carrier == "vonage" else 400)


TELNYX_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VONAGE_SECRET = "vonage-signature-secret-0123456789abcdef"
