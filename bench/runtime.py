"""Run a program as Lambda would: its own folder, the layer, the runtime's boto3, nothing else."""

import compileall
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".aws-sam" / "build"
LAYER = BUILD / "SharedLayer" / "python"
FLOOR = ROOT / "bench" / "floor"

# What a Lambda runtime brings beside the standard library.
_PACKAGES = (
    *("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"),
    *("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py"),
)
# A name is as good as another: nothing answers under these, and nothing is asked.
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "TABLE_NAME": "bench",
    "STAGE": "bench",
    "PUBLIC_BASE_URL": "https://hooks.example.com",
    "SECRETS_PREFIX": "switchboard/bench",
    "SESSION_KEY_SECRET": "switchboard/bench/session-key",
    "TWILIO_API_URL": "http://127.0.0.1:9",
    "TELNYX_API_URL": "http://127.0.0.1:9",
    "VONAGE_API_URL": "http://127.0.0.1:9",
    "POWERTOOLS_SERVICE_NAME": "switchboard",
    "LOG_LEVEL": "INFO",
}


class Runtime:
    """An interpreter that sees only what a Lambda runtime has.

    The runtime's modules come as byte code. Those of the artifact come as they were built, for
    the floor function too, and nothing is written that a later process would find.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.packages = home / f"runtime-{version('boto3')}-{version('awslambdaric')}"

    def prepare(self) -> None:
        """Copy the runtime's packages and compile them, once per version."""
        if not self.packages.exists():
            draft = self.packages.with_suffix(".draft")
            shutil.rmtree(draft, ignore_errors=True)
            for name in _PACKAGES:
                _copy(name, draft)
            compileall.compile_dir(draft, quiet=2, stripdir=draft)
            draft.rename(self.packages)

    @staticmethod
    def forget_bytecode(task: Path) -> None:
        """Take away what somebody's run has left in a folder that no build has made."""
        if BUILD not in task.parents:
            shutil.rmtree(task / "__pycache__", ignore_errors=True)

    def run(
        self, program: Path, task: Path, *arguments: str, stdin: str = "", **environment: str
    ) -> Any:
        """Run `program` in a fresh process beside the function in `task`; return its JSON."""
        self.forget_bytecode(task)
        places = map(str, (program, task, LAYER, self.packages))
        done = subprocess.run(
            [*bare_interpreter(), *places, *arguments],
            input=stdin,
            env=ENVIRONMENT | {"HOME": str(self.home)} | environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return json.loads(done.stdout.splitlines()[-1])


def bare_interpreter() -> list[str]:
    """Return the command of an interpreter that finds nothing but the standard library."""
    # Not the virtual environment's: that one would find our development packages.
    return [os.path.realpath(sys.executable), "-I", "-S", "-B"]


def installed(name: str) -> Path:
    """Return the folder or file of a package that is installed here."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(name)
    origin = Path(spec.origin)
    return origin.parent if origin.name == "__init__.py" else origin


def _copy(name: str, to: Path) -> None:
    source = installed(name)
    if source.is_dir():
        shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, to)
