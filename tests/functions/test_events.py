"""Events, receivers and reports through the API, driven by the files in events/."""

import json
from typing import Any

import pytest

from functions.events.app import lambda_handler
from switchboard import sessions
from switchboard.app import App
from switchboard.events import delivering, registering
from switchboard.events.office import Answer, Office
from switchboard.model import CallStatus
from tests.builders import NUMBER, ORGANIZATION, a_call, an_assistant
from tests.clock import Clock
from tests.delivery.post import MemoryQueue, Receivers
from tests.functions.events import Context, load, with_body

URL = "https://customer.example.com/events"


def ask(app: App, event: dict[str, Any]) -> tuple[int, Any]:
    reply = lambda_handler(event, Context(), lambda: app)  # type: ignore[arg-type]
    return reply["statusCode"], json.loads(reply["body"])


@pytest.fixture
def told(app: App, clock: Clock) -> App:
    """A call whose first event was not taken, and was sent again."""
    app.store.put_assistant(an_assistant(webhook_url=URL))
    app.store.add_call(a_call())
    receivers = Receivers(clock)
    answers = iter([Answer(500, "out of order"), Answer(200, "ok")])
    receivers.behaviours[URL] = lambda letter: next(answers)
    office = Office(app, MemoryQueue(clock), receivers, random=lambda: 0.0)
    delivering.handle(office, {"event": "evt_5001_1", "organization": ORGANIZATION})
    clock.advance(seconds=6)
    [delivery] = app.store.deliveries("evt_5001_1")
    message: Any = {"event": "evt_5001_1", "endpoint": delivery.endpoint_id}
    delivering.handle(office, message)
    return app


def test_webhook_logs_are_what_the_contract_says(told: App) -> None:
    status, logs = ask(told, load("events/webhook-logs"))

    assert status == 200
    first, second = logs
    assert set(first) == {
        "id", "call_id", "assistant_id", "webhook_url", "webhook_type", "request_payload",
        "response_status_code", "response_body", "response_time_ms", "attempted_at", "success",
        "error_message", "retry_count", "webhook_metadata",
    }  # fmt: skip
    assert (first["call_id"], first["webhook_url"]) == (5001, URL)
    assert (first["success"], first["response_status_code"]) == (False, 500)
    assert first["error_message"] == "the receiver answered 500"
    assert first["request_payload"]["message"]["phoneNumber"] == {"number": NUMBER}
    assert (second["success"], second["retry_count"], second["response_body"]) == (True, 1, "ok")
    assert first["webhook_metadata"]["event_id"] == "evt_5001_1"


def test_webhook_logs_are_filtered_by_type(told: App) -> None:
    event = load(
        "events/webhook-logs",
        queryStringParameters={"webhook_type": "end-of-call-report"},
        multiValueQueryStringParameters={"webhook_type": ["end-of-call-report"]},
    )

    assert ask(told, event) == (200, [])


def test_the_logs_of_another_organizations_call_are_not_found(told: App) -> None:
    event = load("events/webhook-logs")
    event["requestContext"]["authorizer"]["organization_id"] = "2002"

    status, body = ask(told, event)

    assert (status, body["code"]) == (404, "call_not_found")


def test_events_are_listed_with_what_was_sent(told: App) -> None:
    status, page = ask(told, load("events/list", queryStringParameters=None))

    [event] = page["items"]
    assert status == 200
    assert (event["id"], event["sequence"], event["call_id"]) == ("evt_5001_1", 1, 5001)
    assert event["payload"]["message"]["status"] == "ringing"
    assert page["has_more"] is False


@pytest.mark.parametrize("after", ["yesterday", "#", "2026-99-99"])
def test_an_after_that_means_nothing_is_refused(told: App, after: str) -> None:
    event = load(
        "events/list",
        queryStringParameters={"after": after},
        multiValueQueryStringParameters={"after": [after]},
    )

    status, body = ask(told, event)

    assert (status, body["code"]) == (400, "invalid_request")


def test_an_event_shows_how_its_deliveries_stand(told: App) -> None:
    status, event = ask(told, load("events/get"))

    [delivery] = event["deliveries"]
    assert status == 200
    assert (delivery["state"], delivery["attempts"], delivery["last_status"]) == (
        "delivered",
        2,
        200,
    )


def test_an_event_is_sent_again_when_somebody_asks(told: App) -> None:
    status, body = ask(told, load("events/redeliver-one"))

    assert (status, body["redelivered"]) == (200, 1)
    [delivery] = told.store.deliveries("evt_5001_1")
    assert (delivery.state, delivery.attempts) == ("pending", 0)


def test_without_dead_letters_nothing_is_sent_again(told: App) -> None:
    assert ask(told, load("events/dead-letters")) == (200, {"items": [], "next": None})
    assert ask(told, load("events/redeliver"))[1]["redelivered"] == 0
    event = with_body("events/redeliver", delivered_too=True, since=None)
    assert ask(told, event)[0] == 400


def test_a_receiver_is_registered_and_its_secret_rotated(app: App) -> None:
    status, made = ask(app, load("events/register-webhook"))
    assert status == 201
    assert (made["url"], made["registered"], made["enabled"]) == (URL, True, True)

    status, rotated = ask(app, load("events/rotate-secret"))
    assert status == 200
    assert rotated["secret"] != rotated["previous_secret"]
    assert ask(app, load("events/rotate-secret"))[0] == 409

    _, [shown] = ask(app, load("events/list-webhooks"))
    assert shown["id"] == made["id"]


def test_a_receiver_that_may_get_nothing_is_refused(app: App) -> None:
    status, body = ask(app, with_body("events/register-webhook", url="https://10.0.0.1/"))

    assert (status, body["code"]) == (422, "invalid_settings")
    assert registering.list_all(app, ORGANIZATION) == []


def with_token(app: App, token: str, **fields: Any) -> dict[str, Any]:
    event = with_body("events/report", **fields)
    headers = event["headers"] | {"Authorization": f"Bearer {token}"}
    return event | {
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
    }


@pytest.fixture
def token(app: App) -> str:
    """The session token of the call."""
    return sessions.issue(app.secrets.session_key(), a_call())


def test_a_runtime_reports_with_the_calls_own_token(app: App, token: str) -> None:
    app.store.add_call(a_call())

    status, body = ask(app, with_token(app, token))

    assert (status, body["in_end_of_call_report"]) == (200, True)
    report = app.store.report(5001)
    assert report
    assert report.content["structured_data"] == {"guests": 2}


def test_a_report_may_come_long_after_the_stream_began(app: App, token: str, clock: Clock) -> None:
    app.store.add_call(a_call(status=CallStatus.IN_PROGRESS))
    clock.advance(hours=4)

    assert ask(app, with_token(app, token))[0] == 200

    clock.advance(hours=24)
    assert ask(app, with_token(app, token))[0] == 401


def test_parts_of_a_report_are_put_together(app: App, token: str) -> None:
    app.store.add_call(a_call())
    ask(app, with_token(app, token))
    ask(app, with_token(app, token, summary="Better", structured_data=None, ended_reason="done"))

    report = app.store.report(5001)
    assert report
    assert report.content == {
        "summary": "Better",
        "structured_data": {"guests": 2},
        "ended_reason": "done",
    }


@pytest.mark.parametrize("wrong", ["", "x.y.z"])
def test_nobody_else_reports_on_a_call(app: App, wrong: str) -> None:
    app.store.add_call(a_call())

    assert ask(app, with_token(app, wrong))[0] == 401
    assert app.store.report(5001) is None


def test_a_token_of_another_call_reports_nothing(app: App, token: str) -> None:
    app.store.add_call(a_call(id=5002, call_sid="CA2"))
    event = with_token(app, token) | {
        "path": "/api/v1/calls/5002/report",
        "pathParameters": {"call_id": "5002"},
    }

    assert ask(app, event)[0] == 401
    assert app.store.report(5002) is None
