"""A connection is used again at once, and never after a pause in which it may have died."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from switchboard.connections import Connections


class Counted(ThreadingHTTPServer):
    """A server that knows how many connections it has taken."""

    daemon_threads = True
    taken = 0

    def process_request(self, request: object, client_address: object) -> None:
        """Take a connection."""
        self.taken += 1
        super().process_request(request, client_address)  # type: ignore[arg-type]


class Answer(BaseHTTPRequestHandler):
    """Says nothing, and keeps the connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing of it either."""


@pytest.fixture
def server() -> Iterator[Counted]:
    """Serve on this machine."""
    with Counted(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize(("pause", "connections"), [(0.0, 1), (19.0, 1), (21.0, 2), (-3600.0, 1)])
def test_a_pause_ends_a_connection(server: Counted, pause: float, connections: int) -> None:
    now = 1_800_000_000.0
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    with Connections(lambda: now) as pool:
        for _ in range(3):
            assert pool.request("GET", url).status == 200
        now += pause
        assert pool.request("GET", url).status == 200

    assert server.taken == connections
