"""How a deployment comes to rest: clients ask again, carriers speak, time passes."""

from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from switchboard.carriers import carrier_class
from switchboard.model import NumberStatus
from switchboard.numbers import releasing
from tests.explorer import promises
from tests.explorer.effects import Process
from tests.explorer.world import World

RECONCILES = find_spec("switchboard.reconciling") is not None
"""Whether there is anything that settles what nobody asks about again."""
WITHOUT_RECONCILIATION = "nothing settles yet what nobody asks about again"

_WAITS = ({"seconds": 1}, {"seconds": 61}, {"seconds": 61}, {"minutes": 6}, {"minutes": 6})

_ENDS = ({"seconds": 5}, {"minutes": 6}, {"minutes": 6})
# A call whose end no carrier tells, nor shows when it is asked, is over when it must be.
_LAST = ({"hours": 5}, {"hours": 1})


def converge(world: World, *, asks_again: bool = True) -> None:
    """Let everything happen that ends a failure; without `asks_again` the client is gone."""
    for span in _WAITS:
        world.pass_time(**span)
        if asks_again:
            ask_again(world)
        if update := world.deliver():
            world.hear(update)
        reconciled(world)
        notice(world)
    finished_by_a_person(world)
    world.hang_up()
    for span in _ENDS + (_LAST if world.has_forgotten else ()):
        world.pass_time(**span)
        reconciled(world)


def finished_by_a_person(world: World) -> None:
    """Let somebody repeat what the schedule leaves to a person, and nothing else."""
    if RECONCILES and not carrier_class(world.carrier).features.has_number_ids:
        for number in promises.numbers(world):
            if number.status is NumberStatus.RELEASING:
                world.process(
                    lambda it=number: releasing.finish(world.app, it, by_person=True),
                    Process("a person"),
                )


def notice(world: World) -> None:
    """Keep what is not so now, though it may come to be so later."""
    world.violations += [it for it in promises.kept(world) if it not in world.violations]


def ask_again(world: World) -> None:
    """Let everybody ask once more who has no answer to rely on."""
    for intent in list(world.intents):
        if intent.is_open:
            world.ask(intent, Process(f"{intent.name}, again"))


def reconciled(world: World, process: Process | None = None) -> None:
    """Let reconciliation run once, if there is any."""
    if RECONCILES:
        world.process(lambda: sweep(world), process or Process("reconciliation"))


def sweep(world: World) -> object:
    """Reconcile as its function does: the only place that knows how."""
    running: Any = import_module("switchboard.reconciling.running")
    return running.sweep(world.app, world.clock() + timedelta(minutes=4))


def mend(world: World) -> object:
    """Reconcile as a person does who asks for it."""
    running: Any = import_module("switchboard.reconciling.running")
    return list(running.apply(world.app))


def unsettled(world: World) -> list[str]:
    """Return what is not as it was promised, now that all has come to rest."""
    found = promises.kept(world) + promises.settled(world)
    return found + promises.closed(world) if RECONCILES else found
