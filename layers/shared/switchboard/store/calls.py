"""Rows of calls, each with a pointer from its carrier's id."""

from collections.abc import Sequence
from dataclasses import replace

from .. import items
from ..announcements import announced
from ..items import Item
from ..model import Call, Spending
from .limits import correct, return_places
from .outbox import outbox
from .table import FRESH, Table, key, listed, put, sortable
from .totals import tally


class Calls(Table):
    """One call at a time."""

    def add_call(self, call: Call) -> None:
        """Write a new call and the pointer from its SID; raise Taken([call, pointer])."""
        call, told = announced(None, call, self._clock())
        self.transact(
            put(call_item(call), FRESH), put(_pointer(call), FRESH), tally(call), *outbox(told)
        )

    def save_call(
        self,
        before: Call,
        call: Call,
        spent_cents: int | None = None,
        on_record: Sequence[Item] = (),
    ) -> Call:
        """Write a changed call over the version it was made from, and return it; raise Taken.

        With the pointer from its SID when that is new. When the call has ended, the places
        it took up are returned, and `spent_cents` replaces what counted as its costs so far.
        `on_record` is what `audit` returned for the change. What customers are told of it is
        written with it.
        """
        saved, told = announced(before, call, self._clock())
        saved = replace(saved, version=before.version + 1)
        if call.status.is_final:
            saved = replace(saved, leases=(), spending=_counted(before, spent_cents))
        writes = [put(call_item(saved), "version = :seen", {":seen": before.version})]
        if call.call_sid and not before.call_sid:
            writes.append(put(_pointer(call)))
        if call.status.is_final:
            writes += _returns(before, spent_cents)
        if call.duration != before.duration:
            writes.append(tally(call, before))
        self.transact(*writes, *on_record, *outbox(told))
        return saved

    def call(self, call_id: int) -> Call | None:
        """Return a call, whoever's it is."""
        item = self.get_item(call_key(call_id))
        return items.call(item) if item else None

    def call_by_sid(self, organization_id: int, call_sid: str) -> Call | None:
        """Return an organization's call by its carrier's id: two requests."""
        pointer = self.get_item(_sid_key(organization_id, call_sid))
        return self.call(int(pointer["call_id"])) if pointer else None


def call_key(call_id: int) -> Item:
    """Return the key of a call's row."""
    return key(f"CALL#{call_id}", "CALL")


def call_item(call: Call) -> Item:
    """Return a call's row."""
    return (
        call_key(call.id)
        | listed(call.organization_id, "CALL", sortable(call.id))
        | items.fields_of(call)
    )


def _sid_key(organization_id: int, call_sid: str) -> Item:
    return key(f"SID#{organization_id}#{call_sid}", "SID")


def _pointer(call: Call) -> Item:
    return _sid_key(call.organization_id, call.call_sid) | {"call_id": call.id}


def _returns(call: Call, spent_cents: int | None) -> list[Item]:
    writes = [return_places(lease.row, {lease.holder}) for lease in call.leases]
    counted = _counted(call, spent_cents)
    if counted and call.spending and counted != call.spending:
        writes.append(correct(counted.row, counted.cents - call.spending.cents))
    return writes


def _counted(call: Call, spent_cents: int | None) -> Spending | None:
    if spent_cents is None or call.spending is None:
        return call.spending
    return replace(call.spending, cents=spent_cents)
