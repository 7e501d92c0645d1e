"""Fill the stack, through the command-line tool, with what a newcomer needs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from .problem import Problem
from .workspace import Workspace

CARRIERS = ("twilio", "telnyx", "vonage")
_SCOPES = (
    "numbers:read",
    "numbers:write",
    "calls:read",
    "calls:write",
    "assistants:read",
    "assistants:write",
    "sms:read",
    "sms:write",
    "admin",
)


class Seed:
    """Talks to the command-line tool of one stack, whose settings are `env`."""

    def __init__(self, workspace: Workspace, env: dict[str, str]) -> None:
        self._workspace = workspace
        self._env = env

    def people(self, known: dict[str, str]) -> dict[str, str]:
        """Return organization, assistant and token: the known ones while they work."""
        if self._is_usable(known):
            return {
                name: known[name]
                for name in ("ORGANIZATION_ID", "ASSISTANT_ID", "SWITCHBOARD_TOKEN")
            }
        organization = str(self.tool("organizations", "create", "Demo")["id"])
        scopes = [part for scope in _SCOPES for part in ("--scope", scope)]
        token = self.tool(
            "tokens", "create", "--organization", organization, "--name", "local", *scopes
        )  # fmt: skip
        assistant = self.tool(
            "assistants", "create", "--organization", organization, "--name", "Echo",
            "--stream-url", self._workspace.stream_url,
            "--welcome-message", "Hello, this is the demo assistant.",
        )  # fmt: skip
        return {
            "ORGANIZATION_ID": organization,
            "ASSISTANT_ID": str(assistant["id"]),
            "SWITCHBOARD_TOKEN": str(token["key"]),
        }

    def connect(self, carrier: str, organization: str) -> None:
        """Store the sandbox account's credentials, which the tool probes first."""
        self.tool(
            "carriers", "connect", carrier, "--organization", organization,
            stdin=json.dumps(self._credentials(carrier)),
        )  # fmt: skip

    def _is_usable(self, known: dict[str, str]) -> bool:
        token = known.get("SWITCHBOARD_TOKEN")
        if not token or known.get("SANDBOX_URL") != self._workspace.sandbox_url:
            return False
        reply = httpx.get(
            f"{self._env['PUBLIC_BASE_URL']}/api/v1/calls",
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
            trust_env=False,
        )
        return reply.is_success

    def _credentials(self, carrier: str) -> dict[str, Any]:
        url = f"{self._workspace.sandbox_url}/_/accounts"
        reply = httpx.get(url, params={"carrier": carrier}, timeout=10, trust_env=False)
        accounts: list[dict[str, Any]] = reply.raise_for_status().json()["accounts"]
        credentials: dict[str, Any] = accounts[0]["credentials"]
        return credentials

    def tool(self, *arguments: str, stdin: str = "") -> dict[str, Any]:
        """Run `switchboard` against the stack and return what it prints."""
        tool = Path(sys.executable).parent / "switchboard"
        run = subprocess.run(
            [str(tool), *arguments],
            env={**self._workspace.tool_env(), **self._env},
            input=stdin, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if run.returncode != 0:
            log = self._workspace.home / "seed.log"
            log.write_text(run.stdout + run.stderr)
            raise Problem(f"`switchboard {' '.join(arguments[:2])}` failed: read {log}.")
        reply: dict[str, Any] = json.loads(run.stdout)
        return reply
