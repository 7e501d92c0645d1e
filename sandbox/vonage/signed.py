"""Sign what Vonage sends: a token in Authorization, with a hash of the body or the query."""

import json
from typing import Any
from urllib.parse import urlencode

import httpx

from sandbox import ids
from sandbox.books import Account, Resource
from sandbox.signing import vonage_token
from sandbox.vonage.applications import voice

_AN_HOUR_S = 3600


def request(
    account: Account,
    application: Resource,
    url: str,
    method: str,
    body: dict[str, Any],
    fault: str | None,
) -> httpx.Request:
    """Make a webhook; `fault` names what is wrong with its signature, if anything."""
    if method == "GET":
        url += ("&" if "?" in url else "?") + urlencode(_flat(body))
        content, payload = b"", _compact(dict(httpx.URL(url).params.multi_items()))
        headers = {}
    else:
        content = payload = _compact(body)
        headers = {"Content-Type": "application/json"}
    if fault != "unsigned" and voice(application).get("signed_callbacks", True):
        headers["Authorization"] = f"Bearer {token(account, application, payload, fault)}"
    return httpx.Request(method, url, headers=headers, content=content)


def token(account: Account, application: Resource, payload: bytes, fault: str | None = None) -> str:
    """Make the token that vouches for a payload."""
    secret, key = account.credentials["signature_secret"], account.credentials["api_key"]
    if fault == "bad_signature":
        secret = "the signature secret of somebody else's account"
    if fault == "tampered":
        payload += b" "
    issued_at = int(ids.now().timestamp()) - (_AN_HOUR_S if fault == "stale" else 0)
    return vonage_token(secret, key, application.id, payload, issued_at=issued_at)


def _compact(body: dict[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def _flat(body: dict[str, Any]) -> dict[str, str]:
    """Make fields of a query out of an event; what is null, or an object, is left out or named."""
    found: dict[str, str] = {}
    for name, value in body.items():
        if isinstance(value, dict):
            found |= {f"{name}[{inner}]": str(part) for inner, part in value.items()}
        elif value is not None:
            found[name] = str(value)
    return found
