"""Be a customer's server in the demo: get every event, verified, and see that none is missing."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from .evidence import bearer, stream_parameters
from .problem import Problem

Json = dict[str, Any]

_NAME = "demo"
_LIMIT_S = 120.0
_POLL_S = 1.0
_SUMMARY = "They said hello and heard themselves."


@dataclass(frozen=True)
class Received:
    """What the receiver got of the demo's calls and text messages."""

    events: list[Json]
    call_ids: frozenset[int]
    message_ids: frozenset[str]

    def missing(self) -> list[str]:
        """Return, in words, what should be there and is not."""
        claims = {
            "the receiver verified every event's signature": all(
                event["verified"] for event in self.events
            ),
            "the receiver got every call's events to its end-of-call-report": all(
                self._has_call(call_id) for call_id in self.call_ids
            ),
            "the receiver was told of every text message": self._has_messages(),
            "the report holds what the runtime had to say": any(
                event["body"]["message"].get("summary") == _SUMMARY
                for event in self.events
                if event["type"] == "end-of-call-report"
            ),
        }
        return [claim for claim, seen in claims.items() if not seen]

    def is_complete(self) -> bool:
        """Tell whether everything has come that is waited for."""
        return self._has_messages() and all(self._has_call(call_id) for call_id in self.call_ids)

    def _has_messages(self) -> bool:
        return self.message_ids <= {message_of(event) for event in self.events}

    def _has_call(self, call_id: int) -> bool:
        """Tell whether a call's events came to its report, with no number left out."""
        of_call = [event for event in self.events if event["call_id"] == call_id]
        reported = any(event["type"] == "end-of-call-report" for event in of_call)
        numbers = {event["sequence"] for event in of_call}
        return reported and numbers == set(range(1, len(numbers) + 1))


def listen(http: httpx.Client, env: dict[str, str]) -> None:
    """Register the sandbox's receiver, and give it the secret with which it verifies."""
    webhooks = f"{env['SWITCHBOARD_URL']}/api/v1/webhooks"
    url = f"{env['SANDBOX_URL']}/receiver/{_NAME}"
    made = http.post(webhooks, headers=bearer(env), json={"url": url})
    if made.is_error:
        raise Problem(f"The receiver was not registered ({made.status_code}): {made.text}")
    found = http.get(f"{webhooks}/{made.json()['id']}/secret", headers=bearer(env))
    secret = found.raise_for_status().json()["secret"]
    told = http.put(f"{env['SANDBOX_URL']}/_/receivers/{_NAME}", json={"secret": secret})
    told.raise_for_status()


def report(http: httpx.Client, env: dict[str, str], transcript: Json) -> None:
    """Say what came of a call, as its media runtime would; nothing without a stream."""
    parameters = stream_parameters(transcript)
    if "session_token" not in parameters:
        return
    http.post(
        f"{env['SWITCHBOARD_URL']}/api/v1/calls/{parameters['call_id']}/report",
        headers={"Authorization": f"Bearer {parameters['session_token']}"},
        json={"summary": _SUMMARY},
    )


def gather(
    http: httpx.Client,
    env: dict[str, str],
    call_ids: Iterable[int],
    message_ids: Iterable[str] = (),
) -> Received:
    """Wait until everything has arrived, or for two minutes, and return it."""
    calls, messages = frozenset(call_ids), frozenset(message_ids)
    until = time.monotonic() + _LIMIT_S
    while True:
        seen = http.get(f"{env['SANDBOX_URL']}/_/receivers/{_NAME}").raise_for_status().json()
        ours = [it for it in seen["events"] if it["call_id"] in calls or message_of(it) in messages]
        received = Received(ours, calls, messages)
        if received.is_complete() or time.monotonic() > until:
            return received
        time.sleep(_POLL_S)


def message_of(event: Json) -> str | None:
    """Return which text message an event speaks of."""
    message_id = (event["body"].get("data") or {}).get("message_id")
    return str(message_id) if message_id else None


def show(console: Console, received: Received) -> None:
    """Print what the receiver got, in the order of the calls and their numbers, then the texts."""
    table = Table(title="What the customer's server was told", title_justify="left")
    for column in ("call", "#", "event", "what", "signature"):
        table.add_column(column, overflow="fold")
    of_calls = [event for event in received.events if event["call_id"] is not None]
    of_texts = [event for event in received.events if event["call_id"] is None]
    for event in sorted(of_calls, key=lambda it: (it["call_id"], it["sequence"])):
        message = event["body"]["message"]
        said = str(message.get("status") or message.get("disposition"))
        _add(table, event, str(event["call_id"]), str(event["sequence"]), said)
    for event in of_texts:
        text = event["body"]["data"]
        said = f"{text['from']} → {text['to']}: {text.get('status') or text.get('body')}"
        _add(table, event, "", "", said)
    console.print(table)


def _add(table: Table, event: Json, call: str, number: str, said: str) -> None:
    signature = "verified" if event["verified"] else "[red]wrong[/]"
    table.add_row(call, number, event["type"], said, signature)
