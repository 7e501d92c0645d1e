"""What is counted while something is proved is shown, whoever counted it."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests import figures


@pytest.fixture(autouse=True)
def _own_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "FIGURES", type(figures.FIGURES)())


def test_a_workers_figures_are_added_to_ours() -> None:
    figures.count("faults injected", 2)
    worker = SimpleNamespace(workeroutput={"figures": {"faults injected": 3, "violations": 1}})

    figures.pytest_testnodedown(worker)

    assert figures.FIGURES == {"faults injected": 5, "violations": 1}


def test_a_worker_sends_its_figures_home() -> None:
    figures.count("faults injected")
    session = SimpleNamespace(config=SimpleNamespace(workeroutput={}))

    figures.pytest_sessionfinish(session)  # type: ignore[arg-type]

    assert session.config.workeroutput == {"figures": {"faults injected": 1}}


def test_what_was_not_counted_is_shown_as_nothing() -> None:
    figures.count("schedules explored", 10_000)
    lines: list[str] = []

    figures.pytest_terminal_summary(a_reporter(lines))

    assert [line.split()[-1] for line in lines] == ["10,000", "0", "0", "0", "0"]


@pytest.mark.parametrize(
    ("counted", "stats", "shown"),
    [
        (0, {"failed": ["a forgery was believed"]}, "1"),
        (0, {"failed": ["one"], "error": ["another"], "passed": ["a third"]}, "2"),
        (3, {"failed": ["one that counted three"]}, "3"),
    ],
)
def test_a_test_that_failed_without_counting_is_a_violation(
    counted: int, stats: dict[str, list[str]], shown: str
) -> None:
    figures.count("forged requests refused", 500)
    figures.count("violations", counted)
    lines: list[str] = []

    figures.pytest_terminal_summary(a_reporter(lines, **stats))

    assert lines[-1].split() == ["violations", shown]


def a_reporter(lines: list[str], **stats: list[str]) -> Any:
    """Return a reporter of a run's end, which writes to `lines`."""
    return SimpleNamespace(section=lambda title: None, write_line=lines.append, stats=stats)
