"""The whole of Vonage."""

from typing import ClassVar

from ..features import Features
from .checks import VonageChecks
from .numbers import VonageNumbers
from .recordings import VonageRecordings
from .texts import VonageTexts
from .voice import VonageVoice


class Vonage(VonageVoice, VonageNumbers, VonageRecordings, VonageTexts, VonageChecks):
    """One Vonage account: its calls, numbers, recordings and texts, and the account itself."""

    features: ClassVar[Features] = Features(
        purchase_requests=2,
        wiring_requests=2,
        answering_requests=0,
        orders_settle_later=False,
        searches_places=False,
        shows_prices=True,
        sells_fax=False,
        has_number_ids=False,
        takes_any_voice_url=False,
        switches_messages=False,
        sends_texts=True,
        refuses_opted_out=False,
        verifies_caller_ids=False,
    )
