"""All of an organization's SIP trunks."""

from typing import ClassVar

from .account import TrunkAccount


class ByoSipTrunk(TrunkAccount):
    """The trunks' numbers. Their calls are each trunk's own matter: see `App.voice_of`."""

    name: ClassVar[str] = "byo-sip-trunk"
