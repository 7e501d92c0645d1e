"""An inbound call at the sandbox's Vonage."""

import json
from typing import Any

import httpx
import pytest
from starlette.responses import Response

from tests.sandbox.clients import VonageApplication, VonageClient, program_fault
from tests.sandbox.servers import Customer, Received

NUMBER = "+14155550100"
CALLER = "+14155550111"


@pytest.fixture
def application(vonage: VonageClient, customer: Customer) -> VonageApplication:
    """Make an application whose webhooks come to the customer, with a number."""
    made = vonage.application(customer.url)
    vonage.buy(NUMBER).raise_for_status()
    vonage.link(NUMBER, made.id).raise_for_status()
    return made


def call(sandbox: httpx.Client, **plan: Any) -> dict[str, Any]:
    wanted = {"carrier": "vonage", "from": CALLER, "to": NUMBER, "hangup_after_s": 0.2} | plan
    answer = sandbox.post("/_/calls", json=wanted)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


def stream(sandbox: httpx.Client, **more: Any) -> dict[str, Any]:
    uri = str(sandbox.base_url).replace("http://", "ws://").rstrip("/") + "/runtime/echo/42"
    target = {"type": "websocket", "uri": uri, "content-type": "audio/l16;rate=16000"} | more
    return {"action": "connect", "from": NUMBER[1:], "endpoint": [target]}


def events(customer: Customer, uuid: str) -> list[str]:
    return [got.json["status"] for got in customer.at("/event") if got.json.get("uuid") == uuid]


def test_a_call_is_connected_to_the_websocket_it_is_told(
    sandbox: httpx.Client, customer: Customer, application: VonageApplication
) -> None:
    customer.says_ncco("/answer", stream(sandbox, headers={"call_id": "42", "To": NUMBER}))

    report = call(sandbox, say=["hello there"])

    assert (report["outcome"], report["status"]) == ("streamed", "completed"), report
    [found] = report["streams"]
    assert found["start"] == {
        "event": "websocket:connected",
        "content-type": "audio/l16;rate=16000",
        "call_id": "42",
        "To": NUMBER,
    }
    assert found["echoed"]
    assert found["frames_received"] > 0
    assert report["hung_up_by"] == "caller"


def test_the_question_and_the_events_name_numbers_without_a_plus(
    sandbox: httpx.Client, customer: Customer, application: VonageApplication
) -> None:
    customer.says_ncco("/answer", {"action": "talk", "text": "Hello"})

    report = call(sandbox)

    uuid = report["carrier_call_id"]
    [asked] = customer.at("/answer")
    assert asked.json["to"] == NUMBER[1:]
    assert asked.json["from"] == CALLER[1:]
    assert asked.json["uuid"] == uuid
    # `ringing` comes before `started` here, and nothing may depend on it.
    assert events(customer, uuid) == ["ringing", "started", "answered", "completed"]
    ended = customer.at("/event")[-1].json
    assert isinstance(ended["duration"], str)
    assert isinstance(ended["price"], str)
    assert ended["disconnected_by"] == "platform"
    assert report["said"] == ["Hello"]


def test_the_websocket_is_a_leg_with_an_id_of_its_own(
    sandbox: httpx.Client, customer: Customer, application: VonageApplication
) -> None:
    customer.says_ncco("/answer", stream(sandbox))

    report = call(sandbox)

    told = [got.json for got in customer.at("/event")]
    of_leg = [event for event in told if event["uuid"] != report["carrier_call_id"]]
    assert [event["status"] for event in of_leg] == ["started", "answered", "completed"]
    assert {event["direction"] for event in of_leg} == {"outbound"}
    assert len({event["conversation_uuid"] for event in told}) == 1


def test_the_answer_can_be_asked_with_get(
    sandbox: httpx.Client, customer: Customer, vonage: VonageClient
) -> None:
    webhooks = {
        "answer_url": {"address": f"{customer.url}/answer?org=1"},
        "event_url": {"address": f"{customer.url}/event", "http_method": "GET"},
    }
    made = vonage.application(customer.url, webhooks=webhooks)
    vonage.buy(NUMBER).raise_for_status()
    vonage.link(NUMBER, made.id).raise_for_status()
    customer.says_ncco("/answer", {"action": "talk", "text": "Hello"})

    report = call(sandbox)

    [asked] = customer.at("/answer")
    query = httpx.URL(asked.url).params
    assert (asked.method, query["org"], query["to"]) == ("GET", "1", NUMBER[1:])
    assert httpx.URL(customer.at("/event")[-1].url).params["status"] == "completed"
    assert report["status"] == "completed"


def test_an_empty_ncco_refuses_the_call(
    sandbox: httpx.Client, customer: Customer, application: VonageApplication
) -> None:
    customer.says_ncco("/answer")

    report = call(sandbox)

    assert (report["outcome"], report["answered"]) == ("rejected", False)
    ended = customer.at("/event")[-1].json
    assert (ended["status"], ended["duration"]) == ("completed", "0")


@pytest.mark.parametrize(
    ("status", "questions"), [(503, 2), (504, 2), (429, 2), (500, 1), (404, 1)]
)
def test_only_some_answers_are_asked_for_again_before_the_fallback(
    sandbox: httpx.Client,
    customer: Customer,
    application: VonageApplication,
    status: int,
    questions: int,
) -> None:
    customer.answers["/answer"] = lambda _: Response(status_code=status)
    customer.says_ncco("/fallback", {"action": "talk", "text": "Sorry"})

    report = call(sandbox)

    assert report["said"] == ["Sorry"]
    assert len(customer.at("/answer")) == questions
    [asked] = customer.at("/fallback")
    assert asked.json["original_request"]["type"] == "answer"
    assert asked.json["uuid"] == report["carrier_call_id"]
    assert [got.json for got in customer.at("/event") if "status" not in got.json]


@pytest.mark.parametrize(
    "ncco",
    [
        "not json",
        '{"action": "talk"}',
        '[{"action": "sing"}]',
        '[{"action": "talk"}]',
        '[{"action": "connect", "endpoint": []}]',
        '[{"action": "connect", "endpoint": [{"type": "phone", "number": "+14155550199"}]}]',
        '[{"action": "connect", "endpoint": [{"type": "websocket", "uri": "wss://x.example"}]}]',
        '[{"action": "talk", "text": "x"}, {"action": "record", "eventUrl": "https://x.example"}]',
    ],
)
def test_an_ncco_that_cannot_be_obeyed_ends_the_call(
    sandbox: httpx.Client, customer: Customer, application: VonageApplication, ncco: str
) -> None:
    answer = Response(ncco, media_type="application/json")
    customer.answers["/answer"] = customer.answers["/fallback"] = lambda _: answer

    report = call(sandbox)

    assert (report["outcome"], report["answered"]) == ("application_error", False)


def test_headers_of_more_than_512_bytes_are_refused(
    sandbox: httpx.Client, customer: Customer, application: VonageApplication
) -> None:
    customer.says_ncco("/answer", stream(sandbox, headers={"x": "y" * 512}))

    assert call(sandbox)["outcome"] == "application_error"


def test_a_websocket_that_does_not_open_lets_the_ncco_go_on(
    sandbox: httpx.Client, customer: Customer, application: VonageApplication
) -> None:
    closed = stream(sandbox, uri="ws://127.0.0.1:9/")
    customer.says_ncco("/answer", closed, {"action": "talk", "text": "Sorry"})

    report = call(sandbox)

    assert report["said"] == ["Sorry"]
    assert "failed" in [got.json["status"] for got in customer.at("/event")]


def test_a_websocket_is_opened_with_the_token_that_was_asked_for(
    sandbox: httpx.Client, customer: Customer, application: VonageApplication
) -> None:
    custom = {"type": "custom", "value": "Bearer abc"}
    customer.says_ncco("/answer", stream(sandbox, authorization=custom))

    assert call(sandbox)["outcome"] == "streamed"


def test_a_human_is_connected_and_a_recording_told_after_the_call(
    sandbox: httpx.Client, customer: Customer, application: VonageApplication
) -> None:
    customer.says_ncco(
        "/answer",
        {"action": "record", "eventUrl": [f"{customer.url}/recording"]},
        {"action": "connect", "endpoint": [{"type": "phone", "number": "14155550199"}]},
    )

    report = call(sandbox)

    assert report["outcome"] == "dialled"
    assert next(s for s in report["steps"] if s["what"] == "dialled")["to"] == ["+14155550199"]
    [recording] = customer.at("/recording")
    assert "recording_url" in recording.json
    assert "uuid" not in recording.json


def test_completed_may_come_before_ringing(
    sandbox: httpx.Client, customer: Customer, application: VonageApplication
) -> None:
    for event in ("ringing", "started", "answered"):
        program_fault(sandbox, "vonage", "webhook", "reorder", event=event)
    customer.says_ncco("/answer", {"action": "talk", "text": "Hello"})

    report = call(sandbox)

    told = events(customer, report["carrier_call_id"])
    assert sorted(told) == ["answered", "completed", "ringing", "started"]
    assert told.index("completed") < told.index("answered")


def test_a_call_is_moved_to_other_instructions_over_rest(
    sandbox: httpx.Client, customer: Customer, application: VonageApplication
) -> None:
    def transferred(got: Received) -> Response:
        if got.json.get("status") == "answered" and got.json["direction"] == "outbound":
            talk = [{"action": "talk", "text": "Moved"}]
            body = {"action": "transfer", "destination": {"type": "ncco", "ncco": talk}}
            found = sandbox.get("/_/calls", params={"status": "in-progress"}).json()["calls"]
            moved = application("PUT", f"/{found[0]['carrier_call_id']}", json=body)
            assert (moved.status_code, moved.content) == (204, b"")
        return Response(status_code=204)

    customer.answers["/event"] = transferred
    customer.says_ncco("/answer", stream(sandbox))

    report = call(sandbox, hangup_after_s=3)

    assert report["said"] == ["Moved"]
    moves = [got.json for got in customer.at("/event") if "conversation_uuid_to" in got.json]
    assert [move["uuid"] for move in moves] == [report["carrier_call_id"]]


def test_a_call_is_shown_to_its_own_application_only_and_ends_once(
    sandbox: httpx.Client,
    customer: Customer,
    vonage: VonageClient,
    application: VonageApplication,
) -> None:
    customer.says_ncco("/answer", {"action": "talk", "text": "Hello"})
    path = f"/{call(sandbox)['carrier_call_id']}"
    other = vonage.application(customer.url)

    shown = application("GET", path).json()

    assert (shown["status"], shown["direction"]) == ("completed", "inbound")
    assert shown["from"] == {"type": "phone", "number": CALLER[1:]}
    assert application("GET", "").json()["count"] == 1
    assert application("PUT", path, json={"action": "hangup"}).status_code == 400
    assert other("GET", path).status_code == 404
    assert other("PUT", path, json={"action": "hangup"}).status_code == 404


def test_a_number_without_an_application_cannot_be_answered(
    sandbox: httpx.Client, vonage: VonageClient
) -> None:
    vonage.buy(NUMBER).raise_for_status()

    assert call(sandbox)["outcome"] == "application_error"


def test_what_the_number_itself_says_comes_before_the_application(
    sandbox: httpx.Client, vonage: VonageClient, application: VonageApplication
) -> None:
    form = {"country": "US", "msisdn": NUMBER[1:], "voiceCallbackType": "tel"}
    form["voiceCallbackValue"] = "14155550199"
    vonage("POST", "/number/update", data=form).raise_for_status()

    assert call(sandbox)["outcome"] == "dialled"


def test_the_transcript_is_json(sandbox: httpx.Client, application: VonageApplication) -> None:
    assert json.dumps(call(sandbox))
