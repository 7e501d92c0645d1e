"""`python -m bench`: print the figures; exit 1 when one is over its budget."""

import argparse
import os
import sys
from collections.abc import Iterator
from itertools import chain

# The functions log each request to standard output, where the figures go.
os.environ["POWERTOOLS_LOG_LEVEL"] = "CRITICAL"

from bench import cold_start, layer, round_trips, telling, webhook_cpu
from bench.figures import Figure
from bench.runtime import BUILD, ROOT, Runtime


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure the budgets.")
    parser.add_argument("--pairs", type=int, default=10, help="cold starts of each function")
    arguments = parser.parse_args()
    if not (BUILD / "template.yaml").exists():
        parser.exit(2, "Nothing is built: run `make bench`, or `sam build` first.\n")
    over = 0
    for figure in _figures(arguments.pairs):
        print(figure.line(), flush=True)
        over += figure.is_over
    return 1 if over else 0


def _figures(pairs: int) -> Iterator[Figure]:
    runtime = Runtime(ROOT / ".local" / "bench")
    runtime.prepare()
    return chain(
        round_trips.measure(),
        telling.measure(),
        layer.measure(),
        webhook_cpu.measure(runtime),
        cold_start.measure(runtime, pairs),
    )


if __name__ == "__main__":
    sys.exit(main())
