"""A post office in memory: the table's stream, the queue, the sweep, and receivers."""

import heapq
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from switchboard.app import App
from switchboard.events import delivering, relaying, sweeping
from switchboard.events.office import Answer, Message, Office
from switchboard.model import Endpoint, OutboxEvent
from tests.clock import Clock

SWEEP_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Letter:
    """What a receiver got in one request."""

    at: datetime
    url: str
    body: str
    headers: Mapping[str, str]

    @property
    def id(self) -> str:
        """The event's id."""
        return self.headers["webhook-id"]

    @property
    def json(self) -> dict[str, Any]:
        """The body, read."""
        body: dict[str, Any] = json.loads(self.body)
        return body


type Behaviour = Callable[[Letter], Answer]


@dataclass
class Receivers:
    """Stands in for everybody's servers; each behaves as told, and takes everything otherwise."""

    clock: Clock
    letters: list[Letter] = field(default_factory=list)
    """All that came, taken or not."""
    taken: list[Letter] = field(default_factory=list)
    behaviours: dict[str, Behaviour] = field(default_factory=dict)

    def send(self, endpoint: Endpoint, event: OutboxEvent, headers: Mapping[str, str]) -> Answer:
        """Take one request."""
        letter = Letter(self.clock(), endpoint.url, event.payload, headers)
        self.letters.append(letter)
        behave = self.behaviours.get(endpoint.url)
        answer = behave(letter) if behave else Answer(200, "ok")
        if answer.is_success:
            self.taken.append(letter)
        return answer

    def at(self, url: str) -> list[Letter]:
        """Return what a URL has taken."""
        return [letter for letter in self.taken if letter.url == url]


@dataclass
class MemoryQueue:
    """A queue whose delays pass as the test's clock does."""

    clock: Clock
    waiting: list[tuple[datetime, int, Message]] = field(default_factory=list)
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def put(self, messages: Sequence[tuple[Message, int]]) -> None:
        """Add messages."""
        for message, delay in messages:
            assert 0 <= delay <= 900
            at = self.clock() + timedelta(seconds=delay)
            heapq.heappush(self.waiting, (at, next(self.numbers), json.loads(json.dumps(message))))

    def next(self) -> Message | None:
        """Return a message whose time has come."""
        if self.waiting and self.waiting[0][0] <= self.clock():
            return heapq.heappop(self.waiting)[2]
        return None


@dataclass
class Post:
    """One deployment's events on their way."""

    app: App
    clock: Clock
    stream: Callable[[], list[dict[str, Any]]]
    """Takes what the table's stream holds that was not taken yet."""
    receivers: Receivers = field(init=False)
    queue: MemoryQueue = field(init=False)
    office: Office = field(init=False)
    swept_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.receivers, self.queue = Receivers(self.clock), MemoryQueue(self.clock)
        self.office = Office(self.app, self.queue, self.receivers, random=lambda: 0.5)
        self.swept_at = self.clock()

    def pump(self) -> None:
        """Carry what the table says to the queue."""
        relaying.relay(self.queue, self.stream(), self.clock())

    def handle(self, message: Message) -> None:
        """Do what a message asks for, as the function of its queue does."""
        delivering.handle(self.office, message)

    def sweep(self) -> None:
        """Do what is done once a minute."""
        sweeping.sweep(self.office)

    def run(self, **span: float) -> None:
        """Let time pass: as long as said, or until nothing is left that is due now."""
        until = self.clock() + timedelta(**span)
        while True:
            self.pump()
            message = self.queue.next()
            if message is not None:
                self.handle(message)
            elif not self._wait(until):
                return

    def _wait(self, until: datetime) -> bool:
        if self.clock() >= self.swept_at + SWEEP_EVERY:
            self.swept_at = self.clock()
            self.sweep()
            return True
        moments = [self.swept_at + SWEEP_EVERY, *(it[0] for it in self.queue.waiting[:1])]
        following = min(moments)
        if following > until:
            self.clock.now = max(self.clock.now, until)
            return False
        self.clock.now = max(self.clock.now, following)
        return True


def refusing(status: int, **fields: Any) -> Behaviour:
    """Return a receiver's behaviour: it never takes anything."""
    return lambda letter: Answer(status, **fields)


def silent(clock: Clock, seconds: float = 15) -> Behaviour:
    """Return the behaviour of a receiver that does not answer in time."""

    def wait(letter: Letter) -> Answer:
        clock.advance(seconds=seconds)
        return Answer(error="no answer within 15 s")

    return wait
