"""Builds the post office of a container: what sends events needs more than what makes them."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

import boto3
from botocore.config import Config

from . import batches, lambda_events, wiring
from .app import App
from .events import delivering, relaying, sweeping
from .events.aws import Recipients, SqsQueue, Targets
from .events.office import Office, Queue
from .events.sending import Https
from .texting import dispatching

# A queue or a bus is a receiver like others: it has answered within 15 seconds, or not at all.
_AWS = Config(
    connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2}
)

type Json = dict[str, Any]


@cache
def office() -> Office:
    """Return the container's post office, made on first use."""
    app, own = wiring.app(), _queue()
    sender = Targets(
        sqs=own.client,
        events=boto3.client("events", config=_AWS),
        account_id=os.environ["ACCOUNT_ID"],
        own_queue_url=own.url,
        otherwise=Https(app.settings.event_urls_allowed),
    )
    return Office(app, own, sender)


@cache
def recipients() -> Queue:
    """Return whom the table's stream wakes."""
    stop_calls = partial(wiring.invoke, os.environ["STOP_CALLS_FUNCTION"], "fuse")
    return Recipients(_queue(), _queue("TEXT_QUEUE_URL"), stop_calls)


def _queue(name: str = "EVENT_QUEUE_URL") -> SqsQueue:
    return SqsQueue(boto3.client("sqs", config=_AWS), os.environ[name])


def deliver(event: Mapping[str, Any], office: Callable[[], Office]) -> Json:
    """Send what a batch of the queue asks for, all at once: a slow receiver holds up no other."""
    opened = office()
    return batches.handle(
        event,
        lambda message: delivering.handle(opened, message),
        lambda: sweeping.sweep(opened),
        at_once=True,
    )


def send_texts(event: Mapping[str, Any], app: Callable[[], App]) -> Json:
    """Send the text messages that a batch of their queue names, one after the other.

    One that was claimed before it failed is not sent again: the sweep gives it up as unknown.
    """
    opened = app()
    return batches.handle(
        event,
        lambda message: dispatching.dispatch(opened, str(message["text"])),
        lambda: dispatching.sweep(opened),
    )


def relay(event: Mapping[str, Any], queue: Callable[[], Queue]) -> None:
    """Wake whom a batch of the table's stream asks for."""
    relaying.relay(queue(), lambda_events.changes(event), datetime.now(UTC))
