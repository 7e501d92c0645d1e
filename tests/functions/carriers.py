"""What stands for the carriers' command API in tests of the functions."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import urllib3

from switchboard.model import E164

TELNYX_NUMBER = E164("+13125550123")
VONAGE_NUMBER = E164("+16465550123")


@dataclass
class Http:
    """Stands for the network: keeps what was sent, answers what it is told."""

    sent: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    status: int = 200
    body: dict[str, Any] = field(default_factory=lambda: {"data": {"result": "ok"}})
    missing: str | None = None
    """The path, if any, at which there is nothing."""

    def request(self, method: str, url: str, **options: Any) -> urllib3.HTTPResponse:
        self.sent.append((method, url, options.get("json", {})))
        if self.missing and urlsplit(url).path.endswith(self.missing):
            return urllib3.HTTPResponse(b"{}", status=404)
        return urllib3.HTTPResponse(json.dumps(self.body).encode(), status=self.status)
