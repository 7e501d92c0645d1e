"""Cold starts of the built artifact, each beside the floor function's, in turn."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median

from bench.figures import Figure
from bench.pairs import measured
from bench.runtime import BUILD, FLOOR, ROOT, Runtime

_PROBE = ROOT / "bench" / "cold_probe.py"
_WEBHOOK_BUDGET = 1.3
_API_BUDGET = 2.0

_FUNCTIONS = {
    "CarrierWebhookTwilio": ({"CARRIER": "twilio"}, _WEBHOOK_BUDGET),
    "CarrierWebhookTelnyx": ({"CARRIER": "telnyx"}, _WEBHOOK_BUDGET),
    "CarrierWebhookVonage": ({"CARRIER": "vonage"}, _WEBHOOK_BUDGET),
    "CarrierWebhookSip": ({"CARRIER": "byo-sip-trunk"}, _WEBHOOK_BUDGET),
    "PurchaseNumber": ({}, _API_BUDGET),
    "InitiateCall": ({}, _API_BUDGET),
    "Calls": ({}, _API_BUDGET),
    "PhoneNumbers": ({"HANDLER": "phone_numbers.app"}, _API_BUDGET),
    "Directory": ({"HANDLER": "directory.app"}, _API_BUDGET),
    "Authorizer": ({}, _API_BUDGET),
}


def measure(runtime: Runtime, pairs: int) -> Iterator[Figure]:
    """Yield each function's median ratio to the floor, and the floor's own median time."""
    floors: list[float] = []
    for name, (environment, budget) in _FUNCTIONS.items():
        once = partial(_pair, runtime, BUILD / name, environment)
        found = measured(pairs, once, float, budget)
        floors += found.floors
        yield Figure(f"cold_start.{name}", found.ratio(float), "x floor", budget)
    yield Figure("cold_start.floor", 1000 * median(floors), "ms")


def _pair(runtime: Runtime, task: Path, environment: dict[str, str]) -> tuple[float, float]:
    return _seconds(runtime, FLOOR), _seconds(runtime, task, **environment)


def _seconds(runtime: Runtime, task: Path, **environment: str) -> float:
    seconds: float = runtime.run(_PROBE, task, **environment)
    return seconds
