"""AWS and a carrier as a function meets them: each request is answered after a fixed time."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# What DynamoDB takes in its own region, the network included: single-digit milliseconds.
DELAY_S = 0.005


class _Answers(BaseHTTPRequestHandler):
    """Answers DynamoDB's and Secrets Manager's operations, and any command to a carrier."""

    protocol_version = "HTTP/1.1"
    # Without it, the system holds back the end of an answer for tens of milliseconds.
    disable_nagle_algorithm = True
    wbufsize = -1
    replies: dict[str, Any]

    def do_POST(self) -> None:
        """Answer after the delay."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        time.sleep(DELAY_S)
        answer = json.dumps(self._reply(operation, body)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _reply(self, operation: str, body: bytes) -> Any:
        if operation == "BatchGetSecretValue":
            secrets, names = self.replies["secrets"], json.loads(body)["SecretIdList"]
            return {
                "SecretValues": [
                    {"ARN": it, "Name": it, "SecretString": secrets[it.rpartition("/")[2]]}
                    for it in names
                ]
            }
        return self.replies.get(operation) or {}

    def log_message(self, *_: Any) -> None:
        """Say nothing: the figures go to standard output."""


@contextmanager
def stand_in(replies: dict[str, Any]) -> Iterator[str]:
    """Serve on this machine, and yield the URL."""
    handler = type("Answers", (_Answers,), {"replies": replies})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
