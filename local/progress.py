"""Show what is being done and how long it takes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Progress:
    """Prints one line per step, with the seconds since the start and the step's own."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._began = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self._began

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Announce a step, and print its time when it is done."""
        began = time.monotonic()
        if not self.console.is_terminal:
            self._line(f"{what} …")
        with self.console.status(f"{what} …"):
            yield
        self._line(f"[green]✓[/] {what} [dim]({time.monotonic() - began:.1f} s)[/]")

    def note(self, what: str) -> None:
        """Print a line that is no step."""
        self._line(what)

    def _line(self, text: str) -> None:
        self.console.print(
            f"[dim]{self.elapsed_s:6.1f} s[/]  {text}", highlight=False, soft_wrap=True
        )
