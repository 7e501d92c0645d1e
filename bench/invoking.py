"""Run a built function as Lambda does, and invoke it: the interface emulator that SAM carries."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import batched
from pathlib import Path
from platform import machine
from urllib.error import URLError

from bench.cage import Cage
from bench.runtime import ENVIRONMENT, LAYER, ROOT, Runtime, bare_interpreter

_PROCESS = ROOT / "bench" / "lambda_process.py"
_LIMIT_S = 60
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
_LAMBDA = {"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "PATH": os.environ["PATH"]}


@dataclass(frozen=True)
class Step:
    """What a step took: seconds of processor time, and seconds."""

    cpu: float
    wall: float


@dataclass(frozen=True)
class Run:
    """One container, from its start to its last invocation."""

    init: Step
    invocations: list[Step]
    peak_mb: float

    @property
    def first(self) -> Step:
        """Return the first invocation, of a function that has done nothing yet."""
        return self.invocations[0]

    @property
    def cold(self) -> Step:
        """Return all that the first caller waits for: init and the first invocation."""
        return Step(self.init.cpu + self.first.cpu, self.init.wall + self.first.wall)


def run(
    runtime: Runtime, task: Path, cage: Cage, events: list[bytes], environment: dict[str, str]
) -> Run:
    """Start a container of the function in `task`, send it each event, and end it."""
    report = runtime.home / f"report-{os.getpid()}"
    report.unlink(missing_ok=True)
    doors = [f"127.0.0.1:{port}" for port in _free_ports(2)]
    function = [
        *bare_interpreter(),
        *map(str, (_PROCESS, task, LAYER, runtime.packages, report)),
        "app.lambda_handler",
    ]
    names = ("--runtime-interface-emulator-address", "--runtime-api-address")
    options = [it for pair in zip(names, doors, strict=True) for it in pair]
    command = [_emulator(), "--log-level", "error", *options, *cage.command(function)]
    runtime.forget_bytecode(task)
    process = subprocess.Popen(
        command,
        env=ENVIRONMENT | _LAMBDA | cage.environment | environment,
        cwd=task,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        for event in events:
            _invoke(f"http://{doors[0]}", event)
    finally:
        process.kill()
        process.wait()
        _end(report)
    return _read(report)


def _end(report: Path) -> None:
    """End the function's process, which the emulator leaves behind, and see it gone."""
    if not report.exists():
        return
    pid = int(report.read_text().split()[0])
    deadline = time.monotonic() + _LIMIT_S
    with suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(pid, signal.SIGKILL)
            time.sleep(0.005)


def _invoke(url: str, event: bytes) -> None:
    url = f"{url}/2015-03-31/functions/function/invocations"
    deadline = time.monotonic() + _LIMIT_S
    while True:
        try:
            with urllib.request.urlopen(url, event, _LIMIT_S) as answer:
                body = answer.read()
        except (URLError, ConnectionError):
            # The emulator itself is still starting.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            break
    if b'"errorType"' in body or b'"statusCode": 5' in body:
        raise RuntimeError(f"The function failed: {body[:500]!r}")


def _read(report: Path) -> Run:
    rows = [tuple(map(float, line.split())) for line in report.read_text().splitlines()[1:]]
    report.unlink()
    ready, *rest = rows
    steps = [
        Step(end[0] - begin[0], end[1] - begin[1])
        for begin, end in (pair for pair in batched(rest, 2, strict=False) if len(pair) == 2)
    ]
    return Run(Step(ready[0], ready[1]), steps, max(row[2] for row in rows) / 1024)


def _emulator() -> str:
    spec = find_spec("samcli")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("samcli")
    name = "arm64" if machine() in ("aarch64", "arm64") else "x86_64"
    return f"{spec.submodule_search_locations[0]}/local/rapid/aws-lambda-rie-{name}"


def _free_ports(count: int) -> Iterator[int]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    yield from ports
