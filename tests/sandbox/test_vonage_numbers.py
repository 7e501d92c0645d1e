"""Searching, buying, linking and cancelling numbers at the sandbox's Vonage; its applications."""

from typing import Any

import httpx
import pytest

from tests.sandbox.clients import VonageClient, enter_numbers, program_fault

NUMBER = "+14155550100"
SUCCESS = {"error-code": "200", "error-code-label": "success"}
FAILED = {"error-code": "420", "error-code-label": "method failed"}


def found(vonage: VonageClient, **params: Any) -> dict[str, Any]:
    answer = vonage("GET", "/number/search", params={"country": "US", "size": 100} | params)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def owned(vonage: VonageClient, **params: Any) -> dict[str, Any]:
    body: dict[str, Any] = vonage("GET", "/account/numbers", params=params).json()
    return body


def named(vonage: VonageClient, path: str, **fields: str) -> httpx.Response:
    return vonage("POST", path, data={"country": "US", "msisdn": NUMBER[1:]} | fields)


@pytest.mark.parametrize(
    ("where", "pattern"), [("0", "1415"), ("1", "55501"), ("2", "0155"), ("0", "14155550100")]
)
def test_a_search_finds_numbers_by_a_pattern_at_a_place(
    vonage: VonageClient, where: str, pattern: str
) -> None:
    numbers = [
        row["msisdn"] for row in found(vonage, pattern=pattern, search_pattern=where)["numbers"]
    ]

    fits = {"0": str.startswith, "1": str.__contains__, "2": str.endswith}[where]
    assert numbers
    assert all(fits(number, pattern) for number in numbers)


def test_a_search_finds_numbers_that_can_do_what_is_wanted(vonage: VonageClient) -> None:
    every = found(vonage)
    texting = found(vonage, features="SMS,VOICE", type="mobile-lvn")

    assert 0 < texting["count"] < every["count"]
    assert all({"SMS", "VOICE"} <= set(row["features"]) for row in texting["numbers"])
    # What looks like a landline is called mobile in North America.
    assert found(vonage, type="landline") == {}
    assert found(vonage, country="GB", type="landline")["numbers"][0]["cost"] == "1.20"


def test_a_search_without_a_result_is_an_empty_object(vonage: VonageClient) -> None:
    assert found(vonage, pattern="1999") == {}
    assert found(vonage, country="ZZ") == {}


def test_a_search_wants_a_country_and_a_page_of_at_most_a_hundred(vonage: VonageClient) -> None:
    without = vonage("GET", "/number/search")
    large = vonage("GET", "/number/search", params={"country": "US", "size": "101"})

    assert (without.status_code, without.json()) == (400, {"country": "Is required."})
    assert large.status_code == 400


def test_a_number_is_bought_then_linked_to_an_application(vonage: VonageClient) -> None:
    application = vonage.application("https://us.example")

    assert vonage.buy(NUMBER).json() == SUCCESS
    assert owned(vonage, has_application="true") == {}
    assert vonage.link(NUMBER, application.id).json() == SUCCESS

    [row] = owned(vonage, application_id=application.id)["numbers"]
    assert row["msisdn"] == NUMBER[1:]
    assert row["app_id"] == row["voiceCallbackValue"] == application.id
    assert found(vonage, pattern=NUMBER[1:]) == {}


def test_a_form_is_read_whatever_its_header_says(vonage: VonageClient) -> None:
    headers = {"content-type": "application/json"}
    body = f"country=US&msisdn={NUMBER[1:]}"

    assert vonage("POST", "/number/buy", content=body, headers=headers).json() == SUCCESS


def test_what_cannot_be_bought_changed_or_cancelled_fails_in_the_same_words(
    vonage: VonageClient,
) -> None:
    answers = [named(vonage, path) for path in ("/number/update", "/number/cancel")]
    vonage.buy(NUMBER).raise_for_status()
    answers += [
        vonage.buy(NUMBER),
        vonage.buy("+14155550101", "GB"),
        vonage.buy("+1415"),
        vonage.link(NUMBER, "no-such-application"),
    ]

    assert [answer.json() for answer in answers] == [FAILED] * 6
    assert {answer.status_code for answer in answers} == {420}


def test_who_has_no_money_gets_the_same_words_and_a_low_balance(
    sandbox: httpx.Client, vonage: VonageClient
) -> None:
    sandbox.patch(f"/_/accounts/{vonage.key}", json={"balance": 0.5}).raise_for_status()

    assert vonage.buy(NUMBER).json() == FAILED
    assert vonage("GET", "/account/get-balance").json()["value"] == 0.5


def test_a_programmed_want_of_money_shows_in_the_balance_once(
    sandbox: httpx.Client, vonage: VonageClient
) -> None:
    program_fault(sandbox, "vonage", "buy_number", "no_balance")

    assert vonage.buy(NUMBER).json() == FAILED
    balances = [vonage("GET", "/account/get-balance").json()["value"] for _ in range(2)]
    assert balances == [0.0, 10_000.0]


def test_some_numbers_want_an_address_first(vonage: VonageClient) -> None:
    refused = vonage.buy("+4915123456001", "DE")

    assert refused.status_code == 420
    assert "valid local address" in refused.json()["error-code-label"]


@pytest.mark.parametrize("path", ["/number/buy", "/number/update", "/number/cancel"])
def test_a_form_without_a_number_is_refused_with_the_field(vonage: VonageClient, path: str) -> None:
    answer = vonage("POST", path, data={"country": "US"})

    assert (answer.status_code, answer.json()) == (400, {"msisdn": "Is required."})


def test_a_number_is_cancelled_once(vonage: VonageClient) -> None:
    vonage.buy(NUMBER).raise_for_status()

    assert [named(vonage, "/number/cancel").json() for _ in range(2)] == [SUCCESS, FAILED]
    assert owned(vonage) == {}


def test_numbers_come_in_pages(sandbox: httpx.Client, vonage: VonageClient) -> None:
    enter_numbers(sandbox, "vonage", "+14155551000", 25)

    pages = [owned(vonage, size=10, index=index) for index in (1, 2, 3, 4)]

    assert [len(page["numbers"]) for page in pages] == [10, 10, 5, 0]
    assert {page["count"] for page in pages} == {25}


def test_an_answer_can_get_lost_after_the_number_was_bought(
    sandbox: httpx.Client, vonage: VonageClient
) -> None:
    program_fault(sandbox, "vonage", "buy_number", "lost_answer")

    with pytest.raises(httpx.RemoteProtocolError):
        vonage.buy(NUMBER)

    assert owned(vonage, pattern=NUMBER[1:])["count"] == 1


def test_a_wrong_secret_is_refused_in_each_apis_own_words(
    sandbox: httpx.Client, vonage: VonageClient
) -> None:
    wrong = VonageClient(sandbox, vonage.key, "wrong", "")

    numbers, applications = wrong("GET", "/account/numbers"), wrong("GET", "/v2/applications")

    assert numbers.status_code == applications.status_code == 401
    assert numbers.json()["error-code-label"] == "authentication failed"
    assert applications.json()["type"].endswith("#unauthorized")


def test_an_application_is_made_listed_replaced_and_deleted(vonage: VonageClient) -> None:
    application = vonage.application("https://us.example")
    path = f"/v2/applications/{application.id}"
    vonage.buy(NUMBER).raise_for_status()
    vonage.link(NUMBER, application.id).raise_for_status()
    before = vonage("GET", path).json()

    changed = vonage("PUT", path, json={"name": "other", "capabilities": {}}).json()
    listed = vonage("GET", "/v2/applications", params={"page_size": 5}).json()

    assert before["capabilities"]["voice"]["signed_callbacks"] is True
    assert "private_key" not in before["keys"]
    assert (changed["name"], changed["capabilities"]) == ("other", {})
    assert changed["keys"] == before["keys"]
    assert [row["id"] for row in listed["_embedded"]["applications"]] == [application.id]
    assert vonage("DELETE", path).status_code == 204
    assert vonage("GET", path).status_code == 404
    assert "app_id" not in owned(vonage)["numbers"][0]


def _voice(**webhook: Any) -> dict[str, Any]:
    return {"name": "x", "capabilities": {"voice": {"webhooks": {"event_url": webhook}}}}


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({}, "name"),
        ({"name": "x", "keys": {"public_key": "x"}}, "keys.public_key"),
        (_voice(address="not a url"), "capabilities.voice.webhooks.event_url.address"),
        (
            _voice(address="https://x.example", http_method="PUT"),
            "capabilities.voice.webhooks.event_url.http_method",
        ),
        (
            _voice(address="https://x.example", socket_timeout=10_001),
            "capabilities.voice.webhooks.event_url.socket_timeout",
        ),
    ],
)
def test_an_application_that_cannot_be_is_refused_with_the_field(
    vonage: VonageClient, wanted: dict[str, Any], field: str
) -> None:
    answer = vonage("POST", "/v2/applications", json=wanted)

    assert answer.status_code == 400
    assert answer.json()["invalid_parameters"][0]["name"] == field


def test_the_portal_links_numbers_and_knows_no_other_fields(
    sandbox: httpx.Client, vonage: VonageClient
) -> None:
    application = vonage.application("https://us.example")
    enter_numbers(sandbox, "vonage", NUMBER, 1, app_id=application.id)

    wrong = [
        sandbox.patch(f"/_/numbers/{NUMBER}", json=config)
        for config in ({"VoiceUrl": "x"}, {"app_id": "none"})
    ]

    assert owned(vonage)["numbers"][0]["app_id"] == application.id
    assert [answer.status_code for answer in wrong] == [422, 422]
