"""No event is lost, whatever dies: the sender at any request, the receivers for days."""

import sys
from datetime import timedelta

import pytest

from tests import figures
from tests.clock import START
from tests.delivery.chaos import Chaos


def prove(calls: int, seed: int) -> None:
    chaos = Chaos(calls, seed)
    chaos.happen()
    chaos.run_until(START + timedelta(hours=80))

    events, taken = chaos.events(), chaos.post.receivers.taken
    assert len(events) == calls * 4
    assert chaos.table.crashes > calls / 10
    assert chaos.lost() == set()
    # Every repetition has the same id and the same body.
    assert {len(bodies) for bodies in chaos.bodies().values()} == {1}
    assert set(chaos.sequences()) == set(range(1, calls + 1))
    assert all(numbers == {1, 2, 3, 4} for numbers in chaos.sequences().values())
    figures.count("events delivered", len(events))
    figures.count("faults injected", chaos.table.crashes)
    print(
        f"{len(events)} events, {len(chaos.post.receivers.letters)} attempts, "
        f"{len(taken) - len(events)} duplicates, {chaos.table.crashes} crashes, 0 lost",
        file=sys.stderr,
    )


def test_of_a_few_hundred_events_none_is_lost() -> None:
    prove(calls=75, seed=1)


@pytest.mark.long
def test_of_ten_thousand_events_none_is_lost() -> None:
    prove(calls=2500, seed=2)
