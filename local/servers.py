"""Describe the two servers: the AWS emulator and the carrier sandbox."""

import json
import os
import subprocess
import sys

from .problem import Problem
from .processes import Server
from .workspace import ROOT, Workspace

_EMULATOR_ENVIRONMENT = ROOT / ".local" / "emulator"


def install_emulator(workspace: Workspace) -> None:
    """Bring the emulator's own environment up to the lock file; raise Problem when that fails."""
    log = workspace.home / "install.log"
    env = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(_EMULATOR_ENVIRONMENT)}
    env.pop("VIRTUAL_ENV", None)
    argv = [_uv(), "sync", "--only-group", "emulator", "--frozen"]
    with log.open("w") as output:
        try:
            status = subprocess.run(
                argv, env=env, cwd=ROOT, stdout=output, stderr=output, check=False
            )
        except FileNotFoundError as error:
            raise Problem("uv is missing: run `make up`, which installs it.") from error
    if status.returncode != 0:
        raise Problem(f"The AWS emulator cannot be installed (is the network up?): read {log}.")


def _uv() -> str:
    # `uv run` names itself in UV; without it, the one that the Makefile installed, else the path's.
    ours = ROOT / ".tools" / "bin" / "uv"
    return os.environ.get("UV") or (str(ours) if ours.exists() else "uv")


def emulator(workspace: Workspace) -> Server:
    """Return the AWS emulator, which keeps its state in the workspace."""
    state = workspace.home / "state"
    temporary = workspace.home / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    # The functions inherit this environment, so it holds nothing of the person's own.
    env = {
        **{k: os.environ[k] for k in ("PATH", "HOME", "LANG") if k in os.environ},
        "TMPDIR": str(temporary),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(workspace.emulator_port),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(state / "aws"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(state / "s3"),
        # Listeners that nobody here needs; they would also bind to every interface.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    interpreter = _EMULATOR_ENVIRONMENT / "bin" / "python"
    argv = [str(interpreter), str(ROOT / "local" / "emulator.py")]
    port = workspace.emulator_port
    return Server(
        "emulator", argv, env, port, "EMULATOR_PORT", "/_ministack/health", workspace.home
    )


def rewind_streams(workspace: Workspace) -> None:
    """Let functions read tables' streams from the start when the emulator starts again.

    It keeps how far they had read, and not the streams: they would read nothing until as much
    was written once more. Without effect on one that runs.
    """
    kept = workspace.home / "state" / "aws" / "lambda.json"
    if kept.exists():
        state = json.loads(kept.read_text())
        state["payload"].pop("dynamodb_stream_positions", None)
        kept.write_text(json.dumps(state))


def sandbox(workspace: Workspace) -> Server:
    """Return the carrier sandbox, which keeps its books in the workspace."""
    state = workspace.home / "state"
    state.mkdir(parents=True, exist_ok=True)
    port = workspace.sandbox_port
    books = str(state / "sandbox.json")
    # An emulated function's first start takes longer than Lambda's, and than Vonage waits.
    argv = [sys.executable, "-m", "sandbox", "--port", str(port), "--state", books]
    argv += ["--patience", "3"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    return Server("sandbox", argv, env, port, "SANDBOX_PORT", "/_/health", workspace.home)
