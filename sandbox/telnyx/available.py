"""Telnyx's search; only what it returned to an account can be ordered by it."""

from collections.abc import Callable
from typing import Any

from sandbox import inventory
from sandbox.inventory import Offer
from sandbox.places import COUNTRIES
from sandbox.telnyx.orders import ordered_numbers
from sandbox.telnyx.rest import error, figure
from sandbox.wire import Asked, Refused, Reply

type _Fits = Callable[[Offer], bool]

_SEARCH_LIMIT = 20
_WHERE = {
    "locality": "locality",
    "administrative_area": "region",
    "rate_center": "rate_center",
}
# What its search lists beside the four that a number of the stock may or may not have.
_AMERICAN_EXTRAS = ("emergency", "hd_voice", "international_sms", "local_calling")


def search(asked: Asked) -> Reply:
    """Search for numbers on sale, and remember that this account saw them.

    With `best_effort` what fits worse is added, marked, when too little fits exactly.
    """
    country = asked.query.get("filter[country_code]", "")
    if not country:
        name = "filter[country_code]"
        detail = f"The {name} parameter is required."
        raise Refused(error(400, "10004", "Missing required parameter", detail, parameter=name))
    limit = figure(asked, "filter[limit]", _SEARCH_LIMIT)
    exact = _offers(asked, country, [*_digits(asked), *_where(asked), *_abilities(asked)], limit)
    near: list[Offer] = []
    if _is_set(asked, "best_effort") and country in ("US", "CA"):
        known = set(exact)
        wider = _offers(asked, country, _abilities(asked), limit + len(exact))
        near = [offer for offer in wider if offer not in known][: limit - len(exact)]
    shown = {offer.number for offer in exact + near}
    asked.world.books.searched.setdefault(asked.account.id, set()).update(shown)
    rows = [_available(o, False) for o in exact] + [_available(o, True) for o in near]
    meta = {"total_results": len(rows), "best_effort_results": len(near)}
    return Reply(200, {"data": rows, "meta": meta})


def _offers(asked: Asked, country: str, filters: list[_Fits], limit: int) -> list[Offer]:
    if country not in COUNTRIES:
        return []
    kind = asked.query.get("filter[phone_number_type]")
    holder = "" if _is_set(asked, "exclude_held_numbers") else asked.account.id
    found = inventory.search(
        country,
        COUNTRIES[country].kinds if kind is None else (kind,),
        lambda offer: all(fits(offer) for fits in filters),
        asked_for=[_pattern(asked, how) for how in ("contains", "starts_with")],
        hidden=asked.world.off_sale("telnyx", holder) | ordered_numbers(asked.world),
    )
    return inventory.first(found, limit)


def _is_set(asked: Asked, name: str) -> bool:
    return asked.query.get(f"filter[{name}]", "").lower() == "true"


def _pattern(asked: Asked, how: str) -> str:
    wanted = asked.query.get(f"filter[phone_number][{how}]", "")
    return "".join(c for c in wanted if c.isdigit())


def _digits(asked: Asked) -> list[_Fits]:
    """Read the patterns; beside an area code they mean the digits after it."""
    area = asked.query.get("filter[national_destination_code]", "")
    starts, contains, ends = (
        _pattern(asked, how) for how in ("starts_with", "contains", "ends_with")
    )

    def fits(offer: Offer) -> bool:
        if not offer.national.startswith(area):
            return False
        digits = offer.national.removeprefix(area) if area else offer.digits
        begins = digits.startswith(starts) or (not area and offer.national.startswith(starts))
        return begins and contains in digits and digits.endswith(ends)

    return [fits]


def _where(asked: Asked) -> list[_Fits]:
    found = []
    for name, field in _WHERE.items():
        if wanted := asked.query.get(f"filter[{name}]"):
            found.append(_lies(field, wanted))
    return found


def _lies(field: str, wanted: str) -> _Fits:
    def fits(offer: Offer) -> bool:
        lies = getattr(offer.place, field, None)
        return lies is not None and lies.lower() == wanted.lower()

    return fits


def _abilities(asked: Asked) -> list[_Fits]:
    wanted = {name for name in asked.query.get("filter[features]", "").split(",") if name}
    found: list[_Fits] = [lambda offer: wanted <= set(features(offer))]
    if _is_set(asked, "quickship"):
        found.append(_ships_quickly)
    return found


def features(offer: Offer) -> list[str]:
    """List what a number can do, in Telnyx's words."""
    extras = _AMERICAN_EXTRAS if offer.calling_code == "1" and offer.kind == "local" else ()
    texts = "sms" in offer.features
    return [
        *(name for name in ("sms", "mms", "voice", "fax") if name in offer.features),
        *(name for name in extras if texts or name != "international_sms"),
    ]


def _ships_quickly(offer: Offer) -> bool:
    """Tell whether it works at once: some toll-free numbers of North America take a while."""
    slow = offer.calling_code == "1" and offer.kind == "toll_free" and offer.number[-1] == "7"
    return not slow


def _available(offer: Offer, best_effort: bool) -> dict[str, Any]:
    return {
        "record_type": "available_phone_number",
        "phone_number": offer.number,
        "vanity_format": "",
        "best_effort": best_effort,
        "quickship": _ships_quickly(offer),
        "reservable": True,
        "cost_information": {
            "upfront_cost": offer.upfront,
            "monthly_cost": offer.monthly,
            "currency": "USD",
        },
        "features": [{"name": name} for name in features(offer)],
        "region_information": _regions(offer),
    }


def _regions(offer: Offer) -> list[dict[str, str]]:
    place = offer.place
    known = {
        "country_code": offer.country,
        "state": place.region if place else None,
        "rate_center": place.rate_center if place else None,
        "location": place.locality if place else None,
    }
    return [{"region_type": kind, "region_name": name} for kind, name in known.items() if name]
