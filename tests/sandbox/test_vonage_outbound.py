"""An outbound call at the sandbox's Vonage."""

import time
from typing import Any

import httpx
import pytest
from starlette.responses import Response

from tests.sandbox.clients import (
    VonageApplication,
    VonageClient,
    program_far_end,
    program_fault,
    transcript,
)
from tests.sandbox.servers import Customer, Received, wait_until

NUMBER = "+14155550100"
CALLEE = "+14155550122"
TALK = {"action": "talk", "text": "Hello"}


@pytest.fixture
def application(vonage: VonageClient, customer: Customer) -> VonageApplication:
    """Make an application whose webhooks come to the customer, with a number."""
    made = vonage.application(customer.url)
    vonage.buy(NUMBER).raise_for_status()
    vonage.link(NUMBER, made.id).raise_for_status()
    return made


def dial(application: VonageApplication, **fields: Any) -> httpx.Response:
    body = {
        "to": [{"type": "phone", "number": CALLEE[1:]}],
        "from": {"type": "phone", "number": NUMBER[1:]},
        "ncco": [TALK],
    } | fields
    wanted = {name: value for name, value in body.items() if value is not None}
    return application("POST", "", json=wanted)


def dialled(application: VonageApplication, **fields: Any) -> str:
    answer = dial(application, **fields)
    assert answer.status_code == 201, answer.text
    uuid: str = answer.json()["uuid"]
    return uuid


def statuses(customer: Customer) -> list[str]:
    return [got.json["status"] for got in customer.at("/event")]


def test_a_call_is_placed_and_told_to_the_events_url(
    sandbox: httpx.Client, customer: Customer, application: VonageApplication
) -> None:
    answer = dial(application, event_url=[f"{customer.url}/own?call=7"])

    made = answer.json()
    assert (answer.status_code, made["status"], made["direction"]) == (201, "started", "outbound")
    assert made["conversation_uuid"].startswith("CON-")
    report = transcript(sandbox, made["uuid"])
    assert (report["status"], report["said"]) == ("completed", ["Hello"])
    assert report["reference"].endswith("/own?call=7")
    told = [got.json for got in customer.at("/own")]
    assert [event["status"] for event in told] == ["started", "ringing", "answered", "completed"]
    assert {event["uuid"] for event in told} == {made["uuid"]}
    assert customer.at("/event") == []
    assert application("GET", f"/{made['uuid']}").json()["status"] == "completed"


def test_the_ncco_is_asked_for_at_the_answer_url(
    sandbox: httpx.Client, customer: Customer, application: VonageApplication
) -> None:
    customer.says_ncco("/script", TALK)

    uuid = dialled(
        application, ncco=None, answer_url=[f"{customer.url}/script?call=7"], answer_method="POST"
    )

    assert transcript(sandbox, uuid)["said"] == ["Hello"]
    [asked] = customer.at("/script")
    assert (asked.json["to"], asked.json["uuid"]) == (CALLEE[1:], uuid)


@pytest.mark.parametrize(
    ("behaviour", "told", "detail", "status"),
    [
        ("busy", ["busy", "completed"], None, "busy"),
        ("reject", ["rejected"], "declined", "failed"),
        ("no_answer", ["timeout", "completed"], None, "no-answer"),
        ("unknown_number", ["rejected"], "invalid_number", "failed"),
        ("unreachable", ["failed", "completed"], "cannot_route", "failed"),
    ],
)
def test_a_call_nobody_answers_is_told_with_its_reason_and_often_completed_too(
    sandbox: httpx.Client,
    customer: Customer,
    application: VonageApplication,
    behaviour: str,
    told: list[str],
    detail: str | None,
    status: str,
) -> None:
    program_far_end(sandbox, CALLEE, behaviour)

    report = transcript(sandbox, dialled(application))

    assert (report["status"], report["answered"]) == (status, False)
    assert statuses(customer) == ["started", "ringing", *told]
    assert customer.at("/event")[2].json.get("detail") == detail
    # What happened is what the call shows, whatever was told last.
    [shown] = application("GET", "").json()["_embedded"]["calls"]
    assert shown["status"] == told[0]


def test_a_network_that_gives_up_leaves_the_call_unanswered(
    sandbox: httpx.Client, customer: Customer, application: VonageApplication
) -> None:
    program_far_end(sandbox, CALLEE, "no_answer", after_s=0.05)

    transcript(sandbox, dialled(application))

    assert statuses(customer)[2:] == ["unanswered", "completed"]


def test_a_ringing_call_is_cancelled_by_hanging_up(
    sandbox: httpx.Client, customer: Customer, application: VonageApplication
) -> None:
    program_far_end(sandbox, CALLEE, "answer", after_s=5)
    uuid = dialled(application)
    wait_until(lambda: "ringing" in statuses(customer))

    refused = application("PUT", f"/{uuid}", json={"action": "mute"})
    ended = application("PUT", f"/{uuid}", json={"action": "hangup"})

    assert (refused.status_code, ended.status_code) == (400, 204)
    assert transcript(sandbox, uuid)["status"] == "canceled"
    assert statuses(customer)[2:] == ["cancelled", "completed"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"machine_detection": "continue"}, [("machine", None)]),
        (
            {"advanced_machine_detection": {"mode": "default", "behavior": "continue"}},
            [("machine", None), ("machine", "beep_start")],
        ),
        ({"advanced_machine_detection": {"mode": "detect"}}, [("machine", None)]),
        ({"advanced_machine_detection": {"mode": "detect_beep"}}, [("machine", "beep_start")]),
    ],
)
def test_a_machine_is_told_under_another_name_of_the_call(
    sandbox: httpx.Client,
    customer: Customer,
    application: VonageApplication,
    asked: dict[str, Any],
    found: list[tuple[str, str | None]],
) -> None:
    program_far_end(sandbox, CALLEE, "machine", hangup_after_s=0.5)

    uuid = dialled(application, ncco=[{"action": "wait", "timeout": 1}], **asked)
    transcript(sandbox, uuid)

    told = [got.json for got in customer.at("/event") if "call_uuid" in got.json]
    assert [(event["status"], event.get("sub_state")) for event in told] == found
    assert {event["call_uuid"] for event in told} == {uuid}
    assert not any("uuid" in event for event in told)


def test_a_machine_ends_the_call_when_the_dial_said_so(
    sandbox: httpx.Client, customer: Customer, application: VonageApplication
) -> None:
    program_far_end(sandbox, CALLEE, "machine")
    advanced = {"mode": "detect", "behavior": "hangup"}

    report = transcript(sandbox, dialled(application, advanced_machine_detection=advanced))

    assert (report["hung_up_by"], report["said"]) == ("carrier", [])
    assert statuses(customer)[-2:] == ["machine", "completed"]


def test_the_reply_to_a_detection_may_be_another_ncco(
    sandbox: httpx.Client, customer: Customer, application: VonageApplication
) -> None:
    program_far_end(sandbox, CALLEE, "machine", hangup_after_s=1)

    def replied(got: Received) -> Response:
        other = '[{"action": "talk", "text": "Please call back"}]'
        is_machine = got.json.get("status") == "machine"
        return Response(other if is_machine else "", media_type="application/json")

    customer.answers["/event"] = replied
    uuid = dialled(
        application, ncco=[{"action": "wait", "timeout": 5}], machine_detection="continue"
    )

    assert transcript(sandbox, uuid)["said"] == ["Please call back"]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"to": None}, "to"),
        ({"to": [{"type": "phone", "number": CALLEE}]}, "to[0].number"),
        ({"to": [{"type": "sip", "uri": "sip:a@" + "b" * 50}]}, "to[0].uri"),
        ({"from": {"type": "phone", "number": "14155550177"}}, "from"),
        ({"from": None}, "from"),
        ({"random_from_number": True}, "random_from_number"),
        ({"event_url": "https://x.example"}, "event_url"),
        ({"ncco": None}, "ncco"),
        ({"answer_url": ["https://x.example"]}, "ncco"),
        ({"ncco": [{"action": "sing"}]}, "ncco"),
        ({"ringing_timer": 121}, "ringing_timer"),
        ({"length_timer": 0}, "length_timer"),
        ({"machine_detection": "ask"}, "machine_detection"),
        ({"advanced_machine_detection": {"mode": "x"}}, "advanced_machine_detection.mode"),
    ],
)
def test_a_dial_that_makes_no_sense_is_refused_with_the_field(
    sandbox: httpx.Client, application: VonageApplication, fields: dict[str, Any], name: str
) -> None:
    answer = dial(application, **fields)

    assert answer.status_code == 400
    assert answer.json()["invalid_parameters"][0]["name"] == name
    assert sandbox.get("/_/dials").json()["dials"] == []


def test_one_of_the_applications_numbers_can_be_picked(
    sandbox: httpx.Client, application: VonageApplication
) -> None:
    uuid = dialled(application, **{"from": None, "random_from_number": True})

    assert transcript(sandbox, uuid)["from"] == NUMBER


def test_who_has_no_money_cannot_dial(
    sandbox: httpx.Client, vonage: VonageClient, application: VonageApplication
) -> None:
    sandbox.patch(f"/_/accounts/{vonage.key}", json={"balance": 0}).raise_for_status()

    answer = dial(application)

    assert answer.status_code == 402
    assert answer.json()["type"].endswith("#low-balance")


@pytest.mark.parametrize(
    "claims",
    [
        {"application_id": "somebody-else"},
        {"exp": int(time.time()) - 3600, "iat": int(time.time()) - 7200},
        {"exp": int(time.time()) + 100_000},
        {"iat": int(time.time()) + 3600},
    ],
)
def test_a_token_that_proves_nothing_is_refused(
    sandbox: httpx.Client, application: VonageApplication, claims: dict[str, Any]
) -> None:
    headers = {"Authorization": f"Bearer {application.token(**claims)}"}

    answer = sandbox.get("/vonage/v1/calls", headers=headers)

    assert (answer.status_code, answer.json()["type"]) == (401, "UNAUTHORIZED")


def test_the_key_of_another_application_is_refused(
    sandbox: httpx.Client, vonage: VonageClient, application: VonageApplication
) -> None:
    other = vonage.application("https://us.example")
    forged = VonageApplication(sandbox, application.id, other.private_key)

    assert forged("GET", "").status_code == 401


@pytest.mark.parametrize("operation", ["dial", "hangup", "transfer", "get_call", "list_calls"])
def test_calls_can_be_refused_by_a_fault_of_their_own_name(
    sandbox: httpx.Client, application: VonageApplication, operation: str
) -> None:
    program_far_end(sandbox, CALLEE, "answer", after_s=5)
    path = f"/{dialled(application)}"
    transfer = {"action": "transfer", "destination": {"type": "ncco", "ncco": [TALK]}}
    asks = {
        "dial": lambda: dial(application),
        "hangup": lambda: application("PUT", path, json={"action": "hangup"}),
        "transfer": lambda: application("PUT", path, json=transfer),
        "get_call": lambda: application("GET", path),
        "list_calls": lambda: application("GET", ""),
    }

    for fault, status in (("rate_limited", 429), ("server_error", 500)):
        program_fault(sandbox, "vonage", operation, fault)
        assert asks[operation]().status_code == status
    assert sandbox.get("/_/faults").json()["faults"] == []


def test_a_dial_takes_effect_though_its_answer_gets_lost(
    sandbox: httpx.Client, application: VonageApplication
) -> None:
    program_fault(sandbox, "vonage", "dial", "lost_answer")

    with pytest.raises(httpx.RemoteProtocolError):
        dial(application)

    [row] = sandbox.get("/_/dials").json()["dials"]
    assert (row["to"], row["count"]) == (CALLEE, 1)
