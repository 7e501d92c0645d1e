"""Searching at the sandbox's Telnyx with Telnyx's own client."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from telnyx import NotFoundError, Telnyx

from tests.sandbox.clients import TelnyxClient
from tests.sandbox.test_telnyx_numbers import refused

type Search = Callable[..., list[Any]]

NUMBER = "+14155550100"


@pytest.fixture
def search(telnyx_sdk: Telnyx) -> Search:
    """Return a search, of the United States unless said otherwise."""

    def find(**filters: Any) -> list[Any]:
        wanted = {"country_code": "US", "limit": 500} | filters
        return telnyx_sdk.available_phone_numbers.list(filter=wanted).data or []  # type: ignore[arg-type]

    return find


def second_account(sandbox: httpx.Client) -> TelnyxClient:
    made = sandbox.post("/_/accounts", json={"carrier": "telnyx"}).json()["credentials"]
    return TelnyxClient(sandbox, made["api_key"], made["public_key"])


def test_a_found_number_has_telnyxs_fields(search: Search) -> None:
    [found] = search(national_destination_code="808", limit=1)

    assert (found.phone_number, found.record_type) == ("+18085550100", "available_phone_number")
    assert (found.best_effort, found.quickship, found.reservable) == (False, True, True)
    cost = found.cost_information
    assert (cost.upfront_cost, cost.monthly_cost, cost.currency) == ("1.00", "1.00", "USD")
    assert {feature.name for feature in found.features} >= {"voice", "sms", "mms", "emergency"}
    assert {row.region_type: row.region_name for row in found.region_information} == {
        "country_code": "US",
        "state": "HI",
        "rate_center": "HILO",
        "location": "Hilo",
    }


@pytest.mark.parametrize(
    ("filters", "numbers", "first"),
    [
        ({"national_destination_code": "415"}, 100, "+14155550100"),
        ({"locality": "chicago"}, 100, "+13125550100"),
        ({"administrative_area": "WA"}, 100, "+12065550100"),
        ({"rate_center": "HILO"}, 100, "+18085550100"),
        ({"phone_number": {"starts_with": "212555"}}, 100, "+12125550100"),
        ({"phone_number": {"starts_with": "+1212"}}, 100, "+12125550100"),
        ({"locality": "Miami", "phone_number": {"ends_with": "42"}}, 1, "+13055550142"),
        ({"locality": "Miami", "phone_number": {"contains": "0142"}}, 1, "+13055550142"),
        (
            {"national_destination_code": "305", "phone_number": {"starts_with": "555014"}},
            10,
            "+13055550140",
        ),
        ({"national_destination_code": "305", "phone_number": {"contains": "305"}}, 0, ""),
        ({"locality": "Miami", "features": ["fax"]}, 10, "+13055550109"),
        ({"locality": "Miami", "features": ["sms", "voice"]}, 80, "+13055550100"),
        ({"phone_number_type": "toll_free", "limit": 3}, 3, "+18005550100"),
        ({"phone_number_type": "toll_free", "quickship": True}, 450, "+18005550100"),
        ({"country_code": "GB", "locality": "London"}, 500, "+442079460000"),
        ({"country_code": "GB", "phone_number_type": "mobile", "limit": 2}, 2, "+447400123000"),
        ({"phone_number_type": "mobile"}, 0, ""),
        ({"phone_number_type": "shared_cost"}, 0, ""),
        ({"country_code": "AF"}, 0, ""),
        ({"limit": 7}, 7, "+14155550100"),
    ],
)
def test_every_filter_holds(
    search: Search, filters: dict[str, Any], numbers: int, first: str
) -> None:
    found = [row.phone_number for row in search(**filters)]

    assert len(set(found)) == len(found) == numbers
    assert found[:1] == [first] * bool(numbers)


def test_features_may_be_asked_for_one_by_one(telnyx: TelnyxClient) -> None:
    params = [
        ("filter[country_code]", "US"),
        ("filter[national_destination_code]", "415"),
        ("filter[features][]", "sms"),
        ("filter[features][]", "fax"),
    ]

    rows = telnyx("GET", "/available_phone_numbers", params=params).json()["data"]

    assert [row["phone_number"][-1] for row in rows] == ["9"] * 10


def test_prices_differ_by_country_and_kind(search: Search) -> None:
    [paris] = search(country_code="FR", phone_number_type="local", limit=1)
    [free] = search(phone_number_type="toll_free", limit=1)

    assert paris.cost_information.upfront_cost == "2.50"
    assert paris.cost_information.monthly_cost == "1.50"
    assert free.cost_information.monthly_cost == "1.50"
    assert [feature.name for feature in paris.features] == ["sms", "voice"]


def test_the_best_effort_fills_up_with_what_fits_worse_and_says_so(
    telnyx: TelnyxClient,
) -> None:
    params = {
        "filter[country_code]": "US",
        "filter[national_destination_code]": "415",
        "filter[phone_number][ends_with]": "142",
        "filter[limit]": "5",
        "filter[best_effort]": "true",
    }

    answer = telnyx("GET", "/available_phone_numbers", params=params).json()

    assert [row["best_effort"] for row in answer["data"]] == [False, True, True, True, True]
    assert answer["data"][0]["phone_number"] == "+14155550142"
    assert answer["meta"] == {"total_results": 5, "best_effort_results": 4}


def test_a_search_without_a_country_is_refused(telnyx: TelnyxClient) -> None:
    answer = telnyx("GET", "/available_phone_numbers")

    assert refused(answer) == (400, "10004")
    assert answer.json()["errors"][0]["source"] == {"parameter": "filter[country_code]"}


def test_countries_are_listed_by_name_those_too_where_nothing_is_sold(telnyx_sdk: Telnyx) -> None:
    listed = telnyx_sdk.country_coverage.retrieve().data or {}
    britain = telnyx_sdk.country_coverage.retrieve_country("GB").data

    sold = {country.code for country in listed.values() if country.numbers}
    assert {"US", "CA", "GB", "DE", "FR", "AU"} <= sold
    assert "AF" not in sold
    assert listed["Afghanistan"].code == "AF"
    assert britain is not None
    assert britain.phone_number_type == ["local", "mobile", "toll_free"]
    with pytest.raises(NotFoundError):
        telnyx_sdk.country_coverage.retrieve_country("XX")


def buy_and_release(telnyx: TelnyxClient, number: str) -> None:
    telnyx.search(number)
    telnyx.order(number).raise_for_status()
    number_id = telnyx("GET", "/phone_numbers").json()["data"][0]["id"]
    telnyx("DELETE", f"/phone_numbers/{number_id}").raise_for_status()


def test_a_released_number_is_shown_to_who_had_it_alone(
    sandbox: httpx.Client, telnyx: TelnyxClient, search: Search
) -> None:
    buy_and_release(telnyx, NUMBER)
    other = second_account(sandbox)
    params = {"filter[country_code]": "US", "filter[limit]": "1"}
    theirs = other("GET", "/available_phone_numbers", params=params).json()["data"]

    assert theirs[0]["phone_number"] != NUMBER
    assert search(exclude_held_numbers=True, limit=1)[0].phone_number != NUMBER
    assert search(limit=1)[0].phone_number == NUMBER
    assert telnyx.order(NUMBER).json()["data"]["status"] == "success"


def test_nobody_else_can_order_a_released_number(
    sandbox: httpx.Client, telnyx: TelnyxClient
) -> None:
    other = second_account(sandbox)
    other.search(NUMBER)
    buy_and_release(telnyx, NUMBER)

    assert refused(other.order(NUMBER)) == (400, "85001")
    sandbox.patch("/_/settings", json={"released_number_held_s": 0}).raise_for_status()
    assert other.order(NUMBER).json()["data"]["status"] == "success"


def test_a_number_that_waits_in_an_order_is_not_shown(
    sandbox: httpx.Client, telnyx: TelnyxClient, search: Search
) -> None:
    wanted = {"carrier": "telnyx", "operation": "buy_number", "fault": "pending_order"}
    sandbox.post("/_/faults", json=wanted).raise_for_status()
    telnyx.search(NUMBER)
    telnyx.order(NUMBER).raise_for_status()

    assert search(limit=1)[0].phone_number != NUMBER
