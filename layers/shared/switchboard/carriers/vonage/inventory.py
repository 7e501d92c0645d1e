"""What Vonage has for sale, with its prices in euros. Searching reserves nothing."""

from collections.abc import Iterable
from typing import Any

from ...errors import InvalidRequest
from ...model import E164, Capabilities, is_e164
from ..stock import AvailableNumber, NumberSearch
from .api import PAGE_SIZE, VonageApi

_TYPES = {"local": "landline", "mobile": "mobile-lvn", "toll_free": "landline-toll-free"}
_NORTH_AMERICA = 1
# As on a telephone's keys. Vonage wants digits.
_KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
_ABILITIES = ("voice", "sms", "mms")
_STARTS_WITH, _CONTAINS = 0, 1

# Vonage has no list of the countries in which it sells numbers. Each of these is asked for.
_CANDIDATES = (
    *("AR", "AT", "AU", "BE", "BG", "BR", "CA", "CH", "CL", "CO", "CY", "CZ", "DE", "DK", "EE"),
    *("ES", "FI", "FR", "GB", "GR", "HK", "HR", "HU", "ID", "IE", "IL", "IT", "JP", "KR", "LT"),
    *("LU", "LV", "MT", "MX", "MY", "NL", "NO", "NZ", "PA", "PE", "PL", "PR", "PT", "RO", "SE"),
    *("SG", "SI", "SK", "TH", "TW", "US", "ZA"),
)


class VonageInventory(VonageApi):
    """What one Vonage account may buy."""

    def search(self, wanted: NumberSearch) -> list[AvailableNumber]:
        """Search in one request."""
        if wanted.locality or wanted.region:
            raise InvalidRequest(
                "Vonage's search knows no localities and no regions. Leave them out, or choose "
                "the place by its area_code."
            )
        if wanted.number_type == "mobile" and _is_american(wanted):
            return []  # none of their own; what Vonage calls so there is `local`
        found = self._look("search for numbers", "/number/search", **_query(wanted))
        shown = [_available(it) for it in _numbers(found) if _fits(it, wanted)]
        return shown[: wanted.limit]

    def countries(self) -> list[str]:
        """List the countries in which Vonage sells numbers now: one request for each it may be."""
        return [country for country in _CANDIDATES if self._sells_in(country)]

    def _sells_in(self, country: str) -> bool:
        what = f"tell whether it has numbers in {country}"
        query = {"country": country, "features": "VOICE", "size": 1}
        return bool(self._look(what, "/number/search", **query).get("numbers"))


def capabilities(features: Iterable[str]) -> Capabilities:
    """Return what a number can do; Vonage knows no fax."""
    can = {feature.lower() for feature in features}
    return Capabilities(**{name: name in can for name in _ABILITIES})


def _query(wanted: NumberSearch) -> dict[str, Any]:
    query: dict[str, Any] = {"country": wanted.country_code, "features": "VOICE"}
    if not _is_plain_american(wanted):
        query["type"] = _TYPES[wanted.number_type]
    if wanted.area_code:
        query["pattern"] = f"{_calling_code(wanted)}{wanted.area_code}"
        query["search_pattern"] = _STARTS_WITH
    elif wanted.contains:
        query["pattern"] = _keyed(wanted.contains)
        query["search_pattern"] = _CONTAINS
    # What Vonage does not filter by is filtered here, from as many as one request brings.
    filtered_here = _is_plain_american(wanted) or (wanted.area_code and wanted.contains)
    return query | {"size": PAGE_SIZE if filtered_here else wanted.limit}


def _is_plain_american(wanted: NumberSearch) -> bool:
    # In North America numbers are neither mobile nor landline. Vonage calls most of the local
    # ones mobile, and some landline: they are all that is not free of charge.
    return wanted.number_type == "local" and _is_american(wanted)


def _is_american(wanted: NumberSearch) -> bool:
    return _calling_code(wanted) == _NORTH_AMERICA


def _calling_code(wanted: NumberSearch) -> int:
    # Imported here: a purchase needs none of it.
    import phonenumbers

    return phonenumbers.country_code_for_region(wanted.country_code)


def _keyed(text: str) -> str:
    return text.lstrip("+").upper().translate(_KEYPAD)


def _fits(number: dict[str, Any], wanted: NumberSearch) -> bool:
    msisdn = str(number.get("msisdn"))
    free = number.get("type") == _TYPES["toll_free"]
    return (
        is_e164(f"+{msisdn}")
        and not (free and _is_plain_american(wanted))
        and (wanted.contains is None or _keyed(wanted.contains) in msisdn)
    )


def _numbers(found: dict[str, Any]) -> list[dict[str, Any]]:
    # Nothing at all comes for no numbers.
    numbers = found.get("numbers") or []
    return [it for it in numbers if isinstance(it, dict)]


def _available(number: dict[str, Any]) -> AvailableNumber:
    return AvailableNumber(
        phone_number=E164(f"+{number['msisdn']}"),
        country_code=str(number.get("country")),
        capabilities=capabilities(number.get("features") or ()),
        monthly_cost=_price(number.get("cost")),
        setup_cost=_price(number.get("initialPrice")),
    )


def _price(value: object) -> str | None:
    return None if value in (None, "") else str(value)
