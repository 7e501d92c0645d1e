"""Program faults: what shall go wrong, where, and how many times."""

import random
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox import ids

# Answered instead of the request's effect.
REFUSALS = (
    "number_taken",
    "no_balance",
    "invalid_credentials",
    "rate_limited",
    "server_error",
    "address_required",
)
# The effect happens (or is delayed); what goes wrong is the answer.
ANSWER_FAULTS = ("error_after_success", "lost_answer", "timeout", "delay")
# Telnyx orders are settled later, so they can fail later too.
ORDER_FAULTS = ("pending_order", "order_failure", "documents_required")
# Of a bridge's trunk: the call was not made, and may be made over another one.
TRUNK_FAULTS = ("not_this_trunk", "trunk_timeout")
# A message that a phone wants no more of, and one that the carrier cannot deliver.
MESSAGE_FAULTS = ("opted_out", "undelivered")
WEBHOOK_FAULTS = (
    "duplicate",
    "reorder",
    "drop",
    "delay",
    "bad_signature",
    "unsigned",
    "stale",
    "tampered",
)
# Whose signature carries a time, and whose carries a hash of the body beside it.
_DATED = ("telnyx", "vonage", "bridge")
_HASHED = ("vonage",)
WEBHOOK = "webhook"


class BadFault(Exception):
    """The fault asked for does not exist; the message lists those that do."""


@dataclass
class Fault:
    """One programmed fault; `times` counts down as it strikes, None is for ever.

    With a `probability` it strikes that share of the moments meant, picked by dice grown from
    `seed`: the same seed picks the same ones.
    """

    carrier: str
    operation: str
    fault: str
    times: int | None = 1
    delay_s: float | None = None
    polls: int | None = None
    event: str | None = None
    probability: float | None = None
    seed: int = 0
    id: str = field(default_factory=ids.uuid)

    def delay_or(self, default: float) -> float:
        """Return the delay asked for, in seconds, or a default."""
        return default if self.delay_s is None else self.delay_s


class Faults:
    """The programmed faults, oldest first."""

    def __init__(self, operations: dict[str, set[str]]) -> None:
        self._operations = operations
        self._faults: list[Fault] = []
        self._dice: dict[str, random.Random] = {}

    def program(self, wanted: dict[str, Any]) -> Fault:
        """Add a fault; raise BadFault when there is no such thing."""
        try:
            # A share of the requests has no end unless it is given one.
            times = None if wanted.get("probability") is not None else 1
            fault = Fault(**({"times": times} | wanted))
        except TypeError as error:
            fields = "carrier, operation, fault, times, delay_s, polls, event, probability, seed"
            raise BadFault(f"a fault has the fields {fields}; {error}") from error
        self._check(fault)
        self._faults.append(fault)
        return fault

    def add(self, fault: Fault) -> None:
        """Add a fault of the sandbox's own making."""
        self._faults.append(fault)

    def _check(self, fault: Fault) -> None:
        operations = self._operations.get(fault.carrier)
        if operations is None:
            raise BadFault(f"unknown carrier; there are: {', '.join(sorted(self._operations))}")
        if fault.operation not in operations | {WEBHOOK, "*"}:
            known = ", ".join(sorted(operations | {WEBHOOK, "*"}))
            raise BadFault(f"unknown operation; {fault.carrier} has: {known}")
        valid = self._valid(fault)
        if fault.fault not in valid:
            raise BadFault(f"unknown fault; {fault.operation} can have: {', '.join(valid)}")
        if fault.times is not None and (not isinstance(fault.times, int) or fault.times < 1):
            raise BadFault("times must be an integer of at least 1")
        share = fault.probability
        if share is not None and (not isinstance(share, int | float) or not 0 < share <= 1):
            raise BadFault("probability must be above 0 and at most 1")

    @staticmethod
    def _valid(fault: Fault) -> tuple[str, ...]:
        if fault.operation == WEBHOOK:
            only = {"stale": _DATED, "tampered": _HASHED}
            return tuple(
                name for name in WEBHOOK_FAULTS if fault.carrier in only.get(name, (fault.carrier,))
            )
        orders = fault.carrier == "telnyx" and fault.operation == "buy_number"
        if fault.carrier == "bridge":
            return REFUSALS + TRUNK_FAULTS + ANSWER_FAULTS
        own: tuple[str, ...] = ORDER_FAULTS if orders else ()
        if fault.operation == "send_message":
            own = MESSAGE_FAULTS
        return REFUSALS + ANSWER_FAULTS + own

    def strike(self, carrier: str, operation: str, event: str | None = None) -> Fault | None:
        """Take the oldest fault meant for this moment and count it down."""
        for fault in self._faults:
            meant = fault.carrier == carrier and (
                fault.operation == operation or (fault.operation == "*" and operation != WEBHOOK)
            )
            if meant and fault.event in (None, event) and self._rolled(fault):
                self._count_down(fault)
                return fault
        return None

    def _rolled(self, fault: Fault) -> bool:
        if fault.probability is None:
            return True
        dice = self._dice.setdefault(fault.id, random.Random(fault.seed))
        return dice.random() < fault.probability

    def _count_down(self, fault: Fault) -> None:
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times == 0:
            self._faults.remove(fault)

    def report(self) -> list[dict[str, Any]]:
        """List the faults that have not struck yet."""
        return [asdict(fault) for fault in self._faults]

    def clear(self) -> None:
        """Drop all programmed faults."""
        self._faults.clear()
        self._dice.clear()
