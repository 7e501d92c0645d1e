"""Recordings, as the API shows them."""

from typing import Annotated, TypedDict

from pydantic import Field

from ..recordings.playing import LINK_S, Heard

RECORDING_TYPE = "mixed"
"""Both sides in one file; the contract's word."""

_SOUND = {"audio/wav": "wav", "audio/x-wav": "wav", "audio/vnd.wave": "wav"}


class RecordingReply(TypedDict):
    """One file of one call."""

    id: Annotated[int, Field(examples=[7001])]
    call_id: Annotated[int, Field(examples=[5001])]
    recording_sid: Annotated[str, Field(description="The carrier's id.")]
    file_path: Annotated[str | None, Field(description="In the bucket, once it is there.")]
    recording_url: Annotated[
        str | None, Field(description=f"Lives for {LINK_S} seconds; null until it is there.")
    ]
    duration: Annotated[int | None, Field(description="Seconds.", examples=[42])]
    format: Annotated[str, Field(examples=["mp3"])]
    recording_type: Annotated[str, Field(examples=[RECORDING_TYPE])]
    recording_source: Annotated[str, Field(description="The carrier.", examples=["twilio"])]
    status: Annotated[
        str, Field(description="processing, completed or failed.", examples=["completed"])
    ]
    created_at: Annotated[str, Field(description="UTC.", examples=["2026-03-02T09:00:00+00:00"])]
    size: Annotated[int | None, Field(description="Bytes.")]
    sha256: Annotated[str | None, Field(description="Of the file, in hexadecimal.")]
    problem: Annotated[
        str | None,
        Field(description="Why the last attempt to fetch it failed, until one does not."),
    ]


class RecordingLink(TypedDict):
    """Where the sound is: the same as the header Location."""

    url: str
    expires_in: Annotated[int, Field(description="Seconds.", examples=[LINK_S])]


class RecordingPending(TypedDict):
    """The sound is not there yet."""

    status: Annotated[str, Field(examples=["processing"])]
    message: Annotated[str, Field(description="Says so to a person.")]


def recording_reply(heard: Heard) -> RecordingReply:
    """Return a recording as the contract shows it, with what we know beside."""
    it = heard.recording
    return {
        "id": it.id,
        "call_id": it.call_id,
        "recording_sid": it.recording_sid,
        "file_path": it.path,
        "recording_url": heard.url,
        "duration": it.duration,
        "format": _SOUND.get(it.content_type or "", "mp3"),
        "recording_type": RECORDING_TYPE,
        "recording_source": it.carrier,
        "status": it.status.value,
        "created_at": it.created_at.isoformat(),
        "size": it.size,
        "sha256": it.sha256,
        "problem": it.problem,
    }


def pending_reply() -> RecordingPending:
    """Return what is said while a recording is being fetched."""
    message = "The recording is not here yet. Ask again in some seconds."
    return {"status": "processing", "message": message}
