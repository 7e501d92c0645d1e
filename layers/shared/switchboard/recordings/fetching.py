"""Fetching recordings: from the carrier into the bucket, again and again until it is there.

Whoever dies at any line leaves a row that is due: the sweep finds it, and somebody else goes on.
Fetched twice, the same file stands in the same place.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import batched

from .. import batches
from ..errors import SwitchboardError
from ..model import Recording, RecordingStatus
from ..store import Taken
from .noting import link
from .room import NotFetched, Room, Stored
from .schedule import next_attempt

logger = logging.getLogger(__name__)

# Longer than an attempt can take: who is not done by then has crashed.
LEASE = timedelta(minutes=11)
# Files at once in one container, by its memory: a part of each is held.
AT_ONCE = 8
# Whose clock is ahead notes a recording as due in a moment.
_EARLY = timedelta(seconds=1)
# With the longest file, less than the function's own time-out. What is left is the next sweep's.
_BEGINS = timedelta(seconds=60)
_MOST = 500
_WRITE_TRIES = 6


def fetch(room: Room, call_id: int, recording_sid: str) -> None:
    """Fetch a call's recording; one that is there, or whose time has not come, is left alone."""
    waiting = room.app.store.recording(call_id, recording_sid)
    now = room.app.clock()
    if waiting is None or waiting.due is None or now + _EARLY < waiting.due:
        return  # done, or somebody is at it, or it is tried again later
    claim = replace(waiting, due=now + LEASE, attempts=waiting.attempts + 1)
    try:
        claimed = room.app.store.put_off_recording(waiting, claim)
    except Taken:
        return
    try:
        path, stored, content_type = _fetched(room, claimed)
    except (NotFetched, SwitchboardError) as error:
        _not_fetched(room, claimed, error)
        return
    _settle(room, claimed, _kept(room, claimed, path, stored, content_type))


def sweep(room: Room) -> int:
    """Fetch what is due, for as long as there is time to; return how much that was."""
    until = room.app.clock() + _BEGINS
    begun = 0
    rows = room.app.store.due_recordings(room.app.clock(), _MOST)
    for due in batched(rows, AT_ONCE, strict=False):
        if room.app.clock() >= until:
            break
        fetch_each(room, due)
        begun += len(due)
    return begun


def fetch_each(room: Room, recordings: Iterable[tuple[int, str]]) -> None:
    """Fetch recordings, each by its call and its carrier's id.

    One that fails for no reason that we know holds up no other: it stays due, or is due again when
    its claim ends, and the sweep goes on with it.
    """
    batches.each(recordings, lambda it: fetch(room, *it), named=str, at_once=AT_ONCE)


def _fetched(room: Room, recording: Recording) -> tuple[str, Stored, str]:
    carrier = room.carrier(recording.carrier, recording.organization_id)
    source = carrier.recording_source(recording)
    file = room.open(source, room.app.settings.carrier_api_url(recording.carrier))
    # The folder is the organization's; the name is ours, and the same for every attempt.
    kind = "wav" if "wav" in file.content_type else "mp3"
    path = f"{recording.organization_id}/{recording.call_id}/{recording.id}.{kind}"
    return path, room.vault.store(path, file), file.content_type


def _kept(
    room: Room, recording: Recording, path: str, stored: Stored, content_type: str
) -> Recording:
    return replace(
        recording,
        status=RecordingStatus.COMPLETED,
        path=path,
        size=stored.size,
        sha256=stored.sha256,
        content_type=content_type,
        stored_at=room.app.clock(),
        problem=None,
    )


def _not_fetched(room: Room, recording: Recording, error: NotFetched | SwitchboardError) -> None:
    now = room.app.clock()
    is_final = isinstance(error, NotFetched) and error.is_final
    due = None if is_final else next_attempt(recording.attempts, now)
    said = str(error)[:500]
    logger.warning(
        "recording not fetched",
        extra={"call_id": recording.call_id, "attempts": recording.attempts, "problem": said},
    )
    if due is None:
        failed = replace(recording, status=RecordingStatus.FAILED, problem=said)
        _settle(room, recording, failed)
        return
    waiting = replace(recording, due=due, problem=said)
    _unless_taken(lambda: room.app.store.put_off_recording(recording, waiting))


def _settle(room: Room, before: Recording, after: Recording) -> None:
    store = room.app.store
    for _ in range(_WRITE_TRIES):
        call = store.call(before.call_id)
        if call is None:
            raise ValueError(f"A recording without its call: {before.call_id}")
        try:
            store.settle_recording(call, before, after, link(room.app, call.id), room.kept)
        except Taken as taken:
            if 1 in taken.failed:
                return  # it took so long that somebody else did it
            continue
        return
    raise ValueError(f"Call {before.call_id} is being changed by others: the sweep goes on")


def _unless_taken(write: Callable[[], object]) -> None:
    try:
        write()
    except Taken:
        logger.info("recording changed meanwhile")
