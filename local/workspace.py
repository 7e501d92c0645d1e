"""Know where the local stack keeps its files and on which ports it listens."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .problem import Problem

ROOT = Path(__file__).resolve().parent.parent
STAGE = "local"
STACK_NAME = "switchboard-local"
SECRETS_PREFIX = "switchboard/local"
REGION = "us-east-1"


@dataclass(frozen=True)
class Workspace:
    """The files and addresses of one local stack; two stacks with different ones do not meet."""

    home: Path
    emulator_port: int
    sandbox_port: int

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Workspace":
        """Read LOCAL_HOME, EMULATOR_PORT and SANDBOX_PORT; each has a default."""
        home = Path(env.get("LOCAL_HOME") or ROOT / ".local").absolute()
        return cls(home, _port(env, "EMULATOR_PORT", 4566), _port(env, "SANDBOX_PORT", 4100))

    @property
    def emulator_url(self) -> str:
        """Return the address of the AWS emulator."""
        return f"http://127.0.0.1:{self.emulator_port}"

    @property
    def sandbox_url(self) -> str:
        """Return the address of the carrier sandbox."""
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def stream_url(self) -> str:
        """Return the address of the sandbox's demo runtime, the assistant's media server."""
        return f"ws://127.0.0.1:{self.sandbox_port}/runtime/echo"

    @property
    def carrier_urls(self) -> dict[str, str]:
        """Return the template parameters that send carrier requests to the sandbox."""
        return {
            "TwilioApiUrl": f"{self.sandbox_url}/twilio",
            "TelnyxApiUrl": f"{self.sandbox_url}/telnyx",
            "VonageApiUrl": f"{self.sandbox_url}/vonage",
        }

    @property
    def env_file(self) -> Path:
        """Return the file that tells people and tests how to reach the stack."""
        return self.home / "stack.env"

    def aws_env(self) -> dict[str, str]:
        """Return what turns any AWS client towards the emulator."""
        return {
            "AWS_ENDPOINT_URL": self.emulator_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
        }

    def tool_env(self) -> dict[str, str]:
        """Return the environment for tools: ours first on the path, the emulator for AWS."""
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith("AWS_") or k == "AWS_CA_BUNDLE"
        }
        tools = Path(sys.executable).parent
        path = f"{tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        return {**kept, **self.aws_env(), "PATH": path, "SAM_CLI_TELEMETRY": "0"}


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isdecimal() or not 1024 <= int(text) <= 65535:
        raise Problem(f"{name}={text} is not a port: choose a number from 1024 to 65535.")
    return int(text)
