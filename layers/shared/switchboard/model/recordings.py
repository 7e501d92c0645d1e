"""Recordings of calls: what a carrier has made, and where we keep it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RecordingStatus(StrEnum):
    """How far a recording has come."""

    PROCESSING = "processing"
    """The carrier has it; it is being fetched, or will be again."""
    COMPLETED = "completed"
    FAILED = "failed"
    """Given up: `problem` says why."""


@dataclass(frozen=True)
class Recording:
    """One file of one call."""

    id: int
    organization_id: int
    call_id: int
    carrier: str
    recording_sid: str
    """The carrier's id: with the call's it names the row, so that a repeat finds it."""
    created_at: datetime
    """When we heard of it."""
    status: RecordingStatus = RecordingStatus.PROCESSING
    carrier_url: str | None = None
    """Where the carrier said it was; some such links live for minutes only."""
    leg_id: str | None = None
    """Telnyx's id of the leg, by which its recordings are found."""
    started_at: datetime | None = None
    duration: int | None = None
    """Seconds."""
    channels: int | None = None
    attempts: int = 0
    due: datetime | None = None
    """When it is fetched next; while it is fetched, when that may be taken for crashed."""
    problem: str | None = None
    """Why the last attempt failed."""
    path: str | None = None
    """The object in our bucket, once it is there."""
    size: int | None = None
    """Bytes."""
    sha256: str | None = None
    content_type: str | None = None
    stored_at: datetime | None = None
    version: int = 1
