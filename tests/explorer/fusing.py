"""Ending the calls of a tripped fuse, as one process of the explorer."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from switchboard import batches, stopping
from switchboard.app import App
from switchboard.events.office import Message
from tests.builders import ORGANIZATION
from tests.delivery.post import Post


def stop(app: App) -> int:
    """End the calls of a tripped fuse, one after the other: a process here is one thread's."""
    with _one_by_one():
        return stopping.stop(app, ORGANIZATION)


@contextmanager
def _one_by_one() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "ThreadPoolExecutor", _OneByOne)
        yield


class _OneByOne:
    """Stands in for a pool of threads."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __enter__(self) -> "_OneByOne":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def map(self, work: Callable[[Any], object], many: Iterable[Any]) -> Iterator[object]:
        """Do one after the other."""
        return map(work, many)


class FusePost(Post):
    """The post office, which also tells of a tripped fuse whoever ends its calls."""

    def handle(self, message: Message) -> None:
        """Do what a message asks for."""
        if "fuse" in message:
            with _one_by_one():
                stopping.stay(self.app, ORGANIZATION)
        else:
            super().handle(message)

    def sweep(self) -> None:
        """Do what is done once a minute."""
        super().sweep()
        with _one_by_one():
            stopping.sweep(self.app)
