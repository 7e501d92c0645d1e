"""An outbound call at the sandbox's Telnyx."""

import base64
from typing import Any

import httpx
import pytest

from tests.sandbox.clients import TelnyxClient, program_far_end, program_fault, transcript
from tests.sandbox.servers import Customer, wait_until

NUMBER = "+14155550100"
CALLEE = "+14155550122"
STATE = base64.b64encode(b"42").decode()


@pytest.fixture
def connection(telnyx: TelnyxClient, customer: Customer) -> str:
    """Make an application that may dial, and a number connected to it."""
    profile = telnyx("POST", "/outbound_voice_profiles", json={"name": "test"}).json()["data"]["id"]
    application: str = telnyx(
        "POST",
        "/call_control_applications",
        json={
            "application_name": "test",
            "webhook_event_url": f"{customer.url}/events",
            "webhook_api_version": "2",
            "outbound": {"outbound_voice_profile_id": profile},
        },
    ).json()["data"]["id"]
    telnyx.search(NUMBER)
    telnyx.order(NUMBER, connection_id=application).raise_for_status()
    return application


def dial(telnyx: TelnyxClient, connection: str, **fields: Any) -> httpx.Response:
    body = {"connection_id": connection, "to": CALLEE, "from": NUMBER, "client_state": STATE}
    body = {name: value for name, value in (body | fields).items() if value is not None}
    return telnyx("POST", "/calls", json=body)


def dialled(telnyx: TelnyxClient, connection: str, **fields: Any) -> str:
    answer = dial(telnyx, connection, **fields)
    assert answer.status_code == 200, answer.text
    call_id: str = answer.json()["data"]["call_control_id"]
    return call_id


def stream(sandbox: httpx.Client) -> str:
    return str(sandbox.base_url).replace("http://", "ws://").rstrip("/") + "/runtime/echo/42"


def events(customer: Customer) -> list[str]:
    return [got.event["event_type"] for got in customer.at("/events")]


def test_an_answered_call_streams_where_the_dial_said(
    sandbox: httpx.Client, customer: Customer, telnyx: TelnyxClient, connection: str
) -> None:
    program_far_end(sandbox, CALLEE, "answer", hangup_after_s=0.2)

    call_id = dialled(
        telnyx, connection, stream_url=stream(sandbox), stream_bidirectional_mode="rtp"
    )

    report = transcript(sandbox, call_id)
    assert (report["outcome"], report["status"]) == ("streamed", "completed")
    assert report["hung_up_by"] == "callee"
    assert report["reference"] == "42"
    assert report["streams"][0]["start"]["start"]["client_state"] == STATE
    assert events(customer) == [
        "call.initiated",
        "call.answered",
        "streaming.started",
        "streaming.stopped",
        "call.hangup",
    ]
    told = [got.event["payload"] for got in customer.at("/events")]
    assert {payload["client_state"] for payload in told} == {STATE}
    assert told[0]["direction"] == "outgoing"
    assert told[-1]["hangup_source"] == "callee"
    assert not telnyx("GET", f"/calls/{call_id}").json()["data"]["is_alive"]


@pytest.mark.parametrize(
    ("behaviour", "cause", "sip_cause", "status"),
    [
        ("busy", "user_busy", "486", "busy"),
        ("reject", "call_rejected", "603", "failed"),
        ("no_answer", "timeout", "487", "no-answer"),
        ("unknown_number", "not_found", "404", "failed"),
        ("unreachable", "unspecified", "503", "failed"),
    ],
)
def test_a_call_nobody_answers_hangs_up_with_its_cause(
    sandbox: httpx.Client,
    customer: Customer,
    telnyx: TelnyxClient,
    connection: str,
    behaviour: str,
    cause: str,
    sip_cause: str,
    status: str,
) -> None:
    program_far_end(sandbox, CALLEE, behaviour)

    report = transcript(sandbox, dialled(telnyx, connection))

    assert (report["status"], report["answered"]) == (status, False)
    assert events(customer) == ["call.initiated", "call.hangup"]
    ended = customer.at("/events")[-1].event["payload"]
    assert (ended["hangup_cause"], ended["sip_hangup_cause"]) == (cause, sip_cause)


def test_an_application_without_a_voice_profile_cannot_dial(
    sandbox: httpx.Client, customer: Customer, telnyx: TelnyxClient, connection: str
) -> None:
    telnyx("PATCH", f"/call_control_applications/{connection}", json={"outbound": {}})

    report = transcript(sandbox, dialled(telnyx, connection))

    assert report["status"] == "failed"
    assert events(customer) == ["call.initiated", "call.hangup"]
    assert customer.at("/events")[-1].event["payload"]["sip_hangup_cause"] == "D38"


@pytest.mark.parametrize(
    ("behaviour", "mode", "expected"),
    [
        ("answer", "detect", [("call.machine.detection.ended", "human")]),
        ("machine", "detect", [("call.machine.detection.ended", "machine")]),
        (
            "machine",
            "greeting_end",
            [("call.machine.detection.ended", "machine"), ("call.machine.greeting.ended", "ended")],
        ),
        (
            "machine",
            "premium",
            [
                ("call.machine.premium.detection.ended", "machine"),
                ("call.machine.premium.greeting.ended", "beep_detected"),
            ],
        ),
        ("answer", "premium", [("call.machine.premium.detection.ended", "human_residence")]),
    ],
)
def test_machine_detection_is_told_in_its_mode(
    sandbox: httpx.Client,
    customer: Customer,
    telnyx: TelnyxClient,
    connection: str,
    behaviour: str,
    mode: str,
    expected: list[tuple[str, str]],
) -> None:
    program_far_end(sandbox, CALLEE, behaviour, hangup_after_s=0.3)

    transcript(sandbox, dialled(telnyx, connection, answering_machine_detection=mode))

    told = [got.event for got in customer.at("/events")]
    found = [(e["event_type"], e["payload"]["result"]) for e in told if "result" in e["payload"]]
    assert found == expected


def test_a_recorded_call_says_where_its_recording_is(
    sandbox: httpx.Client, customer: Customer, telnyx: TelnyxClient, connection: str
) -> None:
    answer = dial(telnyx, connection, record="record-from-answer", record_format="wav")

    transcript(sandbox, answer.json()["data"]["call_control_id"])

    saved = customer.at("/events")[-1].event
    assert saved["event_type"] == "call.recording.saved"
    assert "wav" in saved["payload"]["recording_urls"]
    assert "call_control_id" not in saved["payload"]


def test_a_repeated_command_id_dials_once(
    sandbox: httpx.Client, customer: Customer, telnyx: TelnyxClient, connection: str
) -> None:
    first = dialled(telnyx, connection, command_id="one")
    second = dialled(telnyx, connection, command_id="one")
    other = dialled(telnyx, connection, command_id="two")

    assert first == second != other
    assert [row["count"] for row in sandbox.get("/_/dials").json()["dials"]] == [2]
    assert len(sandbox.get("/_/calls", params={"direction": "outbound"}).json()["calls"]) == 2


def test_a_ringing_call_can_be_cancelled(
    sandbox: httpx.Client, customer: Customer, telnyx: TelnyxClient, connection: str
) -> None:
    program_far_end(sandbox, CALLEE, "no_answer", after_s=20)
    call_id = dialled(telnyx, connection)

    early = telnyx("POST", f"/calls/{call_id}/actions/transfer", json={"to": "+14155550199"})
    answer = telnyx("POST", f"/calls/{call_id}/actions/answer", json={})
    telnyx("POST", f"/calls/{call_id}/actions/hangup", json={}).raise_for_status()

    assert transcript(sandbox, call_id)["status"] == "canceled"
    assert early.json()["errors"][0]["code"] == answer.json()["errors"][0]["code"] == "90034"
    ended = customer.at("/events")[-1].event["payload"]
    assert (ended["hangup_cause"], ended["hangup_source"]) == ("originator_cancel", "caller")


def test_a_running_call_is_transferred_and_ended(
    sandbox: httpx.Client, customer: Customer, telnyx: TelnyxClient, connection: str
) -> None:
    program_far_end(sandbox, CALLEE, "answer", hangup_after_s=20)
    call_id = dialled(telnyx, connection)
    wait_until(lambda: "call.answered" in events(customer))
    actions = f"/calls/{call_id}/actions"

    telnyx("POST", f"{actions}/streaming_start", json={"stream_url": stream(sandbox)})
    telnyx("POST", f"{actions}/transfer", json={"to": "+14155550199"}).raise_for_status()
    telnyx("POST", f"{actions}/hangup", json={}).raise_for_status()

    report = transcript(sandbox, call_id)
    assert (report["status"], report["hung_up_by"]) == ("completed", "assistant")
    assert next(s for s in report["steps"] if s["what"] == "dialled")["to"] == ["+14155550199"]
    assert customer.at("/events")[-1].event["payload"]["hangup_cause"] == "normal_clearing"


def test_events_go_where_the_dial_said(
    sandbox: httpx.Client, customer: Customer, telnyx: TelnyxClient, connection: str
) -> None:
    own = {
        "webhook_url": f"{customer.url}/own",
        "webhook_urls": {"call.hangup": f"{customer.url}/end"},
    }

    transcript(sandbox, dialled(telnyx, connection, **own))

    assert events(customer) == []
    assert [got.event["event_type"] for got in customer.at("/end")] == ["call.hangup"]
    assert len(customer.at("/own")) == 2


@pytest.mark.parametrize(
    ("fields", "status", "code", "pointer"),
    [
        ({"to": None}, 422, "10004", "/to"),
        ({"connection_id": None}, 422, "10004", "/connection_id"),
        ({"connection_id": "1"}, 422, "10015", "/connection_id"),
        ({"to": "415"}, 422, "10016", "/to"),
        ({"to": [CALLEE]}, 422, "10015", "/to"),
        ({"from": "415"}, 422, "10016", "/from"),
        ({"from": "+14155550177"}, 403, "10010", "/from"),
        ({"client_state": "not base64!"}, 422, "90017", "/client_state"),
        ({"stream_url": "ws://media.example.com/"}, 422, "10015", "/stream_url"),
        ({"timeout_secs": 1}, 422, "10015", "/timeout_secs"),
        ({"time_limit_secs": 20}, 422, "10015", "/time_limit_secs"),
        ({"answering_machine_detection": "x"}, 422, "10015", "/answering_machine_detection"),
    ],
)
def test_a_dial_that_cannot_work_is_refused_in_telnyxs_words(
    sandbox: httpx.Client,
    telnyx: TelnyxClient,
    connection: str,
    fields: dict[str, Any],
    status: int,
    code: str,
    pointer: str,
) -> None:
    answer = dial(telnyx, connection, **fields)

    error = answer.json()["errors"][0]
    assert (answer.status_code, error["code"], error["source"]["pointer"]) == (
        status,
        code,
        pointer,
    )
    assert sandbox.get("/_/dials").json()["dials"] == []


def test_a_verified_number_can_be_called_from(
    sandbox: httpx.Client, telnyx: TelnyxClient, connection: str
) -> None:
    other = "+14155550188"
    telnyx("POST", "/verified_numbers", json={"phone_number": other}).raise_for_status()
    assert dial(telnyx, connection, **{"from": other}).status_code == 403

    code = {"verification_code": "123456"}
    telnyx("POST", f"/verified_numbers/{other}/actions/verify", json=code).raise_for_status()

    assert dial(telnyx, connection, **{"from": other}).status_code == 200


def test_a_share_of_the_replies_gets_lost_and_every_dial_is_done(
    sandbox: httpx.Client, telnyx: TelnyxClient, connection: str
) -> None:
    share = {"probability": 0.5, "seed": 7}
    program_fault(sandbox, "telnyx", "dial", "error_after_success", **share)
    program_far_end(sandbox, "*", "busy", after_s=0)

    def run() -> list[int]:
        return [dial(telnyx, connection).status_code for _ in range(20)]

    first = run()

    assert set(first) == {200, 500}
    assert sandbox.get("/_/dials").json()["dials"][0]["count"] == 20
    sandbox.delete("/_/faults")
    program_fault(sandbox, "telnyx", "dial", "error_after_success", **share)
    assert run() == first, "the same seed loses the same replies"


def test_a_recording_that_a_command_begins_can_be_had_by_its_link_and_found_again(
    sandbox: httpx.Client, customer: Customer, telnyx: TelnyxClient, connection: str
) -> None:
    sid = dialled(telnyx, connection)
    wait_until(lambda: "call.answered" in [got.event["event_type"] for got in customer.received])
    asked = {"format": "mp3", "channels": "dual"}
    telnyx("POST", f"/calls/{sid}/actions/record_start", json=asked).raise_for_status()

    transcript(sandbox, sid)

    saved = customer.at("/events")[-1].event
    assert saved["event_type"] == "call.recording.saved"
    link = saved["payload"]["recording_urls"]["mp3"]
    assert sandbox.get(link).headers["content-type"] == "audio/mpeg"
    found = telnyx("GET", f"/recordings/{saved['payload']['recording_id']}").json()["data"]
    assert found["download_urls"]["mp3"] == link
    legs = {"filter[call_leg_id]": found["call_leg_id"]}
    assert len(telnyx("GET", "/recordings", params=legs).json()["data"]) == 1
    sandbox.patch("/_/settings", json={"recording_late_s": 1000}).raise_for_status()
    assert sandbox.get(link).status_code == 404
