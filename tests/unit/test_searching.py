"""Finding numbers to buy, and the countries that have some."""

from datetime import timedelta

import pytest

from switchboard.app import App
from switchboard.carriers.stock import AvailableNumber, NumberSearch
from switchboard.errors import (
    CarrierNotConnected,
    CarrierUnavailable,
    InvalidCredentials,
    InvalidRequest,
    UnknownProvider,
)
from switchboard.model import Capabilities
from switchboard.numbers import searching
from tests.builders import NUMBER, ORGANIZATION, OTHER_ORGANIZATION
from tests.clock import Clock
from tests.fakes import Books

AWAY = CarrierUnavailable("fake does not answer.")


def test_a_search_shows_what_the_carrier_shows(app: App, books: Books) -> None:
    books.for_sale = [AvailableNumber(NUMBER, "US", Capabilities(voice=True))]

    found = searching.search(app, ORGANIZATION, "fake", NumberSearch("US"))

    assert found == books.for_sale
    assert searching.search(app, ORGANIZATION, "fake", NumberSearch("CA")) == []


def test_a_country_that_does_not_exist_is_not_searched(app: App, books: Books) -> None:
    with pytest.raises(InvalidRequest, match="two letters from ISO 3166"):
        searching.search(app, ORGANIZATION, "fake", NumberSearch("XX"))

    assert books.requests == []


def test_whoever_is_asked_must_exist_and_be_connected(app: App) -> None:
    with pytest.raises(UnknownProvider):
        searching.search(app, ORGANIZATION, "nobody", NumberSearch("US"))
    with pytest.raises(CarrierNotConnected):
        searching.countries(app, OTHER_ORGANIZATION, "fake")


def test_countries_are_asked_for_once_a_day(app: App, books: Books, clock: Clock) -> None:
    first = searching.countries(app, ORGANIZATION, "fake")
    books.country_codes = ["GB"]

    clock.now += timedelta(hours=23)
    assert searching.countries(app, ORGANIZATION, "fake") == first == ["CA", "US"]
    clock.now += timedelta(hours=2)
    assert searching.countries(app, ORGANIZATION, "fake") == ["GB"]
    assert books.requests == ["countries", "countries"]


def test_an_older_list_stands_while_the_carrier_is_away(
    app: App, books: Books, clock: Clock
) -> None:
    first = searching.countries(app, ORGANIZATION, "fake")
    clock.now += timedelta(days=3)
    books.failures["countries"] = [AWAY]

    assert searching.countries(app, ORGANIZATION, "fake") == first


def test_without_an_older_list_the_error_is_told(app: App, books: Books) -> None:
    books.failures["countries"] = [AWAY]

    with pytest.raises(CarrierUnavailable):
        searching.countries(app, ORGANIZATION, "fake")


def test_refused_credentials_are_told_whatever_is_kept(
    app: App, books: Books, clock: Clock
) -> None:
    searching.countries(app, ORGANIZATION, "fake")
    clock.now += timedelta(days=3)
    books.failures["countries"] = [InvalidCredentials("fake refused the key.")]

    with pytest.raises(InvalidCredentials):
        searching.countries(app, ORGANIZATION, "fake")
