"""What every carrier must do with a call that shall be recorded, up to the file."""

import re
from datetime import timedelta
from typing import Any

import pytest
import urllib3

from sandbox.recordings import SOUND
from switchboard.carriers.base import RecordingSaved, WebhookRequest
from switchboard.errors import SwitchboardError
from switchboard.model import ConnectStream, NumberOrder, Recording, Say
from switchboard.recordings.downloading import Downloads
from switchboard.recordings.room import NotFetched
from tests.builders import a_recording
from tests.carriers.conftest import NUMBER, Subject
from tests.carriers.dialing import Phone
from tests.carriers.lab import Lab
from tests.carriers.test_answering import OurSide
from tests.sandbox.servers import Customer, wait_until

NOTICE = "This call is recorded."
INBOUND_ID = 5001


@pytest.fixture
def phone(subject: Subject, lab: Lab, us: Customer, order: NumberOrder) -> Phone:
    """Return each carrier in turn, with a number."""
    subject.carrier.buy(order)
    lab.control.patch("/_/settings", json={"recording_late_s": 0}).raise_for_status()
    return Phone(subject, lab, us)


def stream(phone: Phone, **wanted: Any) -> ConnectStream:
    return ConnectStream(phone.stream.url, {"call_id": "1"}, 1, "a.b", **wanted)


def ring(phone: Phone, instruction: ConnectStream | Say) -> dict[str, Any]:
    """Ring our number; return what happened."""
    side = OurSide(phone.subject, instruction)
    facts = phone.subject.facts
    phone.us.answers = {path: side for path in (facts.webhook_path, facts.event_path)}
    return phone.lab.ring(phone.subject.name, NUMBER, hangup_after_s=0.2)


def told(phone: Phone) -> list[RecordingSaved]:
    """Return what was said of recordings, verified and read."""
    found = []
    for got in phone.us.received:
        own = re.search(r"[?]call=1001-([0-9]+)$", got.url)
        own_id = int(own[1]) if own else None
        request = WebhookRequest(got.method, got.url, got.headers, got.raw, own_id)
        phone.subject.carrier.verify(request)
        webhook = phone.subject.carrier.parse(request)
        found += [webhook] if isinstance(webhook, RecordingSaved) else []
    return found


def noted(phone: Phone) -> Recording:
    """Return the recording as it is written down when the carrier has told of it."""
    wait_until(lambda: bool(told(phone)))
    [saved] = told(phone)
    return a_recording(
        carrier=phone.subject.name,
        created_at=phone.subject.context.clock(),
        recording_sid=saved.recording_sid,
        carrier_url=saved.url,
        leg_id=saved.leg_id,
        started_at=saved.started_at,
    )


def fetched(phone: Phone, recording: Recording) -> bytes:
    """Fetch the file as the job does."""
    source = phone.subject.carrier.recording_source(recording)
    with urllib3.PoolManager() as http:
        file = Downloads(http, 10_000_000, timedelta(seconds=30)).open(
            source, phone.subject.context.api_url
        )
        assert file.content_type == "audio/mpeg"
        return b"".join(file.chunks)


def test_a_call_that_nobody_wants_recorded_is_not(phone: Phone) -> None:
    ring(phone, stream(phone))
    ring(phone, Say("Hello"))

    assert told(phone) == []


@pytest.mark.parametrize("notice", [NOTICE, None])
def test_a_call_is_announced_recorded_and_its_file_can_be_fetched(
    phone: Phone, notice: str | None
) -> None:
    report = ring(phone, stream(phone, record=True, notice=notice))

    assert report["said"] == ([notice] if notice else [])
    assert report["outcome"] == "streamed"
    recording = noted(phone)
    [saved] = told(phone)
    assert saved.call_sid == report["carrier_call_id"] or saved.call_id == INBOUND_ID
    assert recording.started_at is not None
    assert fetched(phone, recording) == SOUND


def test_a_call_of_ours_is_recorded_too(phone: Phone) -> None:
    phone.far_end("answer", hangup_after_s=0.2)
    recorded = stream(phone, record=True, notice=NOTICE)
    phone.answered_with(recorded, record=True)

    sid = phone.subject.carrier.dial(phone.call(record=True), recorded)
    wait_until(lambda: bool(told(phone)))

    [saved] = told(phone)
    assert saved.call_id == phone.call().id or saved.call_sid == sid
    assert fetched(phone, noted(phone)) == SOUND


def test_a_file_that_is_not_there_yet_is_fetched_later(phone: Phone) -> None:
    ring(phone, stream(phone, record=True))
    recording = noted(phone)

    phone.lab.control.patch("/_/settings", json={"recording_late_s": 1000}).raise_for_status()
    with pytest.raises((NotFetched, SwitchboardError)):
        fetched(phone, recording)
    phone.lab.control.patch("/_/settings", json={"recording_late_s": 0}).raise_for_status()
    assert fetched(phone, recording) == SOUND


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "api.nexmo.com.example.com", "s3.example.com", "example.com"]
)
def test_no_carrier_calls_a_strangers_host_its_own(phone: Phone, host: str) -> None:
    ring(phone, stream(phone, record=True))

    source = phone.subject.carrier.recording_source(noted(phone))

    assert not source.hosts.fullmatch(host)
