"""Builds what a container needs for recordings: the only place that opens their bucket."""

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

import boto3
import urllib3
from botocore.config import Config

from . import batches, lambda_events, wiring
from .recordings import fetching
from .recordings.downloading import Downloads
from .recordings.room import Room, Vault
from .recordings.vault import Bucket
from .store.recordings import recording_of
from .stream import woken

_S3 = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"mode": "standard", "total_max_attempts": 3},
    signature_version="s3v4",
    # A link must name the region's own host: the global one redirects to it, unsigned. A
    # sandbox of AWS has one host for all buckets.
    s3={"addressing_style": "path" if "AWS_ENDPOINT_URL" in os.environ else "virtual"},
)
_MEGABYTE = 1024 * 1024
# Less than the function's own time-out, with which everything else ends too.
_LIMIT = timedelta(minutes=8)


@cache
def vault() -> Vault:
    """Return the bucket of the recordings."""
    return Bucket(boto3.client("s3", config=_S3), os.environ["RECORDINGS_BUCKET"])


@cache
def room() -> Room:
    """Return the container's room, made on first use."""
    app = wiring.app()
    most = int(os.environ["RECORDING_LIMIT_MB"]) * _MEGABYTE
    return Room(
        app=app,
        vault=vault(),
        open=Downloads(urllib3.PoolManager(timeout=wiring.HTTP), most, _LIMIT).open,
        carrier=app.carrier,
        kept=timedelta(days=int(os.environ["RECORDING_RETENTION_DAYS"])),
    )


def fetch(event: Mapping[str, Any], room: Callable[[], Room]) -> None:
    """Fetch the recordings of a batch of the table's stream, or those that are due by now."""
    opened = room()
    if lambda_events.is_time_to_sweep(event):
        batches.swept(lambda: fetching.sweep(opened))
        return
    rows = woken(lambda_events.changes(event))
    fetching.fetch_each(opened, [it for row in rows if (it := recording_of(row.pk, row.sk))])
