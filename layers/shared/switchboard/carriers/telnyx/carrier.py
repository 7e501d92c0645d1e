"""The whole of Telnyx."""

from typing import ClassVar

from ..features import Features
from .checks import TelnyxChecks
from .numbers import TelnyxNumbers
from .recordings import TelnyxRecordings
from .texts import TelnyxTexts
from .voice import TelnyxVoice


class Telnyx(TelnyxVoice, TelnyxNumbers, TelnyxRecordings, TelnyxTexts, TelnyxChecks):
    """One Telnyx account: its calls, numbers, recordings and texts, and the account itself."""

    features: ClassVar[Features] = Features(
        purchase_requests=1,
        wiring_requests=3,
        answering_requests=1,
        orders_settle_later=True,
        searches_places=True,
        shows_prices=True,
        sells_fax=True,
        has_number_ids=True,
        takes_any_voice_url=False,
        switches_messages=True,
        sends_texts=True,
        refuses_opted_out=True,
        verifies_caller_ids=True,
    )
