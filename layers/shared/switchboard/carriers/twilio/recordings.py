"""Where Twilio keeps what it recorded."""

import re

import urllib3

from ...errors import InvalidCredentials
from ...model import Recording
from ..base import RecordingSource
from ..problems import problem
from .api import TwilioApi

# The API itself sends the file; the others are where it may redirect to.
_HOSTS = re.compile(r"([\w-]+\.)*(twilio|twiliocdn)\.com")


class TwilioRecordings(TwilioApi):
    """The recordings of one Twilio account."""

    def recording_source(self, recording: Recording) -> RecordingSource:
        """Return the address of the mp3: made by us, so that no webhook can say another.

        https://www.twilio.com/docs/voice/api/recording#fetch-a-recordings-media-file
        """
        token = str(self._credentials.get("auth_token") or "")
        if not token:
            raise problem(InvalidCredentials, "Twilio", "fetch a recording", said="no auth_token")
        account = self._account_sid
        return RecordingSource(
            f"{self._context.api_url}/2010-04-01/Accounts/{account}"
            f"/Recordings/{recording.recording_sid}.mp3",
            urllib3.make_headers(basic_auth=f"{account}:{token}"),
            _HOSTS,
        )
