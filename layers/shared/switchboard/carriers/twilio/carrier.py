"""The whole of Twilio."""

from typing import ClassVar

from ..features import Features
from .checks import TwilioChecks
from .numbers import TwilioNumbers
from .recordings import TwilioRecordings
from .texts import TwilioTexts
from .voice import TwilioVoice


class Twilio(TwilioVoice, TwilioNumbers, TwilioRecordings, TwilioTexts, TwilioChecks):
    """One Twilio account: its calls, numbers, recordings and texts, and the account itself."""

    features: ClassVar[Features] = Features(
        purchase_requests=1,
        wiring_requests=1,
        answering_requests=0,
        orders_settle_later=False,
        searches_places=True,
        shows_prices=False,
        sells_fax=True,
        has_number_ids=True,
        takes_any_voice_url=True,
        switches_messages=True,
        sends_texts=True,
        refuses_opted_out=True,
        verifies_caller_ids=True,
    )
