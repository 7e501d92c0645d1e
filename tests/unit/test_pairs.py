"""What a budget compares is measured in turn, and again before it is said to be over."""

from collections.abc import Callable, Sequence

from bench.pairs import Pairs, measured

BUDGET = 1.3


def taking(seconds: Sequence[float], order: list[str], name: str) -> Callable[[], float]:
    """Return what takes these, one after the other."""
    left = iter(seconds)

    def once() -> float:
        order.append(name)
        return next(left)

    return once


def pairs_of(ours: Sequence[float], floors: Sequence[float]) -> tuple[Pairs[float], list[str]]:
    """Measure two pairs, or four."""
    order: list[str] = []
    floor, function = taking(floors, order, "floor"), taking(ours, order, "ours")
    return measured(2, floor, function, float, BUDGET), order


def test_what_is_within_its_budget_is_measured_once_each_beside_the_floor() -> None:
    found, order = pairs_of([1.2, 2.6], [1.0, 2.0])

    assert order == ["floor", "ours", "floor", "ours"]
    assert found.ratio(float) == 1.25


def test_what_is_over_at_first_is_measured_as_long_again_and_all_counts() -> None:
    found, order = pairs_of([1.2, 1.8, 1.1, 1.2], [1.0] * 4)

    assert len(order) == 8
    assert found.ratio(float) == 1.2


def test_what_stays_over_is_over() -> None:
    found, order = pairs_of([1.5] * 4, [1.0] * 4)

    assert len(order) == 8
    assert found.ratio(float) > BUDGET


def test_a_busy_moment_that_slows_both_of_a_pair_does_not_count() -> None:
    found, _ = pairs_of([1.2, 12.0], [1.0, 10.0])

    assert found.ratio(float) == 1.2
