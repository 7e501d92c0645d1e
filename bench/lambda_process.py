"""A function's process: Lambda's own runtime, telling a file what each step took.

`lambda_process.py TASK LAYER RUNTIME REPORT HANDLER`, in a bare interpreter. The report
begins with the process's id. Each other line is a moment: the seconds of processor time until
then, the clock, the most memory (KB). The first is the end of init; then come the beginning and
the end of each invocation in turn.
"""

import os
import resource
import sys
import time
from typing import Any

started = time.monotonic()
task, layer, runtime, report, handler = sys.argv[1:6]
sys.path[:0] = [task, layer, runtime]
del sys.argv[1:]

from awslambdaric import bootstrap  # noqa: E402
from awslambdaric.lambda_runtime_client import LambdaRuntimeClient  # noqa: E402

lines = os.open(report, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
os.write(lines, f"{os.getpid()}\n".encode())


def note() -> None:
    """Write down this moment."""
    cpu, clock = time.process_time(), time.monotonic() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    os.write(lines, f"{cpu} {clock} {memory}\n".encode())


class Client(LambdaRuntimeClient):  # type: ignore[misc]
    """The runtime's client, which knows when a function waits and when it works."""

    def wait_next_invocation(self) -> Any:
        """Wait, noting when it began and ended."""
        note()
        event = super().wait_next_invocation()
        note()
        return event


bootstrap.run(handler, Client(os.environ["AWS_LAMBDA_RUNTIME_API"], False))
