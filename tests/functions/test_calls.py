"""GET /calls and a call's session, driven by the files in events/."""

import json
from typing import Any

import pytest

from functions.calls.app import lambda_handler
from switchboard import sessions
from switchboard.app import App
from switchboard.model import CallStatus, Refusal
from tests.builders import CALL_SID, CALLER, NUMBER, a_call, an_assistant
from tests.functions.events import Context, load


def get(app: App, event: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    reply = lambda_handler(event, Context(), lambda: app)  # type: ignore[arg-type]
    return reply["statusCode"], json.loads(reply["body"])


def listing(**query: str) -> dict[str, Any]:
    return load(
        "calls/list",
        queryStringParameters=query,
        multiValueQueryStringParameters={name: [value] for name, value in query.items()},
    )


@pytest.fixture
def three(app: App) -> App:
    """Three calls: one going on, one completed after a minute, one that nobody answered."""
    app.store.add_call(a_call())
    app.store.add_call(
        a_call(id=5002, call_sid="CA2", status=CallStatus.COMPLETED, duration=60, version=3)
    )
    app.store.add_call(
        a_call(
            id=5003,
            call_sid="CA3",
            status=CallStatus.NO_ANSWER,
            customer_number="+442079460000",
            assistant_name="Night shift",
        )
    )
    return app


def test_a_call_is_shown_as_the_contract_says(app: App) -> None:
    app.store.add_call(a_call())

    status, body = get(app, load("calls/get"))

    assert status == 200
    assert {
        "id": 5001,
        "call_sid": CALL_SID,
        "assistant_id": 3001,
        "assistant_name": "Front desk",
        "to_phone_number": NUMBER,
        "customer_phone_number": CALLER,
        "status": "ongoing",
        "started_at": "2026-03-02T09:00:00+00:00",
        "duration": None,
        "ended_at": None,
    }.items() <= body.items()


def test_a_call_that_was_refused_at_the_dial_says_why(app: App) -> None:
    refusal = Refusal(503, "carrier_unavailable", "The bridge of trunk 'Office' is gone.")
    app.store.add_call(a_call(status=CallStatus.FAILED, refusal=refusal))

    _, body = get(app, load("calls/get"))

    assert body["hangup_cause"] == "The bridge of trunk 'Office' is gone."


def test_a_call_is_found_by_its_carriers_id(app: App) -> None:
    app.store.add_call(a_call())

    status, body = get(app, load("calls/get-by-sid"))

    assert (status, body["id"]) == (200, 5001)


def test_calls_come_newest_first_in_pages(three: App) -> None:
    _, first = get(three, listing(limit="2"))
    _, second = get(three, listing(limit="2", skip="2"))

    assert [call["id"] for call in first["items"]] == [5003, 5002]
    assert [call["id"] for call in second["items"]] == [5001]
    assert (first["total"], first["skip"], first["limit"]) == (3, 0, 2)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"status": "ongoing"}, [5001]),
        ({"status": "completed"}, [5002]),
        ({"status": "failed"}, [5003]),
        ({"customer_phone": "2079"}, [5003]),
        ({"call_sid": "ca3"}, [5003]),
        ({"assistant_name": "NIGHT"}, [5003]),
        ({"min_duration": "30"}, [5002]),
        ({"max_duration": "30", "status": "completed"}, []),
    ],
)
def test_filters_narrow_the_list(three: App, query: dict[str, str], ids: list[int]) -> None:
    status, body = get(three, listing(**query))

    assert status == 200
    assert [call["id"] for call in body["items"]] == ids
    assert body["total"] == len(ids)


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "1001"},
        {"limit": "many"},
        {"skip": "-1"},
        {"status": "busy"},
        {"date_from": "yesterday"},
    ],
)
def test_a_query_that_makes_no_sense_is_refused(app: App, query: dict[str, str]) -> None:
    status, body = get(app, listing(**query))

    assert (status, body["code"]) == (422, "validation_error")
    assert body["detail"][0]["loc"] == ["query", next(iter(query))]


def test_calls_of_an_assistant_that_does_not_exist_are_not_found(app: App) -> None:
    status, body = get(app, listing(assistant_id="77"))

    assert status == 404
    assert body["detail"] == "Assistant with ID 77 not found in your organization"


def test_calls_of_an_assistant_are_listed(three: App) -> None:
    three.store.put_assistant(an_assistant())

    assert get(three, listing(assistant_id="3001"))[1]["total"] == 3


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("calls/get", "Call with ID 5001 not found in your organization"),
        ("calls/get-by-sid", f"Call with SID {CALL_SID} not found in your organization"),
    ],
)
def test_another_organizations_call_does_not_exist(app: App, name: str, detail: str) -> None:
    app.store.add_call(a_call())
    event = load(name)
    event["requestContext"]["authorizer"]["organization_id"] = "2002"

    status, body = get(app, event)

    assert (status, body["detail"], body["code"]) == (404, detail, "call_not_found")


def test_an_id_that_is_no_number_is_refused(app: App) -> None:
    event = load("calls/get", path="/api/v1/calls/abc", pathParameters={"call_id": "abc"})

    assert get(app, event)[0] == 422


@pytest.mark.parametrize("name", ["calls/list", "calls/get", "calls/get-by-sid"])
def test_reading_needs_its_scope(app: App, name: str) -> None:
    event = load(name)
    event["requestContext"]["authorizer"]["scopes"] = "numbers:write"

    status, body = get(app, event)

    assert (status, body["code"]) == (403, "insufficient_scope")


def test_the_runtime_fetches_the_session_with_its_token(app: App) -> None:
    app.store.put_assistant(an_assistant())
    app.store.add_call(a_call(welcome_message="Hello"))
    event = load("calls/session")
    token = sessions.issue(app.secrets.session_key(), a_call())
    event["headers"]["Authorization"] = f"Bearer {token}"
    event["multiValueHeaders"]["Authorization"] = [f"Bearer {token}"]

    status, body = get(app, event)

    assert status == 200
    assert (body["call_id"], body["to_number"], body["from_number"]) == (5001, NUMBER, CALLER)
    assert body["welcome_message"] == "Hello"
    assert body["assistant"]["name"] == "Front desk"
    assert body["call"]["call_sid"] == CALL_SID


def test_a_session_without_its_token_is_closed(app: App) -> None:
    app.store.add_call(a_call())

    status, body = get(app, load("calls/session"))

    assert (status, body["code"]) == (401, "unauthorized")
