"""Print what happened as a timeline a person can read."""

import re
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from .evidence import Evidence, stream_parameters

_NAMES = {"twilio": "Twilio", "telnyx": "Telnyx"}
_QUERY = re.compile(
    r"(?<=\w)\?\S+"
)  # a stream URL's token is long, and a secret while the call lasts
_LONG = ("session_token", "session_url")


def show(console: Console, evidence: Evidence) -> None:
    """Print a purchase and a call: who asked whom for what, the answer, and when."""
    name = _NAMES[evidence.carrier]
    table = Table(title=f"{name}: {evidence.number}", title_justify="left", expand=False)
    table.add_column("ms", justify="right", style="dim", no_wrap=True)
    table.add_column("who", no_wrap=True)
    table.add_column("what", overflow="fold")
    _purchase(table, evidence, name)
    for step in evidence.transcript.get("steps", []):
        table.add_row(str(step["elapsed_ms"]), *_told(step, name))
    _session(table, evidence)
    console.print(table)


def show_calls(console: Console, calls: list[dict[str, Any]]) -> None:
    """Print the newest calls as the API lists them."""
    table = Table(title="GET /api/v1/calls", title_justify="left")
    columns = ("id", "customer_phone_number", "to_phone_number", "status", "duration")
    for column in columns:
        table.add_column(column)
    for call in calls:
        table.add_row(*(str(call.get(column)) for column in columns))
    console.print(table)


def _purchase(table: Table, evidence: Evidence, name: str) -> None:
    body = evidence.purchase
    said = body.get("message") or body.get("detail")
    table.add_row("0", "you → API", f"POST /api/v1/phone-numbers/purchase {evidence.number}")
    for request in evidence.carrier_requests:
        asked = f"{request['method']} {request['path']}: {request['status']}"
        table.add_row("", f"API → {name}", f"{asked} in {request['ms']} ms")
    table.add_row(
        str(evidence.purchase_ms),
        "API → you",
        f"{evidence.purchase_status} {said}",
        end_section=True,
    )


def _told(step: dict[str, Any], name: str) -> tuple[str, str]:
    if step["what"] == "webhook":
        path = urlsplit(step["url"]).path.rsplit("/local", 1)[-1]
        outcome = step["status"] or step["problem"]
        return f"{name} → API", f"webhook {step['event']} to {path}: {outcome} in {step['ms']} ms"
    speakers = {
        "ringing": f"caller → {name}",
        "answer": f"API → {name}",
        "command": f"API → {name}",
        "caller_said": "caller",
        "stream_opened": f"{name} → runtime",
        "stream_first_audio": f"runtime → {name}",
        "stream_closed": name,
        "said": name,
    }
    return speakers.get(step["what"], name), _QUERY.sub("", str(step["text"]))


def _session(table: Table, evidence: Evidence) -> None:
    parameters = stream_parameters(evidence.transcript)
    shown = ", ".join(f"{k}={v}" for k, v in parameters.items() if k not in _LONG)
    table.add_row("", "runtime", f"the stream said: {shown}")
    call_id = parameters.get("call_id")
    table.add_row(
        "", "runtime → API", f"GET /api/v1/calls/{call_id}/session: {evidence.session_status}"
    )
