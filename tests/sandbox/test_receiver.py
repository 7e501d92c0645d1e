"""The sandbox stands in for a customer's server: it verifies events, and answers as told."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from switchboard.announcements import made
from switchboard.events import receivers, signing
from switchboard.events.sending import Https
from switchboard.model import Endpoint

MASTER = "a-session-key-of-32-characters-x"
EVENT = made(7, "webhook-test", {"data": {}}, "evt_1", datetime.now(UTC))


@pytest.fixture
def endpoint(sandbox: httpx.Client) -> Endpoint:
    """A receiver in the sandbox, which knows the secret."""
    url = f"{str(sandbox.base_url).rstrip('/')}/receiver/desk"
    found = Endpoint(receivers.endpoint_id(7, url), 7, url, datetime.now(UTC))
    sandbox.put("/_/receivers/desk", json={"secret": signing.secret(MASTER, found)})
    return found


def send(endpoint: Endpoint, master: str = MASTER) -> int | None:
    now = datetime.now(UTC)
    headers = signing.headers(master, endpoint, EVENT.id, EVENT.payload, now)
    allowed = endpoint.url.removesuffix("/receiver/desk")
    return Https((allowed,)).send(endpoint, EVENT, headers).status


def seen(sandbox: httpx.Client) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = sandbox.get("/_/receivers/desk").json()["events"]
    return events


def test_an_event_of_ours_is_verified(sandbox: httpx.Client, endpoint: Endpoint) -> None:
    assert send(endpoint) == 200

    [event] = seen(sandbox)
    assert (event["id"], event["type"], event["verified"]) == ("evt_1", "webhook-test", True)


def test_one_of_somebody_else_is_not(sandbox: httpx.Client, endpoint: Endpoint) -> None:
    send(endpoint, master="another key that is as long as it")

    assert [event["verified"] for event in seen(sandbox)] == [False]


def test_it_answers_as_it_was_told(sandbox: httpx.Client, endpoint: Endpoint) -> None:
    sandbox.put("/_/receivers/desk", json={"answers": [500, 410]})

    assert [send(endpoint) for _ in range(3)] == [500, 410, 200]


@pytest.mark.parametrize("wrong", [{"answers": ["x"]}, {"secret": "x"}, {"delay_s": -1}])
def test_nonsense_is_refused(sandbox: httpx.Client, wrong: dict[str, Any]) -> None:
    assert sandbox.put("/_/receivers/desk", json=wrong).status_code == 422
