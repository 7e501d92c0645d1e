"""How calls are placed: the options of one call, and the limits of all of them."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from ..records import dataclass


class MachinePolicy(StrEnum):
    """What to do when a machine answers a call of ours."""

    OFF = "off"
    """Do not find out."""
    CONTINUE = "continue"
    """Find out, note it, and let the assistant speak all the same."""
    HANG_UP = "hang_up"
    LEAVE_MESSAGE = "leave_message"
    """Wait for the beep, speak the voicemail message, hang up."""


@dataclass(frozen=True)
class DialOptions:
    """How to dial, and what to do then. None leaves it to the assistant, or to the default."""

    ring_timeout: int | None = None
    """Seconds until an unanswered call is given up."""
    max_duration: int | None = None
    """Seconds after which the carrier ends the call."""
    machine_detection: MachinePolicy | None = None
    voicemail_message: str | None = None
    record: bool | None = None

    def over(self, defaults: "DialOptions") -> "DialOptions":
        """Return these options, with `defaults` where they say nothing."""
        own = {name: value for name, value in vars(self).items() if value is not None}
        return replace(defaults, **own)


@dataclass(frozen=True)
class Limits:
    """How much an organization may call, and where to."""

    allowed_countries: tuple[str, ...] | None = None
    """ISO 3166 codes. None is the default list; an empty one allows no calls."""
    premium_rate: bool = False
    """Also shared-cost, personal and pager numbers: whoever holds them sets the price."""
    satellite: bool = False
    concurrent_calls: int = 10
    calls_per_second: int = 1
    calls_per_day: int = 1000
    daily_spend_cents: int = 5000
    """US cents, by estimate."""
    number_concurrent_calls: int | None = None
    """For each of its numbers; None leaves only the organization's own limit."""
    number_calls_per_day: int | None = None
    fuse_calls: int = 200
    """In ten minutes: one more trips the fuse."""
    fuse_calls_abroad: int = 20
    """Of these, to other countries than the calling number's."""
    fuse_spend_cents: int = 2500
    """US cents, by estimate, that calls of ten minutes were let to cost."""

    @property
    def countries(self) -> tuple[str, ...]:
        """The countries that may be called."""
        return _DEFAULT_COUNTRIES if self.allowed_countries is None else self.allowed_countries


_DEFAULT_COUNTRIES = ("US", "CA")


@dataclass(frozen=True)
class Lease:
    """A place among the calls that may go on at once. It ends by itself when nobody returns it."""

    row: str
    """Where the places of one limit are kept."""
    holder: str
    """When it ends (epoch seconds) and whose it is."""


@dataclass(frozen=True)
class Fuse:
    """What an organization has begun to call in ten minutes, and whether that was too much."""

    organization_id: int
    span: int = 0
    """Which ten minutes: so many since 1970."""
    calls: int = 0
    calls_abroad: int = 0
    spend_cents: int = 0
    tripped_at: datetime | None = None
    """Since when no call may be placed; None while all is well."""
    reason: str | None = None
    """The limit that was passed, or `by_hand`."""
    reset_at: datetime | None = None
    """When it was last reset: calls placed since then are none of those to be ended."""
    due: datetime | None = None
    """When to look next for calls to end; None when none is left."""
    attempts: int = 0
    """How often was looked."""


@dataclass(frozen=True)
class Spending:
    """An estimate that counts against the limit of its day."""

    row: str
    cents: int
