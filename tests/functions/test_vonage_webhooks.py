"""Vonage's one webhook: it asks what to do with calls and tells what happened, signed."""

import json
from typing import Any

import pytest

from switchboard import calls, listing
from switchboard.app import App
from switchboard.model import CallStatus, MachinePolicy
from tests.builders import CALLER, ORGANIZATION
from tests.functions.carriers import VONAGE_NUMBER, Http
from tests.functions.events import load
from tests.functions.signed import vonage
from tests.functions.test_outbound_webhooks import VOICEMAIL, now, place

ANSWER = "carrier_webhook/vonage-call-answer"
INBOUND_SID = "63f618634a514f6b86e146edebcf9356"
OUTBOUND_SID = "63f61863-4a51-4f6b-86e1-46edebcf9357"


def actions(reply: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the actions of an NCCO."""
    assert (reply["statusCode"], reply["headers"]["Content-Type"]) == (200, "application/json")
    found: list[dict[str, Any]] = json.loads(reply["body"])
    return found


def told(reply: dict[str, Any]) -> dict[str, str]:
    """Return what the media runtime is told by the NCCO's stream."""
    [connect] = actions(reply)
    [endpoint] = connect["endpoint"]
    assert (endpoint["type"], endpoint["uri"]) == ("websocket", "wss://media.example.com/stream")
    headers: dict[str, str] = endpoint["headers"]
    return headers


def only(live: App) -> calls.Call:
    """Return the one call that there is."""
    [call], _ = listing.search(live, ORGANIZATION, listing.CallFilter(), 0, 10)
    return call


# --- inbound ---


def test_a_call_is_answered_with_a_stream_to_the_assistant(
    live: App, send: Any, http: Http
) -> None:
    headers = told(send(load(ANSWER), "vonage"))

    assert (headers["From"], headers["To"]) == (CALLER, VONAGE_NUMBER)
    assert headers["assistant_id"] == "3001"
    call = calls.find_by_sid(live, ORGANIZATION, INBOUND_SID)
    assert headers["call_id"] == str(call.id)
    assert calls.session(live, call.id, headers["session_token"])[0] == call
    assert http.sent == []


def test_a_get_is_a_question_too(live: App, send: Any) -> None:
    headers = told(send(load("carrier_webhook/vonage-call-answer-by-get"), "vonage"))

    assert headers["To"] == VONAGE_NUMBER
    assert only(live).call_sid == INBOUND_SID


def test_a_get_whose_fields_were_tampered_with_is_refused(live: App, send: Any) -> None:
    event = load("carrier_webhook/vonage-call-answer-by-get")
    query = event["multiValueQueryStringParameters"]

    for name in query.keys() - {"org"}:
        changed = query | {name: ["19005550199"]}
        assert (
            send(event | {"multiValueQueryStringParameters": changed}, "vonage")["statusCode"]
            == 503
        )
    assert listing.search(live, ORGANIZATION, listing.CallFilter(), 0, 10) == ([], 0)


def test_a_get_that_says_nothing_is_a_probe(send: Any) -> None:
    event = load("carrier_webhook/vonage-call-answer-by-get")

    bare = event | {"multiValueQueryStringParameters": {"org": ["1001"]}, "headers": {}}

    assert send(bare, "vonage")["statusCode"] == 200


def test_a_call_goes_from_ringing_to_its_end(live: App, send: Any) -> None:
    for name in ("call-answer", "call-answered", "stream-answered", "call-completed"):
        assert send(load(f"carrier_webhook/vonage-{name}"), "vonage")["statusCode"] == 200

    call = only(live)
    assert (call.status, call.duration) == (CallStatus.COMPLETED, 42)
    assert call.customer_number == CALLER
    assert [step.type for step in call.history] == ["answer", "answered", "completed"]


def test_events_in_any_order_end_the_same(live: App, send: Any) -> None:
    for name in ("call-completed", "call-answered"):
        send(load(f"carrier_webhook/vonage-{name}"), "vonage")
    late = vonage("call-answered", status="ringing", timestamp="2026-03-02T09:00:01.000Z")
    send(late, "vonage")

    assert (only(live).status, only(live).duration) == (CallStatus.COMPLETED, 42)


def test_a_call_that_is_over_is_not_answered_again(send: Any) -> None:
    for name in ("call-answer", "call-completed"):
        send(load(f"carrier_webhook/vonage-{name}"), "vonage")

    assert actions(send(load(ANSWER), "vonage")) == []


def test_our_own_failure_is_an_apology_to_a_caller_and_an_error_to_an_event(
    live: App, send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live.store, "number", None)

    [said] = actions(send(load(ANSWER), "vonage"))

    assert (said["action"], "sorry" in said["text"]) == ("talk", True)
    monkeypatch.setattr(live.store, "call_by_sid", None)
    event = send(load("carrier_webhook/vonage-call-answered"), "vonage")
    assert event["statusCode"] == 500


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_token_that_is_not_of_now_is_refused(send: Any, clock: Any, seconds: int) -> None:
    clock.advance(seconds=seconds)

    assert send(load(ANSWER), "vonage")["statusCode"] == 503


def test_a_stranger_cannot_tell_which_organizations_there_are(send: Any) -> None:
    unsigned = load(ANSWER) | {"headers": {}}
    unknown = unsigned | {"multiValueQueryStringParameters": {"org": ["2002"]}}

    ours, theirs = (send(event, "vonage") for event in (unsigned, unknown))

    assert (ours["statusCode"], ours["body"]) == (theirs["statusCode"], theirs["body"])


# --- outbound ---


def test_whoever_takes_our_call_is_connected_with_the_assistant(live: App, send: Any) -> None:
    call = place(live, "vonage")

    headers = told(send(load("carrier_webhook/vonage-outbound-answer"), "vonage"))

    assert (headers["From"], headers["To"]) == (VONAGE_NUMBER, CALLER)
    assert calls.session(live, call.id, headers["session_token"])[0].id == call.id
    assert now(live).status is CallStatus.IN_PROGRESS


def test_a_machine_that_has_beeped_hears_the_message(live: App, send: Any) -> None:
    place(live, "vonage", MachinePolicy.LEAVE_MESSAGE)

    [said] = actions(send(load("carrier_webhook/vonage-outbound-machine-beep"), "vonage"))

    assert (said["action"], said["text"]) == ("talk", VOICEMAIL)
    assert now(live).answered_by == "machine"


def test_a_machine_that_was_only_heard_of_changes_nothing_in_what_is_said(
    live: App, send: Any
) -> None:
    place(live, "vonage", MachinePolicy.CONTINUE)

    reply = send(vonage("outbound-machine-beep", sub_state=None), "vonage")

    assert (reply["statusCode"], reply["body"]) == (200, "")
    assert now(live).answered_by == "machine"


def test_a_beep_that_nobody_waited_for_begins_nothing_anew(live: App, send: Any) -> None:
    place(live, "vonage", MachinePolicy.CONTINUE)
    send(load("carrier_webhook/vonage-outbound-answer"), "vonage")

    reply = send(load("carrier_webhook/vonage-outbound-machine-beep"), "vonage")

    # Another NCCO would open a second stream, announce and record a second time.
    assert (reply["statusCode"], reply["body"]) == (200, "")
    assert now(live).answered_by == "machine"


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("busy", CallStatus.BUSY),
        ("cancelled", CallStatus.CANCELLED),
        ("unanswered", CallStatus.NO_ANSWER),
        ("timeout", CallStatus.NO_ANSWER),
        ("rejected", CallStatus.FAILED),
        ("failed", CallStatus.FAILED),
    ],
)
def test_the_completed_that_follows_overwrites_no_end(
    live: App, send: Any, word: str, status: CallStatus
) -> None:
    place(live, "vonage")

    send(vonage("outbound-busy", status=word), "vonage")
    send(vonage("outbound-completed", duration="0"), "vonage")
    send(load("carrier_webhook/vonage-outbound-ringing"), "vonage")

    assert now(live).status is status
    assert now(live).call_sid == OUTBOUND_SID
