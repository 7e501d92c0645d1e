"""What Telnyx has for sale. What a search showed lately may be ordered, and nothing else."""

from ...errors import CarrierPermissionDenied
from ...model import E164, Capabilities, is_e164
from ..problems import problem
from ..stock import AvailableNumber, NumberSearch
from .api import Query, Record, TelnyxApi

# As on a telephone's keys. Telnyx wants digits.
_KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
_ABILITIES = ("voice", "sms", "mms", "fax")


class TelnyxInventory(TelnyxApi):
    """What one Telnyx account may buy."""

    def search(self, wanted: NumberSearch) -> list[AvailableNumber]:
        """Search in one request; what it shows may then be ordered without another search."""
        # One page: a search shows as many as its limit says.
        offered = next(
            self._pages("search for numbers", "/available_phone_numbers", _filter(wanted))
        )
        # The others are numbers that were not asked for.
        found = [it for it in offered if not it.best_effort]
        shown = [_available(it, wanted) for it in found if is_e164(it.phone_number or "")]
        if found and not shown:
            # A trial account sees "+1415555****", which nobody can order.
            said = "the account is a trial, to which Telnyx shows numbers only in part"
            raise problem(CarrierPermissionDenied, "Telnyx", "show whole numbers", said=said)
        return shown

    def countries(self) -> list[str]:
        """List them in one request. It names countries too in which nothing is for sale."""
        found = self._look("list its countries", "/country_coverage")
        return sorted(it.code for it in found.values() if it.code and it.numbers)


def _filter(wanted: NumberSearch) -> Query:
    found: Query = {
        "filter[country_code]": wanted.country_code,
        "filter[phone_number_type]": wanted.number_type,
        "filter[features]": "voice",
        "filter[limit]": wanted.limit,
    }
    optional = {
        "filter[national_destination_code]": wanted.area_code,
        "filter[locality]": wanted.locality,
        "filter[administrative_area]": wanted.region,
    }
    found |= {name: value for name, value in optional.items() if value is not None}
    if wanted.contains is not None:
        digits = wanted.contains.lstrip("+").upper().translate(_KEYPAD)
        found["filter[phone_number][contains]"] = digits
    return found


def _available(number: Record, wanted: NumberSearch) -> AvailableNumber:
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
