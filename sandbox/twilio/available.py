"""Twilio's numbers on sale: the countries, and the search, which reserves nothing."""

import math
import re
from collections.abc import Callable, Iterable
from typing import Any

from sandbox import inventory
from sandbox.inventory import Offer
from sandbox.places import COUNTRIES, Place
from sandbox.twilio.patterns import pattern
from sandbox.twilio.rest import API_VERSION, error, figure, not_found, page_size
from sandbox.wire import Asked, Refused, Reply

type _Fits = Callable[[Offer], bool]

_KINDS = {"Local": "local", "Mobile": "mobile", "TollFree": "toll_free"}
_FEATURES = {"Voice": "voice", "Sms": "sms", "Mms": "mms", "Fax": "fax"}
_ADDRESSES = {"All": "any", "Local": "local", "Foreign": "foreign"}
# Twilio knows more of a number's home in these, and says that most filters are for them only.
_NORTH_AMERICA = ("US", "CA")
_WHERE = {
    "InRegion": "region",
    "InPostalCode": "postal_code",
    "InRateCenter": "rate_center",
    "InLata": "lata",
    "InLocality": "locality",
}
_USUAL_DISTANCE_MILES = 25
_MILES_PER_RADIAN = 3959


def _base(asked: Asked) -> str:
    return f"/{API_VERSION}/Accounts/{asked.account.id}/AvailablePhoneNumbers"


def countries(asked: Asked) -> Reply:
    """List the countries that have numbers on sale."""
    rows = [_country(asked, code) for code in COUNTRIES]
    return Reply(200, {"countries": rows, "uri": f"{_base(asked)}.json"})


def country(asked: Asked) -> Reply:
    """Show one country."""
    code = asked.path["country"]
    if code not in COUNTRIES:
        raise Refused(not_found(f"{_base(asked)}/{code}.json"))
    return Reply(200, _country(asked, code))


def _country(asked: Asked, code: str) -> dict[str, Any]:
    known, base = COUNTRIES[code], _base(asked)
    paths = {kind: path for path, kind in _KINDS.items()}
    return {
        "country_code": code,
        "country": known.name,
        "uri": f"{base}/{code}.json",
        "beta": known.beta,
        "subresource_uris": {kind: f"{base}/{code}/{paths[kind]}.json" for kind in known.kinds},
    }


def search(asked: Asked) -> Reply:
    """Search for numbers on sale; a kind that the country does not have is not found."""
    code, path = asked.path["country"], asked.path["kind"]
    uri = f"{_base(asked)}/{code}/{path}.json"
    kind = _KINDS.get(path)
    if code not in COUNTRIES or kind not in COUNTRIES[code].kinds:
        raise Refused(not_found(uri))
    filters = [*_digits(asked, code), *_abilities(asked), *_where(asked, code), *_near(asked, code)]
    found = inventory.search(
        code,
        (kind,),
        lambda offer: all(fits(offer) for fits in filters),
        asked_for=[re.sub(r"\D", "", asked.query.get("Contains", ""))],
        hidden=asked.world.off_sale("twilio"),
    )
    size, start = page_size(asked), figure(asked, "Page", 0) * page_size(asked)
    rows = [_available(offer) for offer in inventory.first(found, start + size)[start:]]
    return Reply(200, {"available_phone_numbers": rows, "uri": uri})


def _digits(asked: Asked, code: str) -> list[_Fits]:
    found: list[_Fits] = []
    if area := asked.query.get("AreaCode"):
        if not re.fullmatch(r"\d{3}", area):
            raise Refused(error(400, 21451, f"Invalid area code: {area}"))
        if code not in _NORTH_AMERICA:
            raise Refused(error(400, 21457, f"Area codes are not supported in {code}"))
        found.append(lambda offer: offer.national.startswith(area))
    if wanted := asked.query.get("Contains"):
        found.append(pattern(wanted))
    return found


def _abilities(asked: Asked) -> list[_Fits]:
    found = []
    for name, feature in _FEATURES.items():
        wanted = _truth(asked, f"{name}Enabled")
        if wanted is not None:
            found.append(_can(feature, wanted))
    for name, address in _ADDRESSES.items():
        if _truth(asked, f"Exclude{name}AddressRequired"):
            found.append(_wants_none_of(_ADDRESSES.values() if name == "All" else (address,)))
    if _truth(asked, "Beta") is False:
        found.append(lambda offer: not offer.beta)
    return found


def _can(feature: str, wanted: bool) -> _Fits:
    return lambda offer: (feature in offer.features) == wanted


def _wants_none_of(addresses: Iterable[str]) -> _Fits:
    unwanted = set(addresses)
    return lambda offer: offer.address not in unwanted


def _truth(asked: Asked, name: str) -> bool | None:
    value = asked.query.get(name)
    if value is None:
        return None
    if value.lower() not in ("true", "false"):
        raise Refused(error(400, 20001, f"{name} must be true or false"))
    return value.lower() == "true"


def _where(asked: Asked, code: str) -> list[_Fits]:
    if asked.query.get("InRateCenter") and not asked.query.get("InLata"):
        raise Refused(error(400, 20001, "InRateCenter requires InLata"))
    found: list[_Fits] = []
    for name, field in _WHERE.items():
        wanted = asked.query.get(name)
        # Elsewhere than in North America only the locality counts.
        if wanted and (code in _NORTH_AMERICA or name == "InLocality"):
            found.append(_lies(field, wanted))
    return found


def _lies(field: str, wanted: str) -> _Fits:
    if inventory.E164.match(wanted):  # "within the same locality as that number"
        wanted = getattr(inventory.offer(wanted).place, field, None) or ""

    def fits(offer: Offer) -> bool:
        lies = getattr(offer.place, field, None)
        return lies is not None and lies.lower() == wanted.lower()

    return fits


def _near(asked: Asked, code: str) -> list[_Fits]:
    number, spot = asked.query.get("NearNumber"), asked.query.get("NearLatLong")
    if code not in _NORTH_AMERICA or not (number or spot):
        return []
    if number:
        if not inventory.E164.match(number):
            raise Refused(error(400, 20001, f"NearNumber must be a phone number: {number}"))
        centre = _spot(inventory.offer(number).place)
    else:
        numbers = re.fullmatch(r"(-?[\d.]+),\s*(-?[\d.]+)", spot or "")
        if not numbers:
            raise Refused(error(400, 20001, "NearLatLong must be latitude,longitude"))
        centre = float(numbers[1]), float(numbers[2])
    reach = figure(asked, "Distance", _USUAL_DISTANCE_MILES)

    def fits(offer: Offer) -> bool:
        here = _spot(offer.place)
        return here is not None and centre is not None and _miles(here, centre) <= reach

    return [fits]


def _spot(place: Place | None) -> tuple[float, float] | None:
    if place is None or place.latitude is None or place.longitude is None:
        return None
    return float(place.latitude), float(place.longitude)


def _miles(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Return the distance along the surface of the earth."""
    south, north = math.radians(here[0]), math.radians(there[0])
    turn = math.radians(there[1] - here[1])
    cosine = math.sin(south) * math.sin(north)
    cosine += math.cos(south) * math.cos(north) * math.cos(turn)
    return math.acos(min(1.0, cosine)) * _MILES_PER_RADIAN


def _available(offer: Offer) -> dict[str, Any]:
    place = offer.place
    home = ("lata", "locality", "rate_center", "latitude", "longitude", "region", "postal_code")
    return {
        "friendly_name": inventory.local_form(offer.number),
        "phone_number": offer.number,
        **{name: getattr(place, name, None) for name in home},
        "iso_country": offer.country,
        "address_requirements": offer.address,
        "beta": offer.beta,
        # Here, and only here, two of the keys are in capitals.
        "capabilities": {
            "voice": "voice" in offer.features,
            "SMS": "sms" in offer.features,
            "MMS": "mms" in offer.features,
            "fax": "fax" in offer.features,
        },
    }
