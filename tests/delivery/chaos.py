"""Everything that can go wrong with events, at random but always in the same way."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from switchboard.events import delivering, relaying, sweeping
from switchboard.events.office import Answer, Message
from switchboard.model import CallStatus, Direction
from tests.builders import a_call, an_assistant
from tests.clock import START, Clock
from tests.delivery.conftest import office_in_memory
from tests.delivery.expressions import Row
from tests.delivery.post import Behaviour, Letter, MemoryQueue, Post
from tests.delivery.table import MemoryTable, Place

_VISIBLE_AGAIN = 270
_MOST_RECEIVES = 5


class Crash(BaseException):
    """The process dies here; nothing in it can stop that."""


@dataclass
class FragileTable(MemoryTable):
    """A table whose indexes lag, and in the middle of whose requests the process dies."""

    random: Random = field(default_factory=Random)
    odds: float = 0.0
    """Of dying, at each request."""
    crashes: int = 0
    clock: Clock = field(default_factory=Clock)
    written: dict[Place, datetime] = field(default_factory=dict)

    def _commit(self, after: list[tuple[Place, Row | None]]) -> None:
        super()._commit(after)
        self.written |= dict.fromkeys((place for place, _ in after), self.clock())

    def _maybe(self) -> None:
        if self.odds and self.random.random() < self.odds:
            self.crashes += 1
            raise Crash

    def get_item(self, **request: Any) -> dict[str, Any]:
        self._maybe()
        return super().get_item(**request)

    def query(self, **request: Any) -> dict[str, Any]:
        self._maybe()
        page = super().query(**request)
        if "IndexName" in request:
            # An index shows a row a little after it was written.
            page["Items"] = [item for item in page["Items"] if not self._is_too_new(item)]
        return page

    def _is_too_new(self, item: dict[str, Any]) -> bool:
        written = self.written.get((item["pk"]["S"], item["sk"]["S"]))
        if written is None or self.clock() - written > timedelta(seconds=1):
            return False
        return self.random.random() < 0.5

    def put_item(self, **request: Any) -> dict[str, Any]:
        self._maybe()
        reply = super().put_item(**request)
        self._maybe()
        return reply

    def update_item(self, **request: Any) -> dict[str, Any]:
        self._maybe()
        reply = super().update_item(**request)
        self._maybe()
        return reply

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        self._maybe()
        reply = super().transact_write_items(**request)
        self._maybe()
        return reply


@dataclass
class FragileQueue(MemoryQueue):
    """A queue that brings some messages twice, and late."""

    random: Random = field(default_factory=Random)

    def put(self, messages: Sequence[tuple[Message, int]]) -> None:
        """Add messages, some of them twice."""
        for message, delay in messages:
            copies = 2 if self.random.random() < 0.03 else 1
            late = self.random.choice((0, 0, 0, 1, 3))
            super().put([(message, min(900, delay + late))] * copies)


@dataclass
class Chaos:
    """A deployment that dies all the time, and receivers that are no better."""

    calls: int
    seed: int = 1
    crash_odds: float = 0.01
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.table = FragileTable(random=self.random, clock=self.clock)
        self.post: Post = office_in_memory(self.clock, self.table)
        self.post.queue = FragileQueue(self.clock, random=self.random)
        self.post.office = type(self.post.office)(
            self.post.app, self.post.queue, self.post.receivers, self.random.random
        )
        self.receives: Counter[str] = Counter()
        self.written: dict[str, str] = {}
        self._receivers()

    def _receivers(self) -> None:
        behaviours: dict[str, Behaviour | None] = {
            "well": None,
            "flaky": self._flaky,
            "slow": self._slow,
            "silent": self._silent,
            "down": self._down,
        }
        for n, (name, behaviour) in enumerate(behaviours.items(), 1):
            url = f"https://{name}.example.com/events"
            self.post.app.store.put_assistant(
                an_assistant(id=n, name=name, webhook_url=url, version=0)
            )
            if behaviour:
                self.post.receivers.behaviours[url] = behaviour

    def _flaky(self, letter: Letter) -> Answer:
        return Answer(self.random.choice((200, 200, 200, 200, 500, 503)))

    def _slow(self, letter: Letter) -> Answer:
        self.clock.advance(seconds=self.random.choice((0.1, 5, 14)))
        return Answer(200)

    def _silent(self, letter: Letter) -> Answer:
        if self.random.random() < 0.6:
            return Answer(200)
        self.clock.advance(seconds=15)
        # Sometimes it took the event all the same: that is how duplicates come about.
        if self.random.random() < 0.5:
            self.post.receivers.taken.append(letter)
        return Answer(error="no answer within 15 s")

    def _down(self, letter: Letter) -> Answer:
        return Answer(502 if self.clock() < START + timedelta(hours=48) else 200)

    def happen(self) -> None:
        """Let all the calls happen, in two hours, while events are on their way."""
        step = timedelta(hours=2) / self.calls
        for n in range(1, self.calls + 1):
            self._call(n)
            self.run_until(START + step * n)

    def _call(self, n: int) -> None:
        # What makes events never dies here: that is another story, and another test.
        odds, self.table.odds = self.table.odds, 0.0
        store = self.post.app.store
        call = a_call(id=n, call_sid=f"CA{n}", assistant_id=n % 5 + 1, answered_with="stream")
        store.add_call(call)
        answered = store.call(n)
        assert answered is not None
        assert answered.direction is Direction.INBOUND
        for status in (CallStatus.IN_PROGRESS, CallStatus.COMPLETED):
            before = store.call(n)
            assert before is not None
            changes = {"status": status, "answered_at": before.answered_at or self.clock()}
            if status is CallStatus.COMPLETED:
                changes |= {"ended_at": self.clock(), "duration": 1}
            store.save_call(before, type(before)(**{**vars(before), **changes}))
        self.table.odds = odds or self.crash_odds

    def run_until(self, until: datetime) -> None:
        """Let time pass, with everything that goes wrong meanwhile."""
        while True:
            self._pump()
            found = self._next()
            if found is not None:
                self._handle(found)
            elif not self._wait(until):
                return

    def _pump(self) -> None:
        records = self.post.stream()
        while records:
            relaying.relay(self.post.queue, records, self.clock())
            if self.random.random() > 0.02:
                return  # else it died after it had put everything: the whole batch comes again

    def _next(self) -> Message | None:
        return self.post.queue.next()

    def _handle(self, message: Message) -> None:
        try:
            delivering.handle(self.post.office, message)
        except Crash:
            name = str(sorted(message.items()))
            self.receives[name] += 1
            if self.receives[name] % _MOST_RECEIVES:
                at = self.clock() + timedelta(seconds=_VISIBLE_AGAIN)
                entry = (at, next(self.post.queue.numbers), message)
                heapq.heappush(self.post.queue.waiting, entry)

    def _wait(self, until: datetime) -> bool:
        every = timedelta(minutes=1 if self.clock() < START + timedelta(hours=4) else 10)
        if self.clock() >= self.post.swept_at + every:
            self.post.swept_at = self.clock()
            try:
                sweeping.sweep(self.post.office)
            except Crash:
                return True
            return True
        moments = [self.post.swept_at + every, *(it[0] for it in self.post.queue.waiting[:1])]
        following = min(moments)
        if following > until:
            self.clock.now = max(self.clock.now, until)
            return False
        self.clock.now = max(self.clock.now, following)
        return True

    # --- what came of it ---

    def events(self) -> dict[str, str]:
        """Return the body of every event that was written, by id."""
        rows = self.table.rows.items()
        return {row["id"]: row["payload"] for place, row in rows if place[1] == "EVENT"}

    def lost(self) -> set[str]:
        """Return the events that no receiver took."""
        return self.events().keys() - {letter.id for letter in self.post.receivers.taken}

    def bodies(self) -> dict[str, set[str]]:
        """Return the different bodies that each event was sent with."""
        found: dict[str, set[str]] = defaultdict(set)
        for letter in self.post.receivers.letters:
            found[letter.id].add(letter.body)
        return found

    def sequences(self) -> dict[int, set[int]]:
        """Return the sequence numbers that arrived, by call."""
        found: dict[int, set[int]] = defaultdict(set)
        for letter in self.post.receivers.taken:
            body = letter.json
            found[body["call_id"]].add(body["sequence"])
        return found
