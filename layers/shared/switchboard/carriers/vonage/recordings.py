"""Where Vonage keeps what it recorded."""

import re

from ...errors import NothingThere
from ...model import Recording
from ..base import RecordingSource
from ..problems import problem
from .api import VonageApi

# A file is in the region of its call: https://developer.vonage.com/en/concepts/guides/regions
_HOSTS = re.compile(r"api(-[a-z]{2}(-[0-9])?)?\.(nexmo|vonage)\.com")
_WHAT = "hand over a recording"


class VonageRecordings(VonageApi):
    """The recordings of one Vonage account."""

    def recording_source(self, recording: Recording) -> RecordingSource:
        """Return the event's address, which lives on, with a token of the application. No request.

        https://developer.vonage.com/en/voice/voice-api/code-snippets/download-a-recording
        """
        if recording.carrier_url is None:
            raise problem(NothingThere, "Vonage", _WHAT, said="its event named no address")
        return RecordingSource(recording.carrier_url, self._bearer(_WHAT), _HOSTS)
