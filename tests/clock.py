"""A clock that tests move."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class Clock:
    """Says the time, and jumps when told to wait."""

    now: datetime = START
    waits: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.waits.append(seconds)
        self.advance(seconds=seconds)

    def advance(self, **span: float) -> None:
        """Move on by so many seconds, minutes, hours or days."""
        self.now += timedelta(**span)
