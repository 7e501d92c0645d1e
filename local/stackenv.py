"""Write and read `.local/stack.env`, which tells people and programs about the stack."""

import json
from pathlib import Path

_FUNCTION_VARIABLES = (
    "AWS_ENDPOINT_URL",
    "STAGE",
    "TABLE_NAME",
    "PUBLIC_BASE_URL",
    "SECRETS_PREFIX",
    "SESSION_KEY_SECRET",
    "TWILIO_API_URL",
    "TELNYX_API_URL",
    "EVENT_URLS_ALLOWED",
)


def read(path: Path) -> dict[str, str]:
    """Return the values in the file, or nothing when there is none."""
    if not path.exists():
        return {}
    lines = (line.partition("=") for line in path.read_text().splitlines() if "=" in line)
    return {name: value for name, _, value in lines}


def write(path: Path, values: dict[str, str]) -> None:
    """Write the values for a shell; they hold a token, so only the owner may read them."""
    _write_private(path, "".join(f"{name}={value}\n" for name, value in values.items()))


def write_for_containers(path: Path, values: dict[str, str]) -> None:
    """Write what `sam local invoke --env-vars` reads."""
    variables = {name: values[name] for name in _FUNCTION_VARIABLES}
    # In a container 127.0.0.1 is the container. The public URL stays: it is signed, never called.
    for name in ("AWS_ENDPOINT_URL", "TWILIO_API_URL", "TELNYX_API_URL", "EVENT_URLS_ALLOWED"):
        variables[name] = variables[name].replace("127.0.0.1", "host.docker.internal")
    _write_private(path, json.dumps({"Parameters": variables}, indent=2) + "\n")


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text)
