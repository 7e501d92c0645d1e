"""A deployment that fetches recordings into a bucket in memory, as fast as the test's clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from switchboard.app import App
from switchboard.carriers.base import RecordingSource
from switchboard.recordings import fetching
from switchboard.recordings.room import File, Message, NotFetched, Room
from switchboard.recordings.vault import Bucket
from tests.builders import a_call
from tests.clock import Clock
from tests.delivery.conftest import stream_of
from tests.delivery.post import MemoryQueue

BUCKET = "recordings-test"
SOUND = b"ID3 a call" * 100


@dataclass
class Files:
    """What the carrier's hosts answer: one outcome after the other, the last one for ever."""

    outcomes: list[Exception | bytes] = field(default_factory=lambda: [SOUND])
    asked: list[RecordingSource] = field(default_factory=list)

    def open(self, source: RecordingSource, api_url: str) -> File:
        """Begin to send a file, or fail as told."""
        self.asked.append(source)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return File(iter([outcome[:500], outcome[500:]]), "audio/mpeg")


@dataclass
class Office:
    """The way of a recording: the stream, the queue, the job, the sweep."""

    room: Room
    clock: Clock
    files: Files
    queue: MemoryQueue
    news: Callable[[], list[dict[str, Any]]]

    def relay(self) -> None:
        """Let the stream put into the queue what it has of recordings."""
        from switchboard.events import relaying

        for message, delay in relaying.messages(self.news(), self.clock()):
            if "recording" in message:
                self.queue.put([(message, delay)])

    def run(self, **span: float) -> None:
        """Let time pass, minute by minute, with everything that it brings."""
        until = self.clock() + timedelta(**span)
        while True:
            self.relay()
            while (message := self.queue.next()) is not None:
                fetching.handle(self.room, message)
                self.relay()
            if self.clock() >= until:
                return
            self._wait(until)

    def _wait(self, until: datetime) -> None:
        """Go on to the next message, or to the next sweep."""
        now = self.clock()
        swept = now.replace(second=0, microsecond=0) + timedelta(minutes=5 - now.minute % 5)
        self.clock.now = min(swept, until, *(it[0] for it in self.queue.waiting[:1]))
        if self.clock() == swept:
            fetching.sweep(self.room)

    def lose_messages(self) -> list[Message]:
        """Lose what is in the queue."""
        self.relay()
        lost = [message for _, _, message in self.queue.waiting]
        self.queue.waiting.clear()
        return lost


@pytest.fixture
def bucket(aws: None) -> Bucket:
    """The bucket."""
    client = boto3.client("s3")
    client.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return Bucket(client, BUCKET)


@pytest.fixture
def office(app: App, clock: Clock, bucket: Bucket) -> Office:
    """The deployment, with one answered call that is recorded."""
    files, queue = Files(), MemoryQueue(clock)
    room = Room(app, bucket, queue, files.open, app.carrier, timedelta(days=90))
    app.store.add_call(a_call())
    news = stream_of(app.settings.table_name)
    return Office(room, clock, files, queue, news)


def away() -> NotFetched:
    """Return what an attempt ends with while the carrier is away."""
    return NotFetched("the carrier does not answer: ConnectTimeoutError")
