"""One failure at every point between two effects, for every use case and every carrier."""

from collections.abc import Iterator

import pytest

from tests.explorer import promises
from tests.explorer.convergence import (
    RECONCILES,
    WITHOUT_RECONCILIATION,
    converge,
    unsettled,
)
from tests.explorer.effects import Fault, Process
from tests.explorer.scenarios import SCENARIOS, Scenario
from tests.explorer.world import Market, World

# Fast enough for `make test`, and counted among the figures of `make prove`.
pytestmark = pytest.mark.proof

PAIRS = [
    pytest.param(scenario, carrier, id=f"{scenario}-{carrier}")
    for scenario in SCENARIOS
    for carrier in scenario.carriers
]

LEFT_OPEN = [
    pytest.param(scenario, carrier, id=f"{scenario}-{carrier}")
    for scenario in SCENARIOS
    for carrier in scenario.carriers
    if not scenario.is_ended_by_others
]


@pytest.mark.parametrize(("scenario", "carrier"), PAIRS)
def test_no_single_failure_breaks_a_promise(
    market: Market, scenario: Scenario, carrier: str
) -> None:
    wrong = explored(market, scenario, carrier, asks_again=True)

    assert not wrong, "\n".join(wrong)


@pytest.mark.xfail(not RECONCILES, reason=WITHOUT_RECONCILIATION, strict=True)
@pytest.mark.parametrize(("scenario", "carrier"), LEFT_OPEN)
def test_no_single_failure_leaves_anything_open_when_nobody_asks_again(
    market: Market, scenario: Scenario, carrier: str
) -> None:
    wrong = explored(market, scenario, carrier, asks_again=False)

    assert not wrong, "\n".join(wrong)


def explored(market: Market, scenario: Scenario, carrier: str, *, asks_again: bool) -> list[str]:
    """Let everything happen once at each point, and return what was not as promised."""
    wrong: list[str] = []
    for place, fault, name in points(market, scenario, carrier):
        world = World(market, carrier)
        process = Process(scenario.name, {place: fault})
        world.ask(scenario.begin(world), process)
        if not process.struck:
            continue  # this cannot befall such a request
        found = promises.kept(world)
        converge(world, asks_again=asks_again)
        found += unsettled(world)
        if not asks_again:
            found += promises.closed(world)
        wrong += [f"{name}: {fault}: {it}" for it in found]
        world.count(found, is_pending=not (asks_again or RECONCILES))
    return wrong


def points(market: Market, scenario: Scenario, carrier: str) -> Iterator[tuple[int, Fault, str]]:
    """Yield every effect of a use case with everything that can befall it."""
    world = World(market, carrier)
    process = Process(scenario.name)
    world.ask(scenario.begin(world), process)
    assert process.effects
    for place, name in enumerate(process.effects):
        for fault in Fault:
            yield place, fault, name
