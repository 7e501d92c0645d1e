"""What Telnyx has for sale. What a search showed lately may be ordered, and nothing else."""

from typing import TYPE_CHECKING, Any

from ...errors import CarrierPermissionDenied
from ...model import E164, Capabilities, is_e164
from ..problems import problem
from ..stock import AvailableNumber, NumberSearch
from .api import TelnyxApi

if TYPE_CHECKING:
    from telnyx.types.available_phone_number_list_params import Filter

# As on a telephone's keys. Telnyx wants digits.
_KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
_ABILITIES = ("voice", "sms", "mms", "fax")


class TelnyxInventory(TelnyxApi):
    """What one Telnyx account may buy."""

    def search(self, wanted: NumberSearch) -> list[AvailableNumber]:
        """Search in one request; what it shows may then be ordered without another search."""
        filters = _filter(wanted)
        found: list[Any] = self._ask(
            "search for numbers",
            lambda client: [
                it
                for it in client.available_phone_numbers.list(filter=filters).data or []
                # That is a number which was not asked for.
                if not it.best_effort
            ],
        )
        shown = [_available(it, wanted) for it in found if is_e164(it.phone_number or "")]
        if found and not shown:
            # A trial account sees "+1415555****", which nobody can order.
            said = "the account is a trial, to which Telnyx shows numbers only in part"
            raise problem(CarrierPermissionDenied, "Telnyx", "show whole numbers", said=said)
        return shown

    def countries(self) -> list[str]:
        """List them in one request. It names countries too in which nothing is for sale."""
        return self._ask(
            "list its countries",
            lambda client: sorted(
                country.code
                for country in (client.country_coverage.retrieve().data or {}).values()
                if country.code and country.numbers
            ),
        )


def _filter(wanted: NumberSearch) -> "Filter":
    found: Any = {
        "country_code": wanted.country_code,
        "phone_number_type": wanted.number_type,
        "features": ["voice"],
        "limit": wanted.limit,
    }
    optional = {
        "national_destination_code": wanted.area_code,
        "locality": wanted.locality,
        "administrative_area": wanted.region,
    }
    found |= {name: value for name, value in optional.items() if value is not None}
    if wanted.contains is not None:
        digits = wanted.contains.lstrip("+").upper().translate(_KEYPAD)
        found["phone_number"] = {"contains": digits}
    return found  # type: ignore[no-any-return]


def _available(number: Any, wanted: NumberSearch) -> AvailableNumber:
    features = {feature.name for feature in number.features or []}
    regions = {it.region_type: it.region_name for it in number.region_information or []}
    cost = number.cost_information
    return AvailableNumber(
        phone_number=E164(number.phone_number),
        country_code=regions.get("country_code") or wanted.country_code,
        capabilities=Capabilities(**{name: name in features for name in _ABILITIES}),
        locality=regions.get("location") or regions.get("rate_center"),
        region=regions.get("state"),
        monthly_cost=cost.monthly_cost if cost else None,
        setup_cost=cost.upfront_cost if cost else None,
    )
