"""Rows of the fuses: what was begun to be called in ten minutes, and whether that was too much."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from .. import items
from ..announcements import fuse_changed
from ..items import Item
from ..model import Fuse, Limits
from ..records import dataclass
from .outbox import due_in, moment, new_event_id, outbox
from .table import Table, key, update

_PARTITION = "FUSEDUE"
_WHOLE = "attribute_not_exists(tripped_at)"


@dataclass(frozen=True)
class Draw:
    """What one more call puts on an organization's fuse."""

    seen: Fuse
    """As it was read; only whether its span is over is taken from it."""
    span: int
    calls_abroad: int
    spend_cents: int
    bounds: Limits


class Fuses(Table):
    """What stops all of an organization's outbound calls."""

    def fuse(self, organization_id: int) -> Fuse:
        """Return an organization's fuse; a new one where nothing was ever called."""
        item = self.get_item(fuse_key(organization_id))
        return items.fuse(item) if item else Fuse(organization_id)

    def draw_fuse(self, drawn: Draw) -> None:
        """Put a call on the fuse that nothing else reserves; raise Taken when it does not hold."""
        self.update_item(draw(drawn))

    def trip_fuse(self, fuse: Fuse) -> None:
        """Stop an organization's calls and have those in progress ended; raise Taken if it is so.

        The stream brings the row to whoever ends them, and the index shows it to the sweep.
        """
        at = moment(fuse.tripped_at) if fuse.tripped_at else ""
        self.transact(
            update(
                fuse_key(fuse.organization_id),
                "SET tripped_at = :at, reason = :reason, organization_id = :organization, "
                "wake = :at, gsi2pk = :due, gsi2sk = :at, due = :at, attempts = :none "
                "REMOVE reset_at",
                {
                    ":at": at,
                    ":reason": fuse.reason,
                    ":organization": fuse.organization_id,
                    ":due": _PARTITION,
                    ":none": 0,
                },
                condition=_WHOLE,
            ),
            *self.audit(fuse.organization_id, "fuse.tripped", "fuse", reason=fuse.reason),
            *outbox([fuse_changed(fuse, "fuse.tripped", new_event_id(), self._clock())]),
        )

    def reset_fuse(self, fuse: Fuse, now: datetime) -> None:
        """Let an organization call again, from nothing; raise Taken when it was not stopped so.

        Calls that were placed before are ended all the same.
        """
        self.transact(
            update(
                fuse_key(fuse.organization_id),
                "SET #span = :none, calls = :none, calls_abroad = :none, spend_cents = :none, "
                "reset_at = :now REMOVE tripped_at, reason",
                {
                    ":none": 0,
                    ":now": moment(now),
                    ":seen": moment(fuse.tripped_at) if fuse.tripped_at else "",
                },
                condition="tripped_at = :seen",
                names={"#span": "span"},
            ),
            *self.audit(fuse.organization_id, "fuse.reset", "fuse", reason=fuse.reason),
            *outbox([fuse_changed(_whole(fuse), "fuse.reset", new_event_id(), self._clock())]),
        )

    def look_again(self, fuse: Fuse, due: datetime | None) -> None:
        """Have calls looked for again at `due`, or no more; raise Taken if that was decided."""
        row = fuse_key(fuse.organization_id)
        values: Item = {":seen": moment(fuse.due) if fuse.due else ""}
        if due is None:
            expression = "REMOVE due, wake, gsi2pk, gsi2sk"
        else:
            # Its `wake` stays: who looks at it now looks again, or the sweep does.
            expression = "SET due = :due, gsi2sk = :due, attempts = :attempts"
            values |= {":due": moment(due), ":attempts": fuse.attempts + 1}
        self.update_item(update(row, expression, values, condition="due = :seen"))

    def overdue_fuses(self, until: datetime, most: int) -> Iterator[Fuse]:
        """Yield the fuses whose calls should have been ended by `until`."""
        return map(items.fuse, self.rows(due_in(_PARTITION, until), most))

    def calls_under_way(self, organization_id: int) -> list[int]:
        """Return the ids of an organization's outbound calls that nobody has told the end of."""
        item = self.get_item(key(f"LIMIT#{organization_id}#concurrent_calls", "PLACES"))
        return sorted(int(it.partition("#")[2]) for it in (item or {}).get("holders", ()))


def draw(drawn: Draw) -> Item:
    """Return the write that puts a call on the fuse, on condition that it holds."""
    values: Item = {
        ":span": drawn.span,
        ":one": 1,
        ":abroad": drawn.calls_abroad,
        ":cents": drawn.spend_cents,
    }
    if drawn.seen.span != drawn.span:
        return _first(drawn, values)
    bounds = drawn.bounds
    room = {
        ":calls": bounds.fuse_calls - 1,
        ":most_abroad": bounds.fuse_calls_abroad - drawn.calls_abroad,
        ":most_cents": bounds.fuse_spend_cents - drawn.spend_cents,
    }
    within = "calls <= :calls AND spend_cents <= :most_cents"
    if drawn.calls_abroad:
        # Without it a call at home would be refused once enough went abroad.
        within += " AND calls_abroad <= :most_abroad"
    else:
        del room[":most_abroad"]
    return update(
        fuse_key(drawn.seen.organization_id),
        "ADD calls :one, calls_abroad :abroad, spend_cents :cents",
        values | room,
        condition=f"{_WHOLE} AND #span = :span AND {within}",
        names={"#span": "span"},
    )


def _first(drawn: Draw, values: Item) -> Item:
    return update(
        fuse_key(drawn.seen.organization_id),
        "SET #span = :span, calls = :one, calls_abroad = :abroad, spend_cents = :cents, "
        "organization_id = :organization",
        values | {":organization": drawn.seen.organization_id},
        condition=f"{_WHOLE} AND (attribute_not_exists(#span) OR #span < :span)",
        names={"#span": "span"},
    )


def fuse_key(organization_id: int) -> Item:
    """Return the key of a fuse's row."""
    return key(f"FUSE#{organization_id}", "FUSE")


def _whole(fuse: Fuse) -> Fuse:
    return replace(fuse, calls=0, calls_abroad=0, spend_cents=0, tripped_at=None)
