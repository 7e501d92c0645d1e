"""Recordings from the carriers' announcements to the customer's ear."""

import base64
import json
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import boto3
import pytest

from functions.fetch_recording.app import lambda_handler as fetch
from functions.recordings.app import lambda_handler as recordings
from switchboard import calls, recording_links
from switchboard.app import App
from switchboard.errors import NothingThere
from switchboard.model import BYO, Call, DialOptions, RecordingStatus
from switchboard.recordings.noting import link
from switchboard.recordings.room import File, Room
from switchboard.recordings.vault import Bucket
from tests.builders import (
    CALL_SID,
    ORGANIZATION,
    a_call,
    a_recording,
    an_assistant,
)
from tests.clock import START
from tests.functions import signed
from tests.functions.carriers import Http
from tests.functions.events import Context, load

TWILIO = "carrier_webhook/twilio-recording-completed"
TELNYX = "carrier_webhook/telnyx-recording-saved"
VONAGE = "carrier_webhook/vonage-recording-saved"
RECORDED = DialOptions(record=True)
NOTICE = "This call is recorded."


@pytest.fixture
def bucket(aws: None) -> Bucket:
    """The bucket."""
    client = boto3.client("s3")
    place: Any = {"LocationConstraint": "eu-west-1"}
    client.create_bucket(Bucket="recordings-test", CreateBucketConfiguration=place)
    return Bucket(client, "recordings-test")


def ask(app: App, bucket: Bucket, name: str, **path: str) -> dict[str, Any]:
    """Send an API request."""
    event = load(f"recordings/{name}")
    event["pathParameters"] |= path
    event["path"] = event["resource"]
    for part, value in event["pathParameters"].items():
        event["path"] = event["path"].replace(f"{{{part}}}", value)
    reply = recordings(event, Context(), lambda: app, lambda: bucket)  # type: ignore[arg-type]
    headers = {name: values[0] for name, values in reply["multiValueHeaders"].items()}
    return reply | {"headers": headers, "json": json.loads(reply["body"])}


def stored(app: App, **changes: Any) -> None:
    """Let the call have a recording that is in the bucket."""
    app.store.add_recording(the_call(app), a_recording(), "x")
    done: dict[str, Any] = {"status": RecordingStatus.COMPLETED, "path": "1001/5001/7001.mp3"}
    after = replace(a_recording(), **done | changes)
    app.store.settle_recording(the_call(app), a_recording(), after, "x", timedelta(days=90))


def the_call(app: App) -> Call:
    call = app.store.call(a_call().id)
    assert call is not None
    return call


# --- announced ---


def test_twilios_recording_is_noted_once_and_fetched_later(live: App, send: Any) -> None:
    live.store.add_call(a_call(carrier="twilio"))

    for _ in range(2):
        assert send(load(TWILIO), "twilio")["statusCode"] == 200

    [noted] = live.store.recordings(a_call().id)
    assert noted.status is RecordingStatus.PROCESSING
    assert (noted.duration, noted.channels) == (42, 2)
    source = live.carrier("twilio", ORGANIZATION).recording_source(noted)
    assert source.url == (
        f"https://api.twilio.example/2010-04-01/Accounts/AC{'0' * 31}1/Recordings/RE{'0' * 31}1.mp3"
    )
    assert source.headers["authorization"].startswith("Basic ")


def test_telnyxs_recording_is_found_by_our_own_id_and_by_its_link(live: App, send: Any) -> None:
    live.store.add_call(a_call(carrier="telnyx", call_sid="v3:x"))

    for _ in range(2):
        assert send(load(TELNYX), "telnyx")["statusCode"] == 200

    [noted] = live.store.recordings(a_call().id)
    assert noted.recording_sid == "10cd86ac-fef8-4765-b203-0f7511f9fc75"
    assert (noted.duration, noted.channels) == (42, 2)
    source = live.carrier("telnyx", ORGANIZATION).recording_source(noted)
    assert source.url.startswith("https://s3.amazonaws.com/telephony-recorder-prod/")
    assert source.hosts.fullmatch("s3.amazonaws.com")
    assert not source.hosts.fullmatch("internal-x.eu-west-1.elb.amazonaws.com")


def test_vonages_recording_is_found_by_the_call_in_its_url(live: App, send: Any) -> None:
    live.store.add_call(a_call(carrier="vonage", call_sid="63f618634a514f6b86e146edebcf9356"))

    for _ in range(2):
        assert send(load(VONAGE), "vonage")["statusCode"] == 200

    [noted] = live.store.recordings(a_call().id)
    assert noted.recording_sid == "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"
    assert noted.duration == 42
    assert noted.carrier_url == (
        "https://api-us-3.vonage.com/v1/files/bbbbbbbb-aaaa-cccc-dddd-0123456789ab"
    )


def test_what_twilio_records_of_a_call_over_a_trunk_is_fetched_from_twilio(
    live: App, send: Any
) -> None:
    live.store.add_call(a_call(carrier=BYO, bridge="twilio"))

    assert send(load(TWILIO), "twilio")["statusCode"] == 200

    [noted] = live.store.recordings(a_call().id)
    assert noted.carrier == "twilio"
    assert live.carrier(noted.carrier, ORGANIZATION).recording_source(noted).url.endswith(".mp3")


def test_what_an_own_bridge_records_is_not_promised(app: App, bucket: Bucket) -> None:
    # Its file never comes here: a link that says "not yet" would say so for ever.
    app.store.add_call(a_call(carrier=BYO, options=RECORDED))
    token = link(app, a_call().id).rpartition("/")[2]

    assert ask(app, bucket, "public", token=token)["statusCode"] == 404


def test_a_recording_that_nobody_can_place_is_refused(live: App, send: Any) -> None:
    assert send(load(TWILIO), "twilio")["statusCode"] == 404
    assert send(load(TELNYX), "telnyx")["statusCode"] == 404
    assert send(load(VONAGE), "vonage")["statusCode"] == 404


def test_a_forged_recording_is_refused(live: App, send: Any) -> None:
    live.store.add_call(a_call(carrier="twilio"))
    event = load(TWILIO)

    forged = event | {"body": event["body"].replace("Duration=42", "Duration=43")}

    assert send(forged, "twilio")["statusCode"] == 403
    assert live.store.recordings(a_call().id) == []


# --- begun only when asked for, and announced first ---


def test_a_call_is_not_recorded_unless_its_assistant_asks_for_it(live: App, send: Any) -> None:
    reply = send(load("carrier_webhook/twilio-inbound-call"), "twilio")

    assert "Recording" not in reply["body"]


def test_twilio_announces_then_records_then_streams(live: App, send: Any) -> None:
    live.store.put_assistant(an_assistant(dial_options=RECORDED, recording_notice=NOTICE))

    reply = send(load("carrier_webhook/twilio-inbound-call"), "twilio")

    document = ElementTree.fromstring(reply["body"])
    assert [verb.tag for verb in document] == ["Say", "Start", "Connect"]
    assert document[0].text == NOTICE
    recording = document[1][0]
    assert recording.get("recordingStatusCallback") == (
        "https://hooks.example.com/v1/recording-status?org=1001"
    )
    assert calls.find_by_sid(live, ORGANIZATION, CALL_SID).options.record is True


def test_twilio_records_at_once_when_nothing_is_announced(live: App, send: Any) -> None:
    live.store.put_assistant(an_assistant(dial_options=RECORDED))

    reply = send(load("carrier_webhook/twilio-inbound-call"), "twilio")

    assert [verb.tag for verb in ElementTree.fromstring(reply["body"])] == ["Start", "Connect"]


def test_vonage_announces_then_records_then_streams(live: App, send: Any) -> None:
    live.store.put_assistant(an_assistant(dial_options=RECORDED, recording_notice=NOTICE))

    reply = send(load("carrier_webhook/vonage-call-answer"), "vonage")

    said, record, connect = json.loads(reply["body"])
    assert (said["action"], said["text"]) == ("talk", NOTICE)
    assert (record["action"], connect["action"]) == ("record", "connect")
    [url] = record["eventUrl"]
    assert url.startswith("https://hooks.example.com/v1/vonage-webhook?call=1001-")


def test_vonage_records_nothing_that_nobody_asks_for(live: App, send: Any) -> None:
    reply = send(load("carrier_webhook/vonage-call-answer"), "vonage")

    assert [it["action"] for it in json.loads(reply["body"])] == ["connect"]


def test_telnyx_records_from_the_answer_when_nothing_is_announced(
    live: App, send: Any, http: Http
) -> None:
    live.store.put_assistant(an_assistant(dial_options=RECORDED))

    send(load("carrier_webhook/telnyx-call-initiated"), "telnyx")

    [(_, url, command)] = http.sent
    assert url.endswith("/actions/answer")
    assert command["record"] == "record-from-answer"
    assert command["stream_url"]


def test_telnyx_neither_streams_nor_records_before_the_announcement_is_over(
    live: App, send: Any, http: Http
) -> None:
    live.store.put_assistant(an_assistant(dial_options=RECORDED, recording_notice=NOTICE))

    send(load("carrier_webhook/telnyx-call-initiated"), "telnyx")
    [(_, _, answer)] = http.sent
    assert "stream_url" not in answer
    assert "record" not in answer
    send(telnyx_event("call.answered", answer["client_state"]), "telnyx")
    _, url, speak = http.sent[-1]
    assert (url.rpartition("/")[2], speak["payload"]) == ("speak", NOTICE)
    send(telnyx_event("call.speak.ended", speak["client_state"]), "telnyx")

    (_, first, stream), (_, second, record) = http.sent[-2:]
    assert first.endswith("/actions/streaming_start")
    assert stream["stream_url"].startswith("wss://media.example.com/stream?call_id=")
    assert second.endswith("/actions/record_start")
    assert (record["format"], record["channels"]) == ("mp3", "dual")


def telnyx_event(kind: str, state: str) -> dict[str, Any]:
    """Return an event of the inbound call with the state that we gave it."""
    body = json.loads(load("carrier_webhook/telnyx-call-initiated")["body"])["data"]["payload"]
    told = json.loads(base64.b64decode(state))
    event = signed.telnyx(
        "answered", event_type=kind, state=told, call_control_id=body["call_control_id"]
    )
    query = {"multiValueQueryStringParameters": {"org": [str(ORGANIZATION)]}}
    return event | query


# --- fetched ---


def test_telnyx_is_asked_for_a_new_link_once_the_events_is_too_old(
    live: App, http: Http, clock: Any
) -> None:
    noted = a_recording(carrier="telnyx", carrier_url="https://s3.amazonaws.com/telephony/old")
    http.body = {"data": {"download_urls": {"mp3": "https://s3.amazonaws.com/telephony/new"}}}
    carrier = live.carrier("telnyx", ORGANIZATION)

    assert carrier.recording_source(noted).url.endswith("/old")
    clock.advance(minutes=9)
    assert carrier.recording_source(noted).url.endswith("/new")
    http.status = 404
    with pytest.raises(NothingThere):
        carrier.recording_source(noted)


def test_telnyxs_recording_without_an_id_is_found_by_its_leg_and_its_beginning(
    live: App, http: Http, clock: Any
) -> None:
    noted = a_recording(carrier="telnyx", leg_id="leg", started_at=START, carrier_url=None)
    rows = [
        {"recording_started_at": f"2026-03-02T{hour}:00:00.5Z", "download_urls": {"mp3": hour}}
        for hour in ("08", "09")
    ]
    http.body, http.missing = {"data": rows}, f"/recordings/{noted.recording_sid}"

    assert live.carrier("telnyx", ORGANIZATION).recording_source(noted).url == "09"


def test_a_recording_that_fails_holds_up_none_of_those_after_it(
    app: App, bucket: Bucket, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.store.add_call(a_call())
    app.store.add_recording(the_call(app), a_recording(), "x")
    file = File(iter([b"sound"]), "audio/mpeg")
    room = Room(app, bucket, lambda source, url: file, app.carrier, timedelta(days=90))
    [noted] = load("fetch_recording/noted")["Records"]
    odd = deepcopy(noted)
    odd["dynamodb"]["NewImage"]["sk"]["S"] = "RECORDING#"
    live = app.store.recording
    monkeypatch.setattr(app.store, "recording", lambda call, sid: live(call, sid) if sid else 1 / 0)

    fetch({"Records": [odd, {"dynamodb": "nonsense"}, noted]}, None, lambda: room)

    [kept] = app.store.recordings(a_call().id)
    assert kept.status is RecordingStatus.COMPLETED
    assert [it.message for it in caplog.records if it.exc_info] == [
        "change not understood",
        "not done",
    ]


def test_the_sweep_fetches_what_the_stream_did_not_bring(app: App, bucket: Bucket) -> None:
    app.store.add_call(a_call())
    app.store.add_recording(the_call(app), a_recording(), "x")
    file = File(iter([b"sound"]), "audio/mpeg")
    room = Room(app, bucket, lambda source, url: file, app.carrier, timedelta(days=90))

    fetch(load("fetch_recording/sweep"), None, lambda: room)

    [kept] = app.store.recordings(a_call().id)
    assert kept.status is RecordingStatus.COMPLETED


# --- heard ---


def test_a_calls_recordings_are_listed_by_either_id(app: App, bucket: Bucket) -> None:
    app.store.add_call(a_call())
    stored(app)

    by_id, by_sid = ask(app, bucket, "list"), ask(app, bucket, "list-by-sid")

    [shown] = by_id["json"]
    assert [it["id"] for it in by_sid["json"]] == [shown["id"]] == [7001]
    assert (shown["status"], shown["recording_type"]) == ("completed", "mixed")
    assert "1001/5001/7001.mp3" in shown["recording_url"]


def test_playing_redirects_to_a_link_that_lives_for_minutes(app: App, bucket: Bucket) -> None:
    app.store.add_call(a_call())
    stored(app)

    reply = ask(app, bucket, "play")

    assert reply["statusCode"] == 302
    assert "1001/5001/7001.mp3" in reply["headers"]["Location"]
    assert reply["headers"]["Cache-Control"] == "no-store"


def test_what_is_still_being_fetched_is_a_202(app: App, bucket: Bucket) -> None:
    app.store.add_call(a_call())
    app.store.add_recording(the_call(app), a_recording(), "x")

    assert ask(app, bucket, "play")["statusCode"] == 202
    assert ask(app, bucket, "list")["json"][0]["recording_url"] is None


@pytest.mark.parametrize("changes", [{"recording_id": "7002"}, {"call_id": "5002"}])
def test_what_there_is_not_is_a_404(app: App, bucket: Bucket, changes: dict[str, str]) -> None:
    app.store.add_call(a_call())
    stored(app)

    assert ask(app, bucket, "play", **changes)["statusCode"] == 404


def test_a_recording_that_failed_says_why(app: App, bucket: Bucket) -> None:
    app.store.add_call(a_call())
    stored(app, status=RecordingStatus.FAILED, path=None, problem="the carrier answered 404")

    reply = ask(app, bucket, "play")

    assert reply["statusCode"] == 404
    assert "the carrier answered 404" in reply["json"]["detail"]


def test_another_organizations_recording_does_not_exist(app: App, bucket: Bucket) -> None:
    app.store.add_call(replace(a_call(), organization_id=2002))
    stored(app)

    for name in ("list", "list-by-sid", "play"):
        assert ask(app, bucket, name)["statusCode"] == 404


def test_the_link_of_an_event_works_without_a_key_for_a_week(
    app: App, bucket: Bucket, clock: Any
) -> None:
    app.store.add_call(a_call(options=RECORDED))
    token = link(app, a_call().id).rpartition("/")[2]

    assert ask(app, bucket, "public", token=token)["statusCode"] == 202
    stored(app)
    assert ask(app, bucket, "public", token=token)["statusCode"] == 302
    clock.advance(days=recording_links.LIFETIME.days)
    assert ask(app, bucket, "public", token=token)["statusCode"] == 404


def test_a_link_that_we_did_not_make_opens_nothing(app: App, bucket: Bucket) -> None:
    app.store.add_call(a_call())
    stored(app)
    forged = recording_links.link("another-key-of-32-characters-xxxx", "", 5001, app.clock())

    assert ask(app, bucket, "public")["statusCode"] == 404
    assert ask(app, bucket, "public", token=forged.rpartition("/")[2])["statusCode"] == 404


def test_a_session_token_is_no_link(app: App, bucket: Bucket) -> None:
    from switchboard import sessions

    app.store.add_call(a_call())
    stored(app)
    token = sessions.issue(app.secrets.session_key(), a_call())

    assert ask(app, bucket, "public", token=token)["statusCode"] == 404
