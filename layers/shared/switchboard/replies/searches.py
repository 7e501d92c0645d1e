"""Numbers for sale as the API shows them."""

from collections.abc import Sequence
from typing import Annotated, TypedDict

from pydantic import Field

from ..carriers.stock import AvailableNumber
from .numbers import CapabilitiesReply, capabilities_reply

_Cost = Annotated[
    str | None,
    Field(
        description="In the account's currency; null where the carrier's search has no prices.",
        examples=["1.00"],
    ),
]


class AvailableReply(TypedDict):
    """A number for sale."""

    phone_number: Annotated[str, Field(description="E.164.", examples=["+14155550100"])]
    friendly_name: str | None
    locality: Annotated[str | None, Field(examples=["San Francisco"])]
    region: Annotated[str | None, Field(examples=["CA"])]
    country_code: Annotated[str, Field(examples=["US"])]
    capabilities: CapabilitiesReply
    cost: _Cost
    setup_cost: _Cost
    provider: Annotated[str, Field(examples=["telnyx"])]


class SearchReply(TypedDict):
    """Numbers for sale, none of them reserved."""

    success: Annotated[bool, Field(examples=[True])]
    numbers: list[AvailableReply]
    total_found: Annotated[int, Field(description="How many are shown here.", examples=[1])]
    provider: Annotated[str, Field(examples=["telnyx"])]


class CountriesReply(TypedDict):
    """Countries in which numbers are for sale."""

    success: Annotated[bool, Field(examples=[True])]
    country_codes: Annotated[list[str], Field(description="ISO 3166.", examples=[["CA", "US"]])]
    provider: Annotated[str, Field(examples=["telnyx"])]


def search_reply(provider: str, found: Sequence[AvailableNumber]) -> SearchReply:
    """Return what a search found."""
    return {
        "success": True,
        "numbers": [_available(provider, number) for number in found],
        "total_found": len(found),
        "provider": provider,
    }


def _available(provider: str, number: AvailableNumber) -> AvailableReply:
    return {
        "phone_number": number.phone_number,
        "friendly_name": number.friendly_name,
        "locality": number.locality,
        "region": number.region,
        "country_code": number.country_code,
        "capabilities": capabilities_reply(number.capabilities),
        "cost": number.monthly_cost,
        "setup_cost": number.setup_cost,
        "provider": provider,
    }
