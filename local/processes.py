"""Start and stop the two servers of the local stack, and never touch any other process."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from .problem import Problem

_START_LIMIT_S = 30.0
_STOP_LIMIT_S = 20.0
_POLL_S = 0.1
_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Server:
    """A process that we start, its port and the page that answers once it is ready."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    port: int
    port_variable: str
    health_path: str
    home: Path

    @property
    def log(self) -> Path:
        """Return the file that holds what the server prints."""
        return self.home / f"{self.name}.log"

    @property
    def _record(self) -> Path:
        return self.home / f"{self.name}.pid"

    def pid(self) -> int | None:
        """Return the id of the process that we started, if it still runs."""
        try:
            recorded = json.loads(self._record.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        # Ids are used again: after a restart of the machine the same id is somebody else's process.
        alive = _started_at(recorded["pid"]) == recorded["started_at"]
        return int(recorded["pid"]) if alive else None

    def check_port(self) -> None:
        """Raise Problem when the server's port is in use."""
        if not _is_free(self.port):
            raise Problem(
                f"Port {self.port} is in use: stop what listens there, "
                f"or choose another with {self.port_variable}=<port>."
            )

    def start(self) -> None:
        """Start the server, its output in the log."""
        with self.log.open("w") as log:
            process = subprocess.Popen(
                self.argv, env=dict(self.env), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
        _CHILDREN[process.pid] = process
        record = {"pid": process.pid, "started_at": _started_at(process.pid)}
        self._record.write_text(json.dumps(record))

    def wait_until_ready(self) -> None:
        """Return when the server answers; raise Problem when it ends or stays silent."""
        url = f"http://127.0.0.1:{self.port}{self.health_path}"
        until = time.monotonic() + _START_LIMIT_S
        while time.monotonic() < until:
            if _answers(url):
                return
            if self.pid() is None:
                break
            time.sleep(_POLL_S)
        raise Problem(f"The {self.name} did not start: read {self.log}.")

    def stop(self) -> bool:
        """End the process that we started, and tell whether there was one."""
        pid = self.pid()
        if pid is not None:
            _end(pid)
        self._record.unlink(missing_ok=True)
        return pid is not None


def _end(pid: int) -> None:
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + _STOP_LIMIT_S
    while _started_at(pid) is not None and time.monotonic() < until:
        time.sleep(_POLL_S)
    # The server leads a group of its own; the functions that the emulator runs are in it.
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    # A server of an earlier run is not our child; a child of ours stays until it is asked.
    if child := _CHILDREN.pop(pid, None):
        child.wait()


def _started_at(pid: int) -> str | None:
    shown = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split(maxsplit=1)
    is_running = len(shown) == 2 and not shown[0].startswith("Z")
    return shown[1].strip() if is_running else None


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False
