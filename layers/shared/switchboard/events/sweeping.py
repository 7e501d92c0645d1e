"""What nobody looked after: what is due and got lost on its way, or is due too late to queue."""

from datetime import timedelta

from ..store import Taken
from . import breaker
from .office import Office
from .relaying import message

_LATE = timedelta(seconds=30)
# What was put into the queue is not put there again before.
_AGAIN = timedelta(minutes=5)
_AT_ONCE = 500


def sweep(office: Office) -> int:
    """Queue what is overdue, and look after receivers that are down; return how much it was."""
    now = office.app.clock()
    found = 0
    for row in office.app.store.due_rows(now - _LATE, _AT_ONCE):
        try:
            office.app.store.put_off(row, now + _AGAIN)
        except Taken:
            continue  # somebody is at it
        office.queue.put([(message(row["pk"], row["sk"], int(row["organization_id"])), 0)])
        found += 1
    for endpoint in office.app.store.broken_endpoints():
        breaker.look_after(office, endpoint)
    return found
