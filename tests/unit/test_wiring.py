"""What a container's clients ask AWS with."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ParamValidationError

from bench.runtime import ENVIRONMENT
from switchboard import wiring
from switchboard.app import App
from tests.conftest import SETTINGS


@pytest.fixture
def sent(aws: None) -> Iterator[list[str]]:
    """The names that requests came with, of clients that are made from here on."""
    names: list[str] = []
    session = boto3.DEFAULT_SESSION
    assert session is not None

    def see(request: Any, **_: Any) -> None:
        names.append(request.headers["User-Agent"].decode())

    session.events.register("before-send", see)
    yield names
    session.events.unregister("before-send", see)


@pytest.fixture
def container(monkeypatch: pytest.MonkeyPatch, sent: list[str]) -> Iterator[App]:
    """The App of a container, as its environment makes it."""
    for name, value in (ENVIRONMENT | {"TABLE_NAME": SETTINGS.table_name}).items():
        monkeypatch.setenv(name, value)
    wiring.app.cache_clear()
    yield wiring.app()
    wiring.app.cache_clear()


def test_aws_sees_who_asks(container: App, sent: list[str]) -> None:
    assert container.store.number("+14155550100") is None

    assert [name.split()[0] for name in sent] == ["Switchboard"]


def test_a_container_leaves_it_to_the_table_to_refuse_a_request(
    container: App, sent: list[str]
) -> None:
    container.store.transact()

    assert len(sent) == 1


def test_who_restores_a_copy_is_told_of_a_request_that_cannot_be(sent: list[str]) -> None:
    with pytest.raises(ParamValidationError):
        wiring.build(SETTINGS).store.transact()

    assert sent == []


def test_tests_refuse_a_request_that_cannot_be_before_it_is_sent(app: App) -> None:
    # A transaction of nothing, which moto takes: only the client's own look finds it.
    with pytest.raises(ParamValidationError):
        app.store.transact()
