"""Run `python -m local.audit`: ask the public database which of our packages have known holes.

It ends with 0 when none is known, with 1 when there are some, and with 0 and a warning when the
database cannot be reached: a machine without a network must be able to check everything else.
"""

import os
import subprocess
import sys
from collections.abc import Mapping

from .servers import uv
from .workspace import ROOT

# What ships, and what builds and tests it: a hole in either reaches us. Not the emulator.
_COMMAND = ("audit", "--frozen", "--preview-features", "audit-command")
_UNREACHABLE = ("error sending request", "dns error", "tcp connect error", "timed out")
_UNKNOWN = ("unrecognized subcommand", "unexpected argument")


def audit(env: Mapping[str, str], *options: str) -> int:
    """Look up every locked package; return the exit status.

    AUDIT_REQUIRED=1 makes a failure of a look-up that could not be made: for a machine that
    always has a network.
    """
    # Once is enough: whoever has no network shall not wait for it.
    asking = subprocess.run(
        [uv(), *_COMMAND, *options],
        cwd=ROOT,
        env={"UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": "20", **env},
        capture_output=True,
        text=True,
        check=False,
    )
    said = asking.stdout + asking.stderr
    if asking.returncode == 0:
        print("audit: no known vulnerability in the locked packages")
        return 0
    reason = _why_skipped(said)
    if reason is None:
        print(said, file=sys.stderr)
        return 1
    print(f"audit: SKIPPED, nothing was looked up: {reason}", file=sys.stderr)
    return 1 if env.get("AUDIT_REQUIRED") == "1" else 0


def _why_skipped(said: str) -> str | None:
    if any(words in said for words in _UNREACHABLE):
        return "the database of vulnerabilities (api.osv.dev) cannot be reached from here"
    if any(words in said for words in _UNKNOWN):
        return "this uv cannot audit; 0.13 can"
    return None


if __name__ == "__main__":
    sys.exit(audit(os.environ))
