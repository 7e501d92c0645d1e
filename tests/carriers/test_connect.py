"""Connecting an account at a carrier: found by our mark, never made twice, put right again."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from switchboard import accounts
from switchboard.app import App
from switchboard.carriers import CARRIERS, carrier_class
from switchboard.errors import (
    CarrierNotConnected,
    CarrierUnavailable,
    Conflict,
    InvalidCredentials,
    OutcomeUnknown,
)
from tests.builders import ORGANIZATION, OTHER_ORGANIZATION, an_organization
from tests.carriers.lab import Lab

KINDS = ("call_control_applications", "outbound_voice_profiles", "messaging_profiles")
NAMES = {"call_control_applications": "application_name"}
MARK = f"switchboard-test-{ORGANIZATION}"
URL = f"https://hooks.example.com/v1/telnyx-webhook?org={ORGANIZATION}"

Json = dict[str, Any]


@pytest.fixture
def deployment(app: App, lab: Lab) -> App:
    """Return a deployment whose carriers are the sandbox's."""
    urls = {name: f"{lab.url}/{name}" for name in CARRIERS}
    settings = replace(app.settings, carrier_api_urls=urls)
    return replace(app, settings=settings, carrier_class=carrier_class)


def credentials(lab: Lab, carrier: str) -> Json:
    """Return what a person would type."""
    found: Json = lab.default_account(carrier)["credentials"]
    return found


def telnyx(lab: Lab, method: str, path: str, **options: Any) -> Any:
    """Ask Telnyx as the account's owner would."""
    headers = {"Authorization": f"Bearer {credentials(lab, 'telnyx')['api_key']}"}
    answer = lab.control.request(method, f"/telnyx/{path}", headers=headers, **options)
    return answer.raise_for_status().json()["data"]


def marked(lab: Lab, kind: str) -> list[Json]:
    """List what carries our mark in the account."""
    field = NAMES.get(kind, "name")
    rows = telnyx(lab, "GET", kind, params={f"filter[{field}][contains]": MARK, "page[size]": 250})
    return [row for row in rows if row[field] == MARK]


def test_twilio_is_probed_and_kept(deployment: App, lab: Lab) -> None:
    given = credentials(lab, "twilio")

    checks = accounts.connect(deployment, ORGANIZATION, "twilio", given)

    assert [check.name for check in checks] == ["account", "balance"]
    assert deployment.secrets.carrier(ORGANIZATION, "twilio") == given


@pytest.mark.parametrize("name", CARRIERS)
def test_another_account_is_told_from_another_key_of_the_same(
    deployment: App, lab: Lab, name: str
) -> None:
    accounts.connect(deployment, ORGANIZATION, name, credentials(lab, name))
    known = deployment.secrets.carrier(ORGANIZATION, name)
    context = deployment.carrier_context(name, ORGANIZATION)
    rival = lab.new_account(name)["credentials"]

    assert carrier_class(name)(known, context).is_account_of(known)
    assert not carrier_class(name)(known | rival, context).is_account_of(known)
    # Only what names the account counts: whatever else was rotated is the account's own.
    rotated = {"twilio": "auth_token", "telnyx": "api_key", "vonage": "api_secret"}[name]
    assert carrier_class(name)(known, context).is_account_of(known | {rotated: "the former one"})


def test_telnyx_gets_one_of_each_and_the_next_run_finds_them(deployment: App, lab: Lab) -> None:
    given = credentials(lab, "telnyx")

    accounts.connect(deployment, ORGANIZATION, "telnyx", given)
    first = deployment.secrets.carrier(ORGANIZATION, "telnyx")
    accounts.connect(deployment, ORGANIZATION, "telnyx", given)
    second = deployment.secrets.carrier(ORGANIZATION, "telnyx")

    assert first == second
    [application], [profile], [messaging] = (marked(lab, kind) for kind in KINDS)
    assert first == given | {
        "connection_id": application["id"],
        "outbound_voice_profile_id": profile["id"],
        "messaging_profile_id": messaging["id"],
    }


def test_telnyx_is_set_up_as_calls_need_it(deployment: App, lab: Lab) -> None:
    accounts.connect(deployment, ORGANIZATION, "telnyx", credentials(lab, "telnyx"))

    [application], [profile], [messaging] = (marked(lab, kind) for kind in KINDS)
    assert application["webhook_event_url"] == URL
    assert application["webhook_event_failover_url"] == URL
    assert application["webhook_api_version"] == "2"
    assert application["webhook_timeout_secs"] == 10
    assert application["first_command_timeout"] is True
    assert application["outbound"] == {"outbound_voice_profile_id": profile["id"]}
    assert messaging["webhook_url"] == URL
    assert messaging["webhook_api_version"] == "2"


def test_what_was_changed_by_hand_is_put_right(deployment: App, lab: Lab) -> None:
    given = credentials(lab, "telnyx")
    accounts.connect(deployment, ORGANIZATION, "telnyx", given)
    [application], _, [messaging] = (marked(lab, kind) for kind in KINDS)
    elsewhere = {"webhook_event_url": "https://elsewhere.example", "webhook_api_version": "1"}
    telnyx(lab, "PATCH", f"call_control_applications/{application['id']}", json=elsewhere)
    gone = {"webhook_url": "https://elsewhere.example"}
    telnyx(lab, "PATCH", f"messaging_profiles/{messaging['id']}", json=gone)

    accounts.connect(deployment, ORGANIZATION, "telnyx", given)

    [application], _, [messaging] = (marked(lab, kind) for kind in KINDS)
    assert application["webhook_event_url"] == URL
    assert application["webhook_api_version"] == "2"
    assert messaging["webhook_url"] == URL


def test_a_new_public_address_reaches_the_same_application(deployment: App, lab: Lab) -> None:
    given = credentials(lab, "telnyx")
    accounts.connect(deployment, ORGANIZATION, "telnyx", given)
    moved = replace(deployment.settings, public_base_url="https://new.example.com")

    accounts.connect(replace(deployment, settings=moved), ORGANIZATION, "telnyx", given)

    [application] = marked(lab, "call_control_applications")
    new = f"https://new.example.com/telnyx-webhook?org={ORGANIZATION}"
    assert application["webhook_event_url"] == application["webhook_event_failover_url"] == new


def test_two_organizations_of_one_account_each_have_their_own(deployment: App, lab: Lab) -> None:
    given = credentials(lab, "telnyx")
    # The first one's mark is the beginning of the other's: filters find parts of names.
    longer = int(f"{ORGANIZATION}7")
    for organization in (longer, ORGANIZATION, OTHER_ORGANIZATION):
        deployment.store.add_organization(an_organization(id=organization))
        accounts.connect(deployment, organization, "telnyx", given)

    connections = {
        deployment.secrets.carrier(organization, "telnyx")["connection_id"]
        for organization in (longer, ORGANIZATION, OTHER_ORGANIZATION)
    }
    assert len(connections) == 3


def test_our_mark_is_found_among_hundreds_that_look_alike(deployment: App, lab: Lab) -> None:
    given = credentials(lab, "telnyx")
    body = {"application_name": f"{MARK}0", "webhook_event_url": "https://elsewhere.example"}
    made = telnyx(lab, "POST", "call_control_applications", json=body)
    # Into the books: by request it would take longer than all the other tests.
    resources = lab.tap.app.state.world.books.resources
    [like] = [it for it in resources if it.id == made["id"]]
    for number in range(1, 260):
        looks = like.body | {"id": f"{number}", "application_name": f"{MARK}{number}"}
        resources.append(replace(like, id=f"{number}", body=looks))
    accounts.connect(deployment, ORGANIZATION, "telnyx", given)
    first = deployment.secrets.carrier(ORGANIZATION, "telnyx")

    with lab.requests() as requests:
        accounts.connect(deployment, ORGANIZATION, "telnyx", given)

    assert deployment.secrets.carrier(ORGANIZATION, "telnyx") == first
    pages = [r for r in requests if r.method == "GET" and r.path.endswith("_applications")]
    assert len(pages) == 2


@pytest.mark.parametrize(
    ("carrier", "changes"),
    [
        ("twilio", {"auth_token": "wrong"}),
        ("twilio", {"account_sid": "AC" + "0" * 32}),
        ("twilio", {"account_sid": "SK" + "0" * 32}),
        ("twilio", {"account_sid": "AC/../../Accounts"}),
        ("telnyx", {"api_key": "KEYwrong"}),
        ("telnyx", {"public_key": "wrong"}),
        ("telnyx", {"public_key": "AAAA"}),
        ("vonage", {"api_secret": "wrong-secret"}),
        ("vonage", {"api_key": "deadbeef"}),
        ("vonage", {"api_region": "mars-west-1"}),
    ],
)
def test_wrong_credentials_are_said_and_nothing_is_stored_or_made(
    deployment: App, lab: Lab, carrier: str, changes: Json
) -> None:
    given = credentials(lab, carrier) | changes

    with lab.requests() as requests, pytest.raises(InvalidCredentials) as refused:
        accounts.connect(deployment, ORGANIZATION, carrier, given)

    assert all(request.method == "GET" for request in requests)
    assert not any(value in str(refused.value) for value in given.values() if len(value) > 8)
    with pytest.raises(CarrierNotConnected):
        deployment.secrets.carrier(ORGANIZATION, carrier)


@pytest.mark.parametrize("fault", ["lost_answer", "error_after_success"])
def test_an_application_made_without_an_answer_is_found_by_the_next_run(
    deployment: App, lab: Lab, fault: str
) -> None:
    given = credentials(lab, "vonage")
    lab.fault("vonage", "create_application", fault)

    with pytest.raises(OutcomeUnknown, match="Run this again"):
        accounts.connect(deployment, ORGANIZATION, "vonage", given)
    with pytest.raises(CarrierNotConnected):
        deployment.secrets.carrier(ORGANIZATION, "vonage")
    accounts.connect(deployment, ORGANIZATION, "vonage", given)

    [application] = applications(lab)
    stored = deployment.secrets.carrier(ORGANIZATION, "vonage")
    assert stored["application_id"] == application["id"]
    assert stored | given == stored


def test_what_is_stored_of_vonage_survives_connecting_again(deployment: App, lab: Lab) -> None:
    given = credentials(lab, "vonage")
    accounts.connect(deployment, ORGANIZATION, "vonage", given | {"api_region": "api-eu"})
    first = deployment.secrets.carrier(ORGANIZATION, "vonage")

    accounts.connect(deployment, ORGANIZATION, "vonage", given)

    assert deployment.secrets.carrier(ORGANIZATION, "vonage") == first
    assert first["api_region"] == "api-eu"


def test_two_organizations_of_one_vonage_account_each_have_their_own(
    deployment: App, lab: Lab
) -> None:
    given = credentials(lab, "vonage")
    deployment.store.add_organization(an_organization(id=OTHER_ORGANIZATION))
    for organization in (ORGANIZATION, OTHER_ORGANIZATION):
        accounts.connect(deployment, organization, "vonage", given)

    assert len(applications(lab)) == 2


def test_our_application_is_found_on_a_later_page(deployment: App, lab: Lab) -> None:
    given = credentials(lab, "vonage")
    for number in range(101):
        wanted = {"name": f"{MARK}{number}", "capabilities": {}}
        vonage(lab, "POST", "/v2/applications", json=wanted)
    accounts.connect(deployment, ORGANIZATION, "vonage", given)
    first = deployment.secrets.carrier(ORGANIZATION, "vonage")
    again = {name: given[name] for name in given}
    deployment.secrets.store_carrier(ORGANIZATION, "vonage", {"private_key": first["private_key"]})

    accounts.connect(deployment, ORGANIZATION, "vonage", again)

    assert deployment.secrets.carrier(ORGANIZATION, "vonage") == first


def vonage(lab: Lab, method: str, path: str, **options: Any) -> Any:
    """Ask Vonage as the account's owner would."""
    known = credentials(lab, "vonage")
    auth = (known["api_key"], known["api_secret"])
    answer = lab.control.request(method, f"/vonage{path}", auth=auth, **options)
    return answer.raise_for_status().json()


def applications(lab: Lab) -> list[Json]:
    """List the account's applications."""
    found = vonage(lab, "GET", "/v2/applications", params={"page_size": 100})
    rows: list[Json] = found["_embedded"]["applications"]
    return rows


@pytest.mark.parametrize("fault", ["lost_answer", "error_after_success"])
def test_what_was_made_without_an_answer_is_found_by_the_next_run(
    deployment: App, lab: Lab, fault: str
) -> None:
    given = credentials(lab, "telnyx")
    lab.fault("telnyx", "create_call_control_application", fault)

    with pytest.raises(OutcomeUnknown, match="Run this again"):
        accounts.connect(deployment, ORGANIZATION, "telnyx", given)
    with pytest.raises(CarrierNotConnected):
        deployment.secrets.carrier(ORGANIZATION, "telnyx")
    accounts.connect(deployment, ORGANIZATION, "telnyx", given)

    assert [len(marked(lab, kind)) for kind in KINDS] == [1, 1, 1]


def test_a_carrier_that_is_away_changes_nothing(deployment: App, lab: Lab) -> None:
    given = credentials(lab, "telnyx")
    lab.fault("telnyx", "*", "server_error")

    with pytest.raises(CarrierUnavailable):
        accounts.connect(deployment, ORGANIZATION, "telnyx", given)

    with pytest.raises(CarrierNotConnected):
        deployment.secrets.carrier(ORGANIZATION, "telnyx")


def test_two_runs_at_once_make_one(deployment: App, lab: Lab) -> None:
    given = credentials(lab, "telnyx")
    start = threading.Barrier(4)
    ends: list[str] = []

    def run() -> None:
        start.wait()
        try:
            accounts.connect(deployment, ORGANIZATION, "telnyx", given)
        except Conflict:
            ends.append("refused")
        else:
            ends.append("connected")

    runs = [threading.Thread(target=run) for _ in range(4)]
    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join()

    assert len(ends) == 4
    assert "connected" in ends
    assert [len(marked(lab, kind)) for kind in KINDS] == [1, 1, 1]
