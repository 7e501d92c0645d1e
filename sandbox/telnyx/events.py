"""Telnyx's events: envelope, signature, and the URLs they go to."""

import json
from typing import Any

import httpx

from sandbox import ids
from sandbox.books import Account
from sandbox.signing import telnyx_headers
from sandbox.webhooks import Hook

ATTEMPTS_PER_URL = 3


def new_event(event_type: str, payload: dict[str, Any]) -> dict[str, Any]:
    """Make an event with an id of its own, which its repetitions share."""
    return {
        "event_type": event_type,
        "id": ids.uuid(),
        "occurred_at": ids.iso(),
        "record_type": "event",
        "payload": payload,
    }


def event_hook(
    account: Account, event: dict[str, Any], targets: list[str | None], limit_s: float
) -> Hook:
    """Make the webhook of an event: three attempts for each URL in turn."""

    def build(url: str, attempt: int, fault: str | None) -> httpx.Request:
        return _signed_request(account, url, attempt, event, fault)

    urls = [url for url in targets if url for _ in range(ATTEMPTS_PER_URL)]
    return Hook("telnyx", event["event_type"], urls, limit_s, build)


def _signed_request(
    account: Account, url: str, attempt: int, event: dict[str, Any], fault: str | None
) -> httpx.Request:
    """Wrap an event in Telnyx's envelope and sign it; a fault spoils the signature."""
    envelope = {"data": event, "meta": {"attempt": attempt, "delivered_to": url}}
    body = json.dumps(envelope, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "telnyx-webhooks"}
    signed = telnyx_headers(account.private["signing_seed"], body)
    if fault == "bad_signature":
        signed = telnyx_headers("ff" * 32, body)
    elif fault == "stale":
        an_hour_ago = int(ids.now().timestamp()) - 3600
        signed = telnyx_headers(account.private["signing_seed"], body, an_hour_ago)
    elif fault == "unsigned":
        signed = {}
    return httpx.Request("POST", url, headers=headers | signed, content=body)
