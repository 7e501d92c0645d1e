"""What all lists of an organization's things have in common."""

from dataclasses import replace
from typing import Protocol

from ..errors import Conflict
from ..store import Slice


class Identified(Protocol):
    """A thing with an id."""

    @property
    def id(self) -> int:
        """Its id."""


def one_more(wanted: Slice) -> Slice:
    """Return the part of a list that tells whether there are more things after it."""
    return replace(wanted, limit=wanted.limit + 1)


def cut[T: Identified](found: list[T], wanted: Slice) -> tuple[list[T], int | None]:
    """Return what is wanted of the things that were found, and the last id when there are more."""
    kept = found[: wanted.limit]
    return kept, kept[-1].id if len(found) > wanted.limit else None


def being_changed(kind: str, thing_id: int) -> Conflict:
    """Return the error for a thing that others change again and again."""
    return Conflict(f"{kind} {thing_id} is being changed by others. Try again.")
