"""Hold what one running sandbox consists of."""

import asyncio
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import httpx

from sandbox.books import Books
from sandbox.far_end import FarEnds
from sandbox.faults import Faults
from sandbox.settings import Settings
from sandbox.texts import Texts
from sandbox.transcript import Call

if TYPE_CHECKING:
    from sandbox.bridge.protocol import Bridge
    from sandbox.bridge.sip import SipLine

REQUESTS_KEPT = 10_000
# Webhooks under way at once. What listens on a laptop (an AWS emulator) starts a process for each:
# without a bound a slow listener is sent ever more, and gets ever slower.
WEBHOOKS_AT_ONCE = 8


@dataclass
class World:
    """The state of one sandbox; the routes find it at `request.app.state.world`."""

    books: Books
    faults: Faults
    usual: Settings = field(default_factory=Settings)
    """What the settings are at the start, and after each reset."""
    settings: Settings = field(init=False)
    far_ends: FarEnds = field(default_factory=FarEnds)
    texts: Texts = field(default_factory=Texts)
    # Redirects are not followed: a carrier takes one for an answer that is not 2xx.
    # Each webhook brings its carrier's time limit; the client's own 5 s would come before it.
    http: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(
            follow_redirects=False, trust_env=False, timeout=None
        )
    )
    # Held by each webhook from its sending to its answer.
    line: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(WEBHOOKS_AT_ONCE))
    calls: dict[str, Call] = field(default_factory=dict)
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=REQUESTS_KEPT))
    webhooks: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=REQUESTS_KEPT))
    bridges: dict[str, "Bridge"] = field(default_factory=dict)
    sip_lines: dict[str, "SipLine"] = field(default_factory=dict)
    receivers: dict[str, Any] = field(default_factory=dict)
    """Customers' servers that get events, by name: see `receiver`."""
    own_url: str = ""
    """How the sandbox was last addressed: links to its files begin so."""
    playing: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    def begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something beside the request; it is kept until it ends."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def play(self, call: Call, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Enter a call into the books and let it run beside the request."""
        self.calls[call.id] = call
        task = self.begin(work)
        self.playing[call.id] = task
        task.add_done_callback(lambda _: self.playing.pop(call.id, None))
        return task

    def call_by_carrier_id(self, carrier: str, carrier_call_id: str) -> Call | None:
        """Find a call by the carrier's own id."""
        return next(
            (
                call
                for call in self.calls.values()
                if call.carrier == carrier and call.carrier_call_id == carrier_call_id
            ),
            None,
        )

    def off_sale(self, carrier: str, account_id: str = "") -> set[str]:
        """Return the numbers that an account, or anybody, cannot buy from a carrier now.

        A number that somebody has at any carrier is nobody else's to sell. Who released one may
        have it back while it is kept from everybody else.
        """
        released = self.books.held(self.settings.released_number_held_s)
        owned = {number.number for number in self.books.numbers}
        asking = (carrier, account_id)
        return owned | {number for number, had_it in released.items() if had_it != asking}

    def __post_init__(self) -> None:
        """Begin with the usual settings."""
        self.settings = replace(self.usual)

    async def reset(self) -> None:
        """Go back to the start: end running calls, forget numbers, orders, faults and requests."""
        await self.stop_tasks()
        self.settings = replace(self.usual)
        self.books.clear()
        self.books.save()
        self.faults.clear()
        self.far_ends.clear()
        self.texts.clear()
        self.calls.clear()
        await self.hang_up_lines()
        self.bridges.clear()
        self.requests.clear()
        self.webhooks.clear()
        self.receivers.clear()

    async def stop_tasks(self) -> None:
        """Cancel whatever still runs and wait until it is gone."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def hang_up_lines(self) -> None:
        """Give back the ports on which bridges listen for SIP."""
        for line in self.sip_lines.values():
            await line.stop()
        self.sip_lines.clear()

    async def close(self) -> None:
        """End everything before the process ends."""
        await self.stop_tasks()
        await self.hang_up_lines()
        await self.http.aclose()
