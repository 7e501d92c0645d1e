"""The stock: numbers that could exist, at home where they say, the same in every run."""

import phonenumbers
import pytest

from sandbox import inventory
from sandbox.inventory import Offer
from sandbox.places import COUNTRIES, PLACES


def stock(country: str) -> list[Offer]:
    kinds = COUNTRIES[country].kinds
    return list(inventory.search(country, kinds, lambda offer: offer.number[-3:] < "120"))


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_number_on_sale_is_a_valid_one_of_its_country_and_kind(country: str) -> None:
    shown = stock(country)

    assert {offer.kind for offer in shown} == set(COUNTRIES[country].kinds)
    for offer in shown:
        parsed = phonenumbers.parse(offer.number)
        assert phonenumbers.is_valid_number(parsed), offer
        assert inventory.kind_of(offer.number) == offer.kind, offer
        # The plan gives North America's toll-free numbers to no single country.
        shared = offer.kind == "toll_free" and offer.calling_code == "1"
        assert shared or phonenumbers.region_code_for_number(parsed) == country, offer


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_number_is_the_same_offer_whether_it_is_searched_for_or_named(country: str) -> None:
    for offer in stock(country):
        assert inventory.offer(offer.number) == offer


def test_every_place_has_numbers_that_text_or_only_speak_where_texting_exists() -> None:
    local = [place for place in PLACES if place.kind == "local"]

    for place in local:
        at_home = [o.features for o in stock(place.country) if o.place == place]
        assert frozenset({"voice"}) in at_home
        assert any("sms" in features for features in at_home)


def test_a_number_that_is_not_in_stock_is_at_home_in_its_area() -> None:
    offer = inventory.offer("+14156661234")

    assert offer.place is not None
    assert offer.place.locality == "San Francisco"
    assert inventory.offer("+19072345678").place is None
    assert inventory.offer("+19072345678").country == "US"


@pytest.mark.parametrize("number", ["+999123456789", "+1415555", "14155550100", "", "+44 20 7946"])
def test_what_nobody_could_have_is_no_number(number: str) -> None:
    assert not inventory.is_number(number)


@pytest.mark.parametrize("digits", ["2079460", "442079460", "1212555", "2125550"])
def test_the_beginning_of_a_number_is_not_taken_for_a_number(digits: str) -> None:
    country = "GB" if "207" in digits else "US"

    plain = inventory.search(country, ("local",), lambda offer: True)
    named = inventory.search(country, ("local",), lambda offer: True, asked_for=[digits])

    assert inventory.first(named, 3) == inventory.first(plain, 3)
