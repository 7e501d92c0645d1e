"""Connections to the carriers: used again within seconds, and never after a container slept.

Lambda stops a container's time between its calls. A connection that the carrier closed meanwhile
still looks open, and a request that is sent over it is lost without an answer: it would look like
a purchase, or a dial, of which nobody knows whether it took place.
"""

import time
from collections.abc import Callable
from typing import Any

import urllib3

# Load balancers close what is silent for a minute or more.
_IDLE_S = 20


class Connections(urllib3.PoolManager):
    """A pool that forgets connections which were not used for 20 s."""

    def __init__(self, clock: Callable[[], float] = time.time, **options: Any) -> None:
        super().__init__(**options)
        # By the wall: the other clock may have been stopped with the container.
        self._now = clock
        self._used = 0.0

    def urlopen(  # type: ignore[override]  # as urllib3's own is
        self, method: str, url: str, redirect: bool = True, **options: Any
    ) -> urllib3.BaseHTTPResponse:
        """Make a request as the pool does."""
        if self._now() - self._used > _IDLE_S:
            self.clear()
        self._used = self._now()
        try:
            return super().urlopen(method, url, redirect, **options)
        finally:
            self._used = self._now()
