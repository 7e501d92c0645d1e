"""A record is a dataclass in all that can be seen of it."""

import dataclasses
from dataclasses import FrozenInstanceError, field, replace
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

    with pytest.raises(FrozenInstanceError):
        line.number = "+2"
    assert replace(line, number="+2") == of("+2")


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
