"""The calls of a tripped fuse, driven by the files in events/."""

from datetime import timedelta

import pytest

from functions.stop_calls.app import lambda_handler
from switchboard import fuses
from switchboard.app import App
from switchboard.errors import CarrierUnavailable
from tests.builders import ORGANIZATION
from tests.clock import START, Clock
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


def test_a_tripped_fuse_ends_the_calls_of_its_organization(app: App, books: Books) -> None:
    lambda_handler(load("stop_calls/fuse"), None, lambda: app)
    assert len(books.hung_up) == 1

    # It may be told twice.
    lambda_handler(load("stop_calls/fuse"), None, lambda: app)
    assert len(books.hung_up) == 1


def test_a_call_that_cannot_be_ended_yet_is_not_left_to_the_sweep(
    app: App, books: Books, clock: Clock
) -> None:
    books.reply_errors = [CarrierUnavailable("down"), CarrierUnavailable("down")]

    lambda_handler(load("stop_calls/fuse"), None, lambda: app)

    assert len(books.hung_up) == 1
    assert clock.waits == [5, 10]


def test_a_call_that_cannot_be_ended_for_long_is_left_to_the_sweep(
    app: App, books: Books, clock: Clock
) -> None:
    books.reply_errors = [CarrierUnavailable("down")] * 5
    lambda_handler(load("stop_calls/fuse"), None, lambda: app)
    assert books.hung_up == []
    # Well before the function is cut off.
    assert clock() == START + timedelta(seconds=5 + 10 + 20 + 40)

    clock.advance(minutes=3)
    lambda_handler(load("stop_calls/sweep"), None, lambda: app)
    clock.advance(minutes=3)
    lambda_handler(load("stop_calls/sweep"), None, lambda: app)

    assert len(books.hung_up) == 1


def test_the_sweep_ends_what_nobody_was_told_of(app: App, books: Books, clock: Clock) -> None:
    clock.advance(minutes=1)

    lambda_handler(load("stop_calls/sweep"), None, lambda: app)

    assert len(books.hung_up) == 1
