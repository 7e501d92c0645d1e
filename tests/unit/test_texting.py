"""A text message is sent at most once, in its turn, and only to who wants it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from switchboard.app import App
from switchboard.carriers.base import MessageReceipt
from switchboard.errors import (
    CarrierUnavailable,
    DestinationNotAllowed,
    IdempotencyKeyReused,
    InvalidNumber,
    InvalidRequest,
    LimitExceeded,
    MessageInProgress,
    MessageNotFound,
    NoAssistant,
    NotOwned,
    NumberNotReady,
    OutcomeUnknown,
    RecipientOptedOut,
    SwitchboardError,
)
from switchboard.model import Capabilities, NumberStatus, Refusal, TextStatus
from switchboard.texting import dispatching, looking, receiving
from tests.builders import CALLER, NUMBER, ORGANIZATION, OTHER_ORGANIZATION, an_organization
from tests.clock import Clock
from tests.fakes import Books
from tests.unit.holding import without_rollback
from tests.unit.texting import Line, a_line, hold

LOST = OutcomeUnknown("Fake did not answer.")


@pytest.fixture
def line(app: App) -> Line:
    return a_line(app)


def test_a_message_waits_in_the_queue_and_is_sent_once(line: Line, books: Books) -> None:
    text = line.send(media_urls=("https://example.com/cat.png",)).text
    assert (text.status, books.texts) == (TextStatus.QUEUED, [])

    line.work()

    [sent] = books.texts
    assert (sent.from_, sent.to, sent.body) == (NUMBER, CALLER, "Hello")
    assert sent.media_urls == ("https://example.com/cat.png",)
    assert line.now(text).status is TextStatus.SENT
    assert line.now(text).message_sid == "SM1"


def test_a_message_that_the_queue_brings_twice_is_sent_once(line: Line, books: Books) -> None:
    line.send()
    line.relay()
    line.queued *= 3

    line.work()

    assert len(books.texts) == 1


def test_two_workers_at_once_send_one_message(line: Line, books: Books) -> None:
    text = line.send().text
    books.meanwhile = lambda: dispatching.dispatch(line.app, text.id)

    line.work()

    assert len(books.texts) == 1


def test_the_same_key_is_one_message(line: Line, books: Books) -> None:
    first, second = line.send("key-1"), line.send("key-1")
    line.work()

    assert (first.text.id, first.replayed) == (second.text.id, False)
    assert second.replayed
    assert len(books.texts) == 1


def test_a_key_asks_for_one_message_only(line: Line) -> None:
    line.send("key-1")

    with pytest.raises(IdempotencyKeyReused, match="key-1"):
        line.send("key-1", message="Something else")


def test_a_number_sends_one_segment_a_second_in_the_order_of_the_requests(
    line: Line, books: Books, clock: Clock
) -> None:
    texts = [line.send(message=body).text for body in ("a" * 161, "second", "third")]

    dues = [text.due - texts[0].created_at for text in texts if text.due]
    assert dues == [timedelta(0), timedelta(seconds=2), timedelta(seconds=3)]
    for seconds, sent in ((0, 1), (1.5, 1), (0.5, 2), (1, 3)):
        clock.advance(seconds=seconds)
        line.work()
        assert len(books.texts) == sent
    assert [text.body for text in books.texts] == ["a" * 161, "second", "third"]


def test_requests_at_once_get_a_turn_each(line: Line, clock: Clock) -> None:
    with ThreadPoolExecutor(12) as threads:
        texts = [it.text for it in threads.map(lambda _: line.send(), range(12))]

    dues = sorted(text.due - clock() for text in texts if text.due)
    assert dues == [timedelta(seconds=second) for second in range(12)]


def test_the_same_key_at_once_is_one_message(line: Line, books: Books) -> None:
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: line.send("key-1"), range(6)))
    line.work()

    assert len({it.text.id for it in answers}) == 1
    assert [it.replayed for it in answers].count(False) == 1
    assert len(books.texts) == 1


def test_an_organization_sets_the_pace_of_its_numbers(app: App) -> None:
    line = a_line(app)
    paced = an_organization(settings={"sms_segments_per_second": 10})
    app.store.change_organization(an_organization(), paced)

    texts = [line.send().text for _ in range(11)]

    assert texts[-1].due == texts[0].created_at + timedelta(seconds=1)


def test_a_message_that_shall_go_at_once_goes_in_the_request(line: Line, books: Books) -> None:
    text = line.send(queue=False).text

    assert (text.status, text.message_sid, len(books.texts)) == (TextStatus.SENT, "SM1", 1)
    line.relay()
    assert line.queued == []


def test_a_message_that_cannot_go_at_once_is_refused_with_the_time_to_wait(
    line: Line, books: Books
) -> None:
    line.send(message="a" * 307)

    with pytest.raises(LimitExceeded) as refused:
        line.send(queue=False)

    assert refused.value.retry_after == 3
    assert books.texts == []


@pytest.mark.parametrize("queue", [True, False])
def test_an_answer_that_never_came_is_unknown_and_not_asked_again(
    line: Line, books: Books, clock: Clock, queue: bool
) -> None:
    books.lost_answers = [LOST]
    text = line.send("key-1", queue=queue).text
    line.work()
    clock.advance(hours=1)
    line.sweep()
    line.work()

    assert line.now(text).status is TextStatus.UNKNOWN
    assert line.send("key-1", queue=queue).text.id == text.id
    assert len(books.texts) == 1


def test_a_receipt_tells_what_became_of_an_unknown_message(line: Line, books: Books) -> None:
    books.lost_answers = [LOST]
    text = line.send().text
    line.work()

    line.told(text, TextStatus.DELIVERED)

    assert line.now(text).status is TextStatus.DELIVERED
    assert line.now(text).refusal is None
    assert looking.find(line.app, ORGANIZATION, "SM1").id == text.id


def test_who_dies_while_sending_leaves_an_unknown_message(
    line: Line, books: Books, clock: Clock
) -> None:
    books.lost_answers = [KeyboardInterrupt()]  # type: ignore[list-item]
    text = line.send("key-1")
    with pytest.raises(KeyboardInterrupt):
        line.work()
    assert line.now(text.text).status is TextStatus.SENDING

    clock.advance(minutes=5)
    line.sweep()
    line.work()

    assert line.now(text.text).status is TextStatus.UNKNOWN
    assert len(books.texts) == 1


def test_the_same_key_while_a_message_is_being_sent_is_told_to_wait(
    line: Line, books: Books, clock: Clock
) -> None:
    books.lost_answers = [KeyboardInterrupt()]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        line.send("key-1", queue=False)

    with pytest.raises(MessageInProgress):
        line.send("key-1", queue=False)
    clock.advance(minutes=2)

    assert line.send("key-1", queue=False).text.status is TextStatus.UNKNOWN
    assert len(books.texts) == 1


def test_a_carrier_that_did_nothing_is_asked_again_later(
    line: Line, books: Books, clock: Clock
) -> None:
    books.text_errors = [CarrierUnavailable("Fake is away.")] * 2
    text = line.send().text
    line.work()
    assert line.now(text).status is TextStatus.QUEUED

    for minutes in (1, 2, 3):
        clock.advance(minutes=minutes)
        line.work()

    assert line.now(text).status is TextStatus.SENT
    assert (line.now(text).attempts, len(books.texts)) == (3, 1)


def test_a_carrier_that_stays_away_is_given_up(line: Line, books: Books, clock: Clock) -> None:
    books.text_errors = [CarrierUnavailable("Fake is away.")] * 99
    text = line.send().text
    for _ in range(20):
        line.work()
        clock.advance(hours=3)

    failed = line.now(text)
    assert (failed.status, failed.attempts) == (TextStatus.FAILED, 10)
    assert failed.refusal is not None
    assert failed.refusal.message == "Fake is away."


def test_what_the_queue_lost_is_found_and_sent_once(line: Line, books: Books, clock: Clock) -> None:
    text = line.send().text
    line.relay()
    line.queued.clear()
    assert line.sweep() == 0
    clock.advance(seconds=31)

    assert (line.sweep(), line.sweep()) == (1, 0)
    line.work()

    assert (line.now(text).status, len(books.texts)) == (TextStatus.SENT, 1)


def test_a_message_whose_turn_is_far_off_is_found_when_it_has_come(
    line: Line, books: Books, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_rollback(monkeypatch)
    for _ in range(84):
        line.send(message="a" * 1600)  # eleven segments each: beyond the queue's longest delay
    late = line.send().text
    line.relay()
    assert late.id not in [text for text, _ in line.queued]

    clock.advance(seconds=84 * 11 + 31)
    line.sweep()
    line.work()

    assert line.now(late).status is TextStatus.SENT
    assert len(books.texts) == 85


def test_a_receipt_that_overtakes_the_answer_is_kept(line: Line, books: Books) -> None:
    text = line.send().text
    books.meanwhile = lambda: line.told(text, TextStatus.DELIVERED)

    line.work()

    assert line.now(text).status is TextStatus.DELIVERED
    assert line.now(text).message_sid == "SM1"


def test_receipts_only_move_forward(line: Line) -> None:
    text = line.send().text
    line.work()

    for status in (TextStatus.DELIVERED, TextStatus.SENT, TextStatus.UNDELIVERED):
        line.told(text, status)

    assert line.now(text).status is TextStatus.DELIVERED


def test_a_receipt_without_our_id_finds_its_message_by_the_carriers(line: Line) -> None:
    text = line.send().text
    line.work()

    line.told(text, TextStatus.DELIVERED, text_id=None)
    line.told(text, TextStatus.DELIVERED, text_id=None, message_sid="SM-of-nobody")

    assert line.now(text).status is TextStatus.DELIVERED


@pytest.mark.parametrize("word", ["STOP", " stop. ", "Unsubscribe", "STOPALL", "Opt out"])
def test_who_says_stop_is_sent_nothing_until_start(
    line: Line, books: Books, clock: Clock, word: str
) -> None:
    line.hears(word)
    with pytest.raises(RecipientOptedOut, match="START"):
        line.send()
    line.hears("START", "SMin2")

    line.send()
    line.work()

    assert len(books.texts) == 1


def test_who_says_stop_while_a_message_waits_does_not_get_it(line: Line, books: Books) -> None:
    text = line.send().text
    line.hears("STOP")

    line.work()

    assert books.texts == []
    assert line.now(text).status is TextStatus.FAILED
    assert line.now(text).refusal.code == "recipient_opted_out"  # type: ignore[union-attr]


def test_an_old_stop_told_again_does_not_undo_a_start(line: Line) -> None:
    for sid, word in (("SMin1", "STOP"), ("SMin2", "START"), ("SMin1", "STOP")):
        line.hears(word, sid)

    assert line.send().text.status is TextStatus.QUEUED


def test_help_is_kept_and_leaves_a_stop_as_it_is(line: Line) -> None:
    line.hears("STOP", "SMin1")
    line.hears("HELP", "SMin2")

    consent = line.app.store.consent(ORGANIZATION, NUMBER, CALLER)
    assert consent is not None
    assert (consent.said, consent.is_opted_out) == ("help", True)


def test_stop_holds_for_the_number_that_heard_it(line: Line, app: App) -> None:
    hold(app, phone_number="+14155550101")
    line.hears("STOP")

    assert line.send(from_phone_number="+14155550101").text.status is TextStatus.QUEUED


def test_a_sentence_with_stop_in_it_is_no_stop(line: Line) -> None:
    line.hears("Please do not stop!")

    assert line.send().text.status is TextStatus.QUEUED


def test_what_only_the_carrier_took_for_stop_counts(line: Line) -> None:
    line.hears("Arrêt", keyword="stop")

    with pytest.raises(RecipientOptedOut):
        line.send()


def test_the_carriers_own_opt_out_is_remembered(line: Line, books: Books) -> None:
    books.text_errors = [RecipientOptedOut("Fake: unsubscribed recipient.")]
    line.send()
    line.work()

    with pytest.raises(RecipientOptedOut):
        line.send()


def test_an_opt_out_in_a_receipt_is_remembered(line: Line) -> None:
    text = line.send().text
    line.work()
    refusal = Refusal(403, "recipient_opted_out", "Fake: unsubscribed recipient.")
    line.told(text, TextStatus.UNDELIVERED, refusal=refusal)

    with pytest.raises(RecipientOptedOut):
        line.send()


def test_a_message_that_waits_can_be_taken_back(line: Line, books: Books) -> None:
    text = line.send().text

    done = looking.cancel(line.app, ORGANIZATION, text.id)
    again = looking.cancel(line.app, ORGANIZATION, text.id)
    line.work()

    assert (done.before, done.is_cancelled, done.text.status) == (
        TextStatus.QUEUED,
        True,
        TextStatus.CANCELLED,
    )
    assert not again.is_cancelled
    assert books.texts == []


def test_a_message_that_was_sent_cannot_be_taken_back(line: Line) -> None:
    text = line.send().text
    line.work()

    done = looking.cancel(line.app, ORGANIZATION, text.id)

    assert (done.is_cancelled, line.now(text).status) == (False, TextStatus.SENT)


def test_another_organizations_message_is_not_there(line: Line) -> None:
    text = line.send().text
    line.work()

    for message_id in (text.id, "SM1", "SM-of-nobody"):
        with pytest.raises(MessageNotFound, match=message_id):
            looking.find(line.app, OTHER_ORGANIZATION, message_id)
    with pytest.raises(MessageNotFound):
        looking.cancel(line.app, OTHER_ORGANIZATION, text.id)


def test_another_organizations_receipt_changes_nothing(line: Line) -> None:
    text = line.send().text
    line.work()
    receipt = MessageReceipt("SM1", TextStatus.DELIVERED, text.id)

    receiving.record(line.app, OTHER_ORGANIZATION, receipt)

    assert line.now(text).status is TextStatus.SENT


def test_what_waits_and_what_failed_is_counted(line: Line, books: Books, clock: Clock) -> None:
    line.send()
    line.work()
    books.text_errors = [RecipientOptedOut("Fake: unsubscribed recipient.")]
    clock.advance(seconds=1)
    line.send(to_phone_number="+12125550198")
    line.work()
    line.send()

    assert looking.counts(line.app, ORGANIZATION, None) == {
        "fake": {"pending": 1, "active": 0, "failed": 1}
    }
    clock.advance(days=2)
    assert looking.counts(line.app, ORGANIZATION, "fake")["fake"]["failed"] == 0
    assert looking.counts(line.app, OTHER_ORGANIZATION, None)["fake"]["pending"] == 0


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"message": ""}, InvalidRequest, "message is required"),
        ({"message": "  "}, InvalidRequest, "message is required"),
        ({"to_phone_number": None}, InvalidRequest, "to_phone_number is required"),
        ({"from_phone_number": " "}, InvalidRequest, "from_phone_number is required"),
        (
            {"to_phone_number": "12125550199"},
            InvalidNumber,
            r"Invalid to_phone_number format. Use E.164 format \(e.g., \+1234567890\)",
        ),
        ({"from_phone_number": "+14155550109"}, NotOwned, "belongs to different organization"),
        ({"to_phone_number": "+18765550100"}, DestinationNotAllowed, "premium_rate|countries"),
    ],
)
def test_what_cannot_be_sent_is_refused_and_nothing_is_written(
    line: Line, changes: dict[str, Any], error: type[SwitchboardError], said: str
) -> None:
    with pytest.raises(error, match=said):
        line.send("key-1", **changes)

    assert not line.send("key-1").replayed


def test_a_number_whose_carrier_has_not_said_that_it_can_write_may_try(app: App) -> None:
    line = a_line(app, capabilities=Capabilities(voice=True, is_complete=False))

    assert line.send().text.status is TextStatus.QUEUED


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"organization_id": OTHER_ORGANIZATION}, NotOwned),
        ({"assistant": None}, NoAssistant),
        ({"status": NumberStatus.RELEASING}, NumberNotReady),
        ({"capabilities": Capabilities(voice=True)}, InvalidRequest),
    ],
)
def test_a_number_that_cannot_send_sends_nothing(
    app: App, changes: dict[str, Any], error: type[SwitchboardError]
) -> None:
    line = a_line(app, **changes)

    with pytest.raises(error):
        line.send()

    line.relay()
    assert line.queued == []
