"""What functions ask AWS for beside the table, with AWS's own clients: their roles allow it."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import boto3
import pytest
from pytest_socket import SocketBlockedError

from functions.calls.app import lambda_handler as handle_calls
from functions.deliver_event.app import lambda_handler as deliver
from functions.fail_over.app import lambda_handler as fail_over
from functions.fetch_recording.app import lambda_handler as fetch
from functions.initiate_call.app import lambda_handler as initiate
from functions.purchase_number.app import lambda_handler as purchase
from functions.reconcile.app import lambda_handler as reconcile
from functions.relay_events.app import lambda_handler as relay
from functions.stop_calls.app import lambda_handler as stop
from local.workspace import ROOT
from switchboard import fuses, limits, wiring
from switchboard.app import App
from switchboard.errors import ServiceUnavailable
from switchboard.events.aws import Recipients, SqsQueue
from switchboard.events.office import Office
from switchboard.model import BYO, Bridge, CallStatus, Direction, Limits, TrunkAttempt
from switchboard.recordings.room import NotFetched, Room
from switchboard.recordings.vault import Bucket
from tests import grants
from tests.builders import (
    CALL_SID,
    ORGANIZATION,
    a_call,
    a_recording,
    a_text,
    an_assistant,
    an_organization,
)
from tests.clock import START, Clock
from tests.delivery.post import Receivers
from tests.functions import bridges, signed
from tests.functions.carriers import TELNYX_NUMBER, VONAGE_NUMBER
from tests.functions.events import Context, load, with_body
from tests.functions.test_recordings import bucket
from tests.functions.test_trunk_webhooks import Send, failed, send_with
from tests.iam import Grant, needed, roles

__all__ = ["bucket", "send_with"]


def sqs(name: str) -> SqsQueue:
    """Return a queue of AWS that is named as in the template."""
    client = boto3.client("sqs")
    return SqsQueue(client, client.create_queue(QueueName=name)["QueueUrl"])


def waiting(queue: SqsQueue) -> list[dict[str, Any]]:
    """Return the messages of a queue."""
    found = queue.client.receive_message(QueueUrl=queue.url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in found.get("Messages", [])]


def used(function: str) -> set[Grant]:
    """Return what a function was seen to need."""
    return {grant for name, grant in grants.USED if name == function}


def test_each_kind_of_change_wakes_whom_it_is_for(aws: None) -> None:
    queues = [sqs("EventQueue"), sqs("TextQueue")]
    stopped: list[int] = []

    def stop_calls(organization_id: int) -> None:
        stopped.append(organization_id)
        # There is no such function in memory.
        with suppress(ServiceUnavailable):
            wiring.invoke("switchboard-StopCalls", "fuse", organization_id)

    kinds = [
        ("EVENT#evt_1", "EVENT"),
        ("CALL#5001", "RECORDING#RE1"),
        (f"TEXT#{a_text().id}", "-"),
        (f"FUSE#{ORGANIZATION}", "FUSE"),
    ]
    records = [
        {"dynamodb": {"NewImage": {
            "pk": {"S": pk}, "sk": {"S": sk},
            "wake": {"S": START.isoformat()}, "organization_id": {"N": "1001"},
        }}}
        for pk, sk in kinds
    ]  # fmt: skip

    relay({"Records": records}, None, lambda: Recipients(*queues, stop_calls))

    # A recording is woken by the stream itself.
    assert [len(waiting(queue)) for queue in queues] == [1, 1]
    assert stopped == [ORGANIZATION]
    assert used("RelayEvents") == roles()["RelayEvents"].grants


def test_what_the_sweep_of_events_finds_goes_into_their_queue(app: App, clock: Clock) -> None:
    app.store.put_assistant(an_assistant(webhook_url="https://customer.example.com/events"))
    app.store.add_call(a_call())
    clock.advance(minutes=10)
    events = sqs("EventQueue")

    deliver({}, None, lambda: Office(app, events, Receivers(clock)))

    assert waiting(events)


def _no_file(source: Any, url: str) -> Any:
    raise NotFetched("there is none")


@pytest.mark.parametrize("carrier", ["twilio", "telnyx", BYO])
def test_a_trunk_that_failed_has_another_function_go_on(
    live: App, send_with: Send, carrier: str
) -> None:
    bridges.connect(live)
    attempt = TrunkAttempt(bridges.TRUNK, carrier, START)
    call = a_call(
        id=9001,
        carrier=BYO,
        bridge=None if carrier == BYO else carrier,
        call_sid="CA0",
        direction=Direction.OUTBOUND,
        status=CallStatus.DIALING,
        attempts=(attempt,),
    )
    live.store.add_call(call)
    live.store.save_call(call, replace(call, call_sid=""))

    asking = replace(live, fail_over=partial(wiring.invoke, "switchboard-FailOver", "call_id"))
    reply = send_with(asking, FAILED[carrier](), carrier)

    # There is no such function in memory: the carrier shall send its event again.
    assert reply["statusCode"] == 503
    name = "CarrierWebhook" + ("Sip" if carrier == BYO else carrier.capitalize())
    assert Grant("lambda:InvokeFunction", "FailOver") in used(name)


SECRET_OF = {"twilio": "twilio", "telnyx": "telnyx", "vonage": "vonage", BYO: "sip-trunk"}


def secret_of(carrier: str) -> Grant:
    """Return the permission to read an account's, or a trunk's, credentials."""
    return Grant("secretsmanager:GetSecretValue", f"secret:{SECRET_OF[carrier]}")


def put_through(app: App, carrier: str) -> None:
    """Put an outbound call over a carrier into the table, which takes up its places."""
    bridges.connect(app)
    attempts = (TrunkAttempt(bridges.TRUNK, carrier, START),) if carrier == BYO else ()
    queued = a_call(
        carrier=carrier,
        call_sid="",
        direction=Direction.OUTBOUND,
        status=CallStatus.QUEUED,
        attempts=attempts,
    )
    call, places, quotas = limits.reserved(queued, Limits(), START)
    app.store.reserve_call(call, None, "", places, quotas)
    talking = replace(call, status=CallStatus.IN_PROGRESS, call_sid=CALL_SID)
    app.store.save_call(call, talking)


@pytest.mark.parametrize("carrier", SECRET_OF)
def test_the_calls_of_a_fuse_are_ended_at_their_carrier(live: App, carrier: str) -> None:
    put_through(live, carrier)
    fuses.trip(live, ORGANIZATION, fuses.BY_HAND)

    # Looking up a name is where there is no network.
    with suppress(SocketBlockedError, UserWarning):
        stop(load("stop_calls/fuse"), None, lambda: live)

    assert secret_of(carrier) in used("StopCalls")


@pytest.mark.parametrize(
    ("number", "carrier"),
    [
        (TELNYX_NUMBER, "telnyx"),
        (VONAGE_NUMBER, "vonage"),
        (bridges.TRUNK_NUMBER, BYO),
    ],
)
def test_a_call_is_placed_with_its_carriers_secret(live: App, number: str, carrier: str) -> None:
    live.store.put_assistant(an_assistant())
    bridges.connect(live)
    live.secrets.forget()
    asked = with_body("initiate_call/twilio", from_phone_number=number, assistant_id=None)

    initiate(asked, Context(), lambda: live)  # type: ignore[arg-type]

    assert secret_of(carrier) in used("InitiateCall")
    assert carrier != BYO or Grant("dynamodb:Query", "Table") in used("InitiateCall")


@pytest.mark.parametrize(
    ("bridge", "carrier"),
    [(Bridge.TWILIO, "twilio"), (Bridge.TELNYX, "telnyx"), (Bridge.OWN, BYO)],
)
def test_a_call_goes_on_over_the_next_trunk_with_that_ones_secret(
    live: App, bridge: Bridge, carrier: str
) -> None:
    bridges.connect(live, bridge=bridge)
    attempt = TrunkAttempt("gone", BYO, START, "CA1", "503")
    call = a_call(
        id=9001,
        carrier=BYO,
        direction=Direction.OUTBOUND,
        status=CallStatus.DIALING,
        attempts=(attempt,),
        stream_url="wss://runtime.example.com/stream",
    )
    live.store.add_call(call)
    live.secrets.forget()

    # Looking up a name is where there is no network.
    with suppress(SocketBlockedError, UserWarning):
        fail_over(load("fail_over/call"), None, lambda: live)

    assert {secret_of(carrier), Grant("dynamodb:Query", "Table")} <= used("FailOver")


def test_a_number_is_registered_on_a_trunk_that_is_still_there(live: App) -> None:
    live.store.put_assistant(an_assistant())
    live.store.add_trunk(bridges.a_trunk())

    asked = with_body("purchase_number/byo-sip-trunk", phone_number="+14155550188")

    reply = purchase(asked, Context(), lambda: live)  # type: ignore[arg-type]

    assert reply["statusCode"] < 300, reply
    needs = {Grant(f"dynamodb:{it}", "Table") for it in ("Query", "ConditionCheckItem")}
    assert needs <= used("PurchaseNumber")


@pytest.mark.parametrize("carrier", ["twilio", "telnyx", "vonage"])
def test_a_recording_is_fetched_with_its_carriers_secret(
    live: App, bucket: Bucket, carrier: str
) -> None:
    live.secrets.forget()
    live.store.add_call(a_call(carrier=carrier))
    live.store.add_recording(
        a_call(carrier=carrier), a_recording(carrier=carrier), "https://example.com/recording"
    )
    room = Room(live, bucket, _no_file, live.carrier, timedelta(days=90))

    fetch(load("fetch_recording/noted"), None, lambda: room)

    assert secret_of(carrier) in used("FetchRecording")


@pytest.mark.parametrize("carrier", SECRET_OF)
def test_a_call_is_ended_at_its_carrier(live: App, carrier: str) -> None:
    put_through(live, carrier)

    handle_calls(load("calls/terminate"), Context(), lambda: live)  # type: ignore[arg-type]

    assert secret_of(carrier) in used("Calls")


@pytest.mark.parametrize("carrier", ["twilio", "telnyx", "vonage"])
def test_a_call_whose_end_nobody_told_is_looked_up_at_its_carrier(
    live: App, clock: Clock, carrier: str
) -> None:
    live = replace(live, carrier_names=(carrier,))
    live.store.add_organization(an_organization())
    put_through(live, carrier)
    clock.advance(hours=6)

    reconcile(load("reconcile/sweep"), Context(), lambda: live)  # type: ignore[arg-type]

    assert secret_of(carrier) in used("Reconcile")


FAILED: dict[str, Callable[[], dict[str, Any]]] = {
    "twilio": lambda: failed("503"),
    "telnyx": lambda: signed.telnyx(
        "hangup",
        state={"call": 9001},
        to="sip:+12125550199@one.example.com",
        hangup_cause="unspecified",
        sip_hangup_cause="503",
    ),
    BYO: lambda: bridges.status(
        "failed", call_id=9001, sip_code=503, direction="outbound", to="+12125550199"
    ),
}


def test_a_request_that_nobody_thought_of_is_not_passed_over() -> None:
    with pytest.raises(AssertionError, match="Which permission does dynamodb DescribeTable need"):
        list(needed("dynamodb", "DescribeTable", {}))


def test_a_transaction_needs_what_its_parts_need() -> None:
    parts: list[dict[str, Any]] = [{"Put": {}}, {"Update": {}}, {"ConditionCheck": {}}]

    found = set(needed("dynamodb", "TransactWriteItems", {"TransactItems": parts}))

    assert found == {
        Grant("dynamodb:PutItem", "Table"),
        Grant("dynamodb:UpdateItem", "Table"),
        Grant("dynamodb:ConditionCheckItem", "Table"),
    }


def test_a_role_does_not_allow_what_it_does_not_name() -> None:
    role = roles()["Recordings"]

    assert role.allows(Grant("s3:GetObject", "RecordingBucket/*"))
    assert not role.allows(Grant("s3:PutObject", "RecordingBucket/*"))
    assert not role.allows(Grant("dynamodb:Query", "Table/index/GSI1"))
    assert not role.allows(Grant("secretsmanager:GetSecretValue", "secret:twilio"))


def test_every_exception_is_a_permission_that_the_role_has() -> None:
    for function, exceptions in grants.EXCEPTIONS.items():
        assert exceptions <= roles()[function].grants, function


def test_the_page_on_security_names_every_function_with_an_exception() -> None:
    [line] = re.findall(
        r"`EXCEPTIONS` in `tests/grants.py`.*?reading\.",
        (ROOT / "docs" / "security.md").read_text(),
        re.DOTALL,
    )

    assert set(re.findall(r"`(\w+)`", line)) - {"EXCEPTIONS"} == set(grants.EXCEPTIONS)
