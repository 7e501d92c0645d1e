"""The calls of a tripped fuse, driven by the files in events/."""

import pytest

from functions.stop_calls.app import lambda_handler
from switchboard import fuses
from switchboard.app import App
from tests.builders import ORGANIZATION
from tests.clock import Clock
from tests.fakes import Books
from tests.functions.events import load
from tests.unit.dialing import allow, dial, hold


@pytest.fixture(autouse=True)
def _stopped(app: App) -> None:
    """Place a call, and stop all of them."""
    hold(app)
    allow(app)
    dial(app)
    fuses.trip(app, ORGANIZATION, fuses.BY_HAND)


def test_a_message_ends_the_calls_of_its_organization(app: App, books: Books) -> None:
    reply = lambda_handler(load("stop_calls/messages"), None, lambda: app)

    assert reply == {"batchItemFailures": []}
    assert len(books.hung_up) == 1
    # It may come twice.
    assert lambda_handler(load("stop_calls/messages"), None, lambda: app) == reply
    assert len(books.hung_up) == 1


def test_a_message_that_fails_comes_again(app: App, books: Books) -> None:
    books.reply_errors = [RuntimeError("killed")]
    event = load("stop_calls/messages")

    reply = lambda_handler(event, None, lambda: app)

    assert reply == {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}


def test_the_sweep_ends_what_no_message_came_for(app: App, books: Books, clock: Clock) -> None:
    clock.advance(minutes=1)

    assert lambda_handler(load("stop_calls/sweep"), None, lambda: app) == {}

    assert len(books.hung_up) == 1
