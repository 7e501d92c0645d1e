"""`python -m bench`: print the figures; exit 1 when one is over its budget."""

import argparse
import os
import sys
from collections.abc import Iterator
from itertools import chain

# The functions log each request to standard output, where the figures go.
os.environ["POWERTOOLS_LOG_LEVEL"] = "CRITICAL"

from bench import (
    artifact,
    cold_start,
    idle_month,
    import_time,
    layer,
    round_trips,
    telling,
    webhook_cpu,
)
from bench.figures import Figure
from bench.runtime import BUILD, ROOT, Runtime

PICTURE = ROOT / "docs" / "init-time.svg"


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure the budgets.")
    parser.add_argument("--pairs", type=int, default=15, help="cold starts of each function")
    parser.add_argument("--ratios", action="store_true", help="leave out lambda.*: for CI")
    parser.add_argument("--plot", action="store_true", help=f"draw {PICTURE.relative_to(ROOT)} too")
    arguments = parser.parse_args()
    if not (BUILD / "template.yaml").exists():
        parser.exit(2, "Nothing is built: run `make bench`, or `sam build` first.\n")
    if arguments.plot:
        import_time.draw(import_time.measure(_runtime()), PICTURE)
    over = 0
    for figure in _figures(arguments.pairs, ratios_only=arguments.ratios):
        print(figure.line(), flush=True)
        over += figure.is_over
    return 1 if over else 0


def _figures(pairs: int, *, ratios_only: bool) -> Iterator[Figure]:
    runtime = _runtime()
    steady = chain(
        round_trips.measure(),
        telling.measure(),
        layer.measure(),
        idle_month.measure(),
        cold_start.measure(runtime, pairs),
        webhook_cpu.measure(runtime),
    )
    return steady if ratios_only else chain(steady, artifact.measure(runtime, pairs))


def _runtime() -> Runtime:
    runtime = Runtime(ROOT / ".local" / "bench")
    runtime.prepare()
    return runtime


if __name__ == "__main__":
    sys.exit(main())
