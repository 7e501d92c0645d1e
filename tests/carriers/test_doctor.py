"""What the doctor says of accounts in which something was broken at the carrier."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from switchboard import accounts, caller_ids, directory, doctor
from switchboard.app import App
from switchboard.carriers import CARRIERS, carrier_class
from switchboard.carriers.base import Check, Verdict
from switchboard.errors import CarrierMisconfigured, CarrierNotConnected, InvalidCredentials
from switchboard.model import E164, CallStatus, CallStep, Direction, NumberOrder
from tests.builders import CALLER, ORGANIZATION, a_call, a_number
from tests.carriers.lab import Lab
from tests.clock import Clock

Json = dict[str, Any]
ELSEWHERE = "https://elsewhere.example/x"
VERIFIED = E164("+12125550150")
OK, WARNING, FAILED = Verdict.OK, Verdict.WARNING, Verdict.FAILED


@pytest.fixture
def deployment(app: App, lab: Lab, order: NumberOrder, clock: Clock) -> App:
    """Return a deployment with a number and a call at each carrier, in which all is well."""
    urls = {name: f"{lab.url}/{name}" for name in CARRIERS}
    settings = replace(app.settings, carrier_api_urls=urls)
    deployment = replace(app, settings=settings, carrier_class=carrier_class)
    for place, name in enumerate(CARRIERS):
        account = lab.default_account(name)
        lab.change_account(account["id"], require_search=False)
        accounts.connect(deployment, ORGANIZATION, name, account["credentials"])
        number = E164(f"+1415555010{place}")
        deployment.carrier(name, ORGANIZATION).buy(replace(order, phone_number=number))
        _hold(deployment, name, number)
        heard = CallStep("e", "ringing", clock(), CallStatus.RINGING)
        sid, call_id = f"SID{place}", 5001 + place
        call = a_call(id=call_id, carrier=name, call_sid=sid, history=(heard,))
        deployment.store.add_call(replace(call, created_at=clock()))
    return deployment


def _hold(app: App, carrier: str, number: E164) -> None:
    held = a_number(phone_number=number, carrier=carrier, order_key=number)
    order = NumberOrder(
        id=held.id,
        organization_id=ORGANIZATION,
        key=number,
        fingerprint="f",
        carrier=carrier,
        phone_number=number,
        country_code="US",
        friendly_name="",
        created_at=held.created_at,
        updated_at=held.updated_at,
    )
    app.store.claim(order, held)


def seen(app: App, carrier: str) -> dict[str, Check]:
    """Return what the doctor says about a carrier, by what it looked at."""
    [diagnosis] = doctor.examine(app, ORGANIZATION, carrier)
    found = {}
    for check in diagnosis.checks:
        # Of several things that are wrong in one place, the worst.
        if found.setdefault(check.name, check).verdict is not FAILED:
            found[check.name] = check
    return found


def unwell(app: App, carrier: str) -> dict[str, Verdict]:
    """Return what is not as it should be."""
    found = seen(app, carrier)
    return {name: it.verdict for name, it in found.items() if it.verdict is not OK}


def secret(app: App, carrier: str, **changes: Any) -> None:
    """Change what is stored of an account."""
    stored = app.secrets.carrier(ORGANIZATION, carrier)
    app.secrets.store_carrier(ORGANIZATION, carrier, stored | changes)


def telnyx(app: App, lab: Lab, method: str, path: str, **body: Any) -> None:
    """Do something in Telnyx's portal; a name in braces is one of ours."""
    stored = app.secrets.carrier(ORGANIZATION, "telnyx")
    headers = {"Authorization": f"Bearer {stored['api_key']}"}
    url = "/telnyx/" + path.format(**stored)
    lab.control.request(method, url, headers=headers, json=body or None).raise_for_status()


def twilio(app: App, lab: Lab, method: str, path: str, **form: str) -> Json:
    """Do something in Twilio's console."""
    stored = app.secrets.carrier(ORGANIZATION, "twilio")
    base = f"/twilio/2010-04-01/Accounts/{stored['account_sid']}"
    auth = (stored["account_sid"], stored["auth_token"])
    answer = lab.control.request(method, base + path, auth=auth, data=form or None)
    found: Json = answer.raise_for_status().json() if answer.content else {}
    return found


def twilio_number(app: App, lab: Lab, method: str, **form: str) -> None:
    """Do something to our number in Twilio's console."""
    [number] = twilio(app, lab, "GET", "/IncomingPhoneNumbers.json")["incoming_phone_numbers"]
    twilio(app, lab, method, f"/IncomingPhoneNumbers/{number['sid']}.json", **form)


def test_accounts_that_are_well_are_said_to_be_well(deployment: App) -> None:
    found = list(doctor.examine(deployment, ORGANIZATION))

    assert [it.carrier for it in found] == ["twilio", "telnyx"]
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
    }


def test_looking_changes_nothing(deployment: App, lab: Lab) -> None:
    with lab.requests() as requests:
        list(doctor.examine(deployment, ORGANIZATION))

    assert {request.method for request in requests} == {"GET"}
    assert len(requests) == 3 + 5


Break = Callable[[App, Lab], object]
APPLICATION = "call_control_applications/{connection_id}"
PROFILE = "outbound_voice_profiles/{outbound_voice_profile_id}"
MESSAGING = "messaging_profiles/{messaging_profile_id}"
WRONG_KEY = base64.b64encode(bytes(31)).decode()


@pytest.mark.parametrize(
    ("broken", "name", "verdict", "said", "advice"),
    [
        (
            lambda app, lab: telnyx(app, lab, "PATCH", APPLICATION, webhook_event_url=ELSEWHERE),
            "call control application",
            FAILED,
            f"webhook_event_url is {ELSEWHERE}, not https://hooks.example.com/v1/telnyx-webhook",
            "carriers connect telnyx --organization 1001",
        ),
        (
            lambda app, lab: telnyx(app, lab, "PATCH", APPLICATION, active=False),
            "call control application",
            FAILED,
            "active is False, not True",
            "carriers connect",
        ),
        (
            lambda app, lab: telnyx(app, lab, "PATCH", APPLICATION, webhook_api_version="1"),
            "call control application",
            FAILED,
            "webhook_api_version is 1, not 2",
            "carriers connect",
        ),
        (
            lambda app, lab: telnyx(app, lab, "PATCH", APPLICATION, webhook_timeout_secs=None),
            "call control application",
            WARNING,
            "webhook_timeout_secs is Telnyx's own 2 s",
            "carriers connect",
        ),
        (
            lambda app, lab: telnyx(app, lab, "PATCH", APPLICATION, outbound={}),
            "call control application",
            FAILED,
            "no outbound voice profile is attached, so that every dial fails (D38)",
            "carriers connect",
        ),
        (
            lambda app, lab: telnyx(app, lab, "DELETE", APPLICATION),
            "call control application",
            FAILED,
            "could not be found (error 10005)",
            "carriers connect",
        ),
        (
            lambda app, lab: telnyx(app, lab, "PATCH", PROFILE, enabled=False),
            "outbound voice profile",
            FAILED,
            "enabled is False",
            "Enable it in the Telnyx portal",
        ),
        (
            lambda app, lab: telnyx(app, lab, "PATCH", PROFILE, whitelisted_destinations=["US"]),
            "outbound voice profile",
            WARNING,
            "our limits allow CA, the profile does not",
            "Allow the same destinations",
        ),
        (
            lambda app, lab: telnyx(app, lab, "PATCH", MESSAGING, webhook_url=ELSEWHERE),
            "messaging profile",
            FAILED,
            f"webhook_url is {ELSEWHERE}",
            "carriers connect",
        ),
        (
            lambda app, lab: secret(app, "telnyx", messaging_profile_id=""),
            "messaging profile",
            FAILED,
            "no messaging_profile_id is stored",
            "carriers connect",
        ),
        (
            lambda app, lab: lab.change_account("telnyx-default", balance=0),
            "balance",
            FAILED,
            "0.00 USD",
            "Add funds",
        ),
        (
            lambda app, lab: secret(app, "telnyx", public_key=WRONG_KEY),
            "signing key",
            FAILED,
            "must be the base64 text of 32 bytes",
            "carriers connect",
        ),
        (
            lambda app, lab: lab.fault("telnyx", "get_balance", "server_error"),
            "balance",
            FAILED,
            "Telnyx did not read the balance",
            "try again in a minute",
        ),
        (
            lambda app, lab: _release_at_telnyx(app, lab),
            "+14155550101",
            FAILED,
            "is not in the account",
            "released at Telnyx",
        ),
        (
            lambda app, lab: _disconnect_at_telnyx(app, lab),
            "+14155550101",
            FAILED,
            "connection_id is empty, not",
            "choose the application switchboard-test-1001",
        ),
    ],
)  # fmt: skip
def test_what_is_broken_at_telnyx_is_named(
    deployment: App, lab: Lab, broken: Break, name: str, verdict: Verdict, said: str, advice: str
) -> None:
    broken(deployment, lab)

    found = seen(deployment, "telnyx")

    assert (found[name].verdict, said in found[name].result) == (verdict, True), found[name]
    assert advice in found[name].advice
    assert list(unwell(deployment, "telnyx")) in ([name], [])


def _telnyx_number(lab: Lab) -> str:
    [number] = lab.books("telnyx")["numbers"]
    return str(number["id"])


def _release_at_telnyx(app: App, lab: Lab) -> None:
    telnyx(app, lab, "DELETE", f"phone_numbers/{_telnyx_number(lab)}")


def _disconnect_at_telnyx(app: App, lab: Lab) -> None:
    telnyx(app, lab, "PATCH", f"phone_numbers/{_telnyx_number(lab)}", connection_id="")


@pytest.mark.parametrize(
    ("broken", "name", "verdict", "said", "advice"),
    [
        (
            lambda app, lab: twilio_number(app, lab, "POST", VoiceUrl=ELSEWHERE),
            "+14155550100",
            FAILED,
            f"voice_url is {ELSEWHERE}, not https://hooks.example.com/v1/twiml?org=1001",
            "Set this at +14155550100 in the Twilio Console",
        ),
        (
            lambda app, lab: twilio_number(app, lab, "POST", VoiceApplicationSid="AP" + "1" * 32),
            "+14155550100",
            FAILED,
            "voice_application_sid is AP",
            "Set this",
        ),
        (
            lambda app, lab: twilio_number(app, lab, "POST", StatusCallback="", SmsUrl=ELSEWHERE),
            "+14155550100",
            WARNING,
            "status_callback is empty, not https://hooks.example.com/v1/call-status?org=1001; "
            f"sms_url is {ELSEWHERE}",
            "Set this",
        ),
        (
            lambda app, lab: twilio_number(app, lab, "DELETE"),
            "+14155550100",
            FAILED,
            "is not in the account",
            "released at Twilio",
        ),
        (
            lambda app, lab: lab.change_account(
                lab.default_account("twilio")["id"], balance=-1
            ),
            "balance",
            FAILED,
            "-1.00 USD",
            "Add funds",
        ),
        (
            lambda app, lab: lab.answer_instead(
                200, '{"friendly_name": "Acme", "status": "suspended", "type": "Full"}'
            ),
            "account",
            FAILED,
            "Acme is suspended",
            "The Twilio Console says why",
        ),
        (
            lambda app, lab: lab.answer_instead(
                200, '{"friendly_name": "Acme", "status": "active", "type": "Trial"}'
            ),
            "account",
            WARNING,
            "Acme is active, a trial: it calls only numbers that are verified at Twilio",
            "Upgrade",
        ),
    ],
)  # fmt: skip
def test_what_is_broken_at_twilio_is_named(
    deployment: App, lab: Lab, broken: Break, name: str, verdict: Verdict, said: str, advice: str
) -> None:
    broken(deployment, lab)

    found = seen(deployment, "twilio")

    assert (found[name].verdict, said in found[name].result) == (verdict, True), found[name]
    assert advice in found[name].advice


@pytest.mark.parametrize(
    ("carrier", "wrong"),
    [("twilio", {"auth_token": "wrong"}), ("telnyx", {"api_key": "KEYwrong"})],
)
def test_refused_credentials_are_said_once(deployment: App, carrier: str, wrong: Json) -> None:
    secret(deployment, carrier, **wrong)

    found = unwell(deployment, carrier)

    assert found == {"credentials": FAILED, "the rest": WARNING}
    assert "Store valid ones" in seen(deployment, carrier)["credentials"].advice


def test_everything_that_is_wrong_is_said_at_once(deployment: App, lab: Lab) -> None:
    lab.change_account("telnyx-default", balance=0)
    telnyx(deployment, lab, "PATCH", APPLICATION, webhook_event_url=ELSEWHERE, outbound={})
    telnyx(deployment, lab, "PATCH", PROFILE, enabled=False)
    twilio_number(deployment, lab, "DELETE")

    found = list(doctor.examine(deployment, ORGANIZATION))

    failed = [check.name for it in found for check in it.checks if check.verdict is FAILED]
    assert failed == [
        "+14155550100",
        "balance",
        "call control application",
        "call control application",
        "outbound voice profile",
    ]


def test_connecting_again_mends_what_it_promises_to(deployment: App, lab: Lab) -> None:
    telnyx(deployment, lab, "PATCH", APPLICATION, webhook_event_url=ELSEWHERE, outbound={})
    telnyx(deployment, lab, "PATCH", MESSAGING, webhook_url=ELSEWHERE)
    given = lab.default_account("telnyx")["credentials"]

    accounts.connect(deployment, ORGANIZATION, "telnyx", given)

    assert unwell(deployment, "telnyx") == {}


def test_an_account_whose_secret_is_gone_is_missed(app: App) -> None:
    deployment = replace(app, carrier_class=carrier_class)
    with pytest.raises(CarrierNotConnected, match="carriers connect CARRIER --organization 1001"):
        doctor.examine(deployment, ORGANIZATION)

    _hold(deployment, "twilio", E164("+14155550100"))

    found = seen(deployment, "twilio")
    assert found["account"].verdict is FAILED
    assert "has no twilio account" in found["account"].result


def test_only_a_call_proves_the_signing_key(deployment: App, clock: Clock) -> None:
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
    deployment.store.add_call(placed)
    assert seen(deployment, "telnyx")["webhooks"].verdict is OK

    clock.now += timedelta(minutes=3)

    found = seen(deployment, "telnyx")["webhooks"]
    assert found.verdict is FAILED
    assert "none was believed for call 6001" in found.result
    assert "CarrierWebhookTelnyx" in found.advice
    assert seen(deployment, "twilio")["webhooks"].verdict is OK


def test_a_caller_id_counts_while_the_carrier_has_verified_it(deployment: App, lab: Lab) -> None:
    twilio(deployment, lab, "POST", "/OutgoingCallerIds.json", PhoneNumber=VERIFIED)
    caller_ids.add(deployment, ORGANIZATION, "twilio", VERIFIED)
    assert seen(deployment, "twilio")[f"caller id {VERIFIED}"].verdict is OK

    [listed] = twilio(deployment, lab, "GET", "/OutgoingCallerIds.json")["outgoing_caller_ids"]
    twilio(deployment, lab, "DELETE", f"/OutgoingCallerIds/{listed['sid']}.json")

    assert seen(deployment, "twilio")[f"caller id {VERIFIED}"].verdict is FAILED


def test_a_number_that_telnyx_has_verified_is_told_from_one_in_progress(
    deployment: App, lab: Lab
) -> None:
    carrier = deployment.carrier("telnyx", ORGANIZATION)
    wanted = {"phone_number": VERIFIED, "verification_method": "sms"}
    telnyx(deployment, lab, "POST", "verified_numbers", **wanted)
    assert not carrier.has_verified(VERIFIED)

    path = f"verified_numbers/{VERIFIED}/actions/verify"
    telnyx(deployment, lab, "POST", path, verification_code="1")

    assert carrier.has_verified(VERIFIED)


def test_limits_that_the_voice_profile_does_not_follow_are_noticed(deployment: App) -> None:
    directory.change_limits(deployment, ORGANIZATION, directory.LimitChanges(allow=("GB",)))

    found = seen(deployment, "telnyx")["outbound voice profile"]

    assert (found.verdict, "our limits allow GB" in found.result) == (WARNING, True)


@pytest.mark.parametrize(
    ("carrier", "wrong", "problem"),
    [
        ("twilio", {"account_sid": ""}, InvalidCredentials),
        ("twilio", {"auth_token": ""}, InvalidCredentials),
        ("telnyx", {"api_key": ""}, InvalidCredentials),
        ("telnyx", {"public_key": WRONG_KEY}, InvalidCredentials),
        ("telnyx", {"connection_id": ""}, CarrierMisconfigured),
        ("telnyx", {"outbound_voice_profile_id": ""}, CarrierMisconfigured),
    ],
)
def test_a_dial_that_cannot_work_is_refused_without_a_request(
    deployment: App, lab: Lab, carrier: str, wrong: Json, problem: type[Exception]
) -> None:
    deployment.carrier(carrier, ORGANIZATION).check_ready_to_dial()
    secret(deployment, carrier, **wrong)

    with lab.requests() as requests, pytest.raises(problem):
        deployment.carrier(carrier, ORGANIZATION).check_ready_to_dial()

    assert requests == []
