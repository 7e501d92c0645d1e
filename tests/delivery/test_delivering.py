"""Whatever happens to a call or a number is told to whoever shall know, once at least."""

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from switchboard.events import catching_up, delivering, registering, sweeping
from switchboard.events.office import Answer
from switchboard.model import CallStatus, Cost, DeliveryState, DialOptions
from tests.builders import NUMBER, ORGANIZATION, a_number, an_assistant
from tests.delivery.conftest import URL
from tests.delivery.happenings import happen, report, ring, secret, whole_call
from tests.delivery.post import Post, refusing

ALL = "https://customer.example.com/everything"


def test_each_change_of_a_calls_state_arrives_in_order_and_numbered_without_gaps(
    post: Post,
) -> None:
    ring(post)
    happen(post, CallStatus.IN_PROGRESS)
    post.clock.advance(seconds=61)
    happen(post, CallStatus.COMPLETED)

    post.run(minutes=2)

    told = [letter.json for letter in post.receivers.at(URL)]
    assert [(it["sequence"], it["message"]["type"]) for it in told] == [
        (1, "status-update"),
        (2, "status-update"),
        (3, "status-update"),
        (4, "end-of-call-report"),
    ]
    assert [it["message"].get("status") for it in told[:3]] == [
        "ringing",
        "in-progress",
        "completed",
    ]
    assert told[3]["message"]["durationSeconds"] == 61


def test_an_event_is_what_the_contract_says_with_our_own_fields_beside_it(post: Post) -> None:
    ring(post)
    post.run()

    [letter] = post.receivers.at(URL)
    body = letter.json
    assert body["id"] == letter.id == "evt_5001_1"
    assert (body["call_id"], body["call_sid"]) == (5001, "CA00000000000000000000000000000001")
    assert datetime.fromisoformat(body["timestamp"]) == post.clock()
    assert body["message"]["phoneNumber"] == {"number": NUMBER}
    assert body["message"]["call"]["id"] == body["call_sid"]
    assert body["message"]["call"]["customer"] == {"number": "+12125550199"}
    assert body["message"]["messages"] == []


def test_a_repeated_or_late_event_of_the_carrier_tells_nothing_new(post: Post) -> None:
    whole_call(post)
    happen(post, CallStatus.IN_PROGRESS)
    happen(post, CallStatus.RINGING)

    post.run(minutes=2)

    assert len(post.receivers.at(URL)) == 4


def test_the_receiver_verifies_an_event_with_the_public_library(post: Post) -> None:
    post.clock.now = datetime.now(UTC)
    ring(post)
    post.run()

    [letter] = post.receivers.at(URL)
    body = Webhook(secret(post, URL)).verify(letter.body, dict(letter.headers))

    assert body["message"]["status"] == "ringing"


def test_a_call_that_nobody_answers_is_reported_at_once(post: Post) -> None:
    ring(post)
    happen(post, CallStatus.NO_ANSWER)

    post.run()

    *_, terminal, final = [letter.json["message"] for letter in post.receivers.at(URL)]
    assert (terminal["status"], terminal["call"]["status"]) == ("failed", "no-answer")
    assert final["type"] == "end-of-call-report"
    assert final["disposition"] == "no-answer"


def test_what_the_runtime_reports_is_in_the_end_of_call_report(post: Post) -> None:
    whole_call(post)
    post.run(seconds=5)
    assert len(post.receivers.at(URL)) == 3

    assert report(post, summary="A table for two", structured_data={"guests": 2})
    post.run()

    message = post.receivers.at(URL)[-1].json["message"]
    assert message["type"] == "end-of-call-report"
    assert message["summary"] == message["analysis"]["summary"] == "A table for two"
    assert message["analysis"]["structuredData"] == {"guests": 2}


@pytest.mark.parametrize("told_after_s", [0, 10])
def test_what_the_carrier_says_that_a_call_cost_is_in_the_end_of_call_report(
    post: Post, told_after_s: int
) -> None:
    whole_call(post)
    post.run(seconds=told_after_s)
    happen(post, None, id="cost", cost=Cost("0.0020", "USD"))
    post.run(minutes=1)

    message = post.receivers.at(URL)[-1].json["message"]
    assert message["type"] == "end-of-call-report"
    assert message["cost"] == {"amount": "0.0020", "currency": "USD"}


def test_a_report_that_came_before_the_end_lets_nothing_wait(post: Post) -> None:
    ring(post)
    happen(post, CallStatus.IN_PROGRESS)
    report(post, messages=[{"role": "human", "content": "Goodbye"}])
    happen(post, CallStatus.COMPLETED)

    post.run()

    message = post.receivers.at(URL)[-1].json["message"]
    assert message["messages"] == [{"role": "human", "content": "Goodbye"}]


def test_a_report_that_comes_too_late_is_told_apart(post: Post) -> None:
    whole_call(post)
    post.run(minutes=1)

    assert report(post, summary="Late") is False
    assert report(post, summary="Late") is True  # sent again: nothing is told twice
    post.run()

    told = [letter.json for letter in post.receivers.at(URL)]
    assert [it["type"] for it in told[3:]] == ["end-of-call-report", "report-update"]
    assert told[4]["sequence"] == 5
    assert told[4]["message"]["summary"] == "Late"


def test_a_receiver_that_fails_gets_ten_attempts_over_72_hours_and_then_a_dead_letter(
    quick: Post,
) -> None:
    quick.receivers.behaviours[URL] = refusing(500, body="out of order")
    ring(quick)
    began = quick.clock()

    quick.run(hours=100)

    sent = quick.receivers.letters
    assert len(sent) >= 10
    assert sent[-1].at - began >= timedelta(hours=72)
    assert {(letter.id, letter.body) for letter in sent} == {(sent[0].id, sent[0].body)}
    [dead], _ = catching_up.dead_letters(quick.app, ORGANIZATION, 10, None)
    assert (dead.event_id, dead.attempts, dead.last_status) == ("evt_5001_1", len(sent), 500)


def test_a_dead_letter_is_sent_again_when_somebody_asks(quick: Post) -> None:
    quick.receivers.behaviours[URL] = refusing(500)
    ring(quick)
    quick.run(hours=100)
    del quick.receivers.behaviours[URL]

    assert catching_up.redeliver(quick.app, ORGANIZATION, "evt_5001_1") == 1
    quick.run(minutes=10)

    assert [letter.id for letter in quick.receivers.at(URL)] == ["evt_5001_1"]
    assert catching_up.dead_letters(quick.app, ORGANIZATION, 10, None) == ([], None)


def test_dead_letters_are_sent_again_by_filter_and_by_time(post: Post) -> None:
    post.receivers.behaviours[URL] = refusing(410)
    ring(post, id=1, call_sid="CA1")
    post.run()
    post.clock.advance(hours=1)
    between = post.clock()
    ring(post, id=2, call_sid="CA2")
    post.run()
    del post.receivers.behaviours[URL]
    [endpoint] = registering.list_all(post.app, ORGANIZATION)
    registering.change(post.app, ORGANIZATION, endpoint.id, enabled=True)

    late = catching_up.Wanted(type="status-update", since=between)
    assert catching_up.redeliver_dead(post.app, ORGANIZATION, late) == (1, None)
    post.run(minutes=10)
    assert [letter.id for letter in post.receivers.at(URL)] == ["evt_2_1"]

    assert catching_up.redeliver_dead(post.app, ORGANIZATION, catching_up.Wanted(call_id=1)) == (
        1,
        None,
    )
    post.run(minutes=10)
    assert [letter.id for letter in post.receivers.at(URL)] == ["evt_2_1", "evt_1_1"]


def test_what_has_arrived_can_be_sent_again_by_time(post: Post) -> None:
    ring(post)
    post.run()

    wanted = catching_up.Wanted(since=post.clock() - timedelta(hours=1))
    assert catching_up.redeliver_all(post.app, ORGANIZATION, wanted) == (1, None)
    post.run()

    assert [letter.id for letter in post.receivers.at(URL)] == ["evt_5001_1"] * 2


def test_retry_after_is_waited_for(post: Post) -> None:
    post.receivers.behaviours[URL] = refusing(503, retry_after=timedelta(minutes=40))
    ring(post)
    post.run(minutes=39)
    assert len(post.receivers.letters) == 1

    post.run(minutes=3)

    assert len(post.receivers.letters) == 2


def test_a_receiver_that_is_gone_gets_nothing_more_until_it_is_switched_on(post: Post) -> None:
    post.receivers.behaviours[URL] = refusing(410)
    whole_call(post)
    post.run(hours=1)

    assert len(post.receivers.letters) == 1
    [endpoint] = registering.list_all(post.app, ORGANIZATION)
    assert endpoint.disabled_at is not None
    assert "410" in (endpoint.disabled_reason or "")
    dead, _ = catching_up.dead_letters(post.app, ORGANIZATION, 10, None)
    assert len(dead) == 4

    del post.receivers.behaviours[URL]
    registering.change(post.app, ORGANIZATION, endpoint.id, enabled=True)
    catching_up.redeliver_dead(post.app, ORGANIZATION, catching_up.Wanted())
    post.run(minutes=5)
    assert {letter.json["sequence"] for letter in post.receivers.at(URL)} == {1, 2, 3, 4}


def test_redirects_and_other_answers_are_failures(post: Post) -> None:
    answers = iter([Answer(302), Answer(404), Answer(204)])
    post.receivers.behaviours[URL] = lambda letter: next(answers)
    ring(post)

    post.run(minutes=30)

    assert len(post.receivers.letters) == 3
    assert len(post.receivers.taken) == 1


def test_every_attempt_is_on_record_and_its_bodies_are_cut_off(post: Post) -> None:
    answers = iter([Answer(500, "x" * 20_000), Answer(200, "thanks")])
    post.receivers.behaviours[URL] = lambda letter: next(answers)
    ring(post)
    post.run(minutes=1)

    first, second = catching_up.attempts(post.app, ORGANIZATION, 5001)

    assert (first.status, first.success, first.number) == (500, False, 1)
    assert len(first.response or "") == 10_240
    assert (second.status, second.success, second.response) == (200, True, "thanks")
    assert catching_up.attempt_id(first) < catching_up.attempt_id(second) < 2**53
    assert catching_up.attempts(post.app, ORGANIZATION, 5001, "end-of-call-report") == []


def test_a_registered_receiver_gets_everything_and_an_assistants_url_its_own_calls(
    post: Post,
) -> None:
    registering.register(post.app, ORGANIZATION, ALL)
    ring(post)
    ring(post, id=5002, call_sid="CA2", assistant_id=None)

    post.run(minutes=1)

    assert [letter.id for letter in post.receivers.at(URL)] == ["evt_5001_1"]
    assert {letter.id for letter in post.receivers.at(ALL)} == {"evt_5001_1", "evt_5002_1"}


def test_the_end_of_a_call_cannot_be_left_out(post: Post) -> None:
    registering.register(post.app, ORGANIZATION, ALL, ("number-update",))
    whole_call(post)

    post.run(minutes=1)

    assert [letter.json["sequence"] for letter in post.receivers.at(ALL)] == [3, 4]


def test_changes_of_numbers_are_told(post: Post) -> None:
    registering.register(post.app, ORGANIZATION, ALL)
    post.app.store.import_numbers([a_number(assistant=None)])
    post.run()

    [letter] = post.receivers.at(ALL)
    assert letter.json["type"] == "number-update"
    assert letter.json["data"]["action"] == "number.imported"
    assert letter.json["data"]["phone_number"] == NUMBER


def test_a_number_that_loses_its_assistant_is_told_of(post: Post) -> None:
    registering.register(post.app, ORGANIZATION, ALL)
    post.app.store.import_numbers([a_number(assistant=an_assistant())])
    post.app.store.unassign_all(an_assistant())
    post.run(minutes=1)

    data = [letter.json["data"] for letter in post.receivers.at(ALL)]
    assert [(it["action"], it["assistant_id"]) for it in data] == [
        ("number.imported", 3001),
        ("number.unassigned", None),
    ]


def test_without_a_receiver_events_are_kept_for_whoever_asks(post: Post) -> None:
    ring(post, id=77, assistant_id=None, assistant_name=None)
    post.run()

    page = catching_up.events_after(post.app, ORGANIZATION, None, 10)

    assert [event.id for event in page.events] == ["evt_77_1"]
    assert post.receivers.letters == []


def test_whoever_follows_the_list_misses_nothing_and_gets_the_last_half_minute_again(
    post: Post,
) -> None:
    for n in range(5):
        ring(post, id=n + 1, call_sid=f"CA{n}")
        post.clock.advance(seconds=1)
    seen: list[str] = []
    after = None
    while True:
        page = catching_up.events_after(post.app, ORGANIZATION, after, 2)
        seen += [event.id for event in page.events]
        after = page.next
        if not page.has_more:
            break
    assert seen == [f"evt_{n + 1}_1" for n in range(5)]

    again = catching_up.events_after(post.app, ORGANIZATION, after, 10)
    post.clock.advance(minutes=1)
    later = catching_up.events_after(post.app, ORGANIZATION, again.next, 10)
    settled = catching_up.events_after(post.app, ORGANIZATION, later.next, 10)

    assert len(again.events) == len(later.events) == 5
    assert settled.events == []


def test_a_message_that_comes_twice_sends_nothing_twice(post: Post) -> None:
    ring(post)
    post.run()
    for _ in range(3):
        delivering.handle(post.office, {"event": "evt_5001_1"})
        [delivery] = post.app.store.deliveries("evt_5001_1")
        delivering.handle(
            post.office, {"event": delivery.event_id, "endpoint": delivery.endpoint_id}
        )

    assert len(post.receivers.letters) == 1
    assert delivery.state is DeliveryState.DELIVERED


def test_a_message_that_the_queue_lost_is_found_by_the_sweep(post: Post) -> None:
    ring(post)
    post.pump()
    post.queue.waiting.clear()

    assert sweeping.sweep(post.office) == 0  # not late yet
    post.run(minutes=3)

    assert [letter.id for letter in post.receivers.at(URL)] == ["evt_5001_1"]


def test_a_later_event_waits_for_the_first_attempt_at_the_one_before(post: Post) -> None:
    whole_call(post)
    post.pump()

    # As a queue without order may bring them.
    for sequence in (3, 2, 3, 1):
        delivering.handle(post.office, {"event": f"evt_5001_{sequence}"})
    post.run(minutes=1)

    assert [letter.json["sequence"] for letter in post.receivers.letters] == [1, 2, 3, 4]


def test_an_event_that_fails_holds_up_none_of_those_after_it(post: Post) -> None:
    post.receivers.behaviours[URL] = lambda letter: Answer(
        500 if letter.json["sequence"] == 1 else 200
    )
    whole_call(post)

    post.run(minutes=1)

    assert [letter.json["sequence"] for letter in post.receivers.at(URL)] == [2, 3, 4]


def test_a_message_of_another_kind_is_an_error(post: Post) -> None:
    with pytest.raises(ValueError, match="Not a message of ours"):
        delivering.handle(post.office, {"endpoint": "x"})


def test_the_report_of_a_recorded_call_holds_the_link_before_the_file_is_there(
    post: Post,
) -> None:
    whole_call(post, options=DialOptions(record=True))
    post.run(minutes=2)

    message = post.receivers.at(URL)[-1].json["message"]
    assert (message["type"], message["recorded"]) == ("end-of-call-report", True)
    assert message["recordingUrl"].startswith("https://hooks.example.com/v1/public/recording/")


def test_what_the_runtime_recorded_itself_goes_before_our_link(post: Post) -> None:
    whole_call(post, options=DialOptions(record=True))
    report(post, recording_url="https://media.example.com/1.mp3")
    post.run(minutes=2)

    message = post.receivers.at(URL)[-1].json["message"]
    assert message["recordingUrl"] == "https://media.example.com/1.mp3"


def test_the_report_of_a_call_that_is_not_recorded_has_no_link(post: Post) -> None:
    whole_call(post)
    post.run(minutes=2)

    message = post.receivers.at(URL)[-1].json["message"]
    assert (message["recorded"], message["recordingUrl"]) == (False, None)
