"""Buying, configuring and releasing numbers at the sandbox's Twilio."""

import httpx
import pytest

from tests.sandbox.clients import TwilioClient

NUMBER = "+14155550100"


def second_account(sandbox: httpx.Client) -> TwilioClient:
    made = sandbox.post("/_/accounts", json={"carrier": "twilio"}).json()["credentials"]
    return TwilioClient(sandbox, made["account_sid"], made["auth_token"])


def refused(answer: httpx.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["code"]


def test_a_number_is_bought_and_configured_in_one_request(twilio: TwilioClient) -> None:
    bought = twilio.buy(NUMBER, VoiceUrl="https://a.example/voice?org=1", FriendlyName="Desk")

    number = bought.json()
    assert bought.status_code == 201
    assert number["phone_number"] == NUMBER
    assert number["voice_url"] == "https://a.example/voice?org=1"
    assert number["voice_method"] == "POST"
    assert number["friendly_name"] == "Desk"
    assert number["sid"].startswith("PN")


def test_a_second_purchase_by_the_same_account_is_an_update(
    sandbox: httpx.Client, twilio: TwilioClient
) -> None:
    first = twilio.buy(NUMBER, VoiceUrl="https://a.example/1").json()

    second = twilio.buy(NUMBER, VoiceUrl="https://a.example/2")

    assert second.status_code == 201
    assert second.json()["sid"] == first["sid"]
    assert second.json()["voice_url"] == "https://a.example/2"
    assert len(sandbox.get("/_/numbers").json()["purchases"]) == 1


def test_a_number_of_another_account_is_not_available(
    sandbox: httpx.Client, twilio: TwilioClient
) -> None:
    other = second_account(sandbox)
    other.buy(NUMBER).raise_for_status()

    assert refused(twilio.buy(NUMBER)) == (400, 21422)
    assert twilio("GET", "/IncomingPhoneNumbers.json").json()["incoming_phone_numbers"] == []


@pytest.mark.parametrize(
    ("number", "code"),
    [("+15005550000", 21422), ("+15005550001", 21421), ("14155550100", 21421), ("", 21421)],
)
def test_numbers_that_cannot_be_bought_have_twilios_codes(
    twilio: TwilioClient, number: str, code: int
) -> None:
    assert refused(twilio.buy(number)) == (400, code)


def test_a_callback_that_is_no_url_is_refused(twilio: TwilioClient) -> None:
    assert refused(twilio.buy(NUMBER, VoiceUrl="not a url")) == (400, 21502)


def test_wrong_credentials_are_refused(sandbox: httpx.Client, twilio: TwilioClient) -> None:
    wrong = TwilioClient(sandbox, twilio.sid, "0" * 32)

    assert refused(wrong("GET", "/Balance.json")) == (401, 20003)


def test_a_number_is_found_changed_and_released_once(twilio: TwilioClient) -> None:
    sid = twilio.buy(NUMBER).json()["sid"]
    path = f"/IncomingPhoneNumbers/{sid}.json"

    listed = twilio("GET", "/IncomingPhoneNumbers.json", params={"PhoneNumber": NUMBER}).json()
    changed = twilio("POST", path, data={"VoiceUrl": "https://a.example/new"})
    released = [twilio("DELETE", path).status_code for _ in range(2)]

    assert [number["sid"] for number in listed["incoming_phone_numbers"]] == [sid]
    assert changed.json()["voice_url"] == "https://a.example/new"
    assert released == [204, 404]


def test_a_search_shows_numbers_of_the_area_that_nobody_owns(twilio: TwilioClient) -> None:
    path = "/AvailablePhoneNumbers/US/Local.json"
    first = twilio("GET", path, params={"AreaCode": "415", "PageSize": "1"}).json()
    number = first["available_phone_numbers"][0]["phone_number"]
    twilio.buy(number).raise_for_status()

    second = twilio("GET", path, params={"AreaCode": "415", "PageSize": "1"}).json()

    assert number.startswith("+1415")
    assert second["available_phone_numbers"][0]["phone_number"] != number


def test_a_type_that_a_country_does_not_have_is_not_found(twilio: TwilioClient) -> None:
    answer = twilio("GET", "/AvailablePhoneNumbers/US/Mobile.json")

    assert refused(answer) == (404, 20404)


def test_a_purchase_costs_money(sandbox: httpx.Client, twilio: TwilioClient) -> None:
    sandbox.patch(f"/_/accounts/{twilio.sid}", json={"balance": 1.5}).raise_for_status()

    twilio.buy(NUMBER).raise_for_status()

    assert twilio("GET", "/Balance.json").json()["balance"] == "0.50"
    assert refused(twilio.buy("+14155550101")) == (403, 20005)
