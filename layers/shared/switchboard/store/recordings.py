"""Rows of recordings: each is its own outbox, for the stream wakes whoever fetches the file."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from .. import items
from ..announcements import announced, recording_update
from ..items import Item
from ..model import Call, Recording
from .calls import call_item, call_key
from .outbox import due_in, moment, outbox
from .table import FRESH, Table, key, put

# A partition of its own: what delivers events does not look for these.
_DUE = "DUE#RECORDING"
_KIND = "RECORDING#"
_SAME = "version = :seen"


class Recordings(Table):
    """What was recorded of calls."""

    def recording(self, call_id: int, recording_sid: str) -> Recording | None:
        """Return a call's recording by its carrier's id."""
        item = self.get_item(_recording_key(call_id, recording_sid))
        return items.recording(item) if item else None

    def recordings(self, call_id: int) -> list[Recording]:
        """Return a call's recordings, the first one first."""
        found = map(items.recording, self.below(call_key(call_id)["pk"], _KIND))
        return sorted(found, key=lambda it: it.id)

    def add_recording(self, call: Call, recording: Recording, link: str) -> None:
        """Write a recording that the carrier has, and tell of it; the stream has it fetched.

        Raises Taken: place 0 when the call was changed meanwhile, place 1 when the recording is
        known already.
        """
        self._tell(call, recording, link, put(_item(recording) | _woken(recording), FRESH))

    def put_off_recording(self, before: Recording, after: Recording) -> Recording:
        """Write when a recording shall be looked at next; raise Taken when it has changed."""
        saved = replace(after, version=before.version + 1)
        self.transact(put(_item(saved), _SAME, {":seen": before.version}))
        return saved

    def settle_recording(
        self, call: Call, before: Recording, after: Recording, link: str, kept: timedelta
    ) -> None:
        """Write what became of a recording, and tell of it; the row goes after `kept`.

        Raises Taken: place 0 when the call was changed meanwhile, place 1 when the recording was.
        """
        saved = replace(after, version=before.version + 1, due=None)
        ends = {"ttl": int(((after.stored_at or self._clock()) + kept).timestamp())}
        write = put(_item(saved) | ends, _SAME, {":seen": before.version})
        self._tell(call, saved, link, write)

    def due_recordings(self, until: datetime, most: int) -> Iterator[tuple[int, str]]:
        """Yield the call and the carrier's id of what somebody should have looked at by `until`."""
        for row in self.rows(due_in(_DUE, until), most):
            yield int(row["call_id"]), row["recording_sid"]

    def _tell(self, call: Call, recording: Recording, link: str, write: Item) -> None:
        now = self._clock()
        told, _ = announced(call, call, now)
        told, event = recording_update(told, recording, link, now)
        saved = replace(told, version=call.version + 1)
        self.transact(
            put(call_item(saved), _SAME, {":seen": call.version}), write, *outbox([event])
        )


def recording_of(pk: str, sk: str) -> tuple[int, str] | None:
    """Return the call and the carrier's id of a row, if it is a recording's."""
    call_id = pk.removeprefix("CALL#")
    if not (sk.startswith(_KIND) and call_id.isdecimal()):
        return None
    return int(call_id), sk.removeprefix(_KIND)


def _recording_key(call_id: int, recording_sid: str) -> Item:
    return key(call_key(call_id)["pk"], _KIND + recording_sid)


def _woken(recording: Recording) -> Item:
    return {"wake": moment(recording.due)} if recording.due else {}


def _item(recording: Recording) -> Item:
    row = _recording_key(recording.call_id, recording.recording_sid) | items.fields_of(recording)
    if recording.due:
        row |= {"gsi2pk": _DUE, "gsi2sk": moment(recording.due), "due": moment(recording.due)}
    return row
