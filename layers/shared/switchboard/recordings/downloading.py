"""The way to a carrier's file: from its own hosts only, as a stream, and no longer than it may."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from ..carriers.base import RecordingSource
from .room import File, NeverFetched, NotFetched

CHUNK = 8 * 1024 * 1024
_REDIRECTS = 3
_TIMEOUT = urllib3.Timeout(connect=5, read=30)
_SOUND = ("audio/", "application/octet-stream", "binary/octet-stream")


@dataclass(frozen=True)
class Downloads:
    """Opens files. `most` is how large one may be (bytes), `limit` how long one may take."""

    http: urllib3.PoolManager
    most: int
    limit: timedelta

    def open(self, source: RecordingSource, api_url: str) -> File:
        """Begin to fetch a file; raise NotFetched.

        Redirects are followed to the carrier's own hosts, and credentials stay with the first.
        """
        url, headers = source.url, dict(source.headers)
        for _ in range(_REDIRECTS + 1):
            _check_host(source, url, api_url)
            response = self._asked(url, headers)
            target = response.headers.get("Location")
            if not (300 <= response.status < 400 and target):
                return self._file(response)
            response.drain_conn()
            onward = urljoin(url, target)
            if urlsplit(onward).netloc != urlsplit(url).netloc:
                headers = {}
            url = onward
        raise NotFetched("the carrier redirects without end")

    def _asked(self, url: str, headers: dict[str, str]) -> Any:
        try:
            return self.http.request(
                "GET",
                url,
                headers=headers | {"Accept-Encoding": "identity"},
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=_TIMEOUT,
            )
        except HTTPError as error:
            raise NotFetched(f"the carrier does not answer: {type(error).__name__}") from error

    def _file(self, response: Any) -> File:
        kind = str(response.headers.get("Content-Type") or "application/octet-stream").lower()
        if response.status != 200:
            response.close()
            raise NotFetched(f"the carrier answered {response.status}")
        if not kind.startswith(_SOUND):
            response.close()
            raise NotFetched(f"the carrier sent no sound but {kind[:60]}")
        length = response.headers.get("Content-Length", "")
        expected = int(length) if length.isdecimal() else None
        if expected is not None and expected > self.most:
            response.close()
            raise NeverFetched(self._too_large())
        return File(self._chunks(response, expected), kind.partition(";")[0].strip())

    def _chunks(self, response: Any, expected: int | None) -> Iterator[bytes]:
        started, size = monotonic(), 0
        try:
            while chunk := response.read(CHUNK):
                size += len(chunk)
                if size > self.most:
                    raise NeverFetched(self._too_large())
                if monotonic() - started > self.limit.total_seconds():
                    raise NotFetched(f"it took longer than {self.limit.total_seconds():.0f} s")
                yield chunk
        except (HTTPError, OSError) as error:
            raise NotFetched(f"the file broke off after {size} bytes") from error
        finally:
            response.close()
        if size == 0 or expected not in (None, size):
            raise NotFetched(f"the file has {size} bytes, and {expected} were announced")

    def _too_large(self) -> str:
        return f"the file is larger than {self.most // 1024**2} MB"


def _check_host(source: RecordingSource, url: str, api_url: str) -> None:
    try:
        parts, api = urlsplit(url), urlsplit(api_url)
        host = parts.hostname or ""
        port = parts.port
    except ValueError as error:
        raise NeverFetched("the carrier's link is no URL") from error
    if (parts.scheme, parts.netloc) == (api.scheme, api.netloc):
        return
    plain = parts.scheme == "https" and "@" not in parts.netloc and port in (None, 443)
    if not (plain and source.hosts.fullmatch(host)):
        raise NeverFetched(f"the link leads to {host[:100]}, which is none of the carrier's hosts")
