"""All of an organization's SIP trunks."""

from typing import ClassVar

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
        verifies_caller_ids=False,
    )
