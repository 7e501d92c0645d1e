"""Faults of everything that concerns numbers: by the same names at both carriers."""

from collections.abc import Callable

import httpx
import pytest

from sandbox.carriers import CARRIERS
from tests.sandbox.clients import (
    TelnyxClient,
    TwilioClient,
    confirm_caller_id,
    enter_numbers,
    program_fault,
)

type Ask = Callable[[], httpx.Response]

NUMBER = "+14155550100"
OTHER = "+14155550188"
OPERATIONS = (
    "search",
    "countries",
    "list_numbers",
    "show_number",
    "update_number",
    "verify_caller_id",
    "release",
)


@pytest.fixture(params=["twilio", "telnyx"])
def carrier(request: pytest.FixtureRequest) -> str:
    """Return each carrier in turn."""
    name: str = request.param
    return name


@pytest.fixture
def asks(
    carrier: str, sandbox: httpx.Client, twilio: TwilioClient, telnyx: TelnyxClient
) -> dict[str, Ask]:
    """Return a request for each operation, about a number that the account holds."""
    entered = enter_numbers(sandbox, carrier, NUMBER, 1)[0]
    if carrier == "twilio":
        number = f"/IncomingPhoneNumbers/{entered['id']}.json"
        return {
            "search": lambda: twilio("GET", "/AvailablePhoneNumbers/US/Local.json"),
            "countries": lambda: twilio("GET", "/AvailablePhoneNumbers.json"),
            "list_numbers": lambda: twilio("GET", "/IncomingPhoneNumbers.json"),
            "show_number": lambda: twilio("GET", number),
            "update_number": lambda: twilio("POST", number, data={"FriendlyName": "x"}),
            "verify_caller_id": lambda: twilio(
                "POST", "/OutgoingCallerIds.json", data={"PhoneNumber": OTHER}
            ),
            "release": lambda: twilio("DELETE", number),
        }
    number = f"/phone_numbers/{entered['id']}"
    country = {"filter[country_code]": "US"}
    return {
        "search": lambda: telnyx("GET", "/available_phone_numbers", params=country),
        "countries": lambda: telnyx("GET", "/country_coverage"),
        "list_numbers": lambda: telnyx("GET", "/phone_numbers"),
        "show_number": lambda: telnyx("GET", number),
        "update_number": lambda: telnyx("PATCH", number, json={"tags": ["x"]}),
        "verify_caller_id": lambda: telnyx(
            "POST", "/verified_numbers", json={"phone_number": OTHER}
        ),
        "release": lambda: telnyx("DELETE", number),
    }


def owned(sandbox: httpx.Client) -> list[str]:
    return [number["number"] for number in sandbox.get("/_/numbers").json()["numbers"]]


# Vonage lists no countries, shows no single number and verifies no caller ids.
LACKING = {"vonage": {"countries", "show_number", "verify_caller_id"}}


def test_the_operations_have_the_same_names_at_every_carrier() -> None:
    for name, carrier in CARRIERS.items():
        assert set(OPERATIONS) - LACKING.get(name, set()) <= carrier.operations


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("fault", "status"),
    [("rate_limited", 429), ("server_error", 500), ("invalid_credentials", 401)],
)
def test_each_operation_is_refused_once_and_then_served(
    sandbox: httpx.Client,
    carrier: str,
    asks: dict[str, Ask],
    operation: str,
    fault: str,
    status: int,
) -> None:
    program_fault(sandbox, carrier, operation, fault)

    refused = asks[operation]()
    assert owned(sandbox) == [NUMBER], "a refusal has no effect"
    served = asks[operation]()

    assert refused.status_code == status
    assert served.is_success


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_answer_to_each_operation_can_get_lost(
    sandbox: httpx.Client, carrier: str, asks: dict[str, Ask], operation: str
) -> None:
    program_fault(sandbox, carrier, operation, "lost_answer")

    with pytest.raises(httpx.RemoteProtocolError):
        asks[operation]()

    log = sandbox.get("/_/requests", params={"operation": operation}).json()["requests"]
    assert (log[-1]["fault"], log[-1]["status"]) == ("lost_answer", None)


@pytest.mark.parametrize("fault", ["lost_answer", "error_after_success", "timeout"])
def test_a_release_takes_effect_though_its_answer_does_not_come(
    sandbox: httpx.Client, carrier: str, asks: dict[str, Ask], fault: str
) -> None:
    program_fault(sandbox, carrier, "release", fault, delay_s=0.05)

    if fault == "lost_answer":
        with pytest.raises(httpx.RemoteProtocolError):
            asks["release"]()
    else:
        asks["release"]()

    assert owned(sandbox) == []
    assert len(sandbox.get("/_/numbers").json()["releases"]) == 1
    assert asks["show_number"]().status_code == 404
    assert asks["release"]().status_code == 404


def test_a_verification_is_begun_though_its_answer_gets_lost(
    sandbox: httpx.Client, carrier: str, asks: dict[str, Ask]
) -> None:
    program_fault(sandbox, carrier, "verify_caller_id", "error_after_success")

    assert asks["verify_caller_id"]().status_code == 500

    confirm_caller_id(sandbox, carrier, OTHER)
    [row] = sandbox.get("/_/caller-ids").json()["caller_ids"]
    assert (row["number"], row["status"]) == (OTHER, "verified")
