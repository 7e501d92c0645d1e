"""The processor time of webhooks, in a bare interpreter: `cpu_probe.py TASK LAYER RUNTIME [FLOOR]`.

Reads {"replies": …, "events": […]} and prints the seconds of each event, how they were answered,
and what had to be imported for that. With a floor function's folder it gets each event first, and
its seconds are printed too. What AWS and the carrier answer is canned where a connection
would be opened: requests are still built, signed and read, but the kernel's share, which is
noise, is left out.
"""

import importlib.util
import json
import socket
import sys
import time
from io import BytesIO
from typing import Any

sys.path[:0] = sys.argv[1:4]

import boto3  # noqa: E402
from botocore.awsrequest import AWSPreparedRequest, AWSResponse  # noqa: E402
from urllib3.connection import HTTPConnection  # noqa: E402

given = json.load(sys.stdin)
replies = given["replies"]


class _AwsBody(BytesIO):
    """A response body of the kind that botocore reads."""

    def stream(self, **_: Any) -> Any:
        yield self.read()


def _aws(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
    operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
    reply = replies.get(operation) or {}
    if operation == "BatchGetSecretValue":
        names = json.loads(request.body)["SecretIdList"]
        reply = {"SecretValues": [_secret(name) for name in names]}
    body = json.dumps(reply).encode()
    headers = {"Content-Type": "application/x-amz-json-1.0", "Content-Length": str(len(body))}
    return AWSResponse(request.url, 200, headers, _AwsBody(body))


def _secret(name: str) -> dict[str, str]:
    return {"ARN": name, "Name": name, "SecretString": replies["secrets"][name.rpartition("/")[2]]}


class _Carrier:
    """A socket behind which a carrier takes every command."""

    _ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

    def __init__(self) -> None:
        # Silent: a connection is only used again while nothing unexpected can be read from it.
        self._silent = socket.socketpair()

    def sendall(self, data: bytes) -> None:
        """Take a request."""

    def makefile(self, mode: str) -> BytesIO:
        """Return the answer."""
        return BytesIO(self._ANSWER)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._silent[0], name)


boto3.setup_default_session()
boto3.DEFAULT_SESSION.events.register("before-send", _aws)
HTTPConnection._new_conn = lambda self: _Carrier()  # type: ignore[assignment,return-value]

import app  # noqa: E402

handlers = {"seconds": app.lambda_handler}
if len(sys.argv) > 4:
    spec: Any = importlib.util.spec_from_file_location("floor", f"{sys.argv[4]}/app.py")
    floor = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(floor)
    handlers = {"floor": floor.lambda_handler} | handlers

found: dict[str, list[float]] = {name: [] for name in handlers}
statuses = set()
for event in given["events"]:
    for name, handler in handlers.items():
        started = time.process_time()
        reply = handler(event, None)
        found[name].append(time.process_time() - started)
        statuses.add(reply["statusCode"])
print(json.dumps(found | {"statuses": sorted(statuses), "modules": [*sys.modules]}))
