"""Compile what was built: a Lambda function cannot keep byte code, so it would compile at each
cold start, and that is half of the time until a cold function answers."""

import subprocess
import sys
from pathlib import Path

from .problem import Problem


def compile_code(built: Path, place: str) -> None:
    """Write byte code beside every module below `built`; raise Problem when one will not do.

    `place` is where Lambda has it.
    """
    command = [
        *(sys.executable, "-m", "compileall", "-q", "-j", "0"),
        # Packing changes the files' times, by which Python would take the byte code for stale.
        *("--invalidation-mode", "unchecked-hash"),
        # Tracebacks name the files where Lambda has them.
        *("-s", str(built), "-p", place),
        str(built),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Problem(
            f"What was built does not compile: {done.stdout.strip() or done.stderr.strip()}"
        )
