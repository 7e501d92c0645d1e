"""Numbers at a carrier: those it has for sale, and those that an account holds."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, Protocol

from ..model import E164, Capabilities, Number
from ..records import dataclass


@dataclass(frozen=True)
class NumberSearch:
    """Which numbers a buyer wants to see. Nothing is widened when nothing matches."""

    country_code: str
    """ISO 3166, two capital letters."""
    number_type: str = "local"
    """`local`, `toll_free` or `mobile`."""
    area_code: str | None = None
    contains: str | None = None
    """Digits or letters anywhere in the number."""
    locality: str | None = None
    region: str | None = None
    limit: int = 10


@dataclass(frozen=True)
class AvailableNumber:
    """A number for sale. Showing it reserves nothing."""

    phone_number: E164
    country_code: str
    capabilities: Capabilities
    friendly_name: str | None = None
    locality: str | None = None
    region: str | None = None
    monthly_cost: str | None = None
    """A bare decimal in the account's currency; None where the carrier's search has no price."""
    setup_cost: str | None = None


@dataclass(frozen=True)
class Drift:
    """A setting at a carrier that is not what our own configuring makes it."""

    name: str
    """In the carrier's own words."""
    shown: Any
    """What it is there; None when it is empty."""
    wanted: Any
    """What it should be; None for empty."""
    is_of_texts: bool = False
    """It is about messages only: calls do not depend on it."""

    def __str__(self) -> str:
        """Say what it is and should be."""
        return f"{self.name} is {_shown(self.shown)}, not {_shown(self.wanted)}"


def drifts(
    wanted: Mapping[str, Any], shown: object, *, of_texts: bool = False
) -> tuple[Drift, ...]:
    """Return each of the wanted settings that is another in what the carrier has shown."""
    # An empty text and nothing are the same at a carrier.
    found = {name: None if (it := getattr(shown, name, None)) == "" else it for name in wanted}
    return tuple(
        Drift(name, found[name], value, of_texts)
        for name, value in wanted.items()
        if found[name] != value
    )


def _shown(value: object) -> str:
    return "empty" if value is None else str(value)


@dataclass(frozen=True)
class HeldNumber:
    """A number of the account, as the carrier has it now."""

    phone_number: E164
    carrier_number_id: str
    friendly_name: str | None = None
    capabilities: Capabilities = field(default_factory=Capabilities)
    country_code: str | None = None
    is_active: bool = True
    """The carrier's word that it is delivered and in service."""
    points_here: bool = False
    """Its calls come to us: the voice settings are exactly ours."""
    points_nowhere: bool = False
    """Nobody answers its calls: no URL, the carrier's demo, no application."""
    drifts: tuple[Drift, ...] = ()
    """What else of the number's own settings is not as wire() makes it."""
    voice_url: str | None = None
    """This and what follows is complete after inspect(): not every carrier keeps it here."""
    sms_url: str | None = None
    configuration: dict[str, Any] = field(default_factory=dict)
    """The contract's `configuration`, in the carrier's own words."""
    diagnosis: dict[str, Any] = field(default_factory=dict)
    """The contract's keys of a diagnosis, beyond phone_number and found."""


@dataclass(frozen=True)
class Verification:
    """How far a carrier is in verifying that somebody holds a caller id."""

    phone_number: E164
    is_verified: bool = False
    code: str | None = None
    """What the person who is called now must key in; None where the carrier tells the code."""


class Stock(Protocol):
    """A carrier's numbers but for buying them.

    Every method raises CarrierError: OutcomeUnknown when the request may have taken effect,
    anything else when it certainly has not. Those that change something are safe to repeat.
    """

    def search(self, wanted: NumberSearch) -> list[AvailableNumber]:
        """Return numbers for sale, none when nothing matches."""
        ...

    def countries(self) -> list[str]:
        """Return the countries in which the account may buy numbers, as ISO 3166, sorted."""
        ...

    def find_held(self, phone_number: E164) -> HeldNumber | None:
        """Return a number as the account holds it, None if it does not."""
        ...

    def inspect(self, phone_number: E164) -> HeldNumber | None:
        """Return the same with all of its settings, however many requests that takes."""
        ...

    def held_numbers(self) -> Iterator[HeldNumber]:
        """Return every number of the account, following the carrier's pages to the end."""
        ...

    def release(self, number: Number) -> None:
        """Give a number back for good. One that the account does not hold any more is no error.

        It is named by the carrier's id of it, which no later purchase of the same number has;
        only where none is known is it looked for by its digits.
        """
        ...

    def voice_url(self) -> str:
        """Return where this carrier's calls reach us. No request."""
        ...

    def wire(self, number: Number) -> None:
        """Point the number's calls, messages and status events at us. Raises NumberNotHeld."""
        ...

    def set_voice_url(self, number: Number, url: str) -> None:
        """Point the number's calls at `url`; raise NotConfigurable where it cannot be any."""
        ...

    def set_sms(self, number: Number, enabled: bool) -> str:
        """Bring its messages to us, or to nobody; return what is set, in the contract's words."""
        ...
