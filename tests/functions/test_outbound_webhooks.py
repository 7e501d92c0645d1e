"""Calls that we placed: what whoever takes them hears, and how they end, at both carriers."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import pytest

from switchboard import calls, limits
from switchboard.app import App
from switchboard.model import (
    Call,
    CallStatus,
    DialOptions,
    Direction,
    Limits,
    MachinePolicy,
)
from tests.builders import CALL_SID, CALLER, NUMBER, ORGANIZATION, a_call
from tests.functions.carriers import TELNYX_NUMBER, VONAGE_NUMBER, Http
from tests.functions.events import load
from tests.functions.signed import telnyx, twilio

TELNYX_SID = "v3:T02llQxIyaRkhfRKxgAP8nY511EhFLizdvdUKJiSw8d6A9BborherQ"
NUMBERS = {"twilio": NUMBER, "telnyx": TELNYX_NUMBER, "vonage": VONAGE_NUMBER}
SIDS = {
    "twilio": CALL_SID,
    "telnyx": TELNYX_SID,
    "vonage": "63f61863-4a51-4f6b-86e1-46edebcf9357",
}
VOICEMAIL = "Hello Ann, please call <Acme> & Co. back."


def place(live: App, carrier: str, policy: MachinePolicy | None = None, **changes: Any) -> Call:
    """Put a call into the table as dialling leaves it, call 9001."""
    wanted: dict[str, Any] = {
        "id": 9001,
        "carrier": carrier,
        "call_sid": "",
        "direction": Direction.OUTBOUND,
        "phone_number": NUMBERS[carrier],
        "customer_number": CALLER,
        "status": CallStatus.QUEUED,
        "stream_url": "wss://media.example.com/stream",
        "welcome_message": "Hello Ann",
        "agenda": "Confirm the delivery",
        "options": DialOptions(machine_detection=policy, voicemail_message=VOICEMAIL),
    }
    call, places, quotas = limits.reserved(a_call(**wanted | changes), Limits(), live.clock())
    live.store.reserve_call(call, None, "", places, quotas)
    dialled = replace(call, status=CallStatus.DIALING, call_sid=SIDS[carrier])
    live.store.save_call(call, dialled)
    return dialled


def now(live: App) -> Call:
    """Return the call as it is."""
    return calls.find(live, ORGANIZATION, 9001)


def verbs(reply: dict[str, Any]) -> list[str]:
    """Return the verbs of a TwiML document."""
    assert reply["statusCode"] == 200
    return [verb.tag for verb in ElementTree.fromstring(reply["body"])]


def commands(http: Http) -> list[tuple[str, dict[str, Any]]]:
    """Return the call control commands that were sent."""
    return [(url.rpartition("/")[2], body) for _, url, body in http.sent]


# --- Twilio ---


def test_whoever_takes_twilios_call_is_connected_with_the_assistant(live: App, send: Any) -> None:
    call = place(live, "twilio")

    reply = send(load("carrier_webhook/twilio-outbound-answered"), "twilio")

    stream = ElementTree.fromstring(reply["body"]).find("Connect/Stream")
    assert stream is not None
    assert stream.get("url") == "wss://media.example.com/stream"
    assert stream.get("statusCallback") == (
        "https://hooks.example.com/v1/call-status?call=1001-9001"
    )
    parameters = {str(p.get("name")): str(p.get("value")) for p in stream.findall("Parameter")}
    assert (parameters["From"], parameters["To"]) == (NUMBER, CALLER)
    assert parameters["outbound"] == "true"
    assert parameters["to_phone_number"] == CALLER
    assert parameters["welcome_message"] == "Hello Ann"
    assert parameters["agenda"] == "Confirm the delivery"
    assert calls.session(live, call.id, parameters["session_token"])[0].id == call.id
    assert now(live).status is CallStatus.IN_PROGRESS


@pytest.mark.parametrize(
    ("policy", "answered_by", "heard"),
    [
        (None, "", ["Connect"]),
        (MachinePolicy.OFF, "", ["Connect"]),
        (MachinePolicy.CONTINUE, "", ["Connect"]),
        (MachinePolicy.CONTINUE, "machine_start", ["Connect"]),
        (MachinePolicy.HANG_UP, "human", ["Connect"]),
        (MachinePolicy.HANG_UP, "unknown", ["Connect"]),
        (MachinePolicy.HANG_UP, "machine_start", ["Hangup"]),
        (MachinePolicy.HANG_UP, "fax", ["Hangup"]),
        (MachinePolicy.LEAVE_MESSAGE, "human", ["Connect"]),
        (MachinePolicy.LEAVE_MESSAGE, "unknown", ["Connect"]),
        (MachinePolicy.LEAVE_MESSAGE, "machine_end_beep", ["Say"]),
        (MachinePolicy.LEAVE_MESSAGE, "machine_end_silence", ["Say"]),
        (MachinePolicy.LEAVE_MESSAGE, "machine_end_other", ["Say"]),
    ],
)
def test_what_twilios_machine_hears_is_decided_by_the_policy(
    live: App, send: Any, policy: MachinePolicy | None, answered_by: str, heard: list[str]
) -> None:
    place(live, "twilio", policy)

    reply = send(twilio("answered", AnsweredBy=answered_by), "twilio")

    assert verbs(reply) == heard
    if heard == ["Say"]:
        assert ElementTree.fromstring(reply["body"]).findtext("Say") == VOICEMAIL


def test_what_detection_finds_out_later_is_noted(live: App, send: Any) -> None:
    place(live, "twilio", MachinePolicy.CONTINUE)
    send(twilio("answered"), "twilio")

    found = twilio("ringing", CallStatus="", AnsweredBy="machine_start", SequenceNumber="")
    assert send(found, "twilio")["statusCode"] == 200

    assert now(live).answered_by == "machine"
    assert now(live).status is CallStatus.IN_PROGRESS


def test_twilio_asking_again_gets_the_same_until_the_call_has_ended(live: App, send: Any) -> None:
    place(live, "twilio")
    event = load("carrier_webhook/twilio-outbound-answered")

    first, again = send(event, "twilio"), send(event, "twilio")
    send(load("carrier_webhook/twilio-outbound-completed"), "twilio")

    assert verbs(first) == verbs(again) == ["Connect"]
    assert verbs(send(event, "twilio")) == ["Hangup"]


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("completed", CallStatus.COMPLETED),
        ("busy", CallStatus.BUSY),
        ("no-answer", CallStatus.NO_ANSWER),
        ("failed", CallStatus.FAILED),
        ("canceled", CallStatus.CANCELLED),
    ],
)
def test_twilios_endings_are_ours(live: App, send: Any, word: str, status: CallStatus) -> None:
    place(live, "twilio")

    send(load("carrier_webhook/twilio-outbound-ringing"), "twilio")
    assert now(live).status is CallStatus.RINGING
    send(twilio("completed", CallStatus=word), "twilio")

    ended = now(live)
    assert (ended.status, ended.hangup_cause, ended.leases) == (status, "200", ())


def test_twilios_first_event_may_overtake_the_answer_to_dialling(live: App, send: Any) -> None:
    call, places, quotas = limits.reserved(
        replace(place(live, "twilio"), id=9002, call_sid="", status=CallStatus.QUEUED),
        Limits(calls_per_second=9),
        live.clock(),
    )
    live.store.reserve_call(call, None, "", places, quotas)

    send(twilio("ringing", call="1001-9002", CallSid="CA" + "2" * 32), "twilio")

    assert calls.find_by_sid(live, ORGANIZATION, "CA" + "2" * 32).id == 9002
    assert calls.find(live, ORGANIZATION, 9002).status is CallStatus.RINGING


@pytest.mark.parametrize(
    "call", ["1001-9002", "2002-9001", "1001", "1001-", "-9001", "1001-9001-1"]
)
def test_twilios_signature_for_one_call_opens_no_other(live: App, send: Any, call: str) -> None:
    before = place(live, "twilio")
    event = load("carrier_webhook/twilio-outbound-completed")

    reply = send(event | {"multiValueQueryStringParameters": {"call": [call]}}, "twilio")

    assert reply["statusCode"] == 403
    assert json.loads(reply["body"])["code"] == "invalid_signature"
    assert now(live).status is before.status


# --- Telnyx ---


def test_telnyxs_call_streams_by_itself_and_gets_no_command(
    live: App, send: Any, http: Http
) -> None:
    place(live, "telnyx")

    for name, status in [
        ("initiated", CallStatus.RINGING),
        ("answered", CallStatus.IN_PROGRESS),
        ("hangup", CallStatus.COMPLETED),
    ]:
        send(load(f"carrier_webhook/telnyx-outbound-{name}"), "telnyx")
        assert now(live).status is status

    assert http.sent == []
    assert (now(live).duration, now(live).hangup_cause) == (42, "normal_clearing")


@pytest.mark.parametrize(
    ("policy", "result", "wanted"),
    [
        (None, "machine", []),
        (MachinePolicy.CONTINUE, "machine", []),
        (MachinePolicy.CONTINUE, "human", []),
        (MachinePolicy.HANG_UP, "human", ["streaming_start"]),
        (MachinePolicy.HANG_UP, "not_sure", ["streaming_start"]),
        (MachinePolicy.HANG_UP, "machine", ["hangup"]),
        (MachinePolicy.HANG_UP, "fax_detected", ["hangup"]),
        (MachinePolicy.LEAVE_MESSAGE, "human", ["streaming_start"]),
        (MachinePolicy.LEAVE_MESSAGE, "not_sure", ["streaming_start"]),
        (MachinePolicy.LEAVE_MESSAGE, "machine", []),
    ],
)
def test_what_telnyxs_machine_hears_is_decided_by_the_policy(
    live: App,
    send: Any,
    http: Http,
    policy: MachinePolicy | None,
    result: str,
    wanted: list[str],
) -> None:
    place(live, "telnyx", policy)
    send(load("carrier_webhook/telnyx-outbound-answered"), "telnyx")

    send(telnyx("machine-detected", result=result), "telnyx")

    assert [action for action, _ in commands(http)] == wanted
    assert now(live).answered_by == {
        "machine": "machine",
        "human": "human",
        "fax_detected": "fax",
    }.get(result, "unknown")


def test_the_stream_that_detection_starts_carries_the_call_and_its_token(
    live: App, send: Any, http: Http
) -> None:
    call = place(live, "telnyx", MachinePolicy.HANG_UP)

    send(telnyx("machine-detected", result="human"), "telnyx")

    [(_, command)] = commands(http)
    url, _, query = command["stream_url"].partition("?")
    carried = dict(parse_qsl(query))
    assert url == "wss://media.example.com/stream"
    assert command["stream_bidirectional_mode"] == "rtp"
    assert calls.session(live, int(carried["call_id"]), carried["session_token"])[0].id == call.id


def test_a_message_is_spoken_after_the_greeting_and_then_the_call_ends(
    live: App, send: Any, http: Http
) -> None:
    place(live, "telnyx", MachinePolicy.LEAVE_MESSAGE)
    send(load("carrier_webhook/telnyx-outbound-machine-detected"), "telnyx")
    assert http.sent == []

    send(load("carrier_webhook/telnyx-outbound-greeting-ended"), "telnyx")
    [(action, speech)] = commands(http)
    assert (action, speech["payload"]) == ("speak", VOICEMAIL)

    spoken = {"end": True, "call": 9001}
    send(telnyx("greeting-ended", event_type="call.speak.ended", state=spoken), "telnyx")
    assert [action for action, _ in commands(http)] == ["speak", "hangup"]


def test_a_repeated_detection_repeats_the_command_under_the_same_id(
    live: App, send: Any, http: Http
) -> None:
    place(live, "telnyx", MachinePolicy.HANG_UP)

    for _ in range(2):
        send(load("carrier_webhook/telnyx-outbound-machine-detected"), "telnyx")

    first, again = commands(http)
    assert first[1]["command_id"] == again[1]["command_id"]


def test_a_detection_after_the_end_starts_no_stream(live: App, send: Any, http: Http) -> None:
    place(live, "telnyx", MachinePolicy.HANG_UP)
    send(load("carrier_webhook/telnyx-outbound-hangup"), "telnyx")

    send(telnyx("machine-detected", result="human"), "telnyx")

    assert "streaming_start" not in [action for action, _ in commands(http)]
    assert now(live).status.is_final


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        ("user_busy", CallStatus.BUSY),
        ("timeout", CallStatus.NO_ANSWER),
        ("no_answer", CallStatus.NO_ANSWER),
        ("originator_cancel", CallStatus.CANCELLED),
        ("call_rejected", CallStatus.FAILED),
        ("not_found", CallStatus.FAILED),
        ("unspecified", CallStatus.FAILED),
    ],
)
def test_telnyxs_reasons_are_ours(live: App, send: Any, cause: str, status: CallStatus) -> None:
    place(live, "telnyx")

    send(telnyx("hangup", hangup_cause=cause), "telnyx")

    ended = now(live)
    assert (ended.status, ended.hangup_cause, ended.leases) == (status, cause, ())
    assert ended.duration is None


def test_all_events_of_another_leg_of_the_conversation_are_taken(live: App, send: Any) -> None:
    call = place(live, "telnyx")
    leg = {"call_control_id": "v3:another-leg"}

    replies = [send(telnyx(name, **leg), "telnyx") for name in ("initiated", "answered", "hangup")]

    assert [reply["statusCode"] for reply in replies] == [200, 200, 200]
    assert now(live).status is call.status
    other = calls.find_by_sid(live, ORGANIZATION, "v3:another-leg")
    assert other.status is CallStatus.COMPLETED


def test_an_event_that_names_another_organizations_call_does_not_touch_it(
    live: App, send: Any
) -> None:
    place(live, "telnyx", organization_id=2002)

    send(load("carrier_webhook/telnyx-outbound-hangup"), "telnyx")

    untouched = live.store.call(9001)
    assert untouched is not None
    assert untouched.status is CallStatus.DIALING
