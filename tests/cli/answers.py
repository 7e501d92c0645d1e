"""Reading what a run of the command said."""

import json
from typing import Any

from typer.testing import Result

from tests.builders import ORGANIZATION

ORG = ("--organization", str(ORGANIZATION))


def answered(result: Result) -> Any:
    """Return the JSON on stdout of a run that succeeded."""
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def refused(result: Result) -> str:
    """Return the one line that a run that failed said."""
    assert result.exit_code == 1
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1
    return lines[0]
