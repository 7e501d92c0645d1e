"""Calls that we place are told of from the first: also the one that the carrier refused."""

from dataclasses import replace
from typing import Any

from switchboard.app import App
from switchboard.errors import InsufficientBalance, OutcomeUnknown
from tests.builders import a_number, an_assistant
from tests.clock import Clock
from tests.delivery.conftest import URL, stream_of
from tests.delivery.post import Post
from tests.fakes import Books
from tests.unit.dialing import allow, dial


def told_of(app: App, clock: Clock) -> list[tuple[Any, ...]]:
    post = Post(app, clock, stream_of(app.settings.table_name))
    post.run(minutes=1)
    return [
        (it.json["sequence"], it.json["message"].get("status") or it.json["message"]["disposition"])
        for it in post.receivers.at(URL)
    ]


def ready(app: App) -> None:
    allow(app)
    assistant = an_assistant(webhook_url=URL)
    app.store.put_assistant(replace(assistant, version=0))
    number = a_number(assistant=assistant)
    app.store.transact(app.store._put_number(number, "attribute_not_exists(pk)"))


def test_a_placed_call_is_queued_and_then_dialled(app: App, clock: Clock) -> None:
    ready(app)
    dial(app)

    assert told_of(app, clock) == [(1, "queued"), (2, "dialing")]


def test_a_refused_call_is_failed_and_reported(app: App, clock: Clock, books: Books) -> None:
    ready(app)
    books.dial_errors = [InsufficientBalance("No money left.")]
    dial(app)

    assert told_of(app, clock) == [(1, "queued"), (2, "failed"), (3, "failed")]


def test_a_call_whose_answer_never_came_is_told_as_unknown(
    app: App, clock: Clock, books: Books
) -> None:
    ready(app)
    books.dial_errors = [OutcomeUnknown("No answer.")]
    dial(app)

    assert told_of(app, clock) == [(1, "queued"), (2, "unknown")]
