"""The telephone side of a bridge's call: played here, or a real one over SIP."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from sandbox.far_end import UNKNOWN_NUMBER, UNREACHABLE, FarEnd
from sandbox.transcript import Call


class Leg(Protocol):
    """A telephone that a bridge speaks SIP with."""

    def ringing(self) -> None:
        """Tell who calls that it rings."""

    async def answer(self) -> bool:
        """Answer who calls; False when they are gone."""

    def reject(self, code: int) -> None:
        """Turn away who calls."""

    def hang_up(self) -> None:
        """End the call, whatever it has come to."""

    async def ring(self, limit_s: float, rung: Callable[[], None]) -> int:
        """Ring who is called, and return the final code: 200 when they answer.

        `rung` is called when it really rings.
        """

    def refer(self, to: str) -> None:
        """Put the other side through to somebody else."""


class PlayedLeg:
    """A telephone of the sandbox's own: the called number says what it does."""

    def __init__(self, call: Call, far_end: FarEnd, usual_s: float, longest_s: float) -> None:
        self._call = call
        self._far_end = far_end
        self._usual_s = usual_s
        self._longest_s = longest_s

    def ringing(self) -> None:
        """Nobody listens to the tone."""

    async def answer(self) -> bool:
        """Who calls is still there."""
        return not self._call.over.is_set()

    def reject(self, code: int) -> None:
        """Let the caller go."""
        self._call.hang_up("carrier")

    def hang_up(self) -> None:
        """Let the other side go."""
        self._call.hang_up("assistant")

    async def ring(self, limit_s: float, rung: Callable[[], None]) -> int:
        """Ring as long as the far end is programmed to."""
        rings_s, ending = self._far_end.ring(limit_s, self._usual_s, self._longest_s)
        if ending not in (UNKNOWN_NUMBER, UNREACHABLE):
            rung()
        try:
            await asyncio.wait_for(self._call.over.wait(), rings_s)
        except TimeoutError:
            return int(ending.sip_code) if ending else 200
        return 487

    def refer(self, to: str) -> None:
        """Let the other side go there."""
        self._call.hang_up("carrier")
