"""What sending events works with, beside what every use case has."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from ..app import App
from ..model import Endpoint, OutboxEvent


@dataclass(frozen=True)
class Answer:
    """What came of sending an event once."""

    status: int | None = None
    """None when nothing came back."""
    body: str = ""
    """At most 10 KB of it."""
    retry_after: timedelta | None = None
    error: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether the receiver took the event."""
        return self.status is not None and 200 <= self.status < 300


type Message = dict[str, str | int]
"""`event`, or `event` and `endpoint`, or `drain` (a receiver); each with its `organization`.

And for others than the post office: `text`, or `fuse`."""


class Queue(Protocol):
    """The queue of what is to be looked at."""

    def put(self, messages: Sequence[tuple[Message, int]]) -> None:
        """Add messages, each to come after so many seconds (at most 900)."""


class Sender(Protocol):
    """A way to a receiver. It never raises: what went wrong is in the answer."""

    def send(self, endpoint: Endpoint, event: OutboxEvent, headers: Mapping[str, str]) -> Answer:
        """Send an event once, within 15 seconds."""


@dataclass(frozen=True)
class Office:
    """One deployment's post office."""

    app: App
    queue: Queue
    sender: Sender
    random: Callable[[], float] = random.random
