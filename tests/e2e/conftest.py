"""A local stack of its own: free ports, a state folder of its own, the unchanged template."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from local import stack
from local.progress import Progress
from local.seed import Seed
from local.workspace import Workspace


@dataclass
class LocalStack:
    """A running stack and a way to speak to it."""

    workspace: Workspace
    env: dict[str, str]
    http: httpx.Client

    @property
    def url(self) -> str:
        """Return the API's base URL."""
        return self.env["SWITCHBOARD_URL"]

    @property
    def tool(self) -> Seed:
        """Return the command-line tool, set to this stack."""
        return Seed(self.workspace, self.env)

    def purchase(
        self, number: str, carrier: str = "twilio", key: str = "", token: str = ""
    ) -> httpx.Response:
        """Buy a number as a customer would."""
        headers = {"Authorization": f"Bearer {token or self.env['SWITCHBOARD_TOKEN']}"}
        return self.http.post(
            f"{self.url}/api/v1/phone-numbers/purchase",
            headers=headers | ({"Idempotency-Key": key} if key else {}),
            json={"phone_number": number, "provider": carrier},
        )

    def times_bought(self, number: str) -> int:
        """Return how often the carrier's books say the number was sold."""
        books = self.http.get(f"{self.env['SANDBOX_URL']}/_/numbers").json()
        return sum(1 for purchase in books["purchases"] if purchase["number"] == number)

    def restart(self) -> None:
        """Stop everything and bring it up again, as `make down && make up` does."""
        progress = Progress(Console(quiet=True))
        stack.down(self.workspace, progress)
        self.env = stack.up(self.workspace, progress)


@pytest.fixture(scope="session")
def local_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """Bring a stack up for all end-to-end tests together: it takes half a minute."""
    home: Path = tmp_path_factory.mktemp("stack")
    workspace = Workspace(home, _free_port(), _free_port())
    progress = Progress(Console(quiet=True))
    with (
        stack.running(workspace, progress) as env,
        httpx.Client(timeout=60, trust_env=False) as http,
    ):
        yield LocalStack(workspace, env, http)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
