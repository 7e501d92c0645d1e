"""Builds the post office of a container: what sends events needs more than what makes them."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from . import batches, lambda_events, stopping, wiring
from .app import App
from .events import delivering, relaying, sweeping
from .events.aws import Queues, SqsQueue, Targets
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
def queue() -> Queue:
    """Return the queues alone: of events, recordings, text messages, and tripped fuses."""
    others = ("RECORDING_QUEUE_URL", "TEXT_QUEUE_URL", "FUSE_QUEUE_URL")
    return Queues(_queue(), *map(_queue, others))


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


def stop_calls(event: Mapping[str, Any], app: Callable[[], App]) -> Json:
    """End the calls of the organizations that a batch of tripped fuses names."""
    opened = app()
    return batches.handle(
        event,
        lambda message: stopping.stop(opened, int(message["fuse"])),
        lambda: stopping.sweep(opened),
    )


def relay(event: Mapping[str, Any], queue: Callable[[], Queue]) -> None:
    """Put into the queues what a batch of the table's stream asks for."""
    relaying.relay(queue(), lambda_events.changes(event), datetime.now(UTC))
