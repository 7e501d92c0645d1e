"""Which addresses on the network customers' URLs may lead to: public ones, and no others.

A function in somebody's AWS account reaches more than the Internet: the addresses of instance
and task credentials, and whatever is beside it in a network.
"""

import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

type Address = IPv4Address | IPv6Address

# Translated to IPv4 on their way, so that what they hold is what counts (RFC 6052, RFC 8215).
_NAT64 = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
_LENGTH = 2_048


class Unreachable(Exception):
    """Nothing may be sent there; the message says why, for the person who gave the URL."""


@dataclass(frozen=True)
class Way:
    """How a URL is reached: the address that was checked, and what is said to whoever is there."""

    scheme: str
    host: str
    """An address, except for URLs that the deployment excepts."""
    port: int
    target: str
    """Path and query."""
    netloc: str
    """What the header Host says."""
    tls: dict[str, str] = field(default_factory=dict)
    """urllib3's names of whom the certificate must be for, where `host` does not say it."""


def way_to(url: str, allowed: Iterable[str] = ()) -> Way:
    """Return how a customer's URL is reached, looked up just now; raise Unreachable.

    Looked up once: the address that was checked is the one to connect to, so that DNS cannot
    change its mind. The certificate must be for the name all the same.
    """
    problem = problem_of(url, allowed)
    if problem:
        raise Unreachable(f"The URL {problem}")
    parts = urlsplit(url)
    host, port = str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if is_allowed(url, allowed):
        return Way(parts.scheme, host, port, target, parts.netloc)
    tls = {"server_hostname": host, "assert_hostname": host}
    return Way("https", reachable(host, port), port, target, parts.netloc, tls)


def problem_of(url: str, allowed: Iterable[str] = ()) -> str | None:
    """Return what is wrong with a receiver's URL, as far as that shows without looking it up."""
    parts = parts_of(url)
    if parts is None or len(url) > _LENGTH:
        return f"is not a URL of at most {_LENGTH} characters"
    if not parts.hostname or not is_plain(url) or parts.scheme not in ("http", "https"):
        return "must be a URL such as https://example.com/events"
    if "@" in parts.netloc:
        return "must not hold credentials: what is sent is signed"
    if "#" in url:
        return "must not have a fragment (#…): it is never sent"
    if is_allowed(url, allowed):
        return None
    if parts.scheme != "https":
        return "must begin with https://"
    literal = _literal(parts.hostname)
    if literal and not is_public(literal):
        return "must not lead to a private, local or reserved address"
    return None


def is_allowed(url: str, allowed: Iterable[str]) -> bool:
    """Tell whether a URL is one of those that the deployment excepts: scheme, host and port."""
    parts = parts_of(url)
    return parts is not None and f"{parts.scheme}://{parts.netloc}" in allowed


def reachable(host: str, port: int) -> str:
    """Return an address of a host that may be connected to; raise Unreachable.

    All of its addresses must be public: one that is not shows that somebody plays with the name.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{host} cannot be looked up: {error}") from error
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not is_public(ip_address(address.partition("%")[0])):
            raise Unreachable(f"{host} leads to {address}, which is not a public address")
    # Functions without a network of their own have no way to IPv6.
    return min(addresses, key=lambda address: ":" in address)


def is_public(address: Address) -> bool:
    """Tell whether an address is on the public Internet, however it is written."""
    if isinstance(address, IPv6Address):
        inner = _inside(address)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _inside(address: IPv6Address) -> IPv4Address | None:
    if any(address in network for network in _NAT64):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        # Also 2130706433, 0x7f.1 and 0177.0.0.1, which the system's resolver takes for addresses.
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def parts_of(url: str) -> SplitResult | None:
    """Return a URL's parts, or None when it is none."""
    try:
        parts = urlsplit(url)
        # Both are read when they are asked for.
        _ = parts.hostname, parts.port
    except ValueError:
        return None
    return parts


def is_plain(url: str) -> bool:
    """Tell whether a URL is of printable ASCII without spaces, as it must be to be sent."""
    return url.isascii() and url.isprintable() and " " not in url
