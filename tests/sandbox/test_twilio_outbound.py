"""An outbound call at the sandbox's Twilio."""

from typing import Any

import httpx
import pytest
from twilio.request_validator import RequestValidator

from tests.sandbox.clients import (
    TwilioClient,
    confirm_caller_id,
    program_far_end,
    program_fault,
    transcript,
)
from tests.sandbox.servers import Customer, wait_until

NUMBER = "+14155550100"
CALLEE = "+14155550122"
ALL_EVENTS = ["initiated", "ringing", "answered", "completed"]


@pytest.fixture
def number(twilio: TwilioClient) -> str:
    """Buy a number to call from."""
    twilio.buy(NUMBER).raise_for_status()
    return NUMBER


def dial(twilio: TwilioClient, customer: Customer, **fields: Any) -> httpx.Response:
    form = {
        "To": CALLEE,
        "From": NUMBER,
        "Url": f"{customer.url}/voice?call=42",
        "StatusCallback": f"{customer.url}/status",
        "StatusCallbackEvent": ALL_EVENTS,
    } | fields
    form = {name: value for name, value in form.items() if value is not None}
    return twilio("POST", "/Calls.json", data=form)


def dialled(twilio: TwilioClient, customer: Customer, **fields: Any) -> str:
    answer = dial(twilio, customer, **fields)
    assert answer.status_code == 201, answer.text
    sid: str = answer.json()["sid"]
    return sid


def statuses(customer: Customer) -> list[str]:
    return [got.form["CallStatus"] for got in customer.at("/status")]


def stream(sandbox: httpx.Client) -> str:
    url = f"{sandbox.base_url}/runtime/echo".replace("http://", "ws://").replace("//r", "/r")
    return f'<Connect><Stream url="{url}"/></Connect>'


def test_an_answered_call_asks_its_url_and_streams(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient, number: str
) -> None:
    customer.says("/voice", stream(sandbox))
    program_far_end(sandbox, CALLEE, "answer", say=["hello"], hangup_after_s=0.2)

    answer = dial(twilio, customer)

    assert answer.status_code == 201
    assert (answer.json()["status"], answer.json()["direction"]) == ("queued", "outbound-api")
    report = transcript(sandbox, answer.json()["sid"])
    assert report["direction"] == "outbound"
    assert (report["outcome"], report["status"]) == ("streamed", "completed")
    assert report["hung_up_by"] == "callee"
    assert report["streams"][0]["echoed"]
    asked = customer.at("/voice")[0].form
    assert (asked["CallStatus"], asked["Direction"]) == ("in-progress", "outbound-api")
    assert asked["CallSid"] == answer.json()["sid"]


def test_status_callbacks_are_signed_and_numbered(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient, number: str
) -> None:
    customer.says("/voice", "<Hangup/>")

    transcript(sandbox, dialled(twilio, customer))

    assert statuses(customer) == ["initiated", "ringing", "in-progress", "completed"]
    told = [got.form for got in customer.at("/status")]
    assert [form["SequenceNumber"] for form in told] == ["0", "1", "2", "3"]
    assert int(told[-1]["CallDuration"]) >= 1
    validator = RequestValidator(twilio.token)
    for got in customer.received:
        assert validator.validate(got.url, got.form, got.headers["x-twilio-signature"])


def test_only_the_end_is_reported_unless_more_is_asked_for(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient, number: str
) -> None:
    customer.says("/voice", "<Hangup/>")

    transcript(sandbox, dialled(twilio, customer, StatusCallbackEvent=None))

    assert statuses(customer) == ["completed"]


@pytest.mark.parametrize(
    ("behaviour", "status", "sip_code"),
    [
        ("busy", "busy", "486"),
        ("reject", "failed", "603"),
        ("no_answer", "no-answer", "487"),
        ("unknown_number", "failed", "404"),
        ("unreachable", "failed", "503"),
    ],
)
def test_a_call_nobody_answers_ends_as_the_far_end_does(
    sandbox: httpx.Client,
    customer: Customer,
    twilio: TwilioClient,
    number: str,
    behaviour: str,
    status: str,
    sip_code: str,
) -> None:
    program_far_end(sandbox, CALLEE, behaviour)

    report = transcript(sandbox, dialled(twilio, customer))

    assert (report["status"], report["answered"]) == (status, False)
    assert statuses(customer) == ["initiated", "ringing", status]
    assert customer.at("/status")[-1].form["SipResponseCode"] == sip_code
    assert customer.at("/voice") == []


def test_nobody_rings_longer_than_the_timeout(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient, number: str
) -> None:
    program_far_end(sandbox, CALLEE, "answer", after_s=30)

    report = transcript(sandbox, dialled(twilio, customer, Timeout="1"))

    assert report["status"] == "no-answer"


def test_a_callee_who_hangs_up_at_once_hears_nothing(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient, number: str
) -> None:
    customer.says("/voice", "<Say>Hello.</Say>")
    program_far_end(sandbox, CALLEE, "answer_and_hang_up")

    report = transcript(sandbox, dialled(twilio, customer))

    assert (report["status"], report["said"]) == ("completed", [])
    assert report["hung_up_by"] == "callee"


def test_the_fallback_speaks_when_the_url_fails(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient, number: str
) -> None:
    customer.says("/voice", "", status=500)
    customer.says("/fallback", "<Say>Sorry.</Say>")

    sid = dialled(twilio, customer, FallbackUrl=f"{customer.url}/fallback")

    assert transcript(sandbox, sid)["said"] == ["Sorry."]


def test_instructions_may_come_with_the_dial(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient, number: str
) -> None:
    twiml = "<Response><Say>Hello.</Say></Response>"

    report = transcript(sandbox, dialled(twilio, customer, Url=None, Twiml=twiml))

    assert report["said"] == ["Hello."]
    assert customer.at("/voice") == []


@pytest.mark.parametrize(
    ("behaviour", "mode", "result"),
    [
        ("answer", "Enable", "human"),
        ("machine", "Enable", "machine_start"),
        ("machine", "DetectMessageEnd", "machine_end_beep"),
        ("fax", "Enable", "fax"),
    ],
)
def test_machine_detection_delays_the_question_until_it_knows(
    sandbox: httpx.Client,
    customer: Customer,
    twilio: TwilioClient,
    number: str,
    behaviour: str,
    mode: str,
    result: str,
) -> None:
    customer.says("/voice", "<Hangup/>")
    program_far_end(sandbox, CALLEE, behaviour)

    sid = dialled(twilio, customer, MachineDetection=mode)

    transcript(sandbox, sid)
    assert customer.at("/voice")[0].form["AnsweredBy"] == result
    assert twilio("GET", f"/Calls/{sid}.json").json()["answered_by"] == result


def test_asynchronous_detection_tells_its_result_apart(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient, number: str
) -> None:
    customer.says("/voice", stream(sandbox))
    program_far_end(sandbox, CALLEE, "machine", hangup_after_s=0.3)

    transcript(
        sandbox,
        dialled(
            twilio,
            customer,
            MachineDetection="Enable",
            AsyncAmd="true",
            AsyncAmdStatusCallback=f"{customer.url}/amd",
        ),
    )

    assert "AnsweredBy" not in customer.at("/voice")[0].form
    assert customer.at("/amd")[0].form["AnsweredBy"] == "machine_start"


def test_a_recorded_call_says_where_its_recording_is(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient, number: str
) -> None:
    customer.says("/voice", "<Hangup/>")
    recording = {"Record": "true", "RecordingStatusCallback": f"{customer.url}/recording"}

    transcript(sandbox, dialled(twilio, customer, **recording))

    told = customer.at("/recording")[0].form
    assert told["RecordingStatus"] == "completed"
    assert customer.at("/status")[-1].form["RecordingSid"] == told["RecordingSid"]


def test_a_ringing_call_can_be_cancelled(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient, number: str
) -> None:
    program_far_end(sandbox, CALLEE, "no_answer", after_s=20)
    sid = dialled(twilio, customer)

    twilio("POST", f"/Calls/{sid}.json", data={"Status": "canceled"}).raise_for_status()

    assert transcript(sandbox, sid)["status"] == "canceled"
    again = twilio("POST", f"/Calls/{sid}.json", data={"Status": "completed"})
    assert again.json()["status"] == "canceled"


def talking(sandbox: httpx.Client, sid: str) -> bool:
    return bool(sandbox.get(f"/_/calls/{sid}").json()["streams"])


def test_a_running_call_can_be_ended_but_not_cancelled(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient, number: str
) -> None:
    customer.says("/voice", stream(sandbox))
    program_far_end(sandbox, CALLEE, "answer", hangup_after_s=20)
    sid = dialled(twilio, customer)
    wait_until(lambda: talking(sandbox, sid))

    cancelled = twilio("POST", f"/Calls/{sid}.json", data={"Status": "canceled"})
    twilio("POST", f"/Calls/{sid}.json", data={"Status": "completed"}).raise_for_status()

    assert cancelled.json()["status"] == "in-progress"
    report = transcript(sandbox, sid)
    assert (report["status"], report["hung_up_by"]) == ("completed", "assistant")


def test_a_running_call_is_transferred_by_new_instructions(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient, number: str
) -> None:
    customer.says("/voice", stream(sandbox) + "<Say>Never said.</Say>")
    program_far_end(sandbox, CALLEE, "answer", hangup_after_s=20)
    sid = dialled(twilio, customer)
    wait_until(lambda: talking(sandbox, sid))
    human = "<Response><Dial><Number>+14155550199</Number></Dial></Response>"

    twilio("POST", f"/Calls/{sid}.json", data={"Twiml": human}).raise_for_status()

    report = transcript(sandbox, sid)
    assert (report["outcome"], report["said"]) == ("dialled", [])
    assert next(s for s in report["steps"] if s["what"] == "dialled")["to"] == ["+14155550199"]
    late = twilio("POST", f"/Calls/{sid}.json", data={"Twiml": human})
    assert (late.status_code, late.json()["code"]) == (400, 21220)


def test_a_call_is_cut_at_its_time_limit(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient, number: str
) -> None:
    customer.says("/voice", stream(sandbox))
    program_far_end(sandbox, CALLEE, "answer", hangup_after_s=20)

    report = transcript(sandbox, dialled(twilio, customer, TimeLimit="1"))

    assert (report["status"], report["hung_up_by"]) == ("completed", "carrier")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"To": None}, 21201),
        ({"From": None}, 21213),
        ({"Url": None}, 21205),
        ({"Url": "ftp://example.com"}, 21205),
        ({"StatusCallback": "https://under_score.example.com/"}, 21205),
        ({"To": "415"}, 21211),
        ({"To": "+15005550001"}, 21217),
        ({"To": "+15005550002"}, 21214),
        ({"To": "+15005550003"}, 21215),
        ({"To": "+15005550004"}, 21216),
        ({"From": "415"}, 21212),
        ({"From": "+15005550001"}, 21212),
        ({"From": "+14155550177"}, 21210),
    ],
)
def test_a_dial_that_cannot_work_is_refused_in_twilios_words(
    sandbox: httpx.Client,
    customer: Customer,
    twilio: TwilioClient,
    number: str,
    fields: dict[str, Any],
    code: int,
) -> None:
    answer = dial(twilio, customer, **fields)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert sandbox.get("/_/dials").json()["dials"] == []


def test_a_verified_number_can_be_called_from(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient
) -> None:
    customer.says("/voice", "<Hangup/>")
    verified = {"PhoneNumber": "+14155550188", "FriendlyName": "Office"}
    twilio("POST", "/OutgoingCallerIds.json", data=verified).raise_for_status()
    assert dial(twilio, customer, From="+14155550188").json()["code"] == 21210

    confirm_caller_id(sandbox, "twilio", "+14155550188")

    transcript(sandbox, dialled(twilio, customer, From="+14155550188"))

    listed = twilio("GET", "/OutgoingCallerIds.json").json()["outgoing_caller_ids"]
    assert [row["phone_number"] for row in listed] == ["+14155550188"]


def test_calls_are_found_by_number_status_and_time(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient, number: str
) -> None:
    customer.says("/voice", "<Hangup/>")
    program_far_end(sandbox, CALLEE, "busy")
    busy = dialled(twilio, customer)
    done = dialled(twilio, customer, To="+14155550133")
    for sid in (busy, done):
        transcript(sandbox, sid)

    def found(**query: str) -> list[str]:
        answer = twilio("GET", "/Calls.json", params=query)
        return [call["sid"] for call in answer.json()["calls"]]

    assert found() == [done, busy]
    assert found(To=CALLEE) == [busy]
    assert found(From=NUMBER, Status="completed") == [done]
    assert found(**{"StartTime>": "2020-01-01T00:00:00Z"}) == [done, busy]
    assert found(**{"StartTime<": "2020-01-01"}) == []
    first = twilio("GET", "/Calls.json", params={"From": NUMBER, "PageSize": "1"}).json()
    second = twilio.http.get(f"/twilio{first['next_page_uri']}", auth=(twilio.sid, twilio.token))
    assert [call["sid"] for call in second.json()["calls"]] == [busy]


@pytest.mark.parametrize(
    ("fault", "status"),
    [("error_after_success", 500), ("server_error", 500), ("rate_limited", 429)],
)
def test_a_dial_that_fails_may_have_been_done(
    sandbox: httpx.Client,
    customer: Customer,
    twilio: TwilioClient,
    number: str,
    fault: str,
    status: int,
) -> None:
    program_fault(sandbox, "twilio", "dial", fault)

    assert dial(twilio, customer).status_code == status

    done = [row["count"] for row in sandbox.get("/_/dials").json()["dials"]]
    assert done == ([1] if fault == "error_after_success" else [])


def test_dials_are_counted_by_what_they_say_of_themselves(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient, number: str
) -> None:
    program_fault(sandbox, "twilio", "dial", "lost_answer")
    with pytest.raises(httpx.TransportError):
        dial(twilio, customer)
    dialled(twilio, customer)
    dialled(twilio, customer, Url=f"{customer.url}/voice?call=43")

    dials = sandbox.get("/_/dials", params={"carrier": "twilio"}).json()["dials"]

    counted = {row["reference"]: row["count"] for row in dials}
    assert counted == {f"{customer.url}/voice?call=42": 2, f"{customer.url}/voice?call=43": 1}


def test_a_recording_that_the_instructions_begin_is_told_of_and_sent_to_its_account(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient, number: str
) -> None:
    sandbox.patch("/_/settings", json={"recording_late_s": 1000}).raise_for_status()
    url = f"{customer.url}/recording"
    started = f'<Start><Recording recordingStatusCallback="{url}" channels="dual"/></Start>'
    customer.says("/voice", f"<Say>It is recorded.</Say>{started}<Hangup/>")

    transcript(sandbox, dialled(twilio, customer))

    [told] = [got.form for got in customer.at("/recording")]
    assert (told["RecordingStatus"], told["RecordingChannels"]) == ("completed", "2")
    media = f"/Recordings/{told['RecordingSid']}.mp3"
    assert twilio("GET", media).status_code == 404  # announced, and not there yet
    sandbox.patch("/_/settings", json={"recording_late_s": 0}).raise_for_status()
    sent = twilio("GET", media)
    assert (sent.status_code, sent.headers["content-type"]) == (200, "audio/mpeg")
    assert sandbox.get(f"/twilio/2010-04-01/Accounts/{twilio.sid}{media}").status_code == 401
