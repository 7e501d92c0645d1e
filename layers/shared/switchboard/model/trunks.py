"""SIP trunks: how an organization's own telephone lines are reached."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

BYO = "byo-sip-trunk"
"""The carrier of the numbers that an organization holds elsewhere."""

NO_TEXTS_OVER_TRUNKS = (
    "It is on a SIP trunk of your own, which carries calls only: send with the company that you "
    "hold the number at, or buy a number with SMS at a carrier that is connected here."
)
"""What to do instead, for whoever wants to send text messages from such a number."""


class Bridge(StrEnum):
    """Who speaks SIP with a trunk, for a Lambda function cannot."""

    TWILIO = "twilio"
    TELNYX = "telnyx"
    OWN = "own"
    """A bridge of the organization's own, such as FreeSWITCH or jambonz."""


@dataclass(frozen=True)
class SipTrunk:
    """A trunk without its secrets: of those it only knows how they end."""

    id: str
    """A UUID."""
    organization_id: int
    name: str
    gateway: str
    """A host, or host:port."""
    created_at: datetime
    updated_at: datetime
    username: str = ""
    """Empty for a trunk that knows its callers by their address."""
    priority: int = 1
    """The lower one is tried first."""
    enabled: bool = True
    register: bool = False
    """Whether the organization's own bridge shall register with the gateway."""
    provider: str | None = None
    """What the organization calls the company behind the gateway."""
    bridge: Bridge = Bridge.TWILIO
    bridge_url: str | None = None
    """Where the organization's own bridge is asked to call; None with a carrier's."""
    password_hint: str | None = None
    """None while there is no password."""
    signing_secret_hint: str | None = None
    version: int = 1
    deleted_at: datetime | None = None
    """Since when it is being deleted: nothing finds it any more."""

    @property
    def has_password(self) -> bool:
        """Whether a password is stored."""
        return self.password_hint is not None


@dataclass(frozen=True)
class TrunkSecrets:
    """What of a trunk is kept in Secrets Manager."""

    password: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    """Signs what the organization's own bridge and we tell each other."""


@dataclass(frozen=True)
class SipRoute:
    """The way that a call takes over a trunk."""

    trunk_id: str
    gateway: str
    username: str = ""
    password: str = field(default="", repr=False)

    def address_of(self, number: str) -> str:
        """Return the SIP address of a phone number behind the gateway."""
        return f"sip:{number}@{self.gateway}"
