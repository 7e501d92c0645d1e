"""The numbers an account holds: lists with pages, settings, releases, at both carriers."""

import httpx
import pytest
from telnyx import NotFoundError, Telnyx
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.sandbox.clients import TelnyxClient, TwilioClient, enter_numbers
from tests.sandbox.test_telnyx_numbers import refused

NUMBER = "+14155550100"


def order(telnyx: TelnyxClient, number: str = NUMBER, **fields: str) -> str:
    """Buy a number and return its id."""
    telnyx.search(number)
    telnyx.order(number, **fields).raise_for_status()
    params = {"filter[phone_number]": number[1:]}
    found: str = telnyx("GET", "/phone_numbers", params=params).json()["data"][0]["id"]
    return found


def test_twilios_client_reads_every_page(sandbox: httpx.Client, twilio_sdk: Client) -> None:
    enter_numbers(sandbox, "twilio", "+14155551000", 120)

    read = [row.phone_number for row in twilio_sdk.incoming_phone_numbers.stream(page_size=50)]

    assert read == [f"+1415555{n}" for n in range(1000, 1120)]
    asked = sandbox.get("/_/requests", params={"operation": "list_numbers"}).json()["requests"]
    assert [request["query"].get("Page") for request in asked] == [None, "1", "2"]
    assert all(request["query"]["PageSize"] == "50" for request in asked)


def test_a_number_that_is_released_between_two_pages_moves_no_other(
    sandbox: httpx.Client, twilio: TwilioClient, twilio_sdk: Client
) -> None:
    enter_numbers(sandbox, "twilio", "+14155551000", 6)
    first = twilio_sdk.incoming_phone_numbers.page(page_size=3)
    gone = next(iter(first))
    gone.delete()

    second = first.next_page()

    assert [row.phone_number for row in second] == [f"+1415555{n}" for n in (1003, 1004, 1005)]
    assert second.next_page() is None


def test_a_number_that_one_carrier_sold_is_not_on_sale_at_another(
    telnyx: TelnyxClient, twilio: TwilioClient
) -> None:
    twilio.buy(NUMBER).raise_for_status()

    wanted = {"filter[country_code]": "US", "filter[national_destination_code]": "415"}
    found = telnyx("GET", "/available_phone_numbers", params=wanted).json()["data"]

    assert [row["phone_number"] for row in found][:2] == ["+14155550101", "+14155550102"]


def test_twilios_list_is_filtered_by_number_and_name(
    twilio: TwilioClient, twilio_sdk: Client
) -> None:
    for number in (NUMBER, "+14155550101", "+12125550101"):
        twilio.buy(number, FriendlyName=f"Desk {number[-1]}").raise_for_status()

    def found(**filters: str) -> list[str]:
        return [row.phone_number for row in twilio_sdk.incoming_phone_numbers.list(**filters)]

    assert found(phone_number=NUMBER) == [NUMBER]
    assert found(phone_number="41555501**") == [NUMBER, "+14155550101"]
    assert found(friendly_name="Desk 1") == ["+14155550101", "+12125550101"]
    assert found(origin="hosted") == []


def test_twilios_numbers_can_do_what_was_offered(twilio: TwilioClient) -> None:
    rich = twilio.buy("+14155550109").json()["capabilities"]
    poor = twilio.buy("+14155550103").json()["capabilities"]

    assert rich == {"voice": True, "sms": True, "mms": True, "fax": True}
    assert poor == {"voice": True, "sms": False, "mms": False, "fax": False}


def test_an_application_and_a_trunk_take_each_others_place(
    twilio: TwilioClient, twilio_sdk: Client
) -> None:
    number = twilio_sdk.incoming_phone_numbers(twilio.buy(NUMBER).json()["sid"])

    number.update(voice_application_sid="AP" + "1" * 32)
    changed = number.update(trunk_sid="TK" + "1" * 32)

    assert (changed.voice_application_sid, changed.trunk_sid) == (None, "TK" + "1" * 32)


def test_a_second_release_at_twilio_is_a_404(twilio: TwilioClient, twilio_sdk: Client) -> None:
    number = twilio_sdk.incoming_phone_numbers(twilio.buy(NUMBER).json()["sid"])
    assert number.delete()

    with pytest.raises(TwilioRestException) as caught:
        number.delete()

    assert (caught.value.status, caught.value.code) == (404, 20404)


def test_telnyxs_client_reads_every_page(sandbox: httpx.Client, telnyx_sdk: Telnyx) -> None:
    enter_numbers(sandbox, "telnyx", "+14155551000", 600)

    read = [row.phone_number for row in telnyx_sdk.phone_numbers.list(page_size=250)]

    assert read == [f"+1415555{n}" for n in reversed(range(1000, 1600))]
    asked = sandbox.get("/_/requests", params={"operation": "list_numbers"}).json()["requests"]
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"phone_number": "14155550100"}, 1),
        ({"phone_number": "41555501"}, 2),
        ({"phone_number": "+14155550100"}, 0),
        ({"phone_number": "14"}, 0),
        ({"customer_reference": "ours"}, 1),
        ({"tag": "blue"}, 1),
        ({"without_tags": "true"}, 2),
        ({"country_iso_alpha2": "GB"}, 1),
        ({"country_iso_alpha2": ["GB", "US"]}, 3),
        ({"number_type": {"eq": "local"}}, 3),
        ({"number_type": {"eq": "toll_free"}}, 0),
        ({"status": "active"}, 3),
        ({"status": "deleted"}, 0),
    ],
)
def test_telnyxs_list_is_filtered(
    telnyx: TelnyxClient, telnyx_sdk: Telnyx, filters: dict[str, object], found: int
) -> None:
    order(telnyx, customer_reference="ours")
    tagged = order(telnyx, "+14155550101")
    telnyx("PATCH", f"/phone_numbers/{tagged}", json={"tags": ["blue"]}).raise_for_status()
    search = {"filter[country_code]": "GB", "filter[phone_number][contains]": "442079460100"}
    telnyx("GET", "/available_phone_numbers", params=search).raise_for_status()
    telnyx.order("+442079460100").raise_for_status()

    listed = list(telnyx_sdk.phone_numbers.list(filter=filters))  # type: ignore[arg-type]

    assert len(listed) == found


def test_telnyxs_list_is_sorted(telnyx: TelnyxClient, telnyx_sdk: Telnyx) -> None:
    for number in ("+14155550102", "+14155550100", "+14155550101"):
        order(telnyx, number)

    by_number = [row.phone_number for row in telnyx_sdk.phone_numbers.list(sort="phone_number")]
    as_bought = [row.phone_number for row in telnyx_sdk.phone_numbers.list(sort="purchased_at")]

    assert by_number == ["+14155550100", "+14155550101", "+14155550102"]
    assert as_bought == ["+14155550102", "+14155550100", "+14155550101"]
    assert refused(telnyx("GET", "/phone_numbers", params={"sort": "colour"})) == (400, "10015")


def test_a_number_shows_the_names_of_what_it_is_bound_to(
    telnyx: TelnyxClient, telnyx_sdk: Telnyx
) -> None:
    application = {"application_name": "ours", "webhook_event_url": "https://a.example/x"}
    made = telnyx("POST", "/call_control_applications", json=application).json()["data"]
    profile = {"name": "texts", "whitelisted_destinations": ["US"]}
    texts = telnyx("POST", "/messaging_profiles", json=profile).json()["data"]
    bound = order(telnyx, connection_id=made["id"], messaging_profile_id=texts["id"])

    shown = telnyx_sdk.phone_numbers.retrieve(bound).data

    assert shown is not None
    assert (shown.connection_name, shown.messaging_profile_name) == ("ours", "texts")


def test_texting_is_switched_on_and_off(telnyx: TelnyxClient, telnyx_sdk: Telnyx) -> None:
    profile = {"name": "texts", "whitelisted_destinations": ["US"]}
    texts = telnyx("POST", "/messaging_profiles", json=profile).json()["data"]["id"]
    messaging, number = telnyx_sdk.phone_numbers.messaging, order(telnyx)

    on = messaging.update(number, messaging_profile_id=texts).data
    kept = messaging.update(number, messaging_product="P2P").data
    off = messaging.update(number, messaging_profile_id="").data

    assert on is not None
    assert on.messaging_profile_id == texts
    assert on.features is not None
    assert on.features.sms is not None
    assert kept is not None
    assert (kept.messaging_profile_id, kept.messaging_product) == (texts, "P2P")
    assert off is not None
    assert off.messaging_profile_id is None
    answer = telnyx(
        "PATCH", f"/phone_numbers/{number}/messaging", json={"messaging_profile_id": "none"}
    )
    assert refused(answer) == (422, "10015")


def test_voice_settings_change_field_by_field(telnyx: TelnyxClient, telnyx_sdk: Telnyx) -> None:
    number = order(telnyx)

    telnyx_sdk.phone_numbers.voice.update(
        number, call_recording={"inbound_call_recording_enabled": True}, tech_prefix_enabled=True
    )
    shown = telnyx_sdk.phone_numbers.voice.retrieve(number).data

    assert shown is not None
    assert shown.tech_prefix_enabled is True
    assert shown.call_recording is not None
    assert shown.call_recording.inbound_call_recording_enabled is True
    assert shown.call_recording.inbound_call_recording_format == "wav"


def test_a_released_number_is_gone_from_telnyx(telnyx: TelnyxClient, telnyx_sdk: Telnyx) -> None:
    number = order(telnyx)

    released = telnyx_sdk.phone_numbers.delete(number).data

    assert released is not None
    assert (released.phone_number, released.status) == (NUMBER, "deleted")
    assert list(telnyx_sdk.phone_numbers.list()) == []
    with pytest.raises(NotFoundError):
        telnyx_sdk.phone_numbers.delete(number)


def test_a_locked_number_is_not_released(
    sandbox: httpx.Client, telnyx: TelnyxClient, telnyx_sdk: Telnyx
) -> None:
    number = order(telnyx)
    sandbox.patch(f"/_/numbers/{NUMBER}", json={"deletion_lock_enabled": True}).raise_for_status()

    answer = telnyx("DELETE", f"/phone_numbers/{number}")

    assert refused(answer) == (422, "10035")
    shown = telnyx_sdk.phone_numbers.retrieve(number).data
    assert shown is not None
    assert (shown.status, shown.deletion_lock_enabled) == ("active", True)
