"""What fetching recordings works with, beside what every use case has."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from ..app import App
from ..carriers.base import Recordings, RecordingSource


class NotFetched(Exception):
    """An attempt that came to nothing; the message says why."""

    is_final = False
    """Whether it is certain that no other attempt can do better."""


class NeverFetched(NotFetched):
    """An attempt that shows that there is no use in another."""

    is_final = True


@dataclass(frozen=True)
class File:
    """A file on its way: `chunks` are read as they come."""

    chunks: Iterator[bytes]
    content_type: str


@dataclass(frozen=True)
class Stored:
    """What was put into the bucket."""

    size: int
    sha256: str


class Vault(Protocol):
    """The bucket of the recordings."""

    def store(self, path: str, file: File) -> Stored:
        """Put a file there, over an earlier attempt's; raise NotFetched, and nothing is there."""
        ...

    def link(self, path: str, name: str, seconds: int) -> str:
        """Return a URL that gives an object to whoever holds it, for so long."""
        ...


@dataclass(frozen=True)
class Room:
    """One deployment's way from the carriers' files to the bucket."""

    app: App
    vault: Vault
    open: Callable[[RecordingSource, str], File]
    """Begins to fetch a file; the second is the carrier's API, which may be a sandbox."""
    carrier: Callable[[str, int], Recordings]
    """Finds an organization's account at a carrier."""
    kept: timedelta
    """How long the bucket keeps a file."""
