"""`switchboard webhooks`: receivers, their secrets, and what has not arrived."""

from typing import Any

import pytest
from standardwebhooks import Webhook

from switchboard.app import App
from switchboard.events import sending
from switchboard.events.office import Answer
from switchboard.model import Endpoint, OutboxEvent
from tests.cli.answers import ORG, answered, refused
from tests.cli.conftest import Run

URL = "https://customer.example.com/events"


def test_a_receiver_is_added_listed_and_removed(run: Run) -> None:
    made = answered(run("webhooks", "add", *ORG, URL, "--type", "number-update", "--ed25519"))

    assert made["secret"].startswith("whsec_")
    assert made["public_key"].startswith("whpk_")
    [shown] = answered(run("webhooks", "list", *ORG))
    assert (shown["url"], shown["types"], shown["registered"]) == (URL, ["number-update"], True)

    answered(run("webhooks", "remove", *ORG, made["id"]))
    [shown] = answered(run("webhooks", "list", *ORG))
    assert shown["registered"] is False


def test_the_secret_of_a_receiver_is_known_before_it_gets_anything(run: Run) -> None:
    before = answered(run("webhooks", "secret", *ORG, URL))

    made = answered(run("webhooks", "add", *ORG, URL))

    assert made["secret"] == before["secret"]


def test_a_rotation_shows_both_secrets(run: Run) -> None:
    made = answered(run("webhooks", "add", *ORG, URL))

    rotated = answered(run("webhooks", "rotate", *ORG, made["id"]))

    assert rotated["previous_secret"] == made["secret"] != rotated["secret"]
    assert "rotated lately" in refused(run("webhooks", "rotate", *ORG, made["id"]))


def test_a_receiver_is_switched_off_and_on(run: Run) -> None:
    made = answered(run("webhooks", "add", *ORG, URL))

    answered(run("webhooks", "disable", *ORG, made["id"]))
    [shown] = answered(run("webhooks", "list", *ORG))
    assert (shown["enabled"], shown["disabled_reason"]) == (False, "the receiver is switched off")

    answered(run("webhooks", "enable", *ORG, made["id"]))
    assert answered(run("webhooks", "list", *ORG))[0]["enabled"] is True


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, dict[str, str]]]:
    """What was sent instead of going out."""
    found: list[tuple[str, str, dict[str, str]]] = []

    def send(self: Any, endpoint: Endpoint, event: OutboxEvent, headers: dict[str, str]) -> Answer:
        found.append((endpoint.url, event.payload, headers))
        return Answer(200, "thanks") if "fails" not in endpoint.url else Answer(error="no answer")

    monkeypatch.setattr(sending.Https, "send", send)
    return found


def test_a_signed_sample_is_sent(
    run: Run, app: App, sent: list[tuple[str, str, dict[str, str]]]
) -> None:
    secret = answered(run("webhooks", "secret", *ORG, URL))["secret"]

    result = answered(run("webhooks", "test", *ORG, URL))

    [(url, body, headers)] = sent
    assert (url, result["status"], result["response"]) == (URL, 200, "thanks")
    assert headers["webhook-id"] == result["event_id"]
    signature = Webhook(secret).sign(headers["webhook-id"], app.clock(), body)
    assert signature in headers["webhook-signature"]


def test_a_sample_that_is_not_taken_is_a_failure(
    run: Run, sent: list[tuple[str, str, dict[str, str]]]
) -> None:
    result = run("webhooks", "test", *ORG, "https://fails.example.com/")

    assert result.exit_code == 1
    assert "got nothing: no answer" in result.stderr


@pytest.mark.parametrize(
    ("url", "says"), [("http://example.com", "https://"), ("https://127.0.0.1/", "private")]
)
def test_what_may_get_nothing_gets_no_sample_either(
    run: Run, sent: list[tuple[str, str, dict[str, str]]], url: str, says: str
) -> None:
    assert says in refused(run("webhooks", "test", *ORG, url))
    assert sent == []


def test_there_are_no_dead_letters_at_first(run: Run) -> None:
    assert answered(run("webhooks", "dead", *ORG)) == []
    assert answered(run("webhooks", "redeliver", *ORG)) == {"redelivered": 0}
    assert "not found" in refused(run("webhooks", "redeliver", *ORG, "evt_1_1"))
