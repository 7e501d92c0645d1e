"""Known holes of our packages fail the check, a missing network does not, and says so."""

import json
import os
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from pytest_socket import enable_socket

from local.audit import audit
from local.workspace import ROOT


class Database(BaseHTTPRequestHandler):
    """A database of vulnerabilities: https://google.github.io/osv.dev/post-v1-querybatch/."""

    known: tuple[str, ...] = ()
    """The packages that have one."""

    def do_POST(self) -> None:
        """Answer for every package that is asked for."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        found = [{"vulns": [HOLE]} if self._is_known(query) else {} for query in asked]
        self._answer({"results": found})

    def do_GET(self) -> None:
        """Describe the one vulnerability."""
        package = {"name": self.known[0], "ecosystem": "PyPI"}
        affected = {"package": package, "ranges": [{"type": "ECOSYSTEM", "events": EVENTS}]}
        self._answer(HOLE | {"summary": "A hole", "affected": [affected]})

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _is_known(self, query: dict[str, dict[str, str]]) -> bool:
        return query["package"].get("name") in self.known

    def _answer(self, body: object) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())


HOLE = {"id": "GHSA-test-test-test", "modified": "2026-01-01T00:00:00Z"}
EVENTS = [{"introduced": "0"}]


@pytest.fixture
def service() -> Iterator[str]:
    """A database that can be reached."""
    enable_socket()  # a test of the functions may have run before
    server = HTTPServer(("127.0.0.1", 0), Database)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_packages_without_known_holes_pass(service: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert audit(os.environ, "--service-url", service) == 0
    assert "no known vulnerability" in capfd.readouterr().out


def test_a_known_hole_fails_and_is_named(
    service: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Database, "known", ("twilio",))

    assert audit(os.environ, "--service-url", service) == 1
    assert "GHSA-test-test-test" in capfd.readouterr().err


@pytest.mark.parametrize(("required", "status"), [("0", 0), ("1", 1)])
def test_without_a_network_the_audit_says_that_it_was_skipped(
    required: str, status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    env = {**os.environ, "AUDIT_REQUIRED": required}

    assert audit(env, "--service-url", "http://127.0.0.1:9/") == status
    assert "audit: SKIPPED, nothing was looked up" in capfd.readouterr().err


def test_every_locked_package_has_the_hash_by_which_it_is_checked() -> None:
    locked = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    files = [
        file
        for package in locked
        if "registry" in package["source"]
        for file in [
            *package.get("wheels", []),
            *([package["sdist"]] if "sdist" in package else []),
        ]
    ]

    assert len(files) > 500
    assert all(file["hash"].startswith("sha256:") for file in files)
    # What comes from anywhere else but the registry is our own project.
    others = {package["name"] for package in locked if "registry" not in package["source"]}
    assert others == {"switchboard"}
