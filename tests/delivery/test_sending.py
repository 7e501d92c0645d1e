"""A receiver's URL leads to the public Internet, over HTTPS, within 15 seconds, or nowhere."""

import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from switchboard import addresses
from switchboard.announcements import made
from switchboard.directory.urls import webhook_url
from switchboard.errors import InvalidRequest
from switchboard.events import receivers
from switchboard.events.sending import Https
from switchboard.model import Endpoint
from tests.builders import ORGANIZATION
from tests.clock import START
from tests.delivery.certificates import issue

EVENT = made(ORGANIZATION, "webhook-test", {"data": {}}, "evt_1", START)

REFUSED = [
    "http://example.com/events",
    "https://user:secret@example.com/",
    "https://example.com/#part",
    "https://127.0.0.1/",
    "https://10.1.2.3/",
    "https://169.254.169.254/latest/meta-data",
    "https://169.254.170.2/v2/credentials",
    "https://100.64.0.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fd00:ec2::254]/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://0/",
    "https://224.0.0.1/",
    "ftp://example.com/",
    "https://exa mple.com/",
    "https:///events",
    "https://example.com:99999/",
    "gopher",
]


@pytest.mark.parametrize("url", REFUSED)
def test_a_url_that_may_get_nothing_is_refused(url: str) -> None:
    assert addresses.problem_of(url) is not None
    assert Https().send(endpoint(url), EVENT, {}).status is None


@pytest.mark.parametrize(
    "url", ["https://example.com/events", "https://example.com:8443/a?b=c", "https://8.8.8.8/"]
)
def test_a_public_url_is_accepted(url: str) -> None:
    assert addresses.problem_of(url) is None


@pytest.mark.parametrize(
    "found", [["10.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["fe80::1%eth0"], ["::ffff:10.0.0.1"]]
)
def test_a_name_that_leads_into_a_private_network_is_not_connected_to(
    monkeypatch: pytest.MonkeyPatch, found: list[str]
) -> None:
    resolves(monkeypatch, found)
    monkeypatch.setattr(socket, "create_connection", never)

    answer = Https().send(endpoint("https://customer.example.com/"), EVENT, {})

    assert answer.status is None
    assert "not a public address" in (answer.error or "")


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(
    monkeypatch: pytest.MonkeyPatch, server: "Server"
) -> None:
    # The name changes its mind after the first look: it is not asked again.
    looks = resolves(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    connected: list[Any] = []
    real = socket.socket.connect

    def connect(sock: socket.socket, address: Any) -> None:
        connected.append(address)
        real(sock, ("127.0.0.1", server.port))

    monkeypatch.setattr(socket.socket, "connect", connect)
    trust(monkeypatch, server.authority)

    answer = Https().send(endpoint("https://customer.example.com/events?a=1"), EVENT, {})

    assert answer.status == 200, answer.error
    assert [address[0] for address in connected] == ["93.184.216.34"]
    assert looks == ["customer.example.com", "93.184.216.34"]
    [request] = server.requests
    assert request.startswith("POST /events?a=1 HTTP/1.1")
    assert "Host: customer.example.com\r\n" in request


def test_a_certificate_for_another_name_is_not_accepted(
    monkeypatch: pytest.MonkeyPatch, server: "Server"
) -> None:
    resolves(monkeypatch, ["93.184.216.34"])
    real = socket.socket.connect
    monkeypatch.setattr(
        socket.socket, "connect", lambda sock, address: real(sock, ("127.0.0.1", server.port))
    )
    trust(monkeypatch, server.authority)

    answer = Https().send(endpoint("https://somebody-else.example.com/"), EVENT, {})

    assert answer.status is None
    assert "certificate" in (answer.error or "").lower()
    assert server.requests == []


def test_an_excepted_address_may_be_plain_and_local(plain: "Server") -> None:
    url = f"http://127.0.0.1:{plain.port}"

    assert Https().send(endpoint(f"{url}/events"), EVENT, {}).status is None
    answer = Https((url,)).send(endpoint(f"{url}/events"), EVENT, {"webhook-id": "evt_1"})

    assert (answer.status, answer.body) == (200, "ok")
    assert "webhook-id: evt_1\r\n" in plain.requests[0]
    assert plain.requests[0].endswith(EVENT.payload)


def test_an_assistants_url_may_be_excepted_too() -> None:
    url, allowed = "http://127.0.0.1:4100/receiver/x", ("http://127.0.0.1:4100",)

    assert webhook_url("webhook_url", url, allowed) == url
    for other in (url.replace("4100", "4101"), url.replace("http", "https")):
        with pytest.raises(InvalidRequest, match="webhook_url must"):
            webhook_url("webhook_url", other, allowed)


def test_a_redirect_is_not_followed(plain: "Server") -> None:
    url = f"http://127.0.0.1:{plain.port}"
    plain.reply = b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"

    answer = Https((url,)).send(endpoint(f"{url}/events"), EVENT, {})

    assert answer.status == 302
    assert len(plain.requests) == 1


def test_an_answer_that_comes_byte_by_byte_is_cut_off_in_time(plain: "Server") -> None:
    url = f"http://127.0.0.1:{plain.port}"
    plain.drips = True

    answer = Https((url,), limit=timedelta(seconds=0.4)).send(endpoint(url), EVENT, {})

    assert answer.status is None
    assert "no answer within" in (answer.error or "")


@pytest.mark.parametrize(
    ("header", "seconds"), [("120", 120), ("soon", None), ("99999999999", 10**7)]
)
def test_retry_after_is_read(plain: "Server", header: str, seconds: int | None) -> None:
    url = f"http://127.0.0.1:{plain.port}"
    plain.reply = f"HTTP/1.1 503 No\r\nRetry-After: {header}\r\nContent-Length: 0\r\n\r\n".encode()

    answer = Https((url,)).send(endpoint(url), EVENT, {})

    assert answer.retry_after == (None if seconds is None else timedelta(seconds=seconds))


def test_nobody_there_is_an_answer_too() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

    answer = Https((url,)).send(endpoint(url), EVENT, {})

    assert answer.status is None
    assert "no answer" in (answer.error or "")


# --- servers ---


class Server:
    """Answers every connection once, in the same way."""

    def __init__(self, context: ssl.SSLContext | None = None, authority: str = "") -> None:
        self.authority = authority
        self.requests: list[str] = []
        self.reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        self.drips = False
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._done = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._done.set()
        self._socket.close()

    def _serve(self) -> None:
        while not self._done.is_set():
            try:
                connection, _ = self._socket.accept()
                if self._context:
                    connection = self._context.wrap_socket(connection, server_side=True)
                with connection:
                    self._answer(connection)
            except OSError:
                continue

    def _answer(self, connection: socket.socket) -> None:
        request = b""
        while EVENT.payload.encode() not in request:
            part = connection.recv(65_536)
            if not part:
                return
            request += part
        self.requests.append(request.decode())
        if not self.drips:
            connection.sendall(self.reply)
            return
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not self._done.wait(0.05):
            connection.sendall(b"X: y\r\n"[:1])


@pytest.fixture
def plain() -> Iterator[Server]:
    """A server without TLS."""
    server = Server()
    yield server
    server.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server with a certificate for customer.example.com."""
    certificate, key = issue(tmp_path, "customer.example.com")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = Server(context, str(certificate))
    yield server
    server.close()


def endpoint(url: str) -> Endpoint:
    """Return a receiver."""
    made_up = Endpoint(receivers.endpoint_id(ORGANIZATION, url), ORGANIZATION, url, START)
    return replace(made_up, version=1)


def never(*arguments: Any, **options: Any) -> Any:
    """Fail: nothing may be connected to."""
    raise AssertionError("connected")


def resolves(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let names lead to these addresses, one after another; return what was asked for."""
    asked: list[str] = []

    def look_up(host: str, port: Any, *_: Any, **__: Any) -> Any:
        asked.append(host)
        found = [host] if host[0].isdigit() else answers[min(len(asked), len(answers)) - 1]
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port),
            )
            for address in found
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def trust(monkeypatch: pytest.MonkeyPatch, authority: str) -> None:
    """Let this machine trust an authority."""
    monkeypatch.setenv("SSL_CERT_FILE", authority)
