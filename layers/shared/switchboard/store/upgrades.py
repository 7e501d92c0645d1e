"""How rows of earlier versions become rows of this one: when they are read, and by a sweep.

Every row that is written whole says which shape it has (`schema`); one that says nothing has the
first. A new shape is one more step at the end of `STEPS`, and nothing else: readers see each row
as the last step leaves it, whatever is stored. Decision 48 says what a step may do.
"""

from collections.abc import Callable, Sequence

from ..items import Item
from ..records import dataclass

FIRST = 1


@dataclass(frozen=True)
class Step:
    """From one shape to the next, for rows of one kind; other rows only change their number."""

    kind: str
    """How the sort key begins: ORG, ASSISTANT#, CALL."""
    apply: Callable[[Item], Item]
    """Returns the row in the next shape. It gets parts of rows too, and rows in the next shape."""
    reads: Sequence[str] = ()
    """The attributes that what it writes follows from: if one changes, it is done anew."""


STEPS: list[Step] = []
"""The first is from shape 1 to 2. Never changed, only added to."""


def schema() -> int:
    """Return the shape of the rows that are written."""
    return FIRST + len(STEPS)


def shape_of(item: Item) -> int:
    """Return the shape that a row says it has."""
    return int(item.get("schema", FIRST))


def upgraded(item: Item) -> Item:
    """Return a row as this version reads it; one of a later version as it is."""
    for step in STEPS[shape_of(item) - FIRST :]:
        if str(item.get("sk", "")).startswith(step.kind):
            item = step.apply(item)
    return item


def read_by(item: Item) -> set[str]:
    """Return the attributes from which the upgrade of a row follows."""
    steps = STEPS[shape_of(item) - FIRST :]
    return {name for step in steps if item["sk"].startswith(step.kind) for name in step.reads}
