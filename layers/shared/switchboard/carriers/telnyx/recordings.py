"""Where Telnyx keeps what it recorded."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import urllib3

from ...errors import CarrierUnavailable, NothingThere
from ...model import Recording
from ..base import RecordingSource
from ..problems import problem
from .api import TelnyxApi

# Its links lead to buckets of its own at S3, in its guide s3.amazonaws.com/telephony-recorder-prod.
_HOSTS = re.compile(r"([\w-]+\.)*telnyx\.com|([\w.-]+\.)?s3([.-][\w-]+)*\.amazonaws\.com")
# The event's link lives for 10 minutes.
_FRESH = timedelta(minutes=8)
_TIMEOUT = urllib3.Timeout(connect=5, read=12)
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
        found = self._look(f"/recordings/{quote(recording.recording_sid, safe='')}")
        listed = [found] if isinstance(found, dict) else self._of_leg(recording)
        for row in listed:
            urls = row.get("download_urls") or {}
            if link := urls.get("mp3") or urls.get("wav"):
                return str(link)
        raise problem(NothingThere, "Telnyx", _WHAT, said="it lists no such recording")

    def _of_leg(self, recording: Recording) -> list[Any]:
        # An event without the recording's id: then it is found by its leg and its beginning.
        if recording.leg_id is None:
            return []
        query = urlencode({"filter[call_leg_id]": recording.leg_id, "page[size]": 250})
        rows = self._look(f"/recordings?{query}")
        began = recording.started_at.isoformat()[:19] if recording.started_at else ""
        return [
            row
            for row in rows or []
            if str(row.get("recording_started_at") or "")[:19] == began or not began
        ]

    def _look(self, path: str) -> Any:
        try:
            answer = self._context.http.request(
                "GET",
                self._context.api_url + path,
                headers={"Authorization": f"Bearer {self._credentials['api_key']}"},
                retries=False,
                timeout=_TIMEOUT,
            )
            if answer.status == 404:
                return None
            if answer.status >= 400:
                raise problem(CarrierUnavailable, "Telnyx", _WHAT, said=f"error {answer.status}")
            return answer.json()["data"]
        except (urllib3.exceptions.HTTPError, ValueError, LookupError, TypeError) as error:
            raise problem(
                CarrierUnavailable, "Telnyx", _WHAT, said="no usable answer came"
            ) from error
