"""Changes of numbers: each with what it depends on, and its audit record, in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..items import Item
from ..model import Assistant, ConversationFlow, Number
from .assistants import assistant_key
from .flows import flow_key
from .number_rows import NumberChange, changed, number_item
from .outbox import number_event
from .table import FRESH, Table, check, put
from .trunks import still_there


class NumberChanges(Table):
    """Who answers a number, and whatever else changes about it."""

    def change_numbers(
        self,
        changes: Sequence[NumberChange],
        assistant: Assistant | None = None,
        flow: ConversationFlow | None = None,
    ) -> list[Number]:
        """Change numbers, all or none of them, and return them as they are now.

        At most 32, with three writes each. The assistant and the flow that they are given to must
        still be as they were read. Raises Taken: its first places are those of the changes.
        """
        self.transact(
            *(changed(change.before, change.after) for change in changes),
            *([_still(assistant_key, assistant)] if assistant else []),
            *([_still(flow_key, flow)] if flow else []),
            *(it for change in changes for it in _trunk_still_there(change)),
            *(record for change in changes for record in self._record(change)),
            *(told for change in changes for told in self._told(change)),
        )
        return [replace(change.after, version=change.before.version + 1) for change in changes]

    def import_numbers(self, numbers: Sequence[Number]) -> None:
        """Write numbers that nobody holds, all or none of them; raise Taken. At most 32."""
        records = (
            self.audit(
                number.organization_id,
                "number.imported",
                number.phone_number,
                carrier=number.carrier,
                carrier_number_id=number.carrier_number_id,
            )
            for number in numbers
        )
        self.transact(
            *(put(number_item(number), FRESH) for number in numbers),
            *(write for record in records for write in record),
            *(number_event(number, "number.imported", self._clock()) for number in numbers),
        )

    def _told(self, change: NumberChange) -> list[Item]:
        if change.action is None:
            return []
        return [number_event(change.after, change.action, self._clock())]

    def _record(self, change: NumberChange) -> list[Item]:
        if change.action is None:
            return []
        number = change.after
        return self.audit(
            number.organization_id, change.action, number.phone_number, **change.details
        )


def _trunk_still_there(change: NumberChange) -> list[Item]:
    kept = change.before.sip_trunk_id == change.after.sip_trunk_id
    return [] if kept else still_there(change.after)


def _still(key: Callable[[int, int], Item], read: Assistant | ConversationFlow) -> Item:
    row = key(read.organization_id, read.id)
    # Rows from before there were versions have none.
    if not read.version:
        return check(row, "attribute_exists(pk) AND attribute_not_exists(version)")
    return check(row, "version = :read", {":read": read.version})
