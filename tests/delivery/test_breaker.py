"""A receiver that is down costs little, delays nobody, and gets everything when it is back."""

from datetime import timedelta

from switchboard.events import catching_up, registering
from switchboard.events.office import Answer
from switchboard.model import DeliveryState
from tests.builders import ORGANIZATION
from tests.delivery.conftest import URL
from tests.delivery.happenings import ring
from tests.delivery.post import Letter, Post, refusing, silent


def ring_many(post: Post, calls: int, first: int = 1) -> None:
    for n in range(first, first + calls):
        ring(post, id=n, call_sid=f"CA{n}")


def test_a_dead_receiver_is_asked_one_at_a_time_while_everything_waits(quick: Post) -> None:
    quick.receivers.behaviours[URL] = silent(quick.clock)
    ring_many(quick, 40)

    quick.run(hours=1)

    # Five until it is taken for dead, then one at a time with pauses of up to five minutes.
    assert 5 <= len(quick.receivers.letters) <= 30
    [endpoint] = registering.list_all(quick.app, ORGANIZATION)
    assert endpoint.probe_at is not None


def test_when_it_answers_again_everything_arrives_within_minutes(quick: Post) -> None:
    quick.receivers.behaviours[URL] = refusing(502)
    ring_many(quick, 130)
    quick.run(hours=2)
    del quick.receivers.behaviours[URL]

    quick.run(minutes=15)

    assert {letter.id for letter in quick.receivers.at(URL)} == {
        f"evt_{n}_1" for n in range(1, 131)
    }
    [endpoint] = registering.list_all(quick.app, ORGANIZATION)
    assert (endpoint.probe_at, endpoint.failures) == (None, 0)
    quick.run(minutes=5)
    assert list(quick.app.store.broken_endpoints()) == []


def test_what_waited_72_hours_behind_ten_failures_becomes_a_dead_letter(quick: Post) -> None:
    quick.receivers.behaviours[URL] = refusing(500)
    ring_many(quick, 12)
    began = quick.clock()

    quick.run(hours=71)
    assert catching_up.dead_letters(quick.app, ORGANIZATION, 50, None) == ([], None)
    quick.run(hours=30)

    dead, _ = catching_up.dead_letters(quick.app, ORGANIZATION, 50, None)
    assert len(dead) == 12
    assert all((it.settled_at or began) - began >= timedelta(hours=72) for it in dead)
    assert len(quick.receivers.letters) >= 10


def test_a_receiver_that_fails_now_and_then_is_not_taken_for_dead(quick: Post) -> None:
    count = 0

    def every_third(letter: Letter) -> Answer:
        nonlocal count
        count += 1
        return Answer(200 if count % 3 == 0 else 500)

    quick.receivers.behaviours[URL] = every_third
    ring_many(quick, 30)

    quick.run(hours=60)

    assert len({letter.id for letter in quick.receivers.at(URL)}) == 30
    assert all(
        it.state is DeliveryState.DELIVERED
        for n in range(1, 31)
        for it in quick.app.store.deliveries(f"evt_{n}_1")
    )
