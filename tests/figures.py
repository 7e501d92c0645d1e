"""What the tests count as they prove it: shown at the end of `make prove`.

A test adds to a figure by its name. With several workers (pytest-xdist) each sends its own home.
"""

from collections import Counter

import pytest

FIGURES: Counter[str] = Counter()

# In this order, and 0 when nothing was counted: a missing figure would look like a good one.
_SHOWN = (
    "schedules explored",
    "faults injected",
    "forged requests refused",
    "invariants checked",
    "violations",
)


def count(figure: str, by: int = 1) -> None:
    """Add to a figure."""
    FIGURES[figure] += by


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send a worker's figures to where they are shown."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["figures"] = dict(FIGURES)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Add a worker's figures to ours."""
    FIGURES.update(getattr(node, "workeroutput", {}).get("figures", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the figures, if anything was proved."""
    if not FIGURES:
        return
    # Not every test counts what it finds: above a failure, the table must not say 0.
    failed = sum(len(terminalreporter.stats.get(kind, ())) for kind in ("failed", "error"))
    FIGURES["violations"] = max(FIGURES["violations"], failed)
    terminalreporter.section("proved")
    for name in (*_SHOWN, *sorted(FIGURES.keys() - set(_SHOWN))):
        terminalreporter.write_line(f"{name:<28}{FIGURES[name]:>12,}")
