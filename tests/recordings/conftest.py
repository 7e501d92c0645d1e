"""A deployment that fetches recordings into a bucket in memory, as fast as the test's clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import boto3
import pytest

from functions.fetch_recording.app import lambda_handler
from switchboard.app import App
from switchboard.carriers.base import RecordingSource
from switchboard.recordings.room import File, NotFetched, Room
from switchboard.recordings.vault import Bucket
from tests.builders import a_call
from tests.clock import Clock
from tests.delivery.conftest import stream_of

BUCKET = "recordings-test"
SOUND = b"ID3 a call" * 100
EVERY = timedelta(minutes=1)


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
    """The way of a recording: the stream, the function, the sweep."""

    room: Room
    clock: Clock
    files: Files
    news: Callable[[], list[dict[str, Any]]]

    def stream(self) -> None:
        """Let the stream bring what it has."""
        lambda_handler({"Records": self.news()}, None, lambda: self.room)

    def run(self, **span: float) -> None:
        """Let time pass, minute by minute, with everything that it brings."""
        until = self.clock() + timedelta(**span)
        self.stream()
        while (minute := self.clock().replace(second=0, microsecond=0) + EVERY) <= until:
            self.clock.now = minute
            lambda_handler({}, None, lambda: self.room)
            self.stream()
        self.clock.now = until


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
    files = Files()
    room = Room(app, bucket, files.open, app.carrier, timedelta(days=90))
    app.store.add_call(a_call())
    return Office(room, clock, files, stream_of(app.settings.table_name))


def away() -> NotFetched:
    """Return what an attempt ends with while the carrier is away."""
    return NotFetched("the carrier does not answer: ConnectTimeoutError")
