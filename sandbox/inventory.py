"""Decide which numbers the carriers have for sale, and what each of them can do.

Any number of the right form can be bought, so that a test may choose its own; a search shows the
stock of `places`, and besides the very number that is asked for. Everything about a number
follows from its digits, so the stock is the same in every run.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType, ValidationResult

from sandbox.places import COUNTRIES, PLACES, Place

E164 = re.compile(r"^\+[1-9]\d{6,14}$")
# Fewer digits than this are a pattern, not somebody's number.
_SHORTEST_NUMBER = 7
_KINDS = {PhoneNumberType.MOBILE: "mobile", PhoneNumberType.TOLL_FREE: "toll_free"}
_VOICE_ONLY = frozenset({"voice"})
_TEXTING = frozenset({"voice", "sms"})
_PICTURES = frozenset({"voice", "sms", "mms"})
_EVERYTHING = frozenset({"voice", "sms", "mms", "fax"})
_FAXING = frozenset({"voice", "fax"})


@dataclass(frozen=True)
class Offer:
    """A number as it is sold; `features` are among voice, sms, mms and fax.

    `national` holds its digits without the calling code. `place` is None for a number whose area
    is not in stock. Prices are US dollars; `address` is the kind of address the law wants.
    """

    number: str
    calling_code: str
    country: str
    kind: str
    place: Place | None
    features: frozenset[str]
    upfront: str
    monthly: str
    address: str
    beta: bool

    @property
    def digits(self) -> str:
        """Return the number without its plus sign."""
        return self.number[1:]

    @property
    def national(self) -> str:
        """Return the digits after the calling code."""
        return self.digits.removeprefix(self.calling_code)


def is_number(number: str) -> bool:
    """Tell whether somebody could have this number: the right form, and a country's own length."""
    if not E164.match(number):
        return False
    try:
        reason = phonenumbers.is_possible_number_with_reason(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False
    # Not what is dialled within a town only: it has too few digits.
    return reason == ValidationResult.IS_POSSIBLE


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
    return _KINDS.get(phonenumbers.number_type(phonenumbers.parse(number)), "local")


def local_form(number: str) -> str:
    """Format a number as people at home in its country write it; an address stays as it is."""
    if not E164.match(number):
        return number
    return phonenumbers.format_number(phonenumbers.parse(number), PhoneNumberFormat.NATIONAL)


@lru_cache(maxsize=20_000)
def offer(number: str) -> Offer:
    """Return what a number of the right form is sold as."""
    calling_code = str(phonenumbers.parse(number).country_code)
    place = _place_of(number, calling_code)
    country = place.country if place else country_of(number)
    kind = place.kind if place else kind_of(number)
    return _offer(number, calling_code, country, kind, place)


def _offer(number: str, calling_code: str, country: str, kind: str, place: Place | None) -> Offer:
    land = COUNTRIES.get(country)
    return Offer(
        number,
        calling_code,
        country,
        kind,
        place,
        _features(number, calling_code, kind),
        land.upfront if land else "1.00",
        land.monthly.get(kind, "1.00") if land else "1.00",
        land.address.get(kind, "none") if land else "none",
        land.beta if land else False,
    )


def _place_of(number: str, calling_code: str) -> Place | None:
    national = number[1:].removeprefix(calling_code)
    fitting = [
        place
        for place in PLACES
        if str(phonenumbers.country_code_for_region(place.country)) == calling_code
        and national.startswith(place.area)
    ]
    kind = kind_of(number)
    same_kind = [place for place in fitting if place.kind == kind]
    return max(same_kind, key=lambda place: len(place.area), default=None)


def _features(number: str, calling_code: str, kind: str) -> frozenset[str]:
    """Let the last digit decide: every kind has some numbers that cannot do everything."""
    last = number[-1]
    if calling_code == "1":
        voice_only = last in "38"
        rich = _EVERYTHING if last == "9" and kind == "local" else _PICTURES
        return _VOICE_ONLY if voice_only else _TEXTING if last == "7" else rich
    if kind == "mobile":
        return _VOICE_ONLY if last in "38" else _TEXTING
    if kind == "toll_free":
        return _VOICE_ONLY
    return _TEXTING if last in "05" else _FAXING if last == "9" else _VOICE_ONLY


def search(
    country: str,
    kinds: Collection[str],
    fits: Callable[[Offer], bool],
    *,
    asked_for: Collection[str] = (),
    hidden: Collection[str] = (),
) -> Iterator[Offer]:
    """Yield what is on sale in a country and fits, best known first.

    `asked_for` holds the digits that the search names: when they are a whole number, that number
    is on sale too, though it is not in stock. `hidden` are numbers that are not on sale now.
    """
    seen = set(hidden)
    for offered in (*_named(country, asked_for), *_stock(country)):
        if offered.number in seen or offered.kind not in kinds or not fits(offered):
            continue
        seen.add(offered.number)
        yield offered


def first(offers: Iterator[Offer], count: int) -> list[Offer]:
    """Return as many offers as are wanted."""
    return list(islice(offers, count))


def _named(country: str, asked_for: Collection[str]) -> Iterator[Offer]:
    calling_code = str(phonenumbers.country_code_for_region(country))
    for digits in asked_for:
        for whole in (f"+{digits}", f"+{calling_code}{digits}"):
            if len(digits) >= _SHORTEST_NUMBER and _is_whole(whole):
                found = offer(whole)
                if found.country == country:
                    yield found


def _is_whole(number: str) -> bool:
    """Tell a number from its beginning, which could be a short number in many countries."""
    if not is_number(number):
        return False
    parsed = phonenumbers.parse(number)
    # North America's numbers have one length, those of fiction (+1 500 555) too.
    return parsed.country_code == 1 or phonenumbers.is_valid_number(parsed)


@cache
def _stock(country: str) -> tuple[Offer, ...]:
    """List a country's stock, each place's first number before any place's second one."""
    calling_code = str(phonenumbers.country_code_for_region(country))
    places = [place for place in PLACES if place.country == country]
    longest = max((place.serial_digits for place in places), default=0)
    return tuple(
        _offer(_number(calling_code, place, serial), calling_code, country, place.kind, place)
        for serial in range(10**longest)
        for place in places
        if serial < 10**place.serial_digits
    )


def _number(calling_code: str, place: Place, serial: int) -> str:
    return f"+{calling_code}{place.stem}{serial:0{place.serial_digits}d}"
