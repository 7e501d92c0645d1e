"""A pytest plugin: whatever the whole suite logs, as Lambda would write it, gives nothing away.

A line with a whole phone number, a token, a key or a secret fails the test that wrote it. Every
process of a parallel run looks at its own lines.
"""

import json
import logging
import re
import traceback
from collections.abc import Iterator
from copy import copy
from typing import Any

import pytest
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

# What the layer ships. A Lambda function's root logger writes their warnings; of our own, all.
_LIBRARIES = {"boto3", "botocore", "httpcore", "httpx", "telnyx", "twilio", "urllib3"}
_OWN = {"functions", "switchboard"}

_GIVEN_AWAY = {
    "a phone number": re.compile(r"(?:\+|%2B)[1-9]\d{7,14}(?!\d)", re.IGNORECASE),
    # As Vonage writes them: an American number without its plus.
    "a number without its plus": re.compile(r"(?<![\w.\-#])1[2-9]\d{2}[2-9]\d{6}(?!\w)"),
    "an API key": re.compile(r"burki_[a-z0-9]{20}"),
    "a bearer token": re.compile(r"Bearer [\w.~+/\-]{12}"),
    "a signed token": re.compile(r"eyJ[\w\-]{8,1000}\.[\w\-]{8,2000}\."),
    "a signing secret": re.compile(r"(?:whsec_|whsk_|swbr_)[\w+/\-]{16,}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "a password in a URL": re.compile(r"://[^/\s:@\"]{1,200}:[^/\s:@\"]{1,200}@"),
}
# Of a secret's fields, those that anybody may see.
_PUBLIC = re.compile(r".*(_sid|_id|region|public_key|api_key|until)$")
# Telnyx's, unlike Vonage's, is a secret: it begins so.
_SECRET_KEY = re.compile(r"KEY\w+")


class Logbook:
    """Reads log lines, and keeps those that give something away."""

    def __init__(self) -> None:
        self.secrets: set[str] = set()
        self.found: list[str] = []
        self._plain = LambdaPowertoolsFormatter()

    def learn(self, secret: str) -> None:
        """Take note of what was stored as a secret: from now on it is in no line."""
        try:
            stored = json.loads(secret)
        except ValueError:
            stored = secret
        for name, value in stored.items() if isinstance(stored, dict) else [("", stored)]:
            text = str(value)
            is_public = _PUBLIC.fullmatch(name) and not _SECRET_KEY.fullmatch(text)
            if len(text) >= 12 and not is_public:
                self.secrets.add(text)

    def read(self, record: logging.LogRecord) -> None:
        """Look at a record, in the form in which it would be written."""
        name = record.name.partition(".")[0]
        if name in _OWN or (name in _LIBRARIES and record.levelno >= logging.WARNING):
            bare = copy(record)
            bare.exc_info = bare.exc_text = None
            # What we say ourselves must do without the net that catches what errors say.
            self.look_at(self._plain.format(bare))
            self.look_at(self._written(record))

    def look_at(self, line: str) -> None:
        """Keep a line that gives something away, with what that is."""
        kinds = [kind for kind, pattern in _GIVEN_AWAY.items() if pattern.search(line)]
        if any(secret in line for secret in self.secrets):
            kinds.append("a stored secret")
        if kinds:
            self.found.append(f"{', '.join(kinds)}: {line[:2_000]}")

    def _written(self, record: logging.LogRecord) -> str:
        handlers = logging.getLogger("switchboard").handlers
        ours = [it.formatter for it in handlers]
        formatters = [it for it in ours if isinstance(it, LambdaPowertoolsFormatter)]
        try:
            return (formatters or [self._plain])[0].format(record)
        except Exception:
            # What cannot be written in Lambda is a fault as well.
            return f"cannot be written: {traceback.format_exc()} {record.__dict__}"


LOGBOOK = Logbook()
_call_handlers = logging.Logger.callHandlers


def _read_and_handle(self: logging.Logger, record: logging.LogRecord) -> None:
    LOGBOOK.read(record)
    _call_handlers(self, record)


def pytest_configure(config: pytest.Config) -> None:
    """Read along from before the first module is imported."""
    logging.Logger.callHandlers = _read_and_handle  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _logs_give_nothing_away() -> Iterator[None]:
    yield
    found, LOGBOOK.found[:] = [*LOGBOOK.found], []
    assert found == [], "A log line gives away what it must not"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which something was given away after the last test."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["logbook"] = LOGBOOK.found  # shown by whoever started this process
    elif LOGBOOK.found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print("\nGiven away after the last test:", *LOGBOOK.found, sep="\n")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a process of a parallel run has found."""
    LOGBOOK.found += getattr(node, "workeroutput", {}).get("logbook", [])
