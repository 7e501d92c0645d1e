"""All of an organization's SIP trunks."""

from typing import ClassVar

from ...errors import InvalidRequest
from ...model import NO_TEXTS_OVER_TRUNKS, Recording, Text
from ..base import RecordingSource
from ..features import Features
from .account import TrunkAccount


class ByoSipTrunk(TrunkAccount):
    """The trunks' numbers. Their calls are each trunk's own matter: see `App.voice_of`."""

    name: ClassVar[str] = "byo-sip-trunk"
    features: ClassVar[Features] = Features(
        purchase_requests=0,
        wiring_requests=0,
        answering_requests=0,
        orders_settle_later=False,
        searches_places=False,
        shows_prices=False,
        sells_fax=False,
        has_number_ids=False,
        takes_any_voice_url=False,
        switches_messages=False,
        sends_texts=False,
        refuses_opted_out=False,
        verifies_caller_ids=False,
    )

    def send_text(self, text: Text) -> str:
        """Raise InvalidRequest: messages do not go over a trunk."""
        raise InvalidRequest(f"{text.from_} cannot send text messages. {NO_TEXTS_OVER_TRUNKS}")

    def recording_source(self, recording: Recording) -> RecordingSource:
        """Raise InvalidRequest: what a carrier's bridge records is that carrier's."""
        raise InvalidRequest(
            f"Recording {recording.recording_sid} is not kept here. Your own bridge keeps what it "
            "records: ask it for the file, by the call's id."
        )
