"""The sandbox's own API: what it remembers, and how it is put back to the start."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from sandbox.app import build
from sandbox.books import UnreadableState
from tests.sandbox.clients import TelnyxClient, TwilioClient, account, enter_numbers
from tests.sandbox.servers import Server

NUMBER = "+14155550100"


def test_every_request_is_listed_with_its_fields_and_its_answer(
    sandbox: httpx.Client, twilio: TwilioClient
) -> None:
    twilio.buy(NUMBER, FriendlyName="Desk")
    TwilioClient(sandbox, twilio.sid, "wrong")("GET", "/Balance.json")

    asked = sandbox.get("/_/requests", params={"carrier": "twilio"}).json()["requests"]

    assert [(r["operation"], r["status"]) for r in asked] == [
        ("buy_number", 201),
        ("get_balance", 401),
    ]
    assert asked[0]["body"] == {"PhoneNumber": NUMBER, "FriendlyName": "Desk"}
    assert asked[0]["account"] == twilio.sid
    assert twilio.token not in str(asked)


def test_a_reset_forgets_all_but_the_default_accounts(
    sandbox: httpx.Client, twilio: TwilioClient
) -> None:
    twilio.buy(NUMBER).raise_for_status()
    sandbox.post("/_/accounts", json={"carrier": "telnyx"}).raise_for_status()

    sandbox.post("/_/reset").raise_for_status()

    books = sandbox.get("/_/numbers").json()
    assert books == {"numbers": [], "purchases": [], "releases": [], "orders": []}
    assert len(sandbox.get("/_/accounts").json()["accounts"]) == 3
    assert sandbox.get("/_/requests").json() == {"requests": []}


def test_a_call_need_not_be_waited_for(sandbox: httpx.Client, twilio: TwilioClient) -> None:
    twilio.buy(NUMBER).raise_for_status()
    wanted = {"carrier": "twilio", "from": "+14155550111", "to": NUMBER}

    begun = sandbox.post("/_/calls", params={"wait": "false"}, json=wanted)

    assert begun.status_code == 202
    assert sandbox.get(f"/_/calls/{begun.json()['id']}").json()["to"] == NUMBER


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("POST", "/_/calls", {"carrier": "plivo"}, 422, "telnyx, twilio"),
        ("POST", "/_/calls", {"carrier": "twilio", "to": 5}, 404, "buy it first"),
        ("POST", "/_/accounts", {"carrier": "plivo"}, 422, "twilio, telnyx or vonage"),
        ("POST", "/_/accounts", {"carrier": "twilio", "x": 1}, 422, "notification_url"),
        ("PATCH", "/_/accounts/none", {}, 404, "GET /_/accounts"),
        ("POST", "/_/orders/none/complete", {}, 404, "GET /_/numbers"),
        ("GET", "/_/calls/none", None, 404, "GET /_/calls"),
        ("PATCH", "/_/settings", {"x": 1}, 422, "retry_delay_s"),
        ("POST", "/_/faults", [], 400, "JSON object"),
    ],
)
def test_a_wrong_request_is_told_what_to_do(
    sandbox: httpx.Client, method: str, path: str, body: object, status: int, says: str
) -> None:
    answer = sandbox.request(method, path, json=body)

    assert answer.status_code == status
    assert says in answer.json()["detail"]


def test_paths_that_a_carrier_does_not_have_are_not_found_but_listed(
    sandbox: httpx.Client, twilio: TwilioClient, telnyx: TelnyxClient
) -> None:
    statuses = [twilio("POST", "/Nothing.json").status_code, telnyx("GET", "/x").status_code]

    asked = sandbox.get("/_/requests", params={"operation": "unknown"}).json()["requests"]

    assert statuses == [404, 404]
    assert [request["carrier"] for request in asked] == ["twilio", "telnyx"]


def served(app: Starlette) -> tuple[Server, httpx.Client]:
    server = Server(app)
    server.wait()
    return server, httpx.Client(base_url=server.url, trust_env=False)


def test_numbers_and_releases_survive_a_restart_with_a_state_file(tmp_path: Path) -> None:
    file = tmp_path / "state" / "sandbox.json"
    server, client = served(build(file))
    with client:
        credentials = account(client, "twilio")
        sid, token = credentials["account_sid"], credentials["auth_token"]
        TwilioClient(client, sid, token).buy(NUMBER).raise_for_status()
        enter_numbers(client, "telnyx", NUMBER, 1)
        client.delete(f"/_/numbers/{NUMBER}?carrier=telnyx").raise_for_status()
    server.stop()

    server, client = served(build(file))

    with client:
        books = client.get("/_/numbers").json()
    server.stop()
    assert [number["number"] for number in books["numbers"]] == [NUMBER]
    assert [row["carrier"] for row in books["purchases"]] == ["twilio", "telnyx"]
    assert [row["carrier"] for row in books["releases"]] == ["telnyx"]


def test_a_damaged_state_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.json"
    file.write_text('{"accounts": 5}')

    with pytest.raises(UnreadableState, match=r"sandbox\.json .* delete it"):
        build(file)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"behaviour": "sleep"}, "answer_and_hang_up"),
        ({"colour": "red"}, "hangup_after_s"),
        ({"after_s": -1}, "negative"),
        ({"after_s": "soon"}, "seconds"),
        ({"say": "hello"}, "list"),
    ],
)
def test_a_far_end_that_cannot_be_is_refused_with_what_can(
    sandbox: httpx.Client, wanted: dict[str, Any], said: str
) -> None:
    answer = sandbox.post("/_/far-ends", json=wanted)

    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_far_ends_are_listed_and_dropped(sandbox: httpx.Client) -> None:
    sandbox.post("/_/far-ends", json={"number": "+14155550122", "behaviour": "busy"})

    listed = sandbox.get("/_/far-ends").json()["far_ends"]
    sandbox.delete("/_/far-ends").raise_for_status()

    assert [(row["number"], row["behaviour"]) for row in listed] == [("+14155550122", "busy")]
    assert sandbox.get("/_/far-ends").json()["far_ends"] == []
