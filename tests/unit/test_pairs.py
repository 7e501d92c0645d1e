"""What a budget compares is measured in turn, and again before it is said to be over."""

from collections.abc import Sequence

from bench.pairs import Pairs, measured

BUDGET = 1.3


def pairs_of(ours: Sequence[float], floors: Sequence[float]) -> tuple[Pairs[float], int]:
    """Measure two pairs, or more; say how many were."""
    left = iter(zip(floors, ours, strict=True))
    found = measured(2, lambda: next(left), float, BUDGET)
    return found, len(ours) - len(list(left))


def test_what_is_within_its_budget_is_measured_once() -> None:
    found, pairs = pairs_of([1.2, 2.6, 9.9, 9.9], [1.0, 2.0, 1.0, 1.0])

    assert pairs == 2
    assert found.ratio(float) == 1.25


def test_what_is_over_at_first_is_measured_as_long_again_and_all_counts() -> None:
    found, pairs = pairs_of([1.2, 1.8, 1.1, 1.2], [1.0] * 4)

    assert pairs == 4
    assert found.ratio(float) == 1.2


def test_what_stays_over_is_over() -> None:
    found, pairs = pairs_of([1.5] * 6, [1.0] * 6)

    assert pairs == 4
    assert found.ratio(float) > BUDGET


def test_a_busy_moment_that_slows_both_of_a_pair_does_not_count() -> None:
    found, _ = pairs_of([1.2, 12.0], [1.0, 10.0])

    assert found.ratio(float) == 1.2
