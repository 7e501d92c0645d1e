"""Addresses that customers give: where media streams go, and where events are sent."""

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import SplitResult

from ..addresses import is_plain, parts_of, problem_of
from ..errors import InvalidRequest
from .names import text

_LENGTH = 2_048


def webhook_url(field: str, given: object, allowed: Iterable[str] = ()) -> str | None:
    """Return an address to which events are posted, or None; raise InvalidRequest.

    `allowed` are the deployment's exceptions from what events may be sent to.
    """
    url = text(field, given, _LENGTH)
    if url is None:
        return None
    problem = problem_of(url, allowed)
    if problem:
        raise InvalidRequest(f"{field} {problem}")
    return url


def stream_url(given: str) -> str:
    """Return the address of a media runtime; raise InvalidRequest when no carrier can open it."""
    url = given.strip()
    problem = _problem_of(url)
    if len(url) > _LENGTH:
        problem = f"has at most {_LENGTH} characters"
    if problem:
        # The URL is not repeated: what is wrong may be a password inside it.
        raise InvalidRequest(f"stream_url {problem}")
    return url


def _problem_of(url: str) -> str | None:
    parts = parts_of(url)
    if parts is None:
        return "is not a URL"
    host = parts.hostname
    if not host or not is_plain(url):
        return "must be a URL such as wss://media.example.com/stream"
    if parts.scheme != "wss" and not _is_plain_and_local(parts.scheme, host):
        return "must begin with wss:// (ws:// only for this machine: localhost, 127.0.0.1)"
    return _problem_of_extras(url, parts)


def _problem_of_extras(url: str, parts: SplitResult) -> str | None:
    if "@" in parts.netloc:
        return "must not hold credentials: the stream's session token proves who is calling"
    if "#" in url:
        return "must not have a fragment (#…): a websocket has none"
    if "?" in url:
        # https://www.twilio.com/docs/voice/twiml/stream: the url attribute takes no query string.
        return "must not have a query (?…), which Twilio drops: use the path"
    return None


def _is_plain_and_local(scheme: str, host: str) -> bool:
    if scheme != "ws":
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
