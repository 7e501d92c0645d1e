"""What an organization's own SIP bridge asks and tells: answered, recorded, or refused."""

import json
from dataclasses import replace
from typing import Any

import boto3
import pytest

from switchboard import calls, limits, listing
from switchboard.app import App
from switchboard.model import (
    BYO,
    E164,
    Bridge,
    Call,
    CallStatus,
    DialOptions,
    Direction,
    Limits,
    MachinePolicy,
    TrunkAttempt,
    TrunkSecrets,
)
from tests.builders import (
    CALL_SID,
    CALLER,
    NUMBER,
    ORGANIZATION,
    OTHER_ORGANIZATION,
    a_call,
    an_assistant,
)
from tests.functions.bridges import (
    SECRET,
    SID,
    TRUNK,
    TRUNK_NUMBER,
    connect,
    hold,
    ringing,
    said,
    status,
)
from tests.functions.carriers import Http
from tests.functions.events import load

Json = dict[str, Any]
Event = dict[str, Any]
ANOTHER = E164("+14155550178")


@pytest.fixture
def tell(live: App, send: Any) -> Any:
    """Sends what the bridge says, and returns status and body."""
    connect(live)

    def to_function(event: Json) -> tuple[int, Any]:
        reply = send(event, BYO)
        return reply["statusCode"], json.loads(reply["body"]) if reply["body"] else None

    return to_function


@pytest.fixture
def front_desk(live: App) -> None:
    """The assistant that bridges announce calls for."""
    live.store.put_assistant(an_assistant())


def the_call(live: App) -> Call:
    return calls.find_by_sid(live, ORGANIZATION, SID)


def nothing_happened(live: App) -> bool:
    return listing.search(live, ORGANIZATION, listing.CallFilter(), 0, 10) == ([], 0)


# --- a phone rings ---


def test_the_bridge_is_told_where_to_stream(live: App, tell: Any) -> None:
    code, body = tell(load("carrier_webhook/sip-inbound-call"))

    call = the_call(live)
    assert code == 200
    assert (body["action"], body["stream_url"]) == ("stream", "wss://media.example.com/stream")
    assert body["call_id"] == call.id
    assert body["parameters"]["welcome_message"] == "Hello from Acme"
    assert body["parameters"]["To"] == TRUNK_NUMBER
    assert body["parameters"]["From"] == CALLER
    assert calls.session(live, call.id, body["token"])[0] == call


def test_the_call_is_the_trunks(live: App, tell: Any) -> None:
    tell(ringing())

    call = the_call(live)
    assert (call.carrier, call.carried_by, call.sip_trunk_id) == (BYO, BYO, TRUNK)
    assert (call.direction, call.status) == (Direction.INBOUND, CallStatus.RINGING)
    assert (call.phone_number, call.customer_number) == (TRUNK_NUMBER, CALLER)


def test_a_question_that_comes_again_gets_the_same_answer(tell: Any) -> None:
    assert tell(ringing()) == tell(ringing())


def test_a_question_after_the_end_is_told_to_reject(tell: Any) -> None:
    tell(ringing())
    tell(status("completed", duration=3))

    assert tell(ringing())[1]["action"] == "reject"


def test_a_number_that_nobody_answers_says_so(live: App, tell: Any) -> None:
    hold(live, ANOTHER, assistant=None)

    _, body = tell(ringing(to=f"sip:{ANOTHER}@bridge.example.com"))

    assert (body["action"], body["text"]) == ("say", calls.UNASSIGNED_MESSAGE)


def test_an_assistant_that_is_switched_off_leaves_the_caller_to_a_person(
    live: App, tell: Any
) -> None:
    live.store.put_assistant(an_assistant(is_active=False, fallback_number=E164("+14155550142")))

    _, body = tell(ringing())

    assert (body["action"], body["to"]) == ("dial", "+14155550142")


def test_a_caller_from_a_country_that_is_not_allowed_is_rejected(live: App, tell: Any) -> None:
    hold(live, ANOTHER, allowed_country_codes=("DE",))

    _, body = tell(ringing(to=ANOTHER))

    assert (body["action"], body["sip_code"]) == ("reject", 603)
    assert the_call(live).status is CallStatus.CANCELLED


@pytest.mark.parametrize(
    ("changes", "caller"),
    [
        ({"from": "+12125550199"}, CALLER),
        ({"from": '"Ann" <sip:+12125550199;npdi@pbx.example.com>;tag=1'}, CALLER),
        ({"from": "tel:+12125550199"}, CALLER),
        ({"from": "sip:anonymous@anonymous.invalid"}, "anonymous"),
        ({"from": "sip:8001@pbx.example.com"}, "8001"),
        (
            {
                "from": "sip:8001@pbx.example.com",
                "headers": {"P-Asserted-Identity": f"<sip:{CALLER}@pbx.example.com>"},
            },
            CALLER,
        ),
        (
            {
                "from": "sip:8001@pbx.example.com",
                "headers": {"P-Asserted-Identity": f"<sip:{CALLER}@x>", "Privacy": "id; critical"},
            },
            "8001",
        ),
    ],
)
def test_the_caller_is_who_the_invite_says_unless_hidden(
    live: App, tell: Any, changes: Json, caller: str
) -> None:
    assert tell(ringing(**changes))[1]["action"] == "stream"
    assert the_call(live).customer_number == caller


def test_a_ringing_call_takes_one_read_and_one_write(live: App, tell: Any) -> None:
    tell(ringing(call_sid="warm"))
    asked: list[str] = []
    events = live.store._client.meta.events
    events.register("provide-client-params.dynamodb", lambda model, **_: asked.append(model.name))

    tell(ringing())

    assert asked == ["BatchGetItem", "TransactWriteItems"]


# --- behind a PBX ---


def test_behind_a_pbx_the_called_number_is_found_in_its_headers(live: App, tell: Any) -> None:
    _, body = tell(load("carrier_webhook/sip-inbound-call-behind-pbx"))

    assert body["action"] == "stream"
    assert the_call(live).phone_number == TRUNK_NUMBER


ORDER = (
    "Diversion",
    "History-Info",
    "X-Original-Called",
    "X-Original-Number",
    "X-Forwarded-To",
    "X-Original-To",
    "P-Called-Party-ID",
    "Request-URI",
    "To",
)


@pytest.mark.parametrize("better", range(len(ORDER) - 1))
def test_the_headers_count_in_the_contracts_order(live: App, tell: Any, better: int) -> None:
    hold(live, ANOTHER)
    headers = {
        name.lower(): f"<sip:{TRUNK_NUMBER if place == better else ANOTHER}@pbx.example.com>"
        for place, name in enumerate(ORDER)
        if place >= better
    }

    tell(ringing(to="sip:8000@bridge.example.com", headers=headers))

    assert the_call(live).phone_number == TRUNK_NUMBER


def test_a_header_that_names_somebody_elses_number_is_passed_over(live: App, tell: Any) -> None:
    # A call that an employee's own telephone sent on.
    tell(ringing(headers={"Diversion": "<sip:+12125550123@mobile.example>;reason=no-answer"}))

    assert the_call(live).phone_number == TRUNK_NUMBER


def test_two_numbers_in_the_best_header_are_never_guessed_between(live: App, tell: Any) -> None:
    hold(live, ANOTHER)
    both = [f"<sip:{ANOTHER}@pbx.example.com>", f"<sip:{TRUNK_NUMBER}@pbx.example.com>"]

    code, body = tell(ringing(to=TRUNK_NUMBER, headers={"Diversion": both}))

    assert (code, body["action"]) == (200, "say")
    assert the_call(live).assistant_id is None


def test_an_extension_that_no_header_explains_is_never_guessed(live: App, tell: Any) -> None:
    code, body = tell(ringing(to="sip:8000@bridge.example.com"))

    assert (code, body["action"]) == (200, "say")
    assert the_call(live).phone_number == "8000"


def test_another_organizations_number_is_nobodys(live: App, tell: Any) -> None:
    hold(live, ANOTHER, organization_id=OTHER_ORGANIZATION)

    _, body = tell(ringing(to=ANOTHER))

    assert body["action"] == "say"


# --- how it goes on ---


def test_a_call_goes_from_ringing_to_its_end(live: App, tell: Any) -> None:
    for name in ("inbound-call", "call-answered", "call-completed"):
        assert tell(load(f"carrier_webhook/sip-{name}"))[0] == 200

    call = the_call(live)
    assert (call.status, call.duration) == (CallStatus.COMPLETED, 42)
    assert [step.type for step in call.history] == ["ringing", "answered", "completed"]


def test_events_may_come_in_any_order_and_twice(live: App, tell: Any) -> None:
    completed = status("completed", duration=42, sequence=3, timestamp="2026-03-02T09:00:44Z")
    answered = status("answered", sequence=2, timestamp="2026-03-02T09:00:02Z")

    for event in (completed, completed, answered, ringing(), answered):
        assert tell(event)[0] == 200

    call = the_call(live)
    assert (call.status, call.duration) == (CallStatus.COMPLETED, 42)
    assert call.phone_number == TRUNK_NUMBER
    assert len(call.history) == 2


def test_the_first_event_of_an_unknown_call_makes_its_record(live: App, tell: Any) -> None:
    assert tell(status("ringing", to="sip:8000@bridge.example.com"))[0] == 200

    assert the_call(live).status is CallStatus.RINGING


def test_an_event_that_does_not_say_whose_call_it_is_is_sent_again(tell: Any) -> None:
    assert tell(said("/sip-status", {"call_sid": SID, "status": "ringing"}))[0] == 404


def test_a_bridge_with_one_url_sends_its_events_there(live: App, tell: Any) -> None:
    tell(ringing())

    assert tell(ringing(status="completed", duration=5)) == (200, None)
    assert the_call(live).status is CallStatus.COMPLETED


@pytest.mark.parametrize(
    ("fields", "ended"),
    [
        ({"status": "failed", "sip_code": 486}, CallStatus.BUSY),
        ({"status": "failed", "sip_code": 600}, CallStatus.BUSY),
        ({"status": "failed", "sip_code": 408}, CallStatus.NO_ANSWER),
        ({"status": "failed", "sip_code": 480}, CallStatus.NO_ANSWER),
        ({"status": "completed", "sip_code": 487}, CallStatus.CANCELLED),
        ({"status": "failed", "sip_code": 603}, CallStatus.FAILED),
        ({"status": None, "sip_code": 503}, CallStatus.FAILED),
        ({"status": "busy"}, CallStatus.BUSY),
        ({"status": "no-answer"}, CallStatus.NO_ANSWER),
        ({"status": "cancelled"}, CallStatus.CANCELLED),
        ({"status": "completed"}, CallStatus.COMPLETED),
    ],
)
def test_an_end_is_read_by_its_status_and_its_sip_code(
    live: App, tell: Any, fields: Json, ended: CallStatus
) -> None:
    tell(ringing())

    tell(status("", **fields))

    assert the_call(live).status is ended


@pytest.mark.parametrize("code", [180, 183])
def test_a_provisional_code_is_no_end(live: App, tell: Any, code: int) -> None:
    tell(status("", status=None, sip_code=code))

    assert the_call(live).status is CallStatus.RINGING


def test_who_spoke_was_answered_whatever_the_code(live: App, tell: Any) -> None:
    tell(ringing())

    tell(status("completed", sip_code=503, duration=42))

    assert (the_call(live).status, the_call(live).duration) == (CallStatus.COMPLETED, 42)


def test_an_answered_call_that_ended_with_a_code_is_completed(live: App, tell: Any) -> None:
    tell(ringing())
    tell(status("answered"))

    tell(status("completed", sip_code=487))

    assert the_call(live).status is CallStatus.COMPLETED


# --- a call that is announced ---


@pytest.mark.usefixtures("front_desk")
def test_an_announced_call_has_its_record_before_it_is_asked_about(live: App, tell: Any) -> None:
    code, body = tell(load("carrier_webhook/sip-prewarm"))

    call = the_call(live)
    assert (code, body) == (200, {"call_sid": SID, "prewarmed": True})
    assert (call.direction, call.status) == (Direction.OUTBOUND, CallStatus.DIALING)
    assert (call.phone_number, call.customer_number) == (TRUNK_NUMBER, CALLER)
    assert (call.welcome_message, call.agenda) == ("Hello Ann", "Confirm the delivery")
    assert call.sip_trunk_id == TRUNK


@pytest.mark.usefixtures("front_desk")
def test_an_announced_call_of_the_bridges_own_is_streamed_when_it_is_answered(
    live: App, tell: Any
) -> None:
    tell(load("carrier_webhook/sip-prewarm"))

    _, body = tell(ringing(direction="outbound"))

    assert body["action"] == "stream"
    assert body["parameters"]["agenda"] == "Confirm the delivery"
    assert the_call(live).status is CallStatus.IN_PROGRESS


def test_an_announced_inbound_call_is_answered_as_it_was_announced(live: App, tell: Any) -> None:
    other = an_assistant(id=3002, name="Night desk", stream_url="wss://night.example.com/s")
    live.store.put_assistant(other)
    wanted = {"call_sid": SID, "from_number": CALLER, "to_number": TRUNK_NUMBER}
    tell(said("/sip-prewarm", wanted | {"assistant_id": 3002}))

    _, body = tell(ringing())

    assert body["stream_url"] == "wss://night.example.com/s"
    assert the_call(live).assistant_id == 3002


def test_an_announced_call_to_a_carriers_number_is_nobodys(live: App, tell: Any) -> None:
    tell(said("/sip-prewarm", {"call_sid": SID, "to_number": NUMBER}))

    assert tell(ringing(to=NUMBER))[1]["action"] == "say"


def test_variables_may_come_as_text(live: App, tell: Any) -> None:
    wanted = {"to_number": TRUNK_NUMBER, "welcome_message": "Hi {{ a.b }}", "call_sid": SID}

    tell(said("/sip-prewarm", wanted | {"variables": json.dumps({"a": {"b": "Bob"}})}))

    assert the_call(live).welcome_message == "Hi Bob"


@pytest.mark.usefixtures("front_desk")
def test_announcing_again_changes_nothing(live: App, tell: Any) -> None:
    tell(load("carrier_webhook/sip-prewarm"))
    before = the_call(live)

    code, _ = tell(said("/sip-prewarm", {"call_sid": SID, "agenda": "Something else"}))

    assert code == 200
    assert the_call(live) == before


@pytest.mark.parametrize("body", [{}, {"call_sid": ""}, {"call_sid": None}])
def test_an_announcement_without_a_call_sid_is_refused_in_the_contracts_words(
    live: App, tell: Any, body: Json
) -> None:
    assert tell(said("/sip-prewarm", body)) == (400, {"error": "call_sid required"})
    assert nothing_happened(live)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"outbound": True}, 404),
        ({"assistant_id": 999}, 404),
        ({"to_number": TRUNK_NUMBER, "welcome_message": "Hi {{ name }}"}, 422),
        ({"variables": "[1]"}, 400),
        ({"variables": 7}, 400),
        ({"outbound": "perhaps"}, 400),
        ({"assistant_id": -1}, 400),
        ({"agenda": "x" * 20_000}, 400),
    ],
)
def test_an_announcement_that_makes_no_sense_is_refused_and_changes_nothing(
    live: App, tell: Any, fields: Json, code: int
) -> None:
    answered, body = tell(said("/sip-prewarm", {"call_sid": SID} | fields))

    assert answered == code
    assert list(body) == ["error"]
    assert nothing_happened(live)


# --- who speaks ---


def forgeries() -> dict[str, Event]:
    event = ringing()
    headers = event["headers"]
    stamp, signed = "X-Switchboard-Timestamp", "X-Switchboard-Signature"
    cases = {
        "no headers": {"headers": {}},
        "no signature": {"headers": {k: v for k, v in headers.items() if k != signed}},
        "no time": {"headers": {k: v for k, v in headers.items() if k != stamp}},
        "another scheme": {"headers": headers | {signed: headers[signed].replace("v1", "v0")}},
        "bare hex": {"headers": headers | {signed: headers[signed][3:]}},
        "not ascii": {"headers": headers | {signed: "ü" * 67}},
        "odd time": {"headers": headers | {stamp: "²"}},
        "another time": {"headers": headers | {stamp: str(int(headers[stamp]) + 1)}},
        "another body": {"body": event["body"].replace("12125550199", "19005550199")},
        "no body": {"body": None},
        "another organization": _addressed(f"{OTHER_ORGANIZATION}-{TRUNK}"),
        "another trunk": _addressed(f"{ORGANIZATION}-{TRUNK[:-1]}1"),
        "no trunk": {"multiValueQueryStringParameters": {"org": [str(ORGANIZATION)]}},
        "no address": {"multiValueQueryStringParameters": None},
        "a call's address": {"multiValueQueryStringParameters": {"call": [f"{ORGANIZATION}-9001"]}},
        "a path": _addressed(f"{ORGANIZATION}-../../{TRUNK}"),
    }
    return {name: event | changes for name, changes in cases.items()}


def _addressed(trunk: str) -> Json:
    return {"multiValueQueryStringParameters": {"trunk": [trunk]}}


@pytest.mark.parametrize("path", ["/sip-webhook", "/sip-status", "/sip-prewarm"])
def test_what_the_bridge_did_not_sign_is_refused_and_changes_nothing(
    live: App, tell: Any, path: str
) -> None:
    for name, event in forgeries().items():
        code, body = tell(event | {"resource": path})

        assert code in (401, 403), name
        assert body["code"] == "invalid_signature", name
    assert nothing_happened(live)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_signature_that_is_not_of_now_is_refused(tell: Any, clock: Any, seconds: int) -> None:
    clock.advance(seconds=seconds)

    assert tell(ringing())[0] == 401


def test_a_trunk_without_a_secret_lets_nobody_in(live: App, tell: Any) -> None:
    kept = TrunkSecrets("a-trunk-password", "swbr_unused")
    live.secrets.store_trunk(ORGANIZATION, TRUNK, replace(kept, signing_secret=""))

    code, _ = tell(said("/sip-webhook", {"call_sid": SID}, secret=""))

    live.secrets.store_trunk(ORGANIZATION, TRUNK, kept)
    assert code == 401


def test_a_rotated_secret_counts_within_seconds(live: App, tell: Any, clock: Any) -> None:
    tell(ringing())
    # Rotated by another function: this one has kept the former secret.
    boto3.client("secretsmanager").put_secret_value(
        SecretId=live.secrets._trunk_name(ORGANIZATION, TRUNK),
        SecretString=json.dumps({"password": "a-trunk-password", "signing_secret": "swbr_new"}),
    )
    clock.advance(seconds=11)
    event = {"call_sid": SID, "status": "completed"}
    at = clock().timestamp()

    assert tell(said("/sip-status", event, secret="swbr_new", at=at))[0] == 200
    assert tell(said("/sip-status", event, at=at))[0] == 401


def test_another_carriers_number_is_not_reached_by_its_query(live: App, send: Any) -> None:
    connect(live)
    event = load("carrier_webhook/twilio-inbound-call") | _addressed(f"{ORGANIZATION}-{TRUNK}")

    assert send(event, "twilio")["statusCode"] in (401, 403)


def test_a_bridge_reaches_no_call_of_a_carrier(live: App, send: Any, tell: Any) -> None:
    send(load("carrier_webhook/twilio-inbound-call"), "twilio")
    before = calls.find_by_sid(live, ORGANIZATION, CALL_SID)
    at_carrier = {"call_sid": CALL_SID, "from": CALLER, "to": TRUNK_NUMBER}

    for path, more in (
        ("/sip-status", {"status": "completed"}),
        ("/sip-status", {"status": "completed", "call_id": before.id}),
        ("/sip-webhook", {}),
        ("/sip-webhook", {"call_id": before.id, "answered_by": "machine"}),
    ):
        code, body = tell(said(path, at_carrier | more))

        assert "token" not in body
        assert code == 404 or body["action"] == "say"
    assert calls.find_by_sid(live, ORGANIZATION, CALL_SID) == before


# --- nonsense ---

NONSENSE = [
    "",
    "null",
    "[]",
    '"call"',
    "{",
    "\x00",
    "[" * 100_000,
    {},
    {"call_sid": ""},
    {"call_sid": 17.5},
    {"call_sid": ["a"]},
    {"call_sid": "x" * 201},
    {"call_sid": "a\nb"},
    {"call_sid": "\ud800"},
    {"call_sid": SID, "from": {}},
    {"call_sid": SID, "to": "x" * 600},
    {"call_sid": SID, "headers": ["Diversion"]},
    {"call_sid": SID, "headers": {"Diversion": 5}},
    {"call_sid": SID, "headers": {"Diversion": ["x", None]}},
    {"call_sid": SID, "headers": {"Diversion": "x" * 3000}},
    {"call_sid": SID, "headers": {str(n): "x" for n in range(65)}},
    {"call_sid": SID, "direction": "sideways"},
    {"call_sid": SID, "call_id": -1},
    {"call_sid": SID, "call_id": 2**60},
    {"call_sid": SID, "call_id": True},
    {"call_sid": SID, "answered_by": "dog"},
    {"call_sid": SID, "status": "flying"},
    {"call_sid": SID, "status": "completed", "duration": -1},
    {"call_sid": SID, "status": "completed", "duration": 1e99},
    {"call_sid": SID, "status": "completed", "sip_code": "4x6"},
    {"call_sid": SID, "sip_code": 7},
    {"call_sid": SID, "sip_code": 700},
    {"call_sid": SID, "status": "completed", "timestamp": "yesterday"},
    {"call_sid": SID, "status": "completed", "timestamp": "2026-03-02T09:00:00"},
    {"call_sid": SID, "status": "completed", "timestamp": "0001-01-01T00:00:00+23:59"},
]


@pytest.mark.parametrize("path", ["/sip-webhook", "/sip-status"])
def test_signed_nonsense_is_refused_clearly_and_changes_nothing(
    live: App, tell: Any, path: str
) -> None:
    for body in NONSENSE:
        code, answer = tell(said(path, body))

        assert code in (400, 404), body
        assert answer["detail"], body
    assert nothing_happened(live)


def test_signed_nonsense_is_no_announcement(live: App, tell: Any) -> None:
    for body in NONSENSE[:13]:
        code, answer = tell(said("/sip-prewarm", body))

        assert (code, list(answer)) == (400, ["error"]), body
    assert nothing_happened(live)


def test_headers_that_are_no_sip_find_no_number(live: App, tell: Any) -> None:
    odd = {"Diversion": "<<<>>>;,;,sip:@;tel:", "To": "\x07", "Request-URI": "sip:" + "9" * 500}

    assert tell(ringing(to="", headers=odd))[1]["action"] == "say"


# --- when we fail ---


def test_a_caller_hears_an_apology_when_the_table_is_away(live: App, tell: Any) -> None:
    live.store._table = "gone"

    code, body = tell(ringing())

    assert (code, body["action"]) == (200, "say")
    assert "sorry" in body["text"]


def test_an_event_is_sent_again_when_the_table_is_away(live: App, tell: Any) -> None:
    live.store._table = "gone"

    assert tell(status("completed"))[0] >= 500


# --- calls of ours ---


def test_what_answered_a_call_of_ours_decides_what_it_hears(
    live: App, tell: Any, http: Http
) -> None:

    options = DialOptions(
        machine_detection=MachinePolicy.LEAVE_MESSAGE, voicemail_message="Ring us"
    )
    now = live.clock()
    call = a_call(
        id=9001,
        carrier=BYO,
        call_sid="",
        direction=Direction.OUTBOUND,
        phone_number=TRUNK_NUMBER,
        customer_number=CALLER,
        status=CallStatus.QUEUED,
        stream_url="wss://media.example.com/stream",
        options=options,
        attempts=(TrunkAttempt(TRUNK, Bridge.OWN, now),),
    )
    call, places, quotas = limits.reserved(call, Limits(), now)
    live.store.reserve_call(call, None, "", places, quotas)

    _, body = tell(load("carrier_webhook/sip-outbound-answered"))

    assert (body["action"], body["text"]) == ("say", "Ring us")
    found = live.store.call(9001)
    assert found is not None
    assert (found.call_sid, found.answered_by) == (SID, "machine")
    assert SECRET not in repr(found)
