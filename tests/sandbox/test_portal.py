"""What people do in a carrier's portal, and the books that keep it."""

from typing import Any

import httpx
import pytest

from tests.sandbox.clients import TelnyxClient, TwilioClient, enter_numbers

NUMBER = "+14155550100"
URL = "https://a.example/voice"


def books(sandbox: httpx.Client, **query: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = sandbox.get("/_/numbers", params=query).json()
    return found


def test_many_numbers_are_entered_as_if_they_had_been_bought_in_the_portal(
    sandbox: httpx.Client, twilio: TwilioClient
) -> None:
    enter_numbers(sandbox, "twilio", "+14155551000", 1200, VoiceUrl=URL, FriendlyName="Old")

    page = twilio("GET", "/IncomingPhoneNumbers.json", params={"PageSize": "1000"}).json()
    assert len(page["incoming_phone_numbers"]) == 1000
    assert page["next_page_uri"]
    last = twilio("GET", "/IncomingPhoneNumbers.json", params={"PhoneNumber": "+14155552199"})
    [number] = last.json()["incoming_phone_numbers"]
    assert (number["voice_url"], number["friendly_name"]) == (URL, "Old")
    assert {purchase["via"] for purchase in books(sandbox)["purchases"]} == {"portal"}
    assert twilio("GET", "/Balance.json").json()["balance"] == "8800.00"


def test_numbers_of_ones_own_choice_go_into_the_account_that_is_named(
    sandbox: httpx.Client, twilio: TwilioClient, telnyx: TelnyxClient
) -> None:
    other = sandbox.post("/_/accounts", json={"carrier": "telnyx"}).json()["id"]
    application = {"application_name": "ours", "webhook_event_url": URL}
    made = telnyx("POST", "/call_control_applications", json=application).json()["data"]["id"]

    theirs = {"carrier": "telnyx", "account": other, "numbers": [NUMBER, "+442079460100"]}
    sandbox.post("/_/numbers", json=theirs).raise_for_status()
    ours = {"carrier": "telnyx", "numbers": ["+14155550101"], "config": {"connection_id": made}}
    sandbox.post("/_/numbers", json=ours).raise_for_status()

    listed = telnyx("GET", "/phone_numbers").json()["data"]
    assert [(row["phone_number"], row["connection_name"]) for row in listed] == [
        ("+14155550101", "ours")
    ]
    owners = {row["number"]: row["account"] for row in books(sandbox)["numbers"]}
    assert owners[NUMBER] == owners["+442079460100"] == other


def test_a_number_is_pointed_elsewhere_and_released_behind_our_back(
    sandbox: httpx.Client, twilio: TwilioClient
) -> None:
    sid = twilio.buy(NUMBER, VoiceUrl=URL).json()["sid"]
    path = f"/IncomingPhoneNumbers/{sid}.json"

    sandbox.patch(f"/_/numbers/{NUMBER}", json={"VoiceUrl": f"{URL}/2"}).raise_for_status()
    pointed = twilio("GET", path).json()["voice_url"]
    sandbox.delete(f"/_/numbers/{NUMBER}").raise_for_status()

    assert pointed == f"{URL}/2"
    assert twilio("GET", path).status_code == 404
    [release] = books(sandbox)["releases"]
    assert (release["number"], release["id"], release["via"]) == (NUMBER, sid, "portal")


def test_releases_are_in_the_books_with_their_time(
    sandbox: httpx.Client, twilio: TwilioClient, telnyx: TelnyxClient
) -> None:
    sid = twilio.buy(NUMBER).json()["sid"]
    twilio("DELETE", f"/IncomingPhoneNumbers/{sid}.json").raise_for_status()
    enter_numbers(sandbox, "telnyx", NUMBER, 1)
    [held] = telnyx("GET", "/phone_numbers").json()["data"]
    telnyx("DELETE", f"/phone_numbers/{held['id']}").raise_for_status()

    [at_twilio] = books(sandbox, carrier="twilio")["releases"]
    [at_telnyx] = books(sandbox, carrier="telnyx")["releases"]

    assert (at_twilio["account"], at_twilio["id"], at_twilio["via"]) == (twilio.sid, sid, "api")
    assert at_telnyx["id"] == held["id"]
    assert at_twilio["at"] < at_telnyx["at"]
    assert books(sandbox)["numbers"] == []


@pytest.mark.parametrize(
    ("wanted", "status", "says"),
    [
        ({"carrier": "plivo"}, 422, "telnyx, twilio"),
        ({"account": "none"}, 404, "GET /_/accounts"),
        ({"numbers": []}, 422, "from and count"),
        ({"numbers": ["5"]}, 422, "5 is not a number"),
        ({"numbers": ["+14155550101"] * 2}, 422, "twice"),
        ({"numbers": ["+14155550101", NUMBER]}, 409, "nothing was entered"),
        ({"numbers": None, "from": "x"}, 422, "like +14155550100"),
        ({"numbers": None, "from": NUMBER, "count": 0}, 422, "from 1 to"),
        ({"config": {"VoiceUri": URL}}, 422, "VoiceUrl"),
        ({"config": {"VoiceUrl": 5}}, 422, "must be text"),
        ({"config": {"VoiceUrl": "x"}}, 422, "not a valid URL"),
        ({"config": []}, 422, "an object"),
        ({"colour": "red"}, 422, "config"),
    ],
)
def test_what_cannot_be_entered_is_refused_and_changes_nothing(
    sandbox: httpx.Client, twilio: TwilioClient, wanted: dict[str, Any], status: int, says: str
) -> None:
    twilio.buy(NUMBER).raise_for_status()
    good = {"carrier": "twilio", "numbers": ["+14155550101"]}

    answer = sandbox.post("/_/numbers", json=good | wanted)

    assert answer.status_code == status
    assert says in answer.json()["detail"]
    assert [row["number"] for row in books(sandbox)["numbers"]] == [NUMBER]


@pytest.mark.parametrize(
    "config", [{"connection_id": "1"}, {"messaging_profile_id": "1"}, {"x": 1}]
)
def test_a_telnyx_number_is_bound_only_to_what_there_is(
    sandbox: httpx.Client, config: dict[str, Any]
) -> None:
    wanted = {"carrier": "telnyx", "numbers": [NUMBER], "config": config}

    assert sandbox.post("/_/numbers", json=wanted).status_code == 422
    assert books(sandbox)["numbers"] == []


def test_a_number_that_two_carriers_sold_is_named_with_its_carrier(
    sandbox: httpx.Client, twilio: TwilioClient
) -> None:
    twilio.buy(NUMBER).raise_for_status()
    enter_numbers(sandbox, "telnyx", NUMBER, 1)

    unclear = sandbox.delete(f"/_/numbers/{NUMBER}")
    named = sandbox.delete(f"/_/numbers/{NUMBER}", params={"carrier": "telnyx"})
    unknown = sandbox.delete("/_/numbers/+14155550199")

    assert [unclear.status_code, named.status_code, unknown.status_code] == [422, 204, 404]
    assert [row["carrier"] for row in books(sandbox)["numbers"]] == ["twilio"]
