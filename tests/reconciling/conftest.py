"""Reconciling in memory, with the fake carrier's books. No sockets."""

import pytest
from pytest_socket import disable_socket

from switchboard.app import App
from switchboard.model import BYO
from switchboard.reconciling import running
from switchboard.reconciling.findings import Finding
from switchboard.reconciling.mending import Mended
from tests.builders import ORGANIZATION


@pytest.fixture(autouse=True)
def _no_sockets() -> None:
    disable_socket()


def planned(app: App) -> list[tuple[str, str, str]]:
    """Return what the plan finds: kind, target, what it says."""
    return [(it.kind.value, it.target, it.says) for it in running.plan(app, ORGANIZATION)]


def applied(app: App) -> list[tuple[str, str, str]]:
    """Mend everything; return kind, target, and what came of it."""
    return [_told(it) for it in running.apply(app, ORGANIZATION)]


def _told(mended: Mended) -> tuple[str, str, str]:
    finding: Finding = mended.finding
    assert finding.carrier in ("fake", BYO)
    return finding.kind.value, finding.target, mended.problem or mended.outcome
