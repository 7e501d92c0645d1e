"""The table and the queue as a process sees them: each request to them is an effect."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ReadTimeoutError

from switchboard.events.office import Answer, Message, Queue, Sender
from switchboard.model import Endpoint, OutboxEvent
from tests.delivery.table import MemoryTable
from tests.explorer.effects import current

type Reply = dict[str, Any]


class TableLine:
    """DynamoDB's client, between a process and the table."""

    def __init__(self, table: MemoryTable) -> None:
        self._table = table

    def get_item(self, **request: Any) -> Reply:
        """Read a row."""
        return self._reads(f"GetItem {request['Key']['pk']['S']}", self._table.get_item, request)

    def batch_get_item(self, **request: Any) -> Reply:
        """Read rows."""
        return self._reads("BatchGetItem", self._table.batch_get_item, request)

    def query(self, **request: Any) -> Reply:
        """Read rows of a partition."""
        return self._reads("Query", self._table.query, request)

    def put_item(self, **request: Any) -> Reply:
        """Write a row."""
        name = f"PutItem {request['Item']['pk']['S']}"
        return self._writes(name, lambda: self._table.put_item(**request))

    def update_item(self, **request: Any) -> Reply:
        """Change a row."""
        name = f"UpdateItem {request['Key']['pk']['S']}"
        return self._writes(name, lambda: self._table.update_item(**request))

    def transact_write_items(self, **request: Any) -> Reply:
        """Write rows, all or none."""
        rows = [next(iter(item.values())) for item in request["TransactItems"]]
        keys = [(row.get("Key") or row["Item"])["pk"]["S"] for row in rows]
        name = f"TransactWriteItems {', '.join(key.partition('#')[0] for key in keys)}"
        # boto3 gives each transaction a token, and repeats it under the same one: DynamoDB answers
        # the repetition as it did the first and writes nothing.
        # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
        return _effect(name, lambda: self._table.transact_write_items(**request), lambda: {})

    def _reads(self, name: str, read: Callable[..., Reply], request: Mapping[str, Any]) -> Reply:
        return _effect(name, lambda: read(**request))

    def _writes(self, name: str, write: Callable[[], Reply]) -> Reply:
        # Repeated by boto3, which hears the second answer: a condition may fail then that held.
        return _effect(name, write, write)


def _effect(name: str, ask: Callable[[], Reply], again: Callable[[], Reply] | None = None) -> Reply:
    def no_answer() -> Exception:
        return ReadTimeoutError(endpoint_url="the table")

    return current().effect(name, ask, no_answer, again)


class QueueLine:
    """The queue, between a process and those who wait for messages."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def put(self, messages: Sequence[tuple[Message, int]]) -> None:
        """Add messages."""

        def send() -> None:
            self._queue.put(messages)

        current().effect("SendMessageBatch", send, QueueSilent, send)


class QueueSilent(ReadTimeoutError):
    """The queue did not answer: the function fails, and whatever has called it calls it again."""

    def __init__(self) -> None:
        super().__init__(endpoint_url="the queue")


class _NoAnswer(Exception):
    """The receiver did not answer."""


class SenderLine:
    """The way to the receivers of events."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def send(self, endpoint: Endpoint, event: OutboxEvent, headers: Mapping[str, str]) -> Answer:
        """Send an event; what went wrong is in the answer."""
        try:
            return current().effect(
                "POST to the receiver",
                lambda: self._sender.send(endpoint, event, headers),
                _NoAnswer,
            )
        except _NoAnswer:
            return Answer(error="no answer within 15 s")
