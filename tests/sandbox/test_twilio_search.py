"""Searching at the sandbox's Twilio with Twilio's own client."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.sandbox.clients import TwilioClient
from tests.sandbox.test_twilio_numbers import refused, second_account

type Search = Callable[..., list[Any]]


@pytest.fixture
def local(twilio_sdk: Client) -> Search:
    """Return a search for local numbers, of the United States unless said otherwise."""

    def search(country: str = "US", limit: int = 500, **filters: Any) -> list[Any]:
        found: list[Any] = twilio_sdk.available_phone_numbers(country).local.list(
            limit=limit, page_size=limit, **filters
        )
        return found

    return search


def test_a_found_number_has_twilios_fields(local: Search) -> None:
    [found] = local(area_code=808, limit=1)

    assert (found.phone_number, found.friendly_name) == ("+18085550100", "(808) 555-0100")
    assert (found.locality, found.region, found.iso_country) == ("Hilo", "HI", "US")
    assert (found.rate_center, found.lata, found.postal_code) == ("HILO", "834", "96720")
    assert f"{found.latitude} {found.longitude}" == "19.720000 -155.090000"
    assert (found.address_requirements, found.beta) == ("none", False)
    assert found.capabilities == {"voice": True, "SMS": True, "MMS": True, "fax": False}


@pytest.mark.parametrize(
    ("filters", "numbers", "first"),
    [
        ({"area_code": 415}, 100, "+14155550100"),
        ({"in_locality": "chicago"}, 100, "+13125550100"),
        ({"in_region": "CA"}, 500, "+14155550100"),
        ({"in_region": "CA", "in_locality": "Oakland"}, 100, "+15105550100"),
        ({"in_locality": "+13125550177"}, 100, "+13125550100"),
        ({"in_postal_code": "94103"}, 100, "+14155550100"),
        ({"in_lata": "358", "in_rate_center": "CHICAGOZN1"}, 100, "+13125550100"),
        ({"area_code": 415, "contains": "**42"}, 1, "+14155550142"),
        ({"area_code": 415, "contains": "555%99$"}, 1, "+14155550199"),
        ({"contains": "+1212555"}, 100, "+12125550100"),
        ({"contains": "+206555"}, 100, "+12065550100"),
        ({"area_code": 415, "contains": "jkl"}, 100, "+14155550100"),
        ({"area_code": 415, "sms_enabled": False}, 20, "+14155550103"),
        ({"area_code": 415, "fax_enabled": True}, 10, "+14155550109"),
        ({"area_code": 415, "sms_enabled": True, "mms_enabled": False}, 10, "+14155550107"),
        ({"area_code": 415, "voice_enabled": False}, 0, ""),
        ({"near_number": "+15105550100", "distance": 20}, 200, "+14155550100"),
        ({"near_lat_long": "19.7,-155.1"}, 100, "+18085550100"),
        ({"area_code": 999}, 0, ""),
    ],
)
def test_every_filter_holds(
    local: Search, filters: dict[str, Any], numbers: int, first: str
) -> None:
    found = [row.phone_number for row in local(**filters)]

    assert len(set(found)) == len(found) == numbers
    assert found[:1] == [first] * bool(numbers)


def test_a_page_holds_no_more_than_was_asked_for_and_the_next_page_goes_on(
    twilio: TwilioClient,
) -> None:
    path = "/AvailablePhoneNumbers/US/Local.json"

    def page(number: int) -> list[str]:
        params = {"AreaCode": "415", "PageSize": "7", "Page": str(number)}
        rows = twilio("GET", path, params=params).json()["available_phone_numbers"]
        return [row["phone_number"] for row in rows]

    assert page(0)[-1] == "+14155550106"
    assert page(1)[0] == "+14155550107"
    assert len(page(14)) == 2
    assert len(twilio("GET", path).json()["available_phone_numbers"]) == 50


def test_the_very_number_that_is_named_is_on_sale_though_it_is_not_in_stock(
    local: Search,
) -> None:
    assert [row.phone_number for row in local(contains="4156661234")] == ["+14156661234"]
    assert local("CA", contains="4156661234") == []


def test_numbers_that_want_an_address_say_so_and_can_be_left_out(local: Search) -> None:
    assert {row.address_requirements for row in local("DE")} == {"local"}
    assert local("DE", exclude_all_address_required=True) == []
    assert local("DE", exclude_local_address_required=True) == []
    assert len(local("DE", exclude_foreign_address_required=True)) == 500


@pytest.mark.parametrize(("number", "code"), [("+493023125000", 21615), ("+61412345000", 21631)])
def test_a_number_that_wants_an_address_is_sold_only_with_one(
    sandbox: httpx.Client, twilio: TwilioClient, number: str, code: int
) -> None:
    assert refused(twilio.buy(number)) == (400, code)
    assert sandbox.get("/_/numbers").json()["purchases"] == []

    assert twilio.buy(number, AddressSid="AD" + "1" * 32).status_code == 201


def test_new_countries_can_be_left_out(local: Search) -> None:
    assert {row.beta for row in local("IE")} == {True}
    assert local("IE", beta=False) == []


def test_mobile_and_toll_free_numbers_are_searched_for_apart(twilio_sdk: Client) -> None:
    britain = twilio_sdk.available_phone_numbers("GB")

    [mobile] = britain.mobile.list(limit=1)
    [free] = britain.toll_free.list(limit=1)
    [american] = twilio_sdk.available_phone_numbers("US").toll_free.list(limit=1)

    assert (mobile.phone_number, mobile.locality) == ("+447400123000", None)
    assert (free.phone_number, free.capabilities["SMS"]) == ("+448081570000", False)
    assert (american.phone_number, american.capabilities["SMS"]) == ("+18005550100", True)


@pytest.mark.parametrize(
    ("path", "params", "status", "code"),
    [
        ("XX/Local", {}, 404, 20404),
        ("US/Mobile", {}, 404, 20404),
        ("US/National", {}, 404, 20404),
        ("XX", {}, 404, 20404),
        ("US/Local", {"AreaCode": "41"}, 400, 21451),
        ("GB/Local", {"AreaCode": "207"}, 400, 21457),
        ("US/Local", {"Contains": "5"}, 400, 20001),
        ("US/Local", {"Contains": "5-5"}, 400, 20001),
        ("US/Local", {"Contains": "5*"}, 400, 20001),
        ("US/Local", {"SmsEnabled": "yes"}, 400, 20001),
        ("US/Local", {"InRateCenter": "HILO"}, 400, 20001),
        ("US/Local", {"NearLatLong": "here"}, 400, 20001),
        ("US/Local", {"NearNumber": "5"}, 400, 20001),
        ("US/Local", {"PageSize": "1001"}, 400, 20007),
        ("US/Local", {"PageSize": "0"}, 400, 20001),
        ("US/Local", {"PageSize": "many"}, 400, 20001),
    ],
)
def test_a_search_that_cannot_be_is_refused(
    twilio: TwilioClient, path: str, params: dict[str, str], status: int, code: int
) -> None:
    answer = twilio("GET", f"/AvailablePhoneNumbers/{path}.json", params=params)

    assert refused(answer) == (status, code)


def test_countries_are_listed_with_what_they_have(twilio_sdk: Client) -> None:
    listed = {row.country_code: row for row in twilio_sdk.available_phone_numbers.list()}
    shown = twilio_sdk.available_phone_numbers("IE").fetch()

    assert {"US", "CA", "GB", "DE", "FR", "AU"} <= set(listed)
    assert listed["US"].country == "United States"
    assert set(listed["US"].subresource_uris) == {"local", "toll_free"}
    assert (shown.country, shown.beta, listed["GB"].beta) == ("Ireland", True, False)
    assert shown.subresource_uris["mobile"].endswith("/AvailablePhoneNumbers/IE/Mobile.json")


def test_an_unknown_country_is_twilios_own_404(twilio_sdk: Client) -> None:
    with pytest.raises(TwilioRestException) as caught:
        twilio_sdk.available_phone_numbers("XX").fetch()

    assert (caught.value.status, caught.value.code) == (404, 20404)


def test_an_area_code_alone_buys_the_first_number_there(
    twilio: TwilioClient, twilio_sdk: Client
) -> None:
    bought = [twilio_sdk.incoming_phone_numbers.create(area_code="416") for _ in range(2)]

    assert [row.phone_number for row in bought] == ["+14165550100", "+14165550101"]
    for area, status in (("533", 400), ("999", 400), ("500", 201)):
        answer = twilio("POST", "/IncomingPhoneNumbers.json", data={"AreaCode": area})
        assert answer.status_code == status
        assert answer.json().get("code") == (21452 if status == 400 else None)


def test_a_released_number_is_kept_for_who_had_it(
    sandbox: httpx.Client, twilio: TwilioClient, local: Search
) -> None:
    number = "+14155550100"
    sid = twilio.buy(number).json()["sid"]
    twilio("DELETE", f"/IncomingPhoneNumbers/{sid}.json").raise_for_status()
    other = second_account(sandbox)

    assert local(area_code=415, limit=1)[0].phone_number == "+14155550101"
    assert refused(other.buy(number)) == (400, 21422)
    again = twilio.buy(number)

    assert again.status_code == 201
    assert again.json()["sid"] != sid


def test_a_released_number_is_on_sale_again_when_its_time_is_over(
    sandbox: httpx.Client, twilio: TwilioClient, local: Search
) -> None:
    number = "+14155550100"
    sid = twilio.buy(number).json()["sid"]
    twilio("DELETE", f"/IncomingPhoneNumbers/{sid}.json").raise_for_status()

    sandbox.patch("/_/settings", json={"released_number_held_s": 0}).raise_for_status()

    assert local(area_code=415, limit=1)[0].phone_number == number
    assert second_account(sandbox).buy(number).status_code == 201
