"""The built functions as Lambda runs them: each beside the floor function, in turn."""

import json
from collections.abc import Iterator
from math import ceil
from pathlib import Path
from statistics import median

from bench import ringing
from bench.cage import Cage, cage
from bench.figures import Figure
from bench.invoking import Run, run
from bench.pairs import Pairs, measured
from bench.runtime import BUILD, ENVIRONMENT, FLOOR, Runtime
from bench.stand_in import stand_in

_BUDGET = 1.3
_MEMORY_MB = (512, 1769)
# The first of a container, and those that find it warm.
_EVENTS = 21


def measure(runtime: Runtime, pairs: int) -> Iterator[Figure]:
    """Yield init, first answer, warm answers and memory of each webhook, and of the floor."""
    for memory_mb in _MEMORY_MB:
        with cage(memory_mb) as limits:
            yield Figure(f"lambda.{memory_mb}.limited", float(limits.is_closed), "yes=1")
            seen = {}
            for carrier in ringing.FUNCTIONS:
                seen[carrier] = _pairs(runtime, limits, carrier, pairs)
                yield from _figures(f"lambda.{memory_mb}.{carrier}", seen[carrier])
            floors = [it for found in seen.values() for it in found.floors]
            yield from _times(f"lambda.{memory_mb}.floor", floors)


def _figures(name: str, found: Pairs[Run]) -> Iterator[Figure]:
    yield Figure(f"{name}.init_cpu_ratio", found.ratio(_init_cpu), "x floor", _BUDGET)
    wall = found.ratio(lambda it: it.init.wall)
    yield Figure(f"{name}.init_ratio", wall, "x floor")
    cold = found.ratio(lambda it: it.cold.wall)
    yield Figure(f"{name}.cold_ratio", cold, "x floor")
    yield from _times(name, found.ours)


def _times(name: str, runs: list[Run]) -> Iterator[Figure]:
    warm = sorted(it.wall for one in runs for it in one.invocations[1:])
    own = median(it.cpu for one in runs for it in one.invocations[1:])
    yield Figure(f"{name}.init", 1000 * median(it.init.wall for it in runs), "ms")
    yield Figure(f"{name}.first", 1000 * median(it.first.wall for it in runs), "ms")
    yield Figure(f"{name}.warm_p50", 1000 * median(warm), "ms")
    yield Figure(f"{name}.warm_p99", 1000 * warm[ceil(0.99 * len(warm)) - 1], "ms")
    yield Figure(f"{name}.warm_cpu", 1000 * own, "ms")
    yield Figure(f"{name}.peak_memory", max(it.peak_mb for it in runs), "MB")


def _pairs(runtime: Runtime, limits: Cage, carrier: str, pairs: int) -> Pairs[Run]:
    with stand_in(ringing.replies(carrier)) as url:
        environment = {
            "AWS_ENDPOINT_URL": url,
            "TELNYX_API_URL": url,
            "CARRIER": carrier,
            "LD_LIBRARY_PATH": "",
        }

        def once(task: Path) -> Run:
            calls = ringing.webhooks(carrier, ENVIRONMENT["PUBLIC_BASE_URL"], _EVENTS)
            events = [json.dumps(call).encode() for call in calls]
            return run(runtime, task, limits, events, environment)

        def pair() -> tuple[Run, Run]:
            return once(FLOOR), once(BUILD / ringing.FUNCTIONS[carrier])

        return measured(pairs, pair, _init_cpu, _BUDGET)


def _init_cpu(run: Run) -> float:
    return run.init.cpu
