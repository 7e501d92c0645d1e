"""What the doctor looks at, and that it says all that is wrong at once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from switchboard import accounts, caller_ids, doctor
from switchboard.app import App
from switchboard.carriers import CARRIERS, carrier_class
from switchboard.directory import limits
from switchboard.errors import CarrierMisconfigured, CarrierNotConnected, InvalidCredentials
from switchboard.model import E164, CallStatus, Direction
from tests.builders import CALLER, ORGANIZATION, a_call
from tests.carriers.doctoring import (
    APPLICATION,
    ELSEWHERE,
    FAILED,
    MESSAGING,
    OK,
    PROFILE,
    WARNING,
    Json,
    hold,
    secret,
    seen,
    telnyx,
    twilio,
    twilio_number,
    unwell,
)
from tests.carriers.lab import Lab
from tests.clock import Clock

VERIFIED = E164("+12125550150")


def test_accounts_that_are_well_are_said_to_be_well(healthy: App) -> None:
    found = list(doctor.examine(healthy, ORGANIZATION))

    assert [it.carrier for it in found] == list(CARRIERS)
    unwell = [c for it in found for c in it.checks if c.verdict is not OK]
    assert unwell == []
    assert not any(it.has_failed for it in found)
    names = {it.carrier: [check.name for check in it.checks] for it in found}
    assert names == {
        "twilio": ["credentials", "account", "balance", "phone numbers", "webhooks"],
        "telnyx": [
            "signing key",
            "credentials",
            "balance",
            "call control application",
            "outbound voice profile",
            "messaging profile",
            "phone numbers",
            "webhooks",
        ],
        "vonage": [
            "credentials",
            "balance",
            "signature secret",
            "application",
            "calls",
            "phone numbers",
            "webhooks",
        ],
    }


def test_looking_changes_nothing(healthy: App, lab: Lab) -> None:
    with lab.requests() as requests:
        list(doctor.examine(healthy, ORGANIZATION))

    assert {request.method for request in requests} == {"GET"}
    assert len(requests) == 3 + 5 + 4


@pytest.mark.parametrize(
    ("carrier", "wrong"),
    [
        ("twilio", {"auth_token": "wrong"}),
        ("telnyx", {"api_key": "KEYwrong"}),
        ("vonage", {"api_secret": "wrong"}),
    ],
)
def test_refused_credentials_are_said_once(healthy: App, carrier: str, wrong: Json) -> None:
    secret(healthy, carrier, **wrong)

    found = unwell(healthy, carrier)

    assert found == {"credentials": FAILED, "the rest": WARNING}
    assert "Store valid ones" in seen(healthy, carrier)["credentials"].advice


def test_everything_that_is_wrong_is_said_at_once(healthy: App, lab: Lab) -> None:
    lab.change_account("telnyx-default", balance=0)
    telnyx(healthy, lab, "PATCH", APPLICATION, webhook_event_url=ELSEWHERE, outbound={})
    telnyx(healthy, lab, "PATCH", PROFILE, enabled=False)
    twilio_number(healthy, lab, "DELETE")

    found = list(doctor.examine(healthy, ORGANIZATION))

    failed = [check.name for it in found for check in it.checks if check.verdict is FAILED]
    assert failed == [
        "+14155550100",
        "balance",
        "call control application",
        "call control application",
        "outbound voice profile",
    ]


def test_connecting_again_mends_what_it_promises_to(healthy: App, lab: Lab) -> None:
    telnyx(healthy, lab, "PATCH", APPLICATION, webhook_event_url=ELSEWHERE, outbound={})
    telnyx(healthy, lab, "PATCH", MESSAGING, webhook_url=ELSEWHERE)
    given = lab.default_account("telnyx")["credentials"]

    accounts.connect(healthy, ORGANIZATION, "telnyx", given)

    assert unwell(healthy, "telnyx") == {}


def test_an_account_whose_secret_is_gone_is_missed(app: App) -> None:
    deployment = replace(app, carrier_class=carrier_class)
    with pytest.raises(CarrierNotConnected, match="carriers connect CARRIER --organization 1001"):
        doctor.examine(deployment, ORGANIZATION)

    hold(deployment, "twilio", E164("+14155550100"))

    found = seen(deployment, "twilio")
    assert found["account"].verdict is FAILED
    assert "has no twilio account" in found["account"].result


def test_only_a_call_proves_the_signing_key(healthy: App, clock: Clock) -> None:
    clock.now += timedelta(minutes=10)
    placed = a_call(
        id=6001,
        carrier="telnyx",
        call_sid="v3:unheard",
        direction=Direction.OUTBOUND,
        customer_number=CALLER,
        status=CallStatus.DIALING,
        created_at=clock(),
    )
    healthy.store.add_call(placed)
    assert seen(healthy, "telnyx")["webhooks"].verdict is OK

    clock.now += timedelta(minutes=3)

    found = seen(healthy, "telnyx")["webhooks"]
    assert found.verdict is FAILED
    assert "none was believed for call 6001" in found.result
    assert "CarrierWebhookTelnyx" in found.advice
    assert seen(healthy, "twilio")["webhooks"].verdict is OK


def test_a_caller_id_counts_while_the_carrier_has_verified_it(healthy: App, lab: Lab) -> None:
    twilio(healthy, lab, "POST", "/OutgoingCallerIds.json", PhoneNumber=VERIFIED)
    lab.confirm_caller_id("twilio", VERIFIED)
    caller_ids.add(healthy, ORGANIZATION, "twilio", VERIFIED)
    assert seen(healthy, "twilio")[f"caller id {VERIFIED}"].verdict is OK

    [listed] = twilio(healthy, lab, "GET", "/OutgoingCallerIds.json")["outgoing_caller_ids"]
    twilio(healthy, lab, "DELETE", f"/OutgoingCallerIds/{listed['sid']}.json")

    assert seen(healthy, "twilio")[f"caller id {VERIFIED}"].verdict is FAILED


def test_a_number_that_telnyx_has_verified_is_told_from_one_in_progress(
    healthy: App, lab: Lab
) -> None:
    carrier = healthy.carrier("telnyx", ORGANIZATION)
    wanted = {"phone_number": VERIFIED, "verification_method": "sms"}
    telnyx(healthy, lab, "POST", "verified_numbers", **wanted)
    assert not carrier.has_verified(VERIFIED)

    path = f"verified_numbers/{VERIFIED}/actions/verify"
    telnyx(healthy, lab, "POST", path, verification_code="1")

    assert carrier.has_verified(VERIFIED)


def test_limits_that_the_voice_profile_does_not_follow_are_noticed(healthy: App) -> None:
    limits.change(healthy, ORGANIZATION, limits.LimitChanges(allow=("GB",)))

    found = seen(healthy, "telnyx")["outbound voice profile"]

    assert (found.verdict, "our limits allow GB" in found.result) == (WARNING, True)


@pytest.mark.parametrize(
    ("carrier", "wrong", "problem"),
    [
        ("twilio", {"account_sid": ""}, InvalidCredentials),
        ("twilio", {"auth_token": ""}, InvalidCredentials),
        ("telnyx", {"api_key": ""}, InvalidCredentials),
        ("telnyx", {"public_key": "AAAA"}, InvalidCredentials),
        ("telnyx", {"connection_id": ""}, CarrierMisconfigured),
        ("telnyx", {"outbound_voice_profile_id": ""}, CarrierMisconfigured),
        ("vonage", {"signature_secret": ""}, InvalidCredentials),
        ("vonage", {"application_id": ""}, CarrierMisconfigured),
        ("vonage", {"private_key": ""}, CarrierMisconfigured),
    ],
)
def test_a_dial_that_cannot_work_is_refused_without_a_request(
    healthy: App, lab: Lab, carrier: str, wrong: Json, problem: type[Exception]
) -> None:
    healthy.carrier(carrier, ORGANIZATION).check_ready_to_dial()
    secret(healthy, carrier, **wrong)

    with lab.requests() as requests, pytest.raises(problem):
        healthy.carrier(carrier, ORGANIZATION).check_ready_to_dial()

    assert requests == []
