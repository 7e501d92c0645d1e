"""The processor time that a warm function spends on an inbound call."""

import json
from collections.abc import Iterator
from statistics import median

from bench import ringing
from bench.figures import Figure
from bench.runtime import BUILD, ENVIRONMENT, ROOT, Runtime

_PROBE = ROOT / "bench" / "cpu_probe.py"
_BUDGET_MS = 3
_CALLS = 400
_WARM_AFTER = 50

_FUNCTIONS = {
    "twilio": "CarrierWebhookTwilio",
    "telnyx": "CarrierWebhookTelnyx",
    "vonage": "CarrierWebhookVonage",
    "byo-sip-trunk": "CarrierWebhookSip",
}


def measure(runtime: Runtime) -> Iterator[Figure]:
    """Yield the median of a warm function, and what its first call costs."""
    for carrier, function in _FUNCTIONS.items():
        seconds = _spent(runtime, carrier, function)
        warm = median(seconds[_WARM_AFTER:])
        yield Figure(f"webhook_cpu.{carrier}.p50", 1000 * warm, "ms", _BUDGET_MS)
        yield Figure(f"webhook_cpu.{carrier}.first", 1000 * seconds[0], "ms")


def _spent(runtime: Runtime, carrier: str, function: str) -> list[float]:
    given = {
        "replies": ringing.replies(carrier),
        "events": ringing.webhooks(carrier, ENVIRONMENT["PUBLIC_BASE_URL"], _CALLS),
    }
    found = runtime.run(_PROBE, BUILD / function, stdin=json.dumps(given), CARRIER=carrier)
    if found["statuses"] != [200]:
        raise RuntimeError(f"{function} answered {found['statuses']}")
    seconds: list[float] = found["seconds"]
    return seconds
