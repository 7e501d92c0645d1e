"""Decide which numbers the carriers have for sale.

Any number of the right form can be bought, so that a test may choose its own; a search shows the
ones made here, around the example numbers of each country's numbering plan.
"""

import re
from collections.abc import Iterator
from itertools import islice

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

E164 = re.compile(r"^\+[1-9]\d{6,14}$")

COUNTRIES = {
    "US": ("United States", ("local", "toll_free")),
    "CA": ("Canada", ("local", "toll_free")),
    "GB": ("United Kingdom", ("local", "mobile", "toll_free")),
    "IE": ("Ireland", ("local", "mobile", "toll_free")),
    "DE": ("Germany", ("local", "mobile", "toll_free")),
    "FR": ("France", ("local", "mobile", "toll_free")),
    "NL": ("Netherlands", ("local", "mobile", "toll_free")),
    "ES": ("Spain", ("local", "mobile", "toll_free")),
    "AU": ("Australia", ("local", "mobile", "toll_free")),
}
_PLAN_TYPES = {
    "local": PhoneNumberType.FIXED_LINE,
    "mobile": PhoneNumberType.MOBILE,
    "toll_free": PhoneNumberType.TOLL_FREE,
}


def country_of(number: str) -> str:
    """Return the ISO country of an E164, or an empty string when the plan does not tell."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ""
    region = phonenumbers.region_code_for_number(parsed)
    # Numbers kept for fiction (+1 500 555, 555-01xx) belong to no region of the plan.
    return region or phonenumbers.region_code_for_country_code(parsed.country_code or 0)


def kind_of(number: str) -> str:
    """Return local, mobile or toll_free."""
    plan_type = phonenumbers.number_type(phonenumbers.parse(number))
    kinds = {value: kind for kind, value in _PLAN_TYPES.items()}
    return kinds.get(plan_type, "local")


def local_form(number: str) -> str:
    """Format a number as people at home in its country write it; an address stays as it is."""
    if not E164.match(number):
        return number
    return phonenumbers.format_number(phonenumbers.parse(number), PhoneNumberFormat.NATIONAL)


def for_sale(
    country: str,
    kind: str = "local",
    *,
    starts: str = "",
    contains: str = "",
    ends: str = "",
    taken: frozenset[str] = frozenset(),
    limit: int = 50,
) -> list[str]:
    """List numbers on offer; `starts` is national or with the country code, digits only."""
    offered = (
        number
        for number in _candidates(country, kind, starts, contains, ends)
        if number not in taken and _matches(number, starts, contains, ends)
    )
    return list(islice(dict.fromkeys(offered), limit))


def _matches(number: str, starts: str, contains: str, ends: str) -> bool:
    digits = number[1:]
    calling_code = str(phonenumbers.parse(number).country_code)
    national = digits.removeprefix(calling_code)
    begins = digits.startswith(starts) or national.startswith(starts)
    return begins and contains in digits and digits.endswith(ends)


def _candidates(country: str, kind: str, starts: str, contains: str, ends: str) -> Iterator[str]:
    calling_code = str(phonenumbers.country_code_for_region(country))
    for wanted in (contains, starts, ends):
        # Somebody asks for one very number: the whole of it is in the filter.
        for whole in (f"+{wanted}", f"+{calling_code}{wanted}"):
            if len(wanted) >= 7 and E164.match(whole) and _fits(whole, country):
                yield whole
    example = phonenumbers.example_number_for_type(country, _PLAN_TYPES[kind])
    if example is None:
        return
    national = phonenumbers.national_significant_number(example)
    head = starts.removeprefix(calling_code)
    stem = (head + national[len(head) :])[: len(national) - 3]
    for serial in range(1000):
        varied = f"{stem}{serial:03d}"
        yield f"+{calling_code}{varied[: len(national) - len(ends)]}{ends}"


def _fits(number: str, country: str) -> bool:
    parsed = phonenumbers.parse(number)
    same_plan = parsed.country_code == phonenumbers.country_code_for_region(country)
    return same_plan and phonenumbers.is_possible_number(parsed)
