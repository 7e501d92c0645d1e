"""Rows that say how far a pass over everything has come."""

from datetime import datetime

from ..items import Item
from ..records import dataclass
from .table import Table, key


@dataclass(frozen=True)
class Progress:
    """How far a pass has come: where the next run goes on, and when it was last complete."""

    at: tuple[str, ...] = ()
    """Where it stopped; empty when it did not."""
    completed_at: datetime | None = None


class Passes(Table):
    """What is done bit by bit, run after run."""

    def progress(self, name: str) -> Progress:
        """Return how far a pass has come."""
        item = self.get_item(_pass_key(name)) or {}
        completed = item.get("completed_at")
        return Progress(
            tuple(item.get("at", ())), datetime.fromisoformat(completed) if completed else None
        )

    def put_progress(self, name: str, progress: Progress) -> None:
        """Write how far a pass has come. Whoever writes last is right: passes are repeatable."""
        row = _pass_key(name) | {"at": list(progress.at)}
        if progress.completed_at:
            row["completed_at"] = progress.completed_at.isoformat()
        self.put_item(row)


def _pass_key(name: str) -> Item:
    return key(f"PASS#{name}", "PASS")
