"""The functions between the table and the receivers, as AWS calls them."""

import json
from typing import Any

import pytest

from functions.deliver_event.app import lambda_handler as deliver
from functions.relay_events.app import lambda_handler as relay
from switchboard import post_office, wiring
from switchboard.app import App
from switchboard.events.office import Office
from tests.builders import a_call, an_assistant
from tests.clock import Clock
from tests.delivery.conftest import stream_of
from tests.delivery.post import MemoryQueue, Receivers

URL = "https://customer.example.com/events"


@pytest.fixture
def office(app: App, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Office:
    """The post office of the deployment in memory."""
    monkeypatch.setattr(wiring, "app", lambda: app)
    app.store.put_assistant(an_assistant(webhook_url=URL))
    return Office(app, MemoryQueue(clock), Receivers(clock))


def batch(*messages: Any) -> dict[str, Any]:
    records = [
        {"messageId": f"m{n}", "body": body if isinstance(body, str) else json.dumps(body)}
        for n, body in enumerate(messages)
    ]
    return {"Records": records}


def test_a_change_goes_from_the_stream_through_the_queue_to_the_receiver(office: Office) -> None:
    news = stream_of(office.app.settings.table_name)
    office.app.store.add_call(a_call())

    relay({"Records": news()}, None, lambda: office.queue)
    queue: Any = office.queue
    reply = deliver(batch(queue.next()), None, lambda: office)

    sender: Any = office.sender
    assert reply == {"batchItemFailures": []}
    assert [letter.id for letter in sender.taken] == ["evt_5001_1"]


def test_rows_that_wait_for_nothing_are_not_relayed(office: Office) -> None:
    office.app.store.put_assistant(an_assistant(id=2))
    news = stream_of(office.app.settings.table_name)

    relay({"Records": news()}, None, lambda: office.queue)

    queue: Any = office.queue
    assert queue.waiting == []


def test_of_a_batch_only_what_failed_comes_again(office: Office) -> None:
    office.app.store.add_call(a_call())

    reply = deliver(
        batch({"event": "evt_5001_1", "organization": 1001}, "no json", {"what": "ever"}),
        None,
        lambda: office,
    )

    assert reply == {"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "m2"}]}
    sender: Any = office.sender
    assert len(sender.taken) == 1


def test_once_a_minute_it_looks_for_what_was_lost(office: Office, clock: Clock) -> None:
    office.app.store.add_call(a_call())
    clock.advance(minutes=1)

    assert deliver({}, None, lambda: office) == {}

    queue: Any = office.queue
    assert queue.next() == {"event": "evt_5001_1", "organization": 1001}


def test_the_sweep_does_not_queue_the_same_again_at_once(office: Office, clock: Clock) -> None:
    office.app.store.add_call(a_call())
    clock.advance(minutes=1)
    for _ in range(3):
        deliver({}, None, lambda: office)
        clock.advance(minutes=1)

    queue: Any = office.queue
    assert len(queue.waiting) == 1
    assert post_office.deliver({}, lambda: office) == {}
