"""The demo's own receiver notices what is missing among the events it got."""

from typing import Any

import httpx
import pytest

from local import receiving
from local.receiving import Received

ENV = {
    "SWITCHBOARD_URL": "http://api.example",
    "SANDBOX_URL": "http://sandbox.example",
    "SWITCHBOARD_TOKEN": "t",
}


def event(sequence: int, kind: str = "status-update", **fields: Any) -> dict[str, Any]:
    message = {"summary": "They said hello and heard themselves."}
    found = {
        "call_id": 1,
        "sequence": sequence,
        "type": kind,
        "verified": True,
        "body": {"message": message},
    }
    return found | fields


WHOLE = [event(2), event(1), event(3, "end-of-call-report")]


@pytest.mark.parametrize(
    ("events", "missing"),
    [
        (WHOLE, 0),
        ([*WHOLE, event(2)], 0),
        (WHOLE[1:], 1),
        (WHOLE[:2], 2),
        ([event(1, "end-of-call-report", verified=False)], 1),
        ([event(1, "end-of-call-report", body={"message": {}})], 1),
        ([], 2),
    ],
)
def test_what_is_missing_is_named(events: list[dict[str, Any]], missing: int) -> None:
    assert len(Received(events, frozenset({1}), frozenset()).missing()) == missing


@pytest.mark.parametrize(("told", "missing"), [(["a", "b"], 0), (["a"], 1), ([], 1)])
def test_a_text_message_that_nobody_was_told_of_is_missed(told: list[str], missing: int) -> None:
    of_call = [event(1, "end-of-call-report")]
    of_texts = [
        event(0, "sms_received", call_id=None, body={"data": {"message_id": message_id}})
        for message_id in told
    ]

    received = Received([*of_call, *of_texts], frozenset({1}), frozenset({"a", "b"}))

    assert len(received.missing()) == missing


def test_the_sandbox_is_registered_and_told_the_secret() -> None:
    asked: list[tuple[str, str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, request.url.path, request.content.decode()))
        return httpx.Response(200, json={"id": "abc", "secret": "whsec_x", "events": []})

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        receiving.listen(http, ENV)
        assert receiving.gather(http, ENV, []).events == []

    assert asked == [
        ("POST", "/api/v1/webhooks", '{"url":"http://sandbox.example/receiver/demo"}'),
        ("GET", "/api/v1/webhooks/abc/secret", ""),
        ("PUT", "/_/receivers/demo", '{"secret":"whsec_x"}'),
        ("GET", "/_/receivers/demo", ""),
    ]
