"""Run the command as a shell would, on a deployment in memory. No sockets."""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_socket import disable_socket
from typer.testing import CliRunner, Result

from cli.main import app as command
from switchboard.app import App

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _no_sockets() -> None:
    disable_socket()


@pytest.fixture
def run(app: App) -> Run:
    """Return a function that runs `switchboard` with some arguments."""

    def invoke(*arguments: str, stdin: str | None = None, **options: Any) -> Result:
        return CliRunner().invoke(
            command, [*arguments], input=stdin, **{"obj": lambda: app, **options}
        )

    return invoke
