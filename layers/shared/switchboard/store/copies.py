"""What each number keeps of its assistant and flow, so that a ringing phone costs one read.

A copy is only ever replaced by a later version: however the writers of one assistant overtake
each other, its numbers end with the last. A new copy is no change of the number: whoever writes
the number meanwhile leaves the copy alone.
"""

from collections.abc import Iterable
from itertools import batched

from .. import items
from ..items import Item
from ..model import Assistant
from .table import Table, Taken, key, update

# A transaction holds up to 100 writes; fewer rows meet fewer other writers.
_TOGETHER = 25


class Copies(Table):
    """The copies in numbers' rows."""

    def renew_copies(self, assistant: Assistant) -> None:
        """Give an assistant's numbers this version of it, unless they have a later one.

        A request to list each MB of numbers, and one for each 25. Running it again is safe.
        """
        values = {
            ":copy": items.copy_of(assistant),
            ":id": assistant.id,
            ":new": assistant.version,
        }
        older = "attribute_not_exists(assistant.version) OR assistant.version < :new"
        self.each(
            update(
                key(item["pk"], item["sk"]),
                "SET assistant = :copy",
                values,
                condition=f"assistant.id = :id AND ({older})",
            )
            for item in self.indexed(answered_by(assistant.id), index="gsi2")
        )

    def each(self, writes: Iterable[Item]) -> None:
        """Send writes that do not depend on each other; one whose condition fails does nothing."""
        for batch in batched(writes, _TOGETHER, strict=False):
            self._each_of(list(batch))

    def _each_of(self, writes: list[Item]) -> None:
        while writes:
            try:
                self.transact(*writes)
            except Taken as taken:
                writes = [write for n, write in enumerate(writes) if n not in taken.failed]
            else:
                return


def answered_by(assistant_id: int) -> str:
    """Return the index's partition of the numbers that an assistant answers."""
    return f"ASSISTANT#{assistant_id}"
