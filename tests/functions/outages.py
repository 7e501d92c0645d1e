"""AWS when it falters, on 127.0.0.1: an address that never answers, and one that refuses."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
from botocore.config import Config

# A fiftieth of the real ones.
IMPATIENT = Config(
    connect_timeout=0.1, read_timeout=0.1, retries={"mode": "standard", "total_max_attempts": 1}
)
PATIENT = Config(connect_timeout=20, read_timeout=20, retries={"total_max_attempts": 1})


@contextmanager
def silence() -> Iterator[str]:
    """Give a URL whose connections are taken, and never answered."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def refusal(code: str, status: int = 400) -> Iterator[str]:
    """Give a URL that answers every request of AWS's JSON protocol with an error."""
    body = json.dumps({"__type": f"com.amazonaws.x#{code}", "message": "Slow down."}).encode()

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def client(service: str, url: str, config: Config = IMPATIENT) -> Any:
    """Return a client of a service that is at `url`."""
    make: Any = boto3.client
    return make(service, endpoint_url=url, config=config)
