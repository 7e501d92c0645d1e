"""Loads the sample events that `sam local invoke` uses too."""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2] / "events"


def load(name: str, **changes: Any) -> dict[str, Any]:
    """Return the event `events/<name>.json` with top-level fields replaced."""
    event: dict[str, Any] = json.loads((ROOT / f"{name}.json").read_text())
    return event | changes


def with_body(name: str, **fields: Any) -> dict[str, Any]:
    """Return an event with fields of its JSON body replaced; None removes one."""
    event = load(name)
    body = json.loads(event["body"]) | fields
    event["body"] = json.dumps({key: value for key, value in body.items() if value is not None})
    return event


class Context:
    """What Lambda tells a function of its run."""

    function_name = "switchboard-test"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:switchboard-test"
    aws_request_id = "11111111-0000-4000-8000-000000000001"

    def get_remaining_time_in_millis(self) -> int:
        """Return five minutes."""
        return 300_000
