"""The layer ships what the lock file says, for the project's own dependencies and theirs."""

import os
import re
import shlex
import subprocess

from local.workspace import ROOT

REQUIREMENTS = ROOT / "layers/shared/requirements.txt"
# The runtime brings these.
NOT_SHIPPED = {"boto3", "botocore", "s3transfer"}


def test_the_layer_ships_what_is_locked() -> None:
    # uv writes the command into the file, so `make requirements` is its only other place.
    command = re.search(r"^# +uv (export .*) -o ", REQUIREMENTS.read_text(), re.MULTILINE)
    assert command

    exported = subprocess.run(
        [_uv(), *shlex.split(command[1])], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert _pinned(exported.stdout) == _pinned(REQUIREMENTS.read_text()), "run `make requirements`"


def test_the_layer_leaves_out_what_the_runtime_brings() -> None:
    shipped = {line.split("==")[0] for line in _pinned(REQUIREMENTS.read_text())}

    assert shipped
    assert not NOT_SHIPPED & shipped


def _uv() -> str:
    # `uv run` says where it is; else the Makefile's, because a uv on the path may be an empty shim.
    own = ROOT / ".tools/bin/uv"
    return os.environ.get("UV") or (str(own) if own.exists() else "uv")


def _pinned(text: str) -> list[str]:
    return [line for line in text.splitlines() if re.match(r"[a-z0-9]", line)]
