"""Telling customers costs the webhooks of a call no request: it rides in their transactions."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from switchboard import calls
from switchboard.model import CallStatus
from tests.builders import ORGANIZATION, a_call, an_assistant, an_event
from tests.clock import Clock
from tests.delivery.conftest import URL, office_in_memory
from tests.delivery.happenings import ring
from tests.delivery.post import Post
from tests.delivery.table import MemoryTable

_REQUESTS = (
    "get_item",
    "batch_get_item",
    "put_item",
    "update_item",
    "transact_write_items",
    "query",
)


class CountingTable(MemoryTable):
    """A table that counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()
        for name in _REQUESTS:
            setattr(self, name, self._counted(name, getattr(self, name)))

    def _counted(self, name: str, request: Callable[..., Any]) -> Callable[..., Any]:
        def count(**arguments: Any) -> Any:
            self.asked[name] += 1
            return request(**arguments)

        return count


@pytest.fixture
def table() -> CountingTable:
    """The table."""
    return CountingTable()


@pytest.fixture
def counted(clock: Clock, table: CountingTable) -> Post:
    """The post office on it."""
    post = office_in_memory(clock, table)
    post.app.store.put_assistant(an_assistant(webhook_url=URL))
    table.asked.clear()
    return post


def test_the_row_of_a_new_call_is_one_request_with_its_event(
    counted: Post, table: CountingTable
) -> None:
    counted.app.store.add_call(a_call())

    assert table.asked == {"transact_write_items": 1}


def test_the_terminal_webhook_takes_two_reads_and_one_write(
    counted: Post, table: CountingTable
) -> None:
    ring(counted)
    table.asked.clear()
    ended = an_event(id="end", type="end", status=CallStatus.COMPLETED)

    calls.record(counted.app, counted.app.voice("fake", ORGANIZATION), ORGANIZATION, ended)

    # The pointer and the call; then everything in one transaction.
    assert table.asked == {"get_item": 2, "transact_write_items": 1}


def test_an_event_that_arrives_at_once_takes_five_requests(
    counted: Post, table: CountingTable
) -> None:
    ring(counted)
    counted.run()
    ring(counted, id=2, call_sid="CA2")
    table.asked.clear()

    counted.run()

    # The event, the receivers, the assistant; begun; settled.
    assert table.asked == {"get_item": 2, "query": 1, "transact_write_items": 2}
