"""Compile the built layer: a Lambda function cannot keep byte code, so it would compile at each
cold start, and that is half of the time until a cold function answers."""

import subprocess
import sys
from pathlib import Path

from .problem import Problem


def compile_layer(built: Path) -> None:
    """Write byte code beside every module of a built layer; raise Problem when one will not do."""
    command = [
        *(sys.executable, "-m", "compileall", "-q", "-j", "0"),
        # Packing changes the files' times, by which Python would take the byte code for stale.
        *("--invalidation-mode", "unchecked-hash"),
        # Tracebacks name the files where Lambda has them.
        *("-s", str(built), "-p", "/opt"),
        str(built),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Problem(f"The layer does not compile: {done.stdout.strip() or done.stderr.strip()}")
