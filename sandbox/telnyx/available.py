"""Telnyx's search; only what it returned to an account can be ordered by it."""

from sandbox import inventory
from sandbox.wire import Asked, Reply

_SEARCH_LIMIT = 20


def search(asked: Asked) -> Reply:
    """Search for numbers on sale, and remember that this account saw them."""
    query = asked.query
    country = query.get("filter[country_code]", "US")
    kind = query.get("filter[phone_number_type]", "local")
    if kind not in inventory.COUNTRIES.get(country, ("", ()))[1]:
        return _found([], country)
    wanted = {
        name: _digits(query.get(f"filter[phone_number][{name}_with]", ""))
        for name in ("starts", "ends")
    }
    taken = frozenset(n.number for n in asked.world.books.numbers if n.carrier == "telnyx")
    numbers = inventory.for_sale(
        country,
        kind,
        starts=wanted["starts"] or query.get("filter[national_destination_code]", ""),
        contains=_digits(query.get("filter[phone_number][contains]", "")),
        ends=wanted["ends"],
        taken=taken,
        limit=int(query.get("filter[limit]", _SEARCH_LIMIT)),
    )
    asked.world.books.searched.setdefault(asked.account.id, set()).update(numbers)
    return _found(numbers, country)


def _digits(pattern: str) -> str:
    return "".join(c for c in pattern if c.isdigit())


def _found(numbers: list[str], country: str) -> Reply:
    rows = [
        {
            "record_type": "available_phone_number",
            "phone_number": number,
            "vanity_format": "",
            "best_effort": False,
            "quickship": True,
            "reservable": True,
            "cost_information": {
                "upfront_cost": "1.00",
                "monthly_cost": "1.00",
                "currency": "USD",
            },
            "features": [{"name": name} for name in ("sms", "mms", "voice", "fax")],
            "region_information": [{"region_type": "country_code", "region_name": country}],
        }
        for number in numbers
    ]
    meta = {"total_results": len(rows), "best_effort_results": 0}
    return Reply(200, {"data": rows, "meta": meta})
