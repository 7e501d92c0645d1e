"""The function that goes on with a call whose SIP trunk failed, and how it is begun."""

import json
from dataclasses import replace
from typing import Any

import boto3
import pytest

from functions.fail_over.app import lambda_handler
from switchboard import wiring
from switchboard.app import App
from switchboard.errors import ServiceUnavailable
from switchboard.model import CallStatus, Direction, TrunkAttempt
from tests.builders import a_call
from tests.clock import START
from tests.conftest import SETTINGS
from tests.functions.events import load


def test_a_call_without_another_trunk_ends(app: App) -> None:
    attempt = TrunkAttempt("gone", "twilio", START, "CA1", "503")
    call = a_call(id=9001, direction=Direction.OUTBOUND, attempts=(attempt,), bridge="twilio")
    app.store.add_call(replace(call, status=CallStatus.DIALING))

    for _ in range(2):  # AWS may begin it twice
        lambda_handler(load("fail_over/call"), None, lambda: app)

    after = app.store.call(9001)
    assert after
    assert (after.status, after.hangup_cause) == (CallStatus.FAILED, "503")
    assert [step.type for step in after.history] == ["no_trunk_left"]


def test_a_call_that_nobody_knows_is_no_error(app: App) -> None:
    lambda_handler(load("fail_over/call"), None, lambda: app)


def test_it_is_begun_by_the_name_of_the_function(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[dict[str, Any]] = []

    class Client:
        def invoke(self, **arguments: Any) -> None:
            begun.append(arguments)

    app = wiring.build(replace(SETTINGS, fail_over_function="switchboard-fail-over"))
    monkeypatch.setattr(boto3, "client", lambda *_, **__: Client())
    assert app.fail_over

    app.fail_over(9001)

    (asked,) = begun
    assert (asked["FunctionName"], asked["InvocationType"]) == ("switchboard-fail-over", "Event")
    assert json.loads(asked["Payload"]) == load("fail_over/call")


def test_a_function_that_cannot_be_begun_leaves_the_event_to_the_carrier(aws: None) -> None:
    app = wiring.build(replace(SETTINGS, fail_over_function="switchboard-missing"))
    assert app.fail_over

    with pytest.raises(ServiceUnavailable):
        app.fail_over(9001)
