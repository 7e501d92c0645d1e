"""What every carrier must do when it is asked to place a call, to end it or to hand it over."""

import socket
import sys
from dataclasses import replace
from typing import Any

import pytest

from switchboard.calls import advance
from switchboard.errors import (
    CallNotActive,
    CarrierMisconfigured,
    CarrierUnavailable,
    InsufficientBalance,
    InvalidCredentials,
    OutcomeUnknown,
    RateLimited,
    SwitchboardError,
)
from switchboard.model import E164, Call, CallStatus, MachinePolicy, NumberOrder, Say
from tests.carriers.conftest import Connect, Subject
from tests.carriers.dialing import CALL_ID, CALLEE, Phone, wait_for
from tests.carriers.lab import Lab
from tests.carriers.test_answering import OurSide
from tests.sandbox.servers import Customer

REFUSALS = [
    ("no_balance", InsufficientBalance, "Add funds"),
    ("invalid_credentials", InvalidCredentials, "carriers connect"),
    ("rate_limited", RateLimited, "try again"),
]
SILENCES = ["server_error", "error_after_success", "lost_answer", "timeout"]
GARBLED = ["", "<html>Bad gateway</html>", "null", "[]", "{}", '{"data": null}', '{"data": {}}']
ENDS = [
    ("answer", CallStatus.COMPLETED),
    ("answer_and_hang_up", CallStatus.COMPLETED),
    ("busy", CallStatus.BUSY),
    ("reject", CallStatus.FAILED),
    ("no_answer", CallStatus.NO_ANSWER),
    ("unknown_number", CallStatus.FAILED),
    ("unreachable", CallStatus.FAILED),
]


@pytest.fixture
def phone(subject: Subject, lab: Lab, us: Customer, order: NumberOrder) -> Phone:
    """Return each carrier in turn, with a number to call from."""
    subject.carrier.buy(order)
    return Phone(subject, lab, us)


def refused(phone: Phone, kind: type[SwitchboardError], call: Call | None = None) -> str:
    with pytest.raises(kind) as caught:
        phone.subject.carrier.dial(call or phone.call(), phone.stream)
    assert type(caught.value) is kind
    text = str(caught.value)
    secrets = [phone.subject.credentials.get(key) for key in ("auth_token", "api_key")]
    assert not [secret for secret in secrets if secret and secret in text]
    assert "None" not in text
    return text


def outcome(side: OurSide) -> Call:
    """Return the call after all that was told of it."""
    assert side.failures == []
    assert side.placed is not None
    call = side.placed
    for event in side.events:
        call = advance(call, event) or call
    return call


def test_a_call_is_placed_with_one_request_and_streams(phone: Phone) -> None:
    side = phone.answered_with()
    phone.far_end("answer", hangup_after_s=0.1)

    with phone.lab.requests() as made:
        call = phone.dial()
    report = phone.transcript(call)

    assert len(made) == 1
    assert phone.dialled() == [1]
    assert (report["outcome"], report["status"]) == ("streamed", "completed")
    (opened,) = report["streams"]
    assert opened["echoed"]
    assert phone.subject.facts.stream_told(opened)["call_id"] == str(CALL_ID)
    # Every event knows whose it is, the first one too.
    assert {event.call_id for event in side.events} == {CALL_ID}
    assert {event.call_sid for event in side.events} == {call.call_sid}


def test_nothing_personal_is_in_what_the_carrier_is_given_to_call_back(phone: Phone) -> None:
    call = replace(phone.call(), agenda="Ask for the diagnosis", welcome_message="Hello Ann")

    with phone.lab.requests() as made:
        phone.subject.carrier.dial(call, phone.stream)

    body = made[0].body.decode()
    assert "diagnosis" not in body
    assert "Ann" not in body


@pytest.mark.parametrize(("behaviour", "status"), ENDS)
def test_how_a_call_ended_comes_with_its_events(
    phone: Phone, behaviour: str, status: CallStatus
) -> None:
    side = phone.answered_with()
    # The network gives up before the carrier does: nobody here waits for a ring time-out.
    phone.far_end(behaviour, hangup_after_s=0.1)

    call = phone.dial()
    phone.transcript(call)

    ended = outcome(side)
    assert ended.status is status
    assert ended.call_sid == call.call_sid
    assert ended.ended_at is not None


@pytest.mark.parametrize(("fault", "kind", "advice"), REFUSALS)
def test_a_refusal_is_certain_and_says_what_to_do(
    phone: Phone, fault: str, kind: type[SwitchboardError], advice: str
) -> None:
    phone.lab.fault(phone.subject.name, "dial", fault)

    text = refused(phone, kind)

    assert advice in text
    assert CALLEE in text
    assert phone.dialled() == []


@pytest.mark.parametrize("fault", SILENCES)
def test_no_answer_leaves_the_outcome_unknown_and_is_never_repeated(
    phone: Phone, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(
        sys.modules[f"switchboard.carriers.{phone.subject.name}.api"], "_TIMEOUT_S", 0.5
    )
    # An adapter keeps its client, and that keeps the time limit it was made with.
    fresh = type(phone.subject.carrier)(phone.subject.credentials, phone.subject.context)
    phone = replace(phone, subject=replace(phone.subject, carrier=fresh))
    phone.lab.fault(phone.subject.name, "dial", fault, delay_s=1)

    with phone.lab.requests() as made:
        text = refused(phone, OutcomeUnknown)

    assert "do not repeat it" in text
    assert len(made) == 1
    assert phone.dialled() == ([] if fault == "server_error" else [1])


def test_a_call_whose_answer_was_lost_tells_of_itself(phone: Phone) -> None:
    side = phone.answered_with()
    phone.far_end("busy")
    phone.lab.fault(phone.subject.name, "dial", "lost_answer")
    refused(phone, OutcomeUnknown)

    wait_for(side, CallStatus.RINGING)

    assert {event.call_id for event in side.events} == {CALL_ID}


@pytest.mark.parametrize("status", [200, 201, 502])
@pytest.mark.parametrize("body", GARBLED)
def test_an_answer_that_cannot_be_read_leaves_the_outcome_unknown(
    phone: Phone, status: int, body: str
) -> None:
    kind = "text/html" if body[:1] == "<" else "application/json"
    phone.lab.answer_instead(status, body, kind)

    with phone.lab.requests() as made:
        refused(phone, OutcomeUnknown)

    assert len(made) == 1


def test_a_carrier_that_cannot_be_reached_has_certainly_not_dialled(phone: Phone) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    away = replace(phone.subject.context, api_url=f"http://127.0.0.1:{port}")
    carrier = type(phone.subject.carrier)(phone.subject.credentials, away)

    refused(replace(phone, subject=replace(phone.subject, carrier=carrier)), CarrierUnavailable)


def test_a_number_of_somebody_else_may_not_call(phone: Phone) -> None:
    foreign = replace(phone.call(), phone_number=E164("+14155550101"))

    with pytest.raises(SwitchboardError) as caught:
        phone.subject.carrier.dial(foreign, phone.stream)

    assert not isinstance(caught.value, OutcomeUnknown | CarrierUnavailable)
    assert phone.dialled() == []


def test_options_reach_the_carrier_and_keep_to_its_ranges(phone: Phone) -> None:
    for own_id, policy in enumerate(MachinePolicy, CALL_ID):
        phone.dial(
            own_id,
            ring_timeout=5,
            max_duration=30,
            record=True,
            machine_detection=policy,
            voicemail_message="x",
        )
    phone.dial(CALL_ID + 9, ring_timeout=120, max_duration=14_400, record=False)

    assert phone.dialled() == [1] * (len(MachinePolicy) + 1)


@pytest.mark.parametrize("policy", [MachinePolicy.HANG_UP, MachinePolicy.LEAVE_MESSAGE])
def test_a_person_is_streamed_to_once_detection_says_so(
    phone: Phone, policy: MachinePolicy
) -> None:
    options: dict[str, Any] = {"machine_detection": policy, "voicemail_message": "x"}
    side = phone.answered_with(**options)
    phone.far_end("answer", hangup_after_s=1)

    report = phone.transcript(phone.dial(**options))

    assert report["outcome"] == "streamed"
    assert outcome(side).answered_by == "human"


def test_a_machine_hears_the_message(phone: Phone) -> None:
    options: dict[str, Any] = {
        "machine_detection": MachinePolicy.LEAVE_MESSAGE,
        "voicemail_message": "Please call <us> back",
    }
    side = phone.answered_with(Say("Please call <us> back"), **options)
    phone.far_end("machine", hangup_after_s=5)

    report = phone.transcript(phone.dial(**options))

    assert report["said"] == ["Please call <us> back"]
    assert report["streams"] == []
    assert report["hung_up_by"] != "callee"
    assert outcome(side).answered_by == "machine"


# --- ending, handing over ---


def in_progress(phone: Phone, *, listens_s: float = 8) -> Call:
    """Return a call in which somebody listens to the assistant."""
    side = phone.answered_with()
    phone.far_end("answer", hangup_after_s=listens_s)
    call = phone.dial()
    wait_for(side, CallStatus.IN_PROGRESS)
    return call


def test_a_call_is_ended_by_us(phone: Phone) -> None:
    call = in_progress(phone)

    phone.subject.carrier.hang_up(call)

    report = phone.transcript(call)
    assert report["status"] == "completed"
    assert report["hung_up_by"] != "callee"


def test_a_ringing_call_is_ended_by_us(phone: Phone) -> None:
    side = phone.answered_with()
    phone.far_end("no_answer", after_s=4)
    call = phone.dial()
    wait_for(side, CallStatus.RINGING)

    phone.subject.carrier.hang_up(call)

    phone.transcript(call)
    assert outcome(side).status.is_final
    assert outcome(side).duration in (None, 0)


def test_ending_a_call_that_is_over_is_no_error(phone: Phone) -> None:
    phone.answered_with()
    phone.far_end("busy")
    call = phone.dial()
    phone.transcript(call)

    phone.subject.carrier.hang_up(call)


@pytest.mark.parametrize("to", ["+14155550133", "sip:ann@pbx.example.com"])
def test_a_call_is_handed_over(phone: Phone, to: str) -> None:
    call = in_progress(phone, listens_s=1)

    phone.subject.carrier.transfer(call, to)

    steps = phone.transcript(call)["steps"]
    assert [step for step in steps if to in str(step)]


def test_a_call_that_is_over_cannot_be_handed_over(phone: Phone) -> None:
    phone.answered_with()
    phone.far_end("busy")
    call = phone.dial()
    phone.transcript(call)

    with pytest.raises(CallNotActive):
        phone.subject.carrier.transfer(call, "+14155550133")


@pytest.mark.parametrize("fault", ["server_error", "rate_limited"])
def test_a_command_that_was_not_answered_raises(phone: Phone, fault: str) -> None:
    call = in_progress(phone)
    phone.lab.fault(phone.subject.name, "*", fault, times=4)

    with pytest.raises(SwitchboardError):
        phone.subject.carrier.hang_up(call)


# --- readiness ---


def test_an_account_that_is_connected_is_ready(phone: Phone) -> None:
    phone.subject.carrier.check_ready_to_dial()


@pytest.mark.parametrize("name", ["connection_id", "outbound_voice_profile_id"])
def test_telnyx_is_not_asked_to_dial_without_what_dialling_needs(
    connect: Connect, name: str
) -> None:
    subject = connect("telnyx")
    lacking = {key: value for key, value in subject.credentials.items() if key != name}

    with pytest.raises(CarrierMisconfigured, match=name):
        type(subject.carrier)(lacking, subject.context).check_ready_to_dial()
