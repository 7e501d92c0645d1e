"""Ending, transferring, annotating, summing and exporting calls, driven by files in events/."""

import csv
import io
import json
from typing import Any

import pytest

from functions.calls.app import lambda_handler
from switchboard.app import App
from switchboard.errors import CarrierUnavailable
from switchboard.model import CallStatus
from tests.builders import CALL_SID, a_call
from tests.clock import START
from tests.fakes import Books
from tests.functions.events import Context, load, with_body

WRITES = ["calls/terminate", "calls/transfer", "calls/transfer-sip", "calls/metadata"]
READS = ["calls/count", "calls/stats", "calls/export-csv", "calls/export-json"]


def handle(app: App, event: dict[str, Any]) -> dict[str, Any]:
    return lambda_handler(event, Context(), lambda: app)  # type: ignore[arg-type]


def ask(app: App, event: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    reply = handle(app, event)
    return reply["statusCode"], json.loads(reply["body"])


def asking(name: str, **query: str) -> dict[str, Any]:
    multi = {key: [value] for key, value in query.items()}
    return load(name, queryStringParameters=query, multiValueQueryStringParameters=multi)


def header(reply: dict[str, Any], name: str) -> str | None:
    [value] = reply["multiValueHeaders"].get(name) or [None]
    return value


@pytest.fixture
def talking(app: App) -> App:
    """One call in progress."""
    app.store.add_call(
        a_call(status=CallStatus.IN_PROGRESS, answered_at=START, metadata={"draft": "x"})
    )
    return app


@pytest.fixture
def five(app: App) -> App:
    """Five calls, the second and the fourth completed."""
    for n in range(1, 6):
        ended = n % 2 == 0
        app.store.add_call(
            a_call(
                id=5000 + n,
                call_sid=f"CA{n}",
                status=CallStatus.COMPLETED if ended else CallStatus.RINGING,
                duration=10 * n if ended else None,
            )
        )
    return app


# --- control ---


def test_a_call_is_ended_once(talking: App, books: Books) -> None:
    first = ask(talking, load("calls/terminate"))
    second, body = ask(talking, load("calls/terminate"))

    assert first == (200, {"success": True, "message": "Call terminated successfully via fake"})
    assert (second, body["code"]) == (400, "call_not_active")
    assert body["detail"] == "Cannot terminate call - current status is 'completed'"
    assert books.hung_up == [CALL_SID]


@pytest.mark.parametrize("path", ["v3:MdI91X4lWFEs7", "v3%3AMdI91X4lWFEs7"])
def test_a_carriers_id_may_come_percent_encoded(app: App, books: Books, path: str) -> None:
    app.store.add_call(a_call(call_sid="v3:MdI91X4lWFEs7", status=CallStatus.IN_PROGRESS))

    status, _ = ask(app, load("calls/terminate", path=f"/api/v1/calls/{path}/terminate"))

    assert (status, books.hung_up) == (200, ["v3:MdI91X4lWFEs7"])


def test_a_call_that_is_not_there_is_not_ended(app: App) -> None:
    status, body = ask(app, load("calls/terminate"))

    assert status == 404
    assert body["detail"] == "Call not found or you don't have permission to terminate it"


def test_a_carrier_that_does_not_answer_is_a_failure(talking: App, books: Books) -> None:
    books.reply_errors = [CarrierUnavailable("it cannot be reached")]

    status, body = ask(talking, load("calls/terminate"))

    assert status == 503
    assert body["detail"].startswith("Failed to terminate call via fake")


@pytest.mark.parametrize(
    ("name", "to"),
    [
        ("calls/transfer", "+12125550123"),
        ("calls/transfer-sip", "sip:desk@pbx.example.com;transport=tls"),
    ],
)
def test_a_call_is_put_through(talking: App, books: Books, name: str, to: str) -> None:
    answer = ask(talking, load(name))

    assert answer == (200, {"success": True, "message": "Call transferred successfully via fake"})
    assert books.transfers == [(CALL_SID, to)]


@pytest.mark.parametrize(
    ("to", "status", "code"),
    [
        ("+442079460000", 403, "destination_not_allowed"),
        ("12", 400, "invalid_number"),
        ("sip:x@127.0.0.1", 403, "destination_not_allowed"),
        (None, 422, "validation_error"),
        (12125550123, 422, "validation_error"),
    ],
)
def test_a_transfer_to_nowhere_is_refused(
    talking: App, books: Books, to: object, status: int, code: str
) -> None:
    answered, body = ask(talking, with_body("calls/transfer", to=to))

    assert (answered, body["code"]) == (status, code)
    assert books.transfers == []


def test_notes_are_merged_and_shown(talking: App) -> None:
    status, body = ask(talking, load("calls/metadata"))

    assert status == 200
    assert body["id"] == 5001
    assert body["call_meta"] == {"provider": "fake", "outbound": False, "ticket": "T-1042"}


@pytest.mark.parametrize("metadata", [None, "text", [1]])
def test_notes_that_are_no_object_are_refused(talking: App, metadata: object) -> None:
    assert ask(talking, with_body("calls/metadata", metadata=metadata))[0] == 422


@pytest.mark.parametrize(
    ("names", "scopes"), [(WRITES, "calls:read numbers:write"), (READS, "calls:write")]
)
def test_each_route_needs_its_scope(
    talking: App, books: Books, names: list[str], scopes: str
) -> None:
    for name in names:
        event = load(name)
        event["requestContext"]["authorizer"]["scopes"] = scopes

        status, body = ask(talking, event)

        assert (status, body["code"]) == (403, "insufficient_scope"), name
    assert books.hung_up == books.transfers == []


@pytest.mark.parametrize("name", WRITES)
def test_another_organizations_call_is_not_found(talking: App, books: Books, name: str) -> None:
    event = load(name)
    event["requestContext"]["authorizer"]["organization_id"] = "2002"

    assert ask(talking, event)[0] == 404
    assert books.hung_up == books.transfers == []


# --- counts and sums: the names are no call ids ---


def test_calls_are_counted(five: App) -> None:
    assert ask(five, asking("calls/count")) == (200, {"count": 5})
    assert ask(five, load("calls/count")) == (200, {"count": 2})
    assert ask(five, asking("calls/count", date_from="2031-01-01")) == (200, {"count": 0})


@pytest.mark.parametrize("query", [{}, {"min_duration": "1"}])
def test_calls_are_summed(five: App, query: dict[str, str]) -> None:
    status, body = ask(five, asking("calls/stats", **query))

    assert status == 200
    assert body == {
        "total_calls": 2 if query else 5,
        "total_duration": 60,
        "average_duration": 30.0,
    }


def test_counts_of_an_assistant_that_does_not_exist_are_not_found(app: App) -> None:
    for name in ("calls/count", "calls/stats", "calls/export-csv"):
        assert ask(app, asking(name, assistant_id="77"))[0] == 404


# --- exports ---


def parts(app: App, name: str, **query: str) -> list[dict[str, Any]]:
    replies = [handle(app, asking(name, **query))]
    while cursor := header(replies[-1], "X-Next-Cursor"):
        replies.append(handle(app, asking(name, **query, cursor=cursor)))
    return replies


def test_the_parts_of_a_csv_file_are_one_file(five: App) -> None:
    replies = parts(five, "calls/export-csv", format="csv", limit="2")

    text = "".join(reply["body"] for reply in replies)
    read = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))

    assert len(replies) == 3
    assert [row["id"] for row in read] == ["5005", "5004", "5003", "5002", "5001"]
    assert header(replies[0], "Content-Type") == "text/csv; charset=utf-8"
    assert header(replies[0], "Content-Disposition") == 'attachment; filename="calls.csv"'


def test_the_parts_of_a_json_export_name_the_next(five: App) -> None:
    replies = parts(five, "calls/export-json", format="json", limit="2")

    bodies = [json.loads(reply["body"]) for reply in replies]

    assert [[row["id"] for row in body["items"]] for body in bodies] == [
        [5005, 5004],
        [5003, 5002],
        [5001],
    ]
    assert [body["next"] for body in bodies] == ["5004", "5002", None]


def test_an_export_is_filtered_as_the_list_is(five: App) -> None:
    [reply] = parts(five, "calls/export-json", format="json", status="completed")

    assert [row["id"] for row in json.loads(reply["body"])["items"]] == [5004, 5002]


def test_what_is_exported_when_nothing_is_asked(five: App) -> None:
    csv_reply, json_reply = handle(five, load("calls/export-csv")), load("calls/export-json")

    assert csv_reply["body"].count("\r\n") == 6
    assert len(ask(five, json_reply)[1]["items"]) == 5
    assert handle(five, asking("calls/export-csv"))["body"] == csv_reply["body"]


@pytest.mark.parametrize(
    "query", [{"limit": "5001"}, {"limit": "0"}, {"format": "xml"}, {"cursor": "next"}]
)
def test_an_export_that_makes_no_sense_is_refused(app: App, query: dict[str, str]) -> None:
    status, body = ask(app, asking("calls/export-csv", **query))

    assert (status, body["detail"][0]["loc"]) == (422, ["query", next(iter(query))])
