"""Several processes at once: one effect after the other, in an order that somebody chooses.

Each process has a thread of its own, and only one of them is ever awake. It runs from one effect
to the next, which is all that another process could notice of it: the same choices give the same
run again.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from random import Random

from tests.explorer.effects import Process

type Choose = Callable[[int], int]
"""Says which of so many processes goes on."""
type Work = Callable[[Process], object]


def at_once(works: Sequence[tuple[Process, Work]], choose: Choose) -> None:
    """Run processes at once; each work is given its process and runs under it."""
    players = [_Player(process, work) for process, work in works]
    waiting = list(players)
    while waiting:
        player = waiting[choose(len(waiting))]
        if not player.go_on():
            waiting.remove(player)
    for player in players:
        player.end()


def every_order(at_most: int | None = None) -> Iterator[Choose]:
    """Yield the choices of every possible order, or of the first so many."""
    path: list[int] = []
    tried = 0
    while at_most is None or tried < at_most:
        order = _Order(path)
        yield order.choose
        tried += 1
        following = order.following()
        if following is None:
            return
        path = following


def some_orders(many: int) -> Iterator[Choose]:
    """Yield the choices of so many orders of all kinds, always the same ones."""
    for seed in range(many):
        yield Random(seed).randrange


class _Order:
    """One order: it begins as it is told, and goes on with whoever is first."""

    def __init__(self, path: list[int]) -> None:
        self._path = path
        self._taken: list[int] = []
        self._widths: list[int] = []

    def choose(self, width: int) -> int:
        """Choose one of so many."""
        place = len(self._taken)
        choice = self._path[place] if place < len(self._path) else 0
        self._taken.append(choice)
        self._widths.append(width)
        return choice

    def following(self) -> list[int] | None:
        """Return how the next order begins; None after the last."""
        taken = list(self._taken)
        while taken and taken[-1] + 1 >= self._widths[len(taken) - 1]:
            taken.pop()
        return [*taken[:-1], taken[-1] + 1] if taken else None


class _Player:
    """A process in a thread that waits for its turn."""

    def __init__(self, process: Process, work: Work) -> None:
        self._turn, self._pause = threading.Semaphore(0), threading.Semaphore(0)
        self._is_done = False
        self._problem: BaseException | None = None
        process.turn = lambda _: self._wait()
        self._process, self._work = process, work
        self._thread = threading.Thread(target=self._run, name=process.name, daemon=True)
        self._thread.start()

    def go_on(self) -> bool:
        """Let it run to its next effect; say whether there is one."""
        self._turn.release()
        self._pause.acquire()
        return not self._is_done

    def end(self) -> None:
        """Raise what went wrong in the thread and was not meant to."""
        self._thread.join()
        if self._problem:
            raise self._problem

    def _wait(self) -> None:
        self._pause.release()
        self._turn.acquire()

    def _run(self) -> None:
        self._turn.acquire()
        try:
            self._work(self._process)
        except BaseException as error:
            self._problem = error
        self._is_done = True
        self._pause.release()
