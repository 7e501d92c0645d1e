"""Rows that one process holds for a while."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from .table import Table, Taken, delete, key, put


class Leases(Table):
    """What only one process may do at a time."""

    @contextmanager
    def lease(self, name: str, now: datetime, seconds: int) -> Iterator[None]:
        """Hold `name` for the body of a with statement; raise Taken while another does.

        Two requests. A holder that dies gives it back after `seconds`.
        """
        row = key(f"LEASE#{name}", "LEASE")
        until = (now + timedelta(seconds=seconds)).isoformat()
        names = {"#until": "until"}
        free = "attribute_not_exists(pk) OR #until < :now"
        self.transact(put(row | {"until": until}, free, {":now": now.isoformat()}, names))
        try:
            yield
        finally:
            # When it ran out and another process took it, it is no longer ours to give back.
            with suppress(Taken):
                self.transact(delete(row, "#until = :until", {":until": until}, names))
