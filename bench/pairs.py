"""Measurements of ours, each beside one of the floor function's, in turn."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Pairs[T]:
    """What was measured of a function, and of the floor beside it."""

    ours: list[T]
    floors: list[T]

    def ratio(self, of: Callable[[T], float]) -> float:
        """Return the median of the pairs' ratios: what both suffered from cancels out."""
        return median(of(a) / of(b) for a, b in zip(self.ours, self.floors, strict=True))


def measured[T](
    pairs: int, once: Callable[[], tuple[T, T]], of: Callable[[T], float], budget: float
) -> Pairs[T]:
    """Return so many pairs, whose ratio is judged by `of`; twice as many if it was over at first.

    `once` measures the floor and then ours. What is over its budget is measured as long again
    before it counts, all pairs together.
    """
    found: Pairs[T] = Pairs([], [])
    while not found.ours or (found.ratio(of) > budget and len(found.ours) < 2 * pairs):
        for _ in range(pairs):
            floor, ours = once()
            found.floors.append(floor)
            found.ours.append(ours)
    return found
