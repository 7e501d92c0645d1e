"""Effects: every request by which a process changes or learns something, and how one fails.

A process is one run of a function. Between two of its effects nothing outside can tell where it
stands, so to let it fail before and after each of them is to let it fail everywhere.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """What befalls one request."""

    CRASH_BEFORE = "the process dies before it takes effect"
    CRASH_AFTER = "the process dies after it took effect"
    NEVER_ARRIVES = "it never arrives, and no answer comes"
    ANSWER_LOST = "it takes effect, and no answer comes"
    DOUBLED = "it takes effect twice"
    SECOND_HEARD = "it takes effect twice, and the second answer is heard"
    LATE = "no answer comes, and it takes effect minutes later"


class Died(BaseException):
    """The process is no more; nothing in it can stop that."""


type Turn = Callable[["Process"], None]


@dataclass(eq=False)
class Process:
    """One run of a function, and what is to befall it: faults by the place of the effect."""

    name: str = "a process"
    faults: Mapping[int, Fault] = field(default_factory=dict)
    turn: Turn = lambda process: None
    """Waits until this process may go on."""
    effects: list[str] = field(default_factory=list)
    struck: list[tuple[str, Fault]] = field(default_factory=list)
    late: list[Callable[[], object]] = field(default_factory=list)
    """What it has asked for and will take effect when nobody waits for it any more."""
    is_dead: bool = False

    def effect[T](
        self,
        name: str,
        take_effect: Callable[[], T],
        no_answer: Callable[[], Exception],
        again: Callable[[], T] | None = None,
        *,
        is_sent_once: bool = False,
        may_hear_second: bool = False,
        may_be_late: bool = False,
    ) -> T:
        """Do something that counts, or what its fault makes of it.

        `again` is what the same request does when it comes once more; its answer is the one that
        is heard, as with a client that repeats what it got no answer to. Without it the repetition
        is the network's, and the first answer is heard, or the second where that may be. What
        `is_sent_once` nobody repeats.
        """
        self.turn(self)
        # Also while a `finally` runs: nobody is there to run it.
        if self.is_dead:
            raise Died
        fault = self.faults.get(len(self.effects))
        self.effects.append(name)
        if fault is Fault.DOUBLED and is_sent_once:
            fault = None
        if fault is Fault.SECOND_HEARD and not may_hear_second:
            fault = None
        if fault is None or (fault is Fault.LATE and not may_be_late):
            return take_effect()
        self.struck.append((name, fault))
        if fault is Fault.CRASH_BEFORE:
            self._die()
        if fault is Fault.LATE:
            self.late.append(take_effect)
        if fault in (Fault.NEVER_ARRIVES, Fault.LATE):
            raise no_answer()
        answer = take_effect()
        if fault is Fault.CRASH_AFTER:
            self._die()
        if fault is Fault.ANSWER_LOST:
            raise no_answer()
        if fault is Fault.SECOND_HEARD:
            return take_effect()
        if again:
            return again()
        take_effect()
        return answer

    def _die(self) -> None:
        self.is_dead = True
        raise Died


_NOBODY = Process("whoever prepares a test")
_current: ContextVar[Process] = ContextVar("process", default=_NOBODY)


def current() -> Process:
    """Return the process that runs here."""
    return _current.get()


def run[T](process: Process, work: Callable[[], T]) -> T:
    """Run something as a process; raise Died when it dies."""
    token = _current.set(process)
    try:
        return work()
    finally:
        _current.reset(token)
