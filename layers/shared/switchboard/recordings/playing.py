"""Hearing recordings: a link to the bucket that lives for minutes, for whoever may."""

from dataclasses import dataclass

from .. import recording_links
from ..app import App
from ..errors import NotFound
from ..model import Call, Recording, RecordingStatus
from .room import Vault

LINK_S = 300


@dataclass(frozen=True)
class Heard:
    """A recording, with the link to its file once that is there."""

    recording: Recording
    url: str | None


def listed(app: App, vault: Vault, call: Call) -> list[Heard]:
    """Return what was recorded of a call."""
    return [Heard(it, _url(vault, it)) for it in app.store.recordings(call.id)]


def play(app: App, vault: Vault, call: Call, recording_id: int) -> Heard:
    """Return a call's recording; NotFound for one that there is not, or that failed."""
    for it in app.store.recordings(call.id):
        if it.id == recording_id:
            return _heard(vault, it)
    raise NotFound(f"Call {call.id} has no recording {recording_id}")


def open_link(app: App, vault: Vault, token: str) -> Heard | None:
    """Return what a public link leads to, or None while there is nothing yet.

    Raises NotFound for a link that is not ours or has expired, for a call that is not recorded,
    and when the recording could not be had.
    """
    call_id = recording_links.call_of(app.secrets.session_key(), token, app.clock())
    found = app.store.recordings(call_id)
    there = [it for it in found if it.status is RecordingStatus.COMPLETED]
    if there or found:
        return _heard(vault, (there or found)[0])
    call = app.store.call(call_id)
    if call is None or not call.is_recorded:
        raise NotFound("There is no recording of this call.")
    if call.ended_at and app.clock() - call.ended_at > recording_links.AWAITED:
        raise NotFound(
            "No recording of this call has come, or it is older than recordings are kept."
        )
    return None


def _heard(vault: Vault, recording: Recording) -> Heard:
    if recording.status is RecordingStatus.FAILED:
        raise NotFound(f"Recording {recording.id} could not be fetched: {recording.problem}")
    return Heard(recording, _url(vault, recording))


def _url(vault: Vault, recording: Recording) -> str | None:
    if recording.path is None:
        return None
    name = recording.path.rpartition("/")[2]
    return vault.link(recording.path, name, LINK_S)
