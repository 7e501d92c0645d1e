"""Addresses that customers give: where media streams go, and where events are sent."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from ..errors import InvalidRequest


def stream_url(text: str) -> str:
    """Return the address of a media runtime; raise InvalidRequest when no carrier can open it."""
    url = text.strip()
    problem = _problem_of(url)
    if problem:
        # The URL is not repeated: what is wrong may be a password inside it.
        raise InvalidRequest(f"stream_url {problem}")
    return url


def _problem_of(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if not host or not url.isascii() or not url.isprintable() or " " in url:
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
