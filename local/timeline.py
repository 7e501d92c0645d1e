"""Print what happened as a timeline a person can read."""

import re
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from .evidence import Evidence, stream_parameters
from .outbound import CALLEE, RENDERED, WORDS, OutboundEvidence
from .texting import TextEvidence
from .trunk import CARRIER, TrunkEvidence

_NAMES = {"twilio": "Twilio", "telnyx": "Telnyx", "vonage": "Vonage", "bridge": "Bridge"}
_QUERY = re.compile(
    r"(?<=\w)\?\S+"
)  # a stream URL's token is long, and a secret while the call lasts
_LONG = ("session_token", "session_url")


def show(console: Console, evidence: Evidence) -> None:
    """Print a purchase and a call: who asked whom for what, the answer, and when."""
    name = _NAMES[evidence.carrier]
    table = _table(f"{name}: {evidence.number}")
    found = ", ".join(str(number["phone_number"]) for number in evidence.search["numbers"])
    _request(table, name, "POST /api/v1/phone-numbers/search", [], evidence.search_ms, found)
    asked = f"POST /api/v1/phone-numbers/purchase {evidence.number}"
    said = f"{evidence.purchase_status} {_message(evidence.purchase)}"
    _request(table, name, asked, evidence.carrier_requests, evidence.purchase_ms, said)
    for step in evidence.transcript.get("steps", []):
        table.add_row(str(step["elapsed_ms"]), *_told(step, name, outbound=False))
    _session(table, evidence.transcript, evidence.session_status)
    console.print(table)


def show_trunk(console: Console, evidence: TrunkEvidence) -> None:
    """Print how a number on a SIP trunk was registered and called."""
    name = _NAMES[CARRIER]
    table = _table(f"{name}: {evidence.number}")
    table.add_row("", "you → API", f"POST /api/v1/phone-numbers/purchase {evidence.number}")
    said = f"{evidence.purchase_status} {_message(evidence.purchase)}"
    table.add_row("", "API → you", said, end_section=True)
    for step in evidence.transcript.get("steps", []):
        table.add_row(str(step["elapsed_ms"]), *_told(step, name, outbound=False))
    _session(table, evidence.transcript, evidence.session_status)
    console.print(table)


def show_outbound(console: Console, evidence: OutboundEvidence) -> None:
    """Print a call that we placed: what was asked for, what the carrier did, what was heard."""
    name = _NAMES[evidence.carrier]
    table = _table(f"{name}: {evidence.number} calls {CALLEE}")
    asked = f"POST /api/v1/calls/initiate: {WORDS['welcome_message']}"
    said = f"{evidence.reply_status} {_message(evidence.reply)}"
    _request(table, name, asked, evidence.carrier_requests, evidence.reply_ms, said)
    for step in evidence.transcript.get("steps", []):
        table.add_row(str(step["elapsed_ms"]), *_told(step, name, outbound=True))
    _session(table, evidence.transcript, evidence.session_status)
    for text in RENDERED:
        table.add_row("", "runtime", f"{text}: {evidence.session.get(text)}")
    console.print(table)


def show_texts(console: Console, evidence: TextEvidence) -> None:
    """Print a message that a number sent, and one that it got."""
    name = _NAMES[evidence.carrier]
    table = _table(f"{name}: {evidence.number} and text messages")
    table.add_row("", "you → API", f"POST /sms/send: {evidence.sent}")
    said = f"{evidence.reply_status} {_message(evidence.reply)}"
    table.add_row("", "API → you", said)
    table.add_row("", f"{name} → API", f"receipt: {evidence.state.get('state')}", end_section=True)
    came = evidence.received
    told = "answered 2xx" if came.get("delivered") else "refused"
    table.add_row("", f"{name} → API", f"message of {came.get('from')}: {came.get('text')}: {told}")
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


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", expand=False)
    table.add_column("ms", justify="right", style="dim", no_wrap=True)
    table.add_column("who", no_wrap=True)
    table.add_column("what", overflow="fold")
    return table


def _request(
    table: Table, name: str, asked: str, requests: list[dict[str, Any]], ms: int, said: str
) -> None:
    table.add_row("0", "you → API", asked)
    for request in requests:
        told = f"{request['method']} {request['path']}: {request['status']}"
        table.add_row("", f"API → {name}", f"{told} in {request['ms']} ms")
    table.add_row(str(ms), "API → you", said, end_section=True)


def _message(body: dict[str, Any]) -> str:
    return str(body.get("message") or body.get("detail"))


def _told(step: dict[str, Any], name: str, *, outbound: bool) -> tuple[str, str]:
    if step["what"] == "webhook":
        path = urlsplit(step["url"]).path.rsplit("/local", 1)[-1]
        outcome = step["status"] or step["problem"]
        return f"{name} → API", f"webhook {step['event']} to {path}: {outcome} in {step['ms']} ms"
    speakers = {
        "ringing": f"{name} → callee" if outbound else f"caller → {name}",
        "answered": f"callee → {name}",
        "callee_said": "callee",
        "answer": f"API → {name}",
        "command": f"API → {name}",
        "caller_said": "caller",
        "stream_opened": f"{name} → runtime",
        "stream_first_audio": f"runtime → {name}",
        "stream_closed": name,
        "said": name,
    }
    return speakers.get(step["what"], name), _QUERY.sub("", str(step["text"]))


def _session(table: Table, transcript: dict[str, Any], status: int) -> None:
    parameters = stream_parameters(transcript)
    shown = ", ".join(f"{k}={v}" for k, v in parameters.items() if k not in _LONG)
    table.add_row("", "runtime", f"the stream said: {shown}")
    call_id = parameters.get("call_id")
    table.add_row("", "runtime → API", f"GET /api/v1/calls/{call_id}/session: {status}")
