"""The way to a receiver's URL: one POST to an address that was checked, and nothing after it."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from socket import SHUT_RDWR
from time import monotonic
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from .. import addresses
from ..addresses import Unreachable, Way
from ..model import Endpoint, OutboxEvent
from .office import Answer

LIMIT = timedelta(seconds=15)
_BODY_KEPT = 10_240
_FIXED = {
    "Content-Type": "application/json",
    "User-Agent": "Switchboard-Webhook/1.0",
    "Accept-Encoding": "identity",
    "Connection": "close",
}


@dataclass(frozen=True)
class Https:
    """Posts events. `allowed` are the deployment's exceptions: see `addresses.is_allowed`."""

    allowed: tuple[str, ...] = ()
    limit: timedelta = LIMIT
    """After so long an attempt has failed, however much of an answer has come."""

    def send(self, endpoint: Endpoint, event: OutboxEvent, headers: Mapping[str, str]) -> Answer:
        """Send an event once; whatever goes wrong is in the answer."""
        started = monotonic()
        try:
            way = addresses.way_to(endpoint.url, self.allowed)
            answer = self._posted(self._connection(way), way, event.payload, headers)
        except Unreachable as error:
            return Answer(error=str(error))
        except (HTTPError, OSError, ValueError) as error:
            answer = Answer(error=f"no answer: {type(error).__name__}: {error}")
        if monotonic() - started >= self.limit.total_seconds():
            # Also when there is a status: what follows it was cut off.
            return Answer(error=f"no answer within {self.limit.total_seconds():.0f} s")
        return answer

    def _connection(self, way: Way) -> HTTPConnection:
        seconds = self.limit.total_seconds()
        if way.scheme == "http":
            return HTTPConnection(way.host, way.port, timeout=seconds)
        tls: Any = way.tls
        return HTTPSConnection(way.host, way.port, timeout=seconds, **tls)

    def _posted(
        self, connection: HTTPConnection, way: Way, body: str, headers: Mapping[str, str]
    ) -> Answer:
        # A time-out of the socket begins anew with every byte that comes: this one does not.
        watch = threading.Timer(self.limit.total_seconds(), _cut, [connection])
        watch.daemon = True
        watch.start()
        try:
            connection.request(
                "POST",
                way.target,
                body.encode(),
                {**_FIXED, **headers, "Host": way.netloc},
                preload_content=False,
                decode_content=False,
            )
            return _answer(connection.getresponse())
        finally:
            watch.cancel()
            connection.close()


def _cut(connection: HTTPConnection) -> None:
    sock = connection.sock
    if sock is None:
        return
    try:
        sock.shutdown(SHUT_RDWR)
    except OSError:
        return  # it was over just then


def _answer(response: BaseHTTPResponse) -> Answer:
    text = response.read(_BODY_KEPT).decode(errors="replace")
    return Answer(
        status=response.status,
        body=text,
        retry_after=_patience(response.headers.get("Retry-After")),
    )


def _patience(header: str | None) -> timedelta | None:
    if header is None:
        return None
    if header.strip().isdecimal():
        return timedelta(seconds=min(int(header), 10**7))
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(timedelta(0), until - datetime.now(UTC))
