"""A recording is announced once or often, and in the end it is in the bucket, or says why not."""

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import boto3
import pytest

from switchboard.carriers.base import RecordingSaved, RecordingSource
from switchboard.errors import CallNotFound
from switchboard.model import CallStatus, Recording, RecordingStatus
from switchboard.recordings import fetching, noting
from switchboard.recordings.room import File, NeverFetched, NotFetched
from switchboard.recordings.schedule import MOST_ATTEMPTS
from tests.builders import CALL_SID, ORGANIZATION, OTHER_ORGANIZATION, a_call
from tests.recordings.conftest import BUCKET, SOUND, Office, away

SID = "RE00000000000000000000000000000001"
SAVED = RecordingSaved(SID, CALL_SID, url="https://files.fake.example/1.mp3", duration=42)


def note(office: Office, **changes: Any) -> None:
    app = office.room.app
    noting.note(app, app.carrier("fake", ORGANIZATION), ORGANIZATION, replace(SAVED, **changes))


def the_recording(office: Office) -> Recording:
    [found] = office.room.app.store.recordings(a_call().id)
    return found


def told(office: Office) -> list[Any]:
    """Return the bodies of what customers were told of recordings."""
    found = office.room.app.store.events_after(ORGANIZATION, "0", 100)
    return [json.loads(it.payload) for it in found if it.type == "recording-update"]


def test_an_announced_recording_is_fetched_and_kept(office: Office) -> None:
    note(office)
    office.run(seconds=1)

    kept = the_recording(office)
    there = boto3.client("s3").get_object(Bucket=BUCKET, Key=str(kept.path))
    assert kept.status is RecordingStatus.COMPLETED
    assert there["Body"].read() == SOUND
    assert (kept.size, kept.sha256) == (len(SOUND), sha256(SOUND).hexdigest())
    assert kept.path == f"1001/5001/{kept.id}.mp3"
    assert there["ContentType"] == "audio/mpeg"


def test_customers_are_told_when_there_is_a_recording_and_when_it_can_be_heard(
    office: Office,
) -> None:
    note(office)
    office.run(seconds=1)

    first, second = told(office)
    assert [it["sequence"] for it in (first, second)] == [2, 3]
    assert first["message"]["recording"]["status"] == "processing"
    assert first["message"]["recordingUrl"] is None
    assert second["message"]["recording"]["status"] == "completed"
    assert second["message"]["recordingUrl"].startswith(
        "https://hooks.example.com/v1/public/recording/"
    )


def test_a_repeated_announcement_changes_nothing(office: Office) -> None:
    note(office)
    note(office)
    office.run(seconds=1)
    note(office)
    office.run(seconds=1)

    assert the_recording(office).status is RecordingStatus.COMPLETED
    assert len(office.files.asked) == 1
    assert len(told(office)) == 2


def test_a_recording_of_a_strangers_call_is_refused(office: Office) -> None:
    app = office.room.app
    carrier = app.carrier("fake", ORGANIZATION)

    with pytest.raises(CallNotFound):
        noting.note(app, carrier, OTHER_ORGANIZATION, replace(SAVED, call_id=a_call().id))

    assert app.store.recordings(a_call().id) == []


@pytest.mark.parametrize("late", [1, 3])
def test_a_file_that_is_not_there_yet_is_asked_for_again(office: Office, late: int) -> None:
    missing: list[Exception | bytes] = [NotFetched("the carrier answered 404")] * late
    office.files.outcomes = [*missing, SOUND]

    note(office)
    office.run(minutes=5)

    assert the_recording(office).status is RecordingStatus.COMPLETED
    assert the_recording(office).attempts == late + 1


def test_a_carrier_that_is_away_for_hours_loses_nothing(office: Office) -> None:
    office.files.outcomes = [away()]
    note(office)
    office.run(hours=3)
    assert the_recording(office).status is RecordingStatus.PROCESSING
    assert "does not answer" in str(the_recording(office).problem)

    office.files.outcomes = [SOUND]
    office.run(hours=3)

    assert the_recording(office).status is RecordingStatus.COMPLETED
    assert the_recording(office).problem is None


def test_a_bucket_that_is_away_for_an_hour_loses_nothing(office: Office) -> None:
    whole = office.room
    client = boto3.client("s3")
    client.delete_bucket(Bucket=BUCKET)
    note(office)
    office.run(hours=1)
    assert the_recording(office).status is RecordingStatus.PROCESSING

    client.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    office.run(hours=1)

    assert whole is office.room
    assert the_recording(office).status is RecordingStatus.COMPLETED


def test_what_the_stream_loses_is_found_by_the_sweep(office: Office) -> None:
    note(office)
    assert office.news()

    office.run(minutes=1)

    assert the_recording(office).status is RecordingStatus.COMPLETED


def test_a_job_that_dies_is_taken_over(office: Office) -> None:
    office.files.outcomes = [KeyError("the process dies here"), SOUND]
    note(office)
    with pytest.raises(KeyError):
        fetching.fetch(office.room, a_call().id, SID)

    office.run(minutes=9)
    assert the_recording(office).status is RecordingStatus.PROCESSING  # it may still be at it
    office.run(minutes=10)

    assert the_recording(office).status is RecordingStatus.COMPLETED


def test_of_two_who_are_told_of_a_recording_one_fetches_it(office: Office) -> None:
    note(office)

    fetching.fetch(office.room, a_call().id, SID)
    fetching.fetch(office.room, a_call().id, SID)

    assert len(office.files.asked) == 1


def test_of_two_sweeps_at_once_one_fetches_a_recording(office: Office) -> None:
    note(office)
    swept: list[int] = []

    def meanwhile(source: RecordingSource, url: str) -> File:
        swept.append(fetching.sweep(office.room))
        return office.files.open(source, url)

    assert fetching.sweep(replace(office.room, open=meanwhile)) == 1

    assert swept == [0]
    assert len(office.files.asked) == 1
    assert the_recording(office).status is RecordingStatus.COMPLETED


def test_one_whose_clock_is_a_little_behind_does_not_leave_it_to_the_sweep(office: Office) -> None:
    note(office)
    office.clock.advance(seconds=-0.5)

    office.stream()

    assert the_recording(office).status is RecordingStatus.COMPLETED


def test_a_sweep_begins_no_file_that_it_may_not_have_the_time_for(office: Office) -> None:
    for number in range(fetching.AT_ONCE + 1):
        note(office, recording_sid=f"RE{number}")

    def slowly(source: RecordingSource, url: str) -> File:
        office.clock.advance(seconds=30)
        return office.files.open(source, url)

    assert fetching.sweep(replace(office.room, open=slowly)) == fetching.AT_ONCE

    waiting = [it for it in office.room.app.store.recordings(a_call().id) if it.due]
    assert [it.attempts for it in waiting] == [0]


def test_a_file_that_is_too_large_is_given_up_at_once(office: Office) -> None:
    office.files.outcomes = [NeverFetched("the file is larger than 500 MB")]
    note(office)
    office.run(hours=1)

    given_up = the_recording(office)
    assert (given_up.status, given_up.attempts) == (RecordingStatus.FAILED, 1)
    last = told(office)[-1]["message"]
    assert last["recording"]["reason"] == "the file is larger than 500 MB"
    assert last["recordingUrl"] is None


def test_a_file_that_never_comes_is_given_up_after_days(office: Office) -> None:
    office.files.outcomes = [NotFetched("the carrier answered 404")]
    note(office)
    # Straight from one attempt to the next: the stream and the sweep have tests of their own.
    began = office.clock()
    while (due := the_recording(office).due) is not None:
        office.clock.now = max(office.clock(), due)
        fetching.fetch(office.room, a_call().id, SID)

    assert the_recording(office).status is RecordingStatus.FAILED
    assert the_recording(office).attempts == MOST_ATTEMPTS
    assert office.clock() - began > timedelta(hours=72)


def test_the_call_may_change_while_its_recording_is_fetched(office: Office) -> None:
    note(office)
    store = office.room.app.store
    office.run(seconds=1)
    call = store.call(a_call().id)
    assert call is not None

    store.save_call(call, replace(call, status=CallStatus.COMPLETED))

    found = store.events_after(ORGANIZATION, "0", 100)
    assert [it.sequence for it in found if it.call_id] == [1, 2, 3, 4, 5]
