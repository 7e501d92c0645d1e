"""Read an NCCO as Vonage does, and refuse what Vonage would."""

import json
from typing import Any

RATES = {f"audio/l16;rate={rate}": rate for rate in (8000, 16_000, 24_000)}
ACTIONS = (
    "connect",
    "conversation",
    "input",
    "notify",
    "pay",
    "record",
    "stream",
    "talk",
    "transfer",
    "wait",
)
_LONGEST_HEADERS = 512
_ENDPOINTS = {
    "phone": "number",
    "sip": "uri",
    "websocket": "uri",
    "vbc": "extension",
    "app": "user",
}


class BadNcco(Exception):
    """The document cannot be obeyed; the message says why."""


def parse(document: str) -> list[dict[str, Any]]:
    """Return the actions of an NCCO, or raise BadNcco."""
    try:
        actions = json.loads(document)
    except ValueError as error:
        raise BadNcco(f"the answer is not JSON: {error}") from error
    return check(actions)


def check(actions: Any) -> list[dict[str, Any]]:
    """Return the actions when all of them are well-formed, or raise BadNcco."""
    if not isinstance(actions, list) or not all(isinstance(a, dict) for a in actions):
        raise BadNcco("an NCCO is a list of actions")
    for action in actions:
        _check_action(action)
    return actions


def _check_action(action: dict[str, Any]) -> None:
    name = action.get("action")
    if name not in ACTIONS:
        raise BadNcco(f"there is no action {name!r}")
    for field in ("eventUrl", "streamUrl"):
        if field in action and not isinstance(action[field], list):
            raise BadNcco(f"{field} must be a list with one URL")
    if name == "talk" and not action.get("text"):
        raise BadNcco("talk needs a text")
    if name == "stream" and not action.get("streamUrl"):
        raise BadNcco("stream needs a streamUrl")
    if name == "connect":
        _check_endpoint(endpoint(action))


def endpoint(connect: dict[str, Any]) -> dict[str, Any]:
    """Return the one endpoint of a connect action."""
    endpoints = connect.get("endpoint")
    if not isinstance(endpoints, list) or len(endpoints) != 1:
        raise BadNcco("connect takes a list of exactly one endpoint")
    if not isinstance(endpoints[0], dict):
        raise BadNcco("an endpoint is an object")
    return endpoints[0]


def _check_endpoint(target: dict[str, Any]) -> None:
    kind = target.get("type")
    if kind not in _ENDPOINTS:
        raise BadNcco(f"there is no type of endpoint {kind!r}")
    if not isinstance(target.get(_ENDPOINTS[kind]), str):
        raise BadNcco(f"an endpoint of type {kind} needs {_ENDPOINTS[kind]}")
    if kind == "phone" and not target["number"].isdigit():
        raise BadNcco(f"number must be digits without a plus sign, not {target['number']!r}")
    if kind == "websocket":
        _check_websocket(target)


def _check_websocket(target: dict[str, Any]) -> None:
    if target.get("content-type") not in RATES:
        raise BadNcco(f"content-type must be one of: {', '.join(RATES)}")
    headers = target.get("headers", {})
    if not isinstance(headers, dict):
        raise BadNcco("headers must be an object")
    if len(json.dumps(headers, separators=(",", ":")).encode()) > _LONGEST_HEADERS:
        raise BadNcco(f"headers must not be longer than {_LONGEST_HEADERS} bytes")
