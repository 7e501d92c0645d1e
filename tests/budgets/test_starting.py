"""A function that starts makes nothing of its own: a snapshot of it may be started many times."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bench.runtime import ENVIRONMENT, ROOT, bare_interpreter, installed
from switchboard import ids, restoring
from switchboard.app import App
from tests.budgets.test_imports import ALLOWED, CARRIERS

PROBE = ROOT / "tests" / "budgets" / "start_probe.py"
FUNCTION, LAYER = ROOT / "functions" / "carrier_webhook", ROOT / "layers" / "shared"


@pytest.fixture(params=list(CARRIERS), scope="module")
def carrier(request: pytest.FixtureRequest) -> str:
    """Each carrier in turn."""
    name: str = request.param
    return name


def started(carrier: str, site: Path, kind: str) -> dict[str, Any]:
    """Start the function of a carrier in a process of its own, as Lambda does."""
    for package in map(installed, (*ALLOWED, *CARRIERS[carrier], "snapshot_restore_py")):
        if not (site / package.name).exists():
            (site / package.name).symlink_to(package)
    environment = {"CARRIER": carrier, "AWS_LAMBDA_INITIALIZATION_TYPE": kind}
    done = subprocess.run(
        [*bare_interpreter(), *map(str, (PROBE, FUNCTION, LAYER, site))],
        env=ENVIRONMENT | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_two_starts_make_the_same_and_ask_nobody(carrier: str, tmp_path: Path) -> None:
    first, second = (started(carrier, tmp_path, "snap-start") for _ in range(2))

    assert first["asked"] == []
    assert first["held"] == second["held"]
    assert len(first["held"]) > 50


@pytest.mark.parametrize(("kind", "hooks"), [("snap-start", 1), ("on-demand", 0)])
def test_a_webhook_is_renewed_where_it_is_restored_and_nowhere_else(
    carrier: str, tmp_path: Path, kind: str, hooks: int
) -> None:
    assert started(carrier, tmp_path, kind)["restored"] == hooks


def test_what_is_restored_shares_neither_connections_nor_secrets(app: App) -> None:
    app.secrets.session_key()
    assert app.secrets._kept

    restoring.renew(lambda: app)

    assert not app.secrets._kept
    # The closed clients open connections of their own again.
    assert app.secrets.session_key()
    assert app.store.number("+14155550100") is None
    assert ids.new_id(app.clock()) > 0
