"""Many receivers served at once, in virtual time: whom does a dead one among them delay?

Each of the workers runs our code in a thread of its own, one at a time; while it waits for a
receiver's answer the others go on, so that what it writes afterwards is seen only then.
"""

import heapq
import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from switchboard.events import delivering, relaying, sweeping
from switchboard.events.office import Answer, Message
from switchboard.model import Endpoint, OutboxEvent
from tests.builders import a_call, an_assistant
from tests.clock import START, Clock
from tests.delivery.conftest import office_in_memory

# As the template has it: 20 functions at once, with ten messages each.
WORKERS = 200
DEAD = "https://dead.example.com/events"
QUIET = 20


@dataclass
class Task:
    """A worker's message on its way."""

    message: Message
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


@dataclass
class Neighbours:
    """A deployment with twenty receivers that answer, and perhaps one that does not."""

    dead_events_a_second: int
    seconds: int
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.random = Random(7)
        self.post = office_in_memory(self.clock)
        self.post.office = type(self.post.office)(
            self.post.app, self.post.queue, self, self.random.random
        )
        for n in range(QUIET):
            url = f"https://quiet-{n}.example.com/events"
            self._assistant(n + 1, url)
        self._assistant(QUIET + 1, DEAD)
        self.heap: list[tuple[datetime, int, Any]] = []
        self.numbers = itertools.count()
        self.back, self.here = threading.Semaphore(0), threading.local()
        self.busy = 0
        self.waiting: list[Message] = []
        self.latencies: list[float] = []

    def _assistant(self, n: int, url: str) -> None:
        self.post.app.store.put_assistant(an_assistant(id=n, webhook_url=url, version=0))

    def send(self, endpoint: Endpoint, event: OutboxEvent, headers: Mapping[str, str]) -> Answer:
        """Let a receiver answer, and the others go on until it does."""
        took = 15.0 if endpoint.url == DEAD else self.random.uniform(0.05, 0.5)
        self._at(self.clock() + timedelta(seconds=took), self.here.task)
        self.back.release()
        self.here.task.go.acquire()
        if endpoint.url == DEAD:
            return Answer(error="no answer within 15 s")
        self.latencies.append((self.clock() - event.created_at).total_seconds())
        return Answer(200)

    def run(self) -> "Neighbours":
        """Let calls ring for so many seconds, and everything be sent that can be."""
        number = itertools.count(1)
        for second in range(self.seconds):
            for n in range(10):
                self._at_second(second + n / 10, ("ring", next(number), n + second % 2 * 10 + 1))
            for n in range(self.dead_events_a_second):
                at = second + n / self.dead_events_a_second
                self._at_second(at, ("ring", next(number), QUIET + 1))
            if second % 60 == 59:
                self._at_second(second, ("sweep",))
        end = START + timedelta(seconds=self.seconds + 60)
        while self.heap and self.heap[0][0] <= end:
            at, _, what = heapq.heappop(self.heap)
            self.clock.now = max(self.clock.now, at)
            self._do(what)
            self._take_messages()
        return self

    def _do(self, what: Any) -> None:
        match what:
            case ("ring", int(n), int(assistant)):
                call = a_call(id=n, call_sid=f"CA{n}", assistant_id=assistant)
                self.post.app.store.add_call(call)
            case ("sweep",):
                sweeping.sweep(self.post.office)
            case ("message", dict(message)):
                self.waiting.append(message)
            case Task():
                self._resume(what)

    def _take_messages(self) -> None:
        relaying.relay(self.post.queue, self.post.stream(), self.clock())
        for at, _, message in self.post.queue.waiting:
            self._at(at, ("message", message))
        self.post.queue.waiting.clear()
        while self.waiting and self.busy < WORKERS:
            self._start(Task(self.waiting.pop(0)))

    def _start(self, task: Task) -> None:
        self.busy += 1
        threading.Thread(target=self._work, args=(task,), daemon=True).start()
        self._resume(task)

    def _work(self, task: Task) -> None:
        self.here.task = task
        task.go.acquire()
        delivering.handle(self.post.office, task.message)
        self.busy -= 1
        self.back.release()

    def _resume(self, task: Task) -> None:
        task.go.release()
        self.back.acquire()

    def _at(self, at: datetime, what: Any) -> None:
        heapq.heappush(self.heap, (at, next(self.numbers), what))

    def _at_second(self, second: float, what: Any) -> None:
        self._at(START + timedelta(seconds=second), what)

    def p99(self) -> float:
        """Return how long it took until an event had arrived, in all but one of a hundred."""
        return sorted(self.latencies)[int(len(self.latencies) * 0.99)]
