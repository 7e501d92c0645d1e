"""What each number keeps of its assistant and flow, so that a ringing phone costs one read.

A copy is only ever replaced by a later version: however the writers of one assistant overtake
each other, its numbers end with the last. A new copy is no change of the number: whoever writes
the number meanwhile leaves the copy alone.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import batched

from .. import items
from ..items import Item
from ..model import Assistant, ConversationFlow, Flow
from .number_rows import answered_by, free_of
from .outbox import number_event
from .table import Table, Taken, key, update

# A transaction holds up to 100 writes; fewer rows meet fewer other writers.
_TOGETHER = 25


_OLDER_TAG = "flow.id = :id AND (attribute_not_exists(flow.version) OR flow.version < :new)"


class Copies(Table):
    """The copies in numbers' rows."""

    def renew_copies(self, assistant: Assistant) -> None:
        """Give an assistant's numbers this version of it, unless they have a later one.

        A request to list each MB of numbers, and one for each 25. Running it again is safe.
        """
        self.renew(assistant, self.indexed(answered_by(assistant.id), index="gsi2"))

    def renew(self, assistant: Assistant, numbers: Iterable[Item]) -> None:
        """Give these numbers this version of the assistant, unless they have a later one."""
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
            for item in numbers
        )

    def unassign_all(self, assistant: Assistant) -> None:
        """Take an assistant from its numbers, with the flow by which they came to it."""
        self.each(
            (
                update(
                    key(item["pk"], item["sk"]),
                    "REMOVE assistant, flow SET gsi2pk = :free ADD version :one",
                    {":id": assistant.id, ":free": free_of(assistant.organization_id), ":one": 1},
                    condition="assistant.id = :id",
                ),
                self._told_of(item, "number.unassigned"),
            )
            for item in self.indexed(answered_by(assistant.id), index="gsi2")
        )

    def renew_tags(self, flow: ConversationFlow) -> list[Item]:
        """Give a flow's numbers its name of now, unless they have a later one; return them.

        Goes through the numbers of its base and of its earlier bases. Running it again is safe.
        """
        numbers = list(self._of_flow(flow))
        self.each(
            update(
                key(item["pk"], item["sk"]),
                "SET flow = :tag",
                _tagged(flow) | {":base": flow.base_assistant_id},
                condition=f"{_OLDER_TAG} AND assistant.id = :base",
            )
            for item in numbers
        )
        return numbers

    def move(self, flow: ConversationFlow, base: Assistant, numbers: Iterable[Item]) -> None:
        """Let the numbers of a flow's earlier bases be answered by its base of now."""
        values = _tagged(flow) | {
            ":copy": items.copy_of(base),
            ":base": base.id,
            ":partition": answered_by(base.id),
            ":one": 1,
        }
        self.each(
            (
                update(
                    key(item["pk"], item["sk"]),
                    "SET assistant = :copy, flow = :tag, gsi2pk = :partition ADD version :one",
                    values,
                    condition=f"{_OLDER_TAG} AND assistant.id <> :base",
                ),
                self._told_of(item, "number.assigned", base, flow.tag),
            )
            for item in numbers
        )

    def unbind_all(self, flow: ConversationFlow) -> None:
        """Take a flow from its numbers, with its base assistant."""
        self.each(
            (
                update(
                    key(item["pk"], item["sk"]),
                    "REMOVE assistant, flow SET gsi2pk = :free ADD version :one",
                    {":id": flow.id, ":free": free_of(flow.organization_id), ":one": 1},
                    condition="flow.id = :id",
                ),
                self._told_of(item, "number.unassigned"),
            )
            for item in self._of_flow(flow)
        )

    def _of_flow(self, flow: ConversationFlow) -> Iterator[Item]:
        for assistant_id in (*flow.leaving, flow.base_assistant_id):
            for item in self.indexed(answered_by(assistant_id), index="gsi2"):
                if item.get("flow", {}).get("id") == flow.id:
                    yield item

    def each(self, changes: Iterable[Item | tuple[Item, ...]]) -> None:
        """Send changes that do not depend on each other; one whose condition fails does nothing.

        A change of several writes takes effect as a whole.
        """
        for batch in batched(changes, _TOGETHER, strict=False):
            self._each_of([it if isinstance(it, tuple) else (it,) for it in batch])

    def only_if(self, *writes: Item) -> None:
        """Send writes of which all take effect or, when another came first, none."""
        with suppress(Taken):
            self.transact(*writes)

    def _each_of(self, changes: list[tuple[Item, ...]]) -> None:
        while changes:
            try:
                self.transact(*(write for change in changes for write in change))
            except Taken as taken:
                changes = _without(changes, taken.failed)
            else:
                return

    def _told_of(
        self, item: Item, action: str, assistant: Assistant | None = None, flow: Flow | None = None
    ) -> Item:
        number = replace(items.number(item), assistant=assistant, flow=flow)
        return number_event(number, action, self._clock())


def _without(changes: list[tuple[Item, ...]], failed: list[int]) -> list[tuple[Item, ...]]:
    """Return the changes none of whose writes failed; `failed` counts the writes of all."""
    place, left = 0, []
    for change in changes:
        if not any(place <= at < place + len(change) for at in failed):
            left.append(change)
        place += len(change)
    return left


def _tagged(flow: ConversationFlow) -> Item:
    return {":tag": items.plain(flow.tag), ":id": flow.id, ":new": flow.version}
