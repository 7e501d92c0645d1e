"""Decide who is at the other end of an outbound call: the called number tells."""

from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.transcript import Plan

EVERYBODY = "*"
_SECONDS = ("after_s", "hangup_after_s")


@dataclass(frozen=True)
class Ending:
    """Why a phone that rang was not answered: Twilio's status, a SIP code, and the fact."""

    status: str
    sip_code: str
    text: str
    rings: bool = True
    """Whether a phone rang at all."""


BUSY = Ending("busy", "486", "The callee is busy")
REJECTED = Ending("failed", "603", "The callee declined the call")
NO_ANSWER = Ending("no-answer", "480", "Nobody answered")
RUNG_OUT = Ending("no-answer", "487", "Nobody answered within the ring time")
UNKNOWN_NUMBER = Ending("failed", "404", "There is no such number")
UNREACHABLE = Ending("failed", "503", "The callee's network cannot be reached")

# What a SIP gateway does that a call should have gone over: no phone rings.
GATEWAY_DOWN = Ending("failed", "503", "The SIP gateway refuses the call", rings=False)
GATEWAY_SILENT = Ending("failed", "408", "The SIP gateway does not answer", rings=False)

_ENDINGS = {
    "busy": BUSY,
    "reject": REJECTED,
    "no_answer": NO_ANSWER,
    "unknown_number": UNKNOWN_NUMBER,
    "unreachable": UNREACHABLE,
    "gateway_down": GATEWAY_DOWN,
    "gateway_silent": GATEWAY_SILENT,
}
# Who picks up, for answering-machine detection; the last one is gone before it can tell.
_ANSWERING = {
    "answer": "human",
    "machine": "machine",
    "fax": "fax",
    "answer_and_hang_up": "unknown",
}
BEHAVIOURS = (*_ANSWERING, *_ENDINGS)


class BadFarEnd(Exception):
    """There is no such behaviour; the message lists those that exist."""


@dataclass(frozen=True)
class FarEnd:
    """What the phone at a number does; times are in seconds.

    `after_s` is how long it rings before it does so; `hangup_after_s` how long it then talks.
    """

    number: str = EVERYBODY
    behaviour: str = "answer"
    after_s: float | None = None
    say: list[str] = field(default_factory=list)
    hangup_after_s: float | None = None

    @property
    def plan(self) -> Plan:
        """Return what it does once it has answered."""
        return Plan(self.hangup_after_s, tuple(self.say))

    @property
    def rings(self) -> bool:
        """Whether a phone rings before anything else happens."""
        ending = _ENDINGS.get(self.behaviour)
        return ending is None or ending.rings

    @property
    def answered_by(self) -> str:
        """Return who picks up: human, machine, fax or unknown."""
        return _ANSWERING.get(self.behaviour, "unknown")

    def ring(
        self, limit_s: float, usual_s: float, longest_s: float
    ) -> "tuple[float, Ending | None]":
        """Return how long it rings and how that ends; None is an answer.

        Nobody waits longer than `limit_s`. A phone that nobody answers rings for `longest_s`
        unless it was told how long: a developer has less patience than a caller.
        """
        waiting = self.behaviour == "no_answer" and self.after_s is None
        rings = longest_s if waiting else usual_s if self.after_s is None else self.after_s
        if waiting or rings >= limit_s:
            return min(rings, limit_s), RUNG_OUT
        return rings, _ENDINGS.get(self.behaviour)


class FarEnds:
    """The phones of the world: those that were programmed, and one for everybody else."""

    def __init__(self) -> None:
        self._programmed: dict[str, FarEnd] = {}

    def program(self, wanted: dict[str, Any]) -> FarEnd:
        """Set what the phone at a number does; raise BadFarEnd for what no phone can do."""
        try:
            far_end = FarEnd(**wanted)
        except TypeError as error:
            fields = "number, behaviour, after_s, say, hangup_after_s"
            raise BadFarEnd(f"a far end has the fields {fields}; {error}") from error
        _check(far_end)
        self._programmed[far_end.number] = far_end
        return far_end

    def at(self, number: str) -> FarEnd:
        """Return the phone at a number."""
        everybody = self._programmed.get(EVERYBODY, FarEnd())
        # "@host" stands for whoever is called over a SIP gateway.
        gateway = self._programmed.get(f"@{number.partition('@')[2]}", everybody)
        return self._programmed.get(number, gateway)

    def report(self) -> list[dict[str, Any]]:
        """List the programmed phones."""
        return [asdict(far_end) for far_end in self._programmed.values()]

    def clear(self) -> None:
        """Forget all of them: everybody answers."""
        self._programmed.clear()


def _check(far_end: FarEnd) -> None:
    if far_end.behaviour not in BEHAVIOURS:
        raise BadFarEnd(f"unknown behaviour; there are: {', '.join(BEHAVIOURS)}")
    if not isinstance(far_end.number, str):
        raise BadFarEnd("number must be a number like +14155550100, a SIP address, or *")
    for name in _SECONDS:
        value = getattr(far_end, name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise BadFarEnd(f"{name} must be a number of seconds")
        if value is not None and value < 0:
            raise BadFarEnd(f"{name} must not be negative")
    said = far_end.say
    if not isinstance(said, list) or not all(isinstance(sentence, str) for sentence in said):
        raise BadFarEnd("say must be a list of sentences")
