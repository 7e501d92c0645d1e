"""The processor time of a warm function for an inbound call, beside the floor's, in turn."""

import json
from collections.abc import Iterator
from functools import partial
from statistics import median

from bench import ringing
from bench.figures import Figure
from bench.pairs import measured
from bench.runtime import BUILD, ENVIRONMENT, FLOOR, ROOT, Runtime

_PROBE = ROOT / "bench" / "cpu_probe.py"
# 3 ms where the floor, in turn with ours, takes 1.1: docs/performance.md.
_BUDGET = 2.7
_RUNS = 3
_CALLS = 200
_WARM_AFTER = 50

type Seconds = list[float]
"""Of each call that one process has taken."""


def measure(runtime: Runtime) -> Iterator[Figure]:
    """Yield a warm call's ratio to the floor, and the time of both."""
    floors: list[Seconds] = []
    for carrier, function in ringing.FUNCTIONS.items():
        found = measured(_RUNS, partial(_run, runtime, carrier, function), _warm, _BUDGET)
        floors += found.floors
        name = f"webhook_cpu.{carrier}"
        yield Figure(f"{name}.ratio", found.ratio(_warm), "x floor", _BUDGET)
        yield Figure(f"{name}.p50", 1000 * median(map(_warm, found.ours)), "ms")
    yield Figure("webhook_cpu.floor.p50", 1000 * median(map(_warm, floors)), "ms")


def _warm(seconds: Seconds) -> float:
    return median(seconds[_WARM_AFTER:])


def _run(runtime: Runtime, carrier: str, function: str) -> tuple[Seconds, Seconds]:
    """Return the floor's seconds and ours: call by call in turn, for others come and go faster
    than a process does, and what has more to do suffers more from them.
    """
    # Made anew each time: a signature counts for minutes only.
    given = {
        "replies": ringing.replies(carrier),
        "events": ringing.webhooks(carrier, ENVIRONMENT["PUBLIC_BASE_URL"], _CALLS),
    }
    found = runtime.run(
        _PROBE, BUILD / function, str(FLOOR), stdin=json.dumps(given), CARRIER=carrier
    )
    if found["statuses"] != [200]:
        raise RuntimeError(f"{function} answered {found['statuses']}")
    return found["floor"], found["seconds"]
