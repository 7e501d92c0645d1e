"""Files come from the carrier's own hosts, whole, and no larger than they may be."""

import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import urllib3

from switchboard.carriers.base import RecordingSource
from switchboard.recordings.downloading import Downloads
from switchboard.recordings.room import NeverFetched, NotFetched

HOSTS = re.compile(r"files\.carrier\.example")
Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """A carrier's server on this machine: answers by path, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, str | None]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append((self.path, self.headers["Authorization"]))
                outer.answers[self.path](self)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever)
    thread.start()
    yield server
    server.http.shutdown()
    thread.join()
    server.http.server_close()


def sends(body: bytes, *, length: int | None = None, **headers: str) -> Answer:
    """Return an answer with a file."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        for name, value in ({"Content_Type": "audio/mpeg"} | headers).items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def says(status: int, **headers: str) -> Answer:
    """Return an answer without a file."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def fetch(server: Server, url: str, most: int = 1000) -> bytes:
    with urllib3.PoolManager() as http:
        downloads = Downloads(http, most, timedelta(minutes=1))
        source = RecordingSource(url, {"Authorization": "Basic x"}, HOSTS)
        return b"".join(downloads.open(source, server.url).chunks)


def test_a_file_is_fetched_with_the_accounts_credentials(server: Server) -> None:
    server.answers["/1.mp3"] = sends(b"sound")

    assert fetch(server, f"{server.url}/1.mp3") == b"sound"
    assert server.asked == [("/1.mp3", "Basic x")]


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/1.mp3",
        "http://files.carrier.example/1.mp3",
        "https://files.carrier.example.evil.example/1.mp3",
        "https://files.carrier.example@evil.example/1.mp3",
        "https://files.carrier.example:8443/1.mp3",
        "file:///etc/passwd",
        "https://[::1",
    ],
)
def test_no_other_host_is_ever_asked(server: Server, url: str) -> None:
    with pytest.raises(NeverFetched):
        fetch(server, url)


def test_a_redirect_leads_to_no_other_host_either(server: Server) -> None:
    server.answers["/1.mp3"] = says(302, Location="http://169.254.169.254/latest/meta-data")

    with pytest.raises(NeverFetched, match=r"169\.254"):
        fetch(server, f"{server.url}/1.mp3")


def test_a_redirect_within_the_carrier_is_followed_but_not_for_ever(server: Server) -> None:
    server.answers["/1.mp3"] = says(307, Location="/2.mp3")
    server.answers["/2.mp3"] = sends(b"sound")
    server.answers["/3.mp3"] = says(307, Location="/3.mp3")

    assert fetch(server, f"{server.url}/1.mp3") == b"sound"
    with pytest.raises(NotFetched, match="without end"):
        fetch(server, f"{server.url}/3.mp3")


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
def test_an_error_is_no_file(server: Server, status: int) -> None:
    server.answers["/1.mp3"] = says(status)

    with pytest.raises(NotFetched, match=str(status)) as caught:
        fetch(server, f"{server.url}/1.mp3")
    assert not caught.value.is_final


def test_a_page_is_no_file(server: Server) -> None:
    server.answers["/1.mp3"] = sends(b"<html>", Content_Type="text/html")

    with pytest.raises(NotFetched, match="text/html"):
        fetch(server, f"{server.url}/1.mp3")


def test_a_file_that_breaks_off_is_not_taken_for_whole(server: Server) -> None:
    server.answers["/1.mp3"] = sends(b"sou", length=5)

    with pytest.raises(NotFetched, match="broke off"):
        fetch(server, f"{server.url}/1.mp3")


def test_an_empty_file_is_none(server: Server) -> None:
    server.answers["/1.mp3"] = sends(b"")

    with pytest.raises(NotFetched, match="0 bytes"):
        fetch(server, f"{server.url}/1.mp3")


def test_a_file_that_is_too_large_is_not_read(server: Server) -> None:
    server.answers["/1.mp3"] = sends(b"x" * 1001)

    with pytest.raises(NeverFetched, match="larger than"):
        fetch(server, f"{server.url}/1.mp3")


def test_a_file_that_does_not_say_how_large_it_is_may_be_no_larger(server: Server) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "audio/mpeg")
        handler.end_headers()
        handler.wfile.write(b"x" * 1001)

    server.answers["/1.mp3"] = answer

    with pytest.raises(NeverFetched, match="larger than"):
        fetch(server, f"{server.url}/1.mp3")


def test_a_carrier_that_cannot_be_reached_is_tried_again(server: Server) -> None:
    server.http.server_close()

    with pytest.raises(NotFetched, match="does not answer"):
        fetch(server, f"{server.url}/1.mp3")
