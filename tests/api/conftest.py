"""Tests of the API as a whole: every route of the template, in process, without sockets."""

import pytest

from switchboard.app import App
from tests.api import world
from tests.api.gateway import Gateway
from tests.fakes import Books


@pytest.fixture
def gateway(app: App, books: Books, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """The deployed API, with one of everything in its table."""
    # The gateway sets it for each carrier's copy of the webhooks' function.
    monkeypatch.setenv("CARRIER", "")
    monkeypatch.setenv("RECORDINGS_BUCKET", "recordings-test")
    return Gateway(world.settle(app, books))
