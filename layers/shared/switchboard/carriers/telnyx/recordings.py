"""Where Telnyx keeps what it recorded."""

import re
from contextlib import suppress
from datetime import timedelta

from ...errors import NothingThere
from ...model import Recording
from ..base import RecordingSource
from ..problems import problem
from .api import PAGE_SIZE, Record, TelnyxApi, path_of

# Its links lead to buckets of its own at S3, in its guide s3.amazonaws.com/telephony-recorder-prod.
_HOSTS = re.compile(r"([\w-]+\.)*telnyx\.com|([\w.-]+\.)?s3([.-][\w-]+)*\.amazonaws\.com")
# The event's link lives for 10 minutes.
_FRESH = timedelta(minutes=8)
_WHAT = "find a recording"


class TelnyxRecordings(TelnyxApi):
    """The recordings of one Telnyx account."""

    def recording_source(self, recording: Recording) -> RecordingSource:
        """Return the event's link while it lives, and then a new one.

        Raises NothingThere while Telnyx does not list the recording.
        """
        url = recording.carrier_url
        if url is None or self._context.clock() - recording.created_at > _FRESH:
            url = self._link(recording)
        return RecordingSource(url, {}, _HOSTS)

    def _link(self, recording: Recording) -> str:
        for row in self._listed(recording):
            urls = row.download_urls or {}
            if link := urls.get("mp3") or urls.get("wav"):
                return str(link)
        raise problem(NothingThere, "Telnyx", _WHAT, said="it lists no such recording")

    def _listed(self, recording: Recording) -> list[Record]:
        with suppress(NothingThere):
            return [self._look(_WHAT, path_of("recordings", recording.recording_sid))]
        # An event without the recording's id: then it is found by its leg and its beginning.
        if recording.leg_id is None:
            return []
        query = {"filter[call_leg_id]": recording.leg_id, "page[size]": PAGE_SIZE}
        began = recording.started_at.isoformat()[:19] if recording.started_at else ""
        return [
            row
            for row in self._list(_WHAT, "/recordings", query)
            if str(row.recording_started_at or "")[:19] == began or not began
        ]
