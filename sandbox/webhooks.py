"""Send webhooks: time limits, attempts, failover, and the faults that befall them."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from sandbox import ids
from sandbox.faults import WEBHOOK
from sandbox.transcript import Call
from sandbox.world import World

DEFAULT_DELAY_FAULT_S = 1.0
_EXCERPT = 500


@dataclass(frozen=True)
class Answered:
    """What came back; `status` is None when nothing came."""

    url: str
    status: int | None
    body: str
    content_type: str
    problem: str

    @property
    def is_ok(self) -> bool:
        """Tell whether the carrier is content."""
        return self.status is not None and 200 <= self.status < 300


def unless_ok(answered: Answered, fault: str | None) -> bool:
    """Tell whether a carrier that wants any 2xx tries once more."""
    return not answered.is_ok


@dataclass(frozen=True)
class Hook:
    """A webhook to send.

    `urls` holds one entry per attempt. `build` makes the signed request for an attempt (from 1);
    its last argument names the fault that spoils the signature, if any. An `asks` hook wants
    instructions in the reply, so it cannot arrive late. `again` tells, from an answer and the fault
    that struck, whether the next attempt is made.
    """

    carrier: str
    event: str
    urls: list[str]
    limit_s: float
    build: Callable[[str, int, str | None], httpx.Request]
    asks: bool = False
    again: Callable[[Answered, str | None], bool] = unless_ok


NO_ANSWER = Answered("", None, "", "", "it was never sent")


class Outbox:
    """Sends one call's webhooks, in order unless a fault says otherwise."""

    def __init__(self, world: World, call: Call | None = None) -> None:
        self._world = world
        self._call = call
        self._held: list[tuple[Hook, str | None]] = []
        self._queue: asyncio.Queue[Hook] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None

    def post(self, hook: Hook) -> None:
        """Queue a webhook whose answer does not matter."""
        if self._worker is None:
            self._worker = self._world.begin(self._work())
        self._queue.put_nowait(hook)

    async def drain(self) -> None:
        """Wait until everything queued or held back is sent."""
        await self._queue.join()
        await self._release()
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None

    async def _work(self) -> None:
        while True:
            hook = await self._queue.get()
            try:
                await self.send(hook)
            finally:
                self._queue.task_done()

    async def send(self, hook: Hook) -> Answered:
        """Send a webhook with its retries, after the programmed faults had their say."""
        fault = self._world.faults.strike(hook.carrier, WEBHOOK, hook.event)
        name = fault.fault if fault else None
        if fault and name == "drop":
            self._note("webhook_dropped", f"Fault: {hook.event} is never sent", event=hook.event)
            return NO_ANSWER
        if name == "reorder" and not hook.asks:
            self._note("webhook_held", f"Fault: {hook.event} is sent late", event=hook.event)
            self._held.append((hook, None))
            return NO_ANSWER
        if fault and name == "delay":
            await asyncio.sleep(fault.delay_or(DEFAULT_DELAY_FAULT_S))
        if name == "duplicate":
            answers = await asyncio.gather(self._deliver(hook, name), self._deliver(hook, name))
            answered = answers[0]
        else:
            answered = await self._deliver(hook, name)
        await self._release()
        return answered

    async def _release(self) -> None:
        held, self._held = self._held, []
        for hook, fault in held:
            await self._deliver(hook, fault)

    async def _deliver(self, hook: Hook, fault: str | None) -> Answered:
        answered = NO_ANSWER
        for number, url in enumerate(hook.urls, start=1):
            if number > 1:
                await asyncio.sleep(self._world.settings.retry_delay_s * 2 ** (number - 2))
            answered = await self._attempt(hook, url, number, fault)
            if not hook.again(answered, fault):
                break
        return answered

    async def _attempt(self, hook: Hook, url: str, number: int, fault: str | None) -> Answered:
        async with self._world.line:
            # Signed with the time of now, so not before its turn has come.
            began = time.monotonic()
            limit_s = hook.limit_s * self._world.settings.patience
            answered = await self._exchange(hook.build(url, number, fault), url, limit_s)
            ms = round((time.monotonic() - began) * 1000)
        outcome = str(answered.status) if answered.status is not None else answered.problem
        self._note(
            "webhook",
            f"Webhook {hook.event} to {url}: {outcome} in {ms} ms",
            event=hook.event,
            url=url,
            attempt=number,
            status=answered.status,
            ms=ms,
            fault=fault,
            problem=answered.problem or None,
            reply=answered.body[:_EXCERPT],
        )
        return answered

    async def _exchange(self, request: httpx.Request, url: str, limit_s: float) -> Answered:
        try:
            async with asyncio.timeout(limit_s):
                response = await self._world.http.send(request)
        except TimeoutError:
            return Answered(url, None, "", "", f"no answer within {limit_s:g} s")
        except httpx.HTTPError as error:
            return Answered(url, None, "", "", f"no answer: {error or type(error).__name__}")
        kind = response.headers.get("content-type", "")
        return Answered(url, response.status_code, response.text, kind, "")

    def _note(self, what: str, text: str, **details: object) -> None:
        call_id = self._call.id if self._call else None
        self._world.webhooks.append({"at": ids.iso(), "what": what, "call": call_id} | details)
        if self._call:
            self._call.note(what, text, **details)
