"""The layer ships what the lock file says, for the project's own dependencies and theirs."""

import os
import re
import shlex
import shutil
import subprocess

from local.workspace import ROOT

REQUIREMENTS = ROOT / "layers/shared/requirements.txt"
# The runtime brings these.
NOT_SHIPPED = {"boto3", "botocore", "s3transfer"}


def test_the_layer_ships_what_is_locked() -> None:
    # uv writes the command into the file, so `make requirements` is its only other place.
    command = re.search(r"^# +uv (export .*) -o ", REQUIREMENTS.read_text(), re.MULTILINE)
    assert command
    uv = os.environ.get("UV") or shutil.which("uv") or str(ROOT / ".tools/bin/uv")

    exported = subprocess.run(
        [uv, *shlex.split(command[1])], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert _pinned(exported.stdout) == _pinned(REQUIREMENTS.read_text()), "run `make requirements`"


def test_the_layer_leaves_out_what_the_runtime_brings() -> None:
    shipped = {line.split("==")[0] for line in _pinned(REQUIREMENTS.read_text())}

    assert shipped
    assert not NOT_SHIPPED & shipped


def _pinned(text: str) -> list[str]:
    return [line for line in text.splitlines() if re.match(r"[a-z0-9]", line)]
