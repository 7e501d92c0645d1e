"""Rows of what media runtimes reported on their calls."""

from dataclasses import replace

from .. import event_items
from ..announcements import announced, report_update
from ..items import Item, fields_of
from ..model import Call, Report, call_event_id
from .calls import call_item, call_key
from .events import revise
from .outbox import outbox
from .table import Table, key, put


class Reports(Table):
    """What was said in a call, as its runtime tells it."""

    def report(self, call_id: int) -> Report | None:
        """Return what a call's runtime reported, if it did."""
        item = self.get_item(_report_key(call_id))
        return event_items.report(item) if item else None

    def put_report(self, call: Call, report: Report, *, too_late: bool = False) -> None:
        """Write a call's report, for the end-of-call report to hold; raise Taken.

        Place 0 fails when the call was changed meanwhile, the last place when the end-of-call
        report has been sent: `too_late` makes an event of its own of it.
        """
        now = self._clock()
        told = replace(call, reported_at=report.received_at)
        told, _ = announced(call, told, now)
        after: list[Item] = []
        if too_late:
            told, event = report_update(told, report, now)
            after = outbox([event])
        elif call.report_sequence is not None:
            after = [revise(call_event_id(call.id, call.report_sequence), now)]
        saved = replace(told, version=call.version + 1)
        self.transact(
            put(call_item(saved), "version = :seen", {":seen": call.version}),
            put(_report_key(call.id) | fields_of(report)),
            *after,
        )


def _report_key(call_id: int) -> Item:
    return key(call_key(call_id)["pk"], "REPORT")
