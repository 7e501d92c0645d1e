"""A receiver that is down delays nobody else's events."""

import sys

import pytest

from tests.delivery.neighbours import Neighbours


def prove(seconds: int) -> None:
    alone = Neighbours(0, seconds).run()
    beside = Neighbours(5, seconds).run()

    assert len(alone.latencies) == len(beside.latencies) == seconds * 10
    assert beside.p99() <= 1.5 * alone.p99()
    print(
        f"p99 of the others: {beside.p99():.3f} s beside a dead receiver with 5 events a second, "
        f"{alone.p99():.3f} s without it",
        file=sys.stderr,
    )


def test_a_dead_receiver_delays_nobody_else() -> None:
    prove(seconds=60)


@pytest.mark.long
def test_a_dead_receiver_delays_nobody_else_for_ten_minutes() -> None:
    prove(seconds=600)
