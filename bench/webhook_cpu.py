"""The processor time of a warm function for an inbound call, beside the floor's, in turn."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median

from bench import ringing
from bench.figures import Figure
from bench.pairs import measured
from bench.runtime import BUILD, ENVIRONMENT, FLOOR, ROOT, Runtime

_PROBE = ROOT / "bench" / "cpu_probe.py"
# 3 ms where the floor takes 1.07: docs/performance.md.
_BUDGET = 2.8
_PAIRS = 5
_CALLS = 200
_WARM_AFTER = 50

_FUNCTIONS = {
    "twilio": "CarrierWebhookTwilio",
    "telnyx": "CarrierWebhookTelnyx",
    "vonage": "CarrierWebhookVonage",
    "byo-sip-trunk": "CarrierWebhookSip",
}

type Seconds = list[float]
"""Of each call that one process has taken."""


def measure(runtime: Runtime) -> Iterator[Figure]:
    """Yield a warm call's ratio to the floor and its time, a first call's, and the floor's time."""
    floors: list[Seconds] = []
    for carrier, function in _FUNCTIONS.items():
        floor = partial(_spent, runtime, carrier, FLOOR)
        ours = partial(_spent, runtime, carrier, BUILD / function)
        found = measured(_PAIRS, floor, ours, _warm, _BUDGET)
        floors += found.floors
        name = f"webhook_cpu.{carrier}"
        yield Figure(f"{name}.ratio", found.ratio(_warm), "x floor", _BUDGET)
        yield Figure(f"{name}.p50", 1000 * median(map(_warm, found.ours)), "ms")
        yield Figure(f"{name}.first", 1000 * median(it[0] for it in found.ours), "ms")
    yield Figure("webhook_cpu.floor.p50", 1000 * median(map(_warm, floors)), "ms")


def _warm(seconds: Seconds) -> float:
    return median(seconds[_WARM_AFTER:])


def _spent(runtime: Runtime, carrier: str, task: Path) -> Seconds:
    # Made anew each time: a signature counts for minutes only.
    given = {
        "replies": ringing.replies(carrier),
        "events": ringing.webhooks(carrier, ENVIRONMENT["PUBLIC_BASE_URL"], _CALLS),
    }
    found = runtime.run(_PROBE, task, stdin=json.dumps(given), CARRIER=carrier)
    if found["statuses"] != [200]:
        raise RuntimeError(f"{task.name} answered {found['statuses']}")
    seconds: Seconds = found["seconds"]
    return seconds
