"""A record is a dataclass in all that can be seen of it."""

import copy
import dataclasses
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, field, replace
from threading import Barrier
from typing import Any

import pytest

from switchboard import records


def made(decorator: Any) -> Any:
    """Return the same class, made by either."""

    @decorator(frozen=True)
    class Line:
        """A line."""

        number: str
        seen: list[int] = field(default_factory=list, compare=False)
        secret: str = field(default="s", repr=False)

    return Line


OURS, THEIRS = made(records.dataclass), made(dataclasses.dataclass)


def test_it_shows_what_the_standard_librarys_shows() -> None:
    assert repr(OURS("+1", [2])) == repr(THEIRS("+1", [2])).replace("THEIRS", "OURS")


@pytest.mark.parametrize("of", [OURS, THEIRS])
def test_it_compares_and_hashes_by_the_same_fields(of: Any) -> None:
    assert of("+1", [2]) == of("+1", [3])
    assert hash(of("+1", [2])) == hash(of("+1", [3]))
    assert of("+1") != of("+2")
    assert of("+1") != of("+1", secret="t")
    assert OURS("+1") != THEIRS("+1")


@pytest.mark.parametrize("of", [OURS, THEIRS])
def test_it_is_frozen_and_can_be_replaced(of: Any) -> None:
    line = of("+1")

    with pytest.raises(FrozenInstanceError, match="number"):
        line.number = "+2"
    with pytest.raises(FrozenInstanceError, match="number"):
        del line.number
    assert replace(line, number="+2") == of("+2")


@pytest.mark.parametrize("of", [OURS, THEIRS])
def test_it_is_made_with_the_same_arguments(of: Any) -> None:
    assert of("+1", [2], "t") == of(number="+1", seen=[2], secret="t")
    # Each has a list of its own.
    assert of("+1").seen is not of("+1").seen
    with pytest.raises(TypeError, match=r"__init__\(\) missing 1 required positional argument"):
        of()
    with pytest.raises(TypeError, match="unexpected keyword argument 'none'"):
        of("+1", none=1)


@pytest.mark.parametrize("decorator", [records.dataclass, dataclasses.dataclass])
def test_one_that_inherits_has_the_fields_of_both_whichever_is_made_first(decorator: Any) -> None:
    @decorator(frozen=True)
    class Base:
        """A base."""

        first: int

    @decorator(frozen=True, kw_only=True)
    class Derived(Base):
        """One more field, by its name only."""

        second: int = 2

    class Named(Derived):
        """No dataclass of its own."""

    assert (Derived(1, second=3).first, Derived(1, second=3).second) == (1, 3)
    assert Named(1).second == 2
    assert Base(1).first == 1
    with pytest.raises(TypeError, match="positional argument"):
        Derived(1, 2)


def test_threads_that_make_the_first_record_at_once_all_get_theirs() -> None:
    for _ in range(50):
        of, barrier = made(records.dataclass), Barrier(4)

        def make(number: str, of: Any = of, barrier: Barrier = barrier) -> str:
            barrier.wait()
            return str(of(number).number)

        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(make, "1234")) == list("1234")


@pytest.mark.parametrize("of", [OURS, THEIRS])
def test_a_copy_and_one_that_was_sent_elsewhere_are_the_same(of: Any) -> None:
    line = of("+1", [2])

    assert copy.deepcopy(line) == copy.replace(line, seen=[3]) == line
    assert dataclasses.asdict(line) == {"number": "+1", "seen": [2], "secret": "s"}
    match line:
        case of(number, seen):
            assert (number, seen) == ("+1", [2])


@pytest.mark.parametrize("decorator", [records.dataclass, dataclasses.dataclass])
def test_what_can_be_changed_has_no_hash_and_own_methods_stay(decorator: Any) -> None:
    @decorator
    class Count:
        """A count."""

        value: int = 0

        def __repr__(self) -> str:
            return "mine"

    count = Count()
    count.value = 3
    assert count == Count(3)
    assert repr(count) == "mine"
    with pytest.raises(TypeError, match="unhashable"):
        hash(count)
