"""Record a call step by step, in words a person can read and fields a test can check."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from sandbox import ids

_USUAL_TALK_S = 1.0


@dataclass(frozen=True)
class Plan:
    """What the person at the far end will do; times are in seconds."""

    hangup_after_s: float | None = None
    say: tuple[str, ...] = ()

    @property
    def talks_s(self) -> float:
        """Return how long he stays once he is heard, also where nobody said so."""
        return self.hangup_after_s or _USUAL_TALK_S


@dataclass
class Call:
    """One call and everything that happened in it.

    `reference` is what a dial said of itself: the URL given to Twilio, Telnyx's client state.
    `status` uses Twilio's words for both carriers, so that readers need to know one set only.
    """

    carrier: str
    account: str
    from_: str
    to: str
    carrier_call_id: str
    plan: Plan
    direction: str = "inbound"
    reference: str | None = None
    id: str = field(default_factory=lambda: "call_" + ids.uuid())
    status: str = "ringing"
    outcome: str = "unanswered"
    streams: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    started_at: str = field(default_factory=ids.iso)
    answered: float | None = None
    ended: float | None = None
    ended_at: str | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)
    # Set while other instructions wait to replace those being carried out.
    interrupted: asyncio.Event = field(default_factory=asyncio.Event)
    hung_up_by: str | None = None
    reference_sip: str | None = None
    """SIP's Call-ID of a call that went out over SIP."""
    sip_headers: dict[str, str] | None = None
    """What came with a call over SIP; None for any other call."""

    @property
    def far_side(self) -> str:
        """Return what the person at the far end is: the caller, or the callee."""
        return "caller" if self.direction == "inbound" else "callee"

    def note(self, what: str, text: str, **details: Any) -> None:
        """Add a step: a code for machines, a sentence for people, and the facts."""
        elapsed = round((time.monotonic() - self.began) * 1000)
        step = {"at": ids.iso(), "elapsed_ms": elapsed, "what": what, "text": text}
        self.steps.append(step | details)

    def pick_up(self) -> None:
        """Mark the call answered, once."""
        if self.answered is None:
            self.answered = time.monotonic()
            self.status = "in-progress"

    def hears(self, sentence: str) -> None:
        """Let the far end hear a sentence."""
        self.said.append(sentence)
        if self.outcome == "unanswered":
            self.outcome = "spoken"
        self.note("said", f"The {self.far_side} hears: {sentence}", sentence=sentence)

    async def pause(self, length_s: float) -> None:
        """Wait so long, unless the call ends, or other instructions come, or he has enough."""
        waits = [asyncio.create_task(event.wait()) for event in (self.over, self.interrupted)]
        limit = min(length_s, self.plan.talks_s)
        await asyncio.wait(waits, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    def hang_up(self, by: str) -> None:
        """End the call for everybody who waits on it; the first to hang up counts."""
        if self.hung_up_by is None:
            self.hung_up_by = by
            self.over.set()

    def close(self, status: str) -> None:
        """Set the final status and the end time."""
        self.status = status
        self.ended = time.monotonic()
        self.ended_at = ids.iso()
        self.over.set()

    @property
    def duration_s(self) -> int:
        """Return the seconds from answer to end; an answered call lasted one at least."""
        if self.answered is None or self.ended is None:
            return 0
        return max(1, round(self.ended - self.answered))

    def report(self) -> dict[str, Any]:
        """Show the call as `GET /_/calls/{id}` does."""
        return {
            "id": self.id,
            "carrier": self.carrier,
            "direction": self.direction,
            "carrier_call_id": self.carrier_call_id,
            "account": self.account,
            "from": self.from_,
            "to": self.to,
            "status": self.status,
            "answered": self.answered is not None,
            "outcome": self.outcome,
            "reference": self.reference,
            "hung_up_by": self.hung_up_by,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "duration_s": self.duration_s,
            "said": self.said,
            "streams": self.streams,
            "steps": self.steps,
        }
