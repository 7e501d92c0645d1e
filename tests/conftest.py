"""What every test can ask for: an App on an in-memory AWS, a clock, a carrier's books."""

import itertools
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import boto3
import pytest
import urllib3
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from functions.authorizer import app as authorizer
from functions.fail_over.app import lambda_handler as fail_over
from switchboard import tokens
from switchboard.app import App
from switchboard.secrets import Secrets
from switchboard.settings import Settings
from switchboard.store import Store
from tests.builders import ORGANIZATION, an_organization
from tests.clock import Clock
from tests.fakes import Books, carriers
from tests.figures import (  # noqa: F401
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)

pytest_plugins = ("tests.logbook", "tests.grants", "tests.quicker")

SETTINGS = Settings(
    table_name="switchboard-test",
    stage="test",
    public_base_url="https://hooks.example.com/v1",
    secrets_prefix="switchboard/test",
    session_key_secret="switchboard/test/session-key",
    carrier_api_urls={
        "fake": "https://api.fake.example",
        "twilio": "https://api.twilio.example",
        "telnyx": "https://api.telnyx.example/v2",
        "vonage": "https://{host}",
    },
    # By the real clock: as much as may be configured, for the machine may do other things as well.
    answer_within_s=14,
)


@pytest.fixture(autouse=True)
def _new_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the door know of no request that came before: tests share a clock, and keys."""
    monkeypatch.setattr(authorizer, "_usage", tokens.Usage())
    monkeypatch.setattr(authorizer, "_rates", tokens.Rates())


@pytest.fixture(autouse=True)
def _no_real_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    # Whoever works with the local stack may have its settings in the shell.
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION", "SWITCHBOARD_STACK"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def clock() -> Clock:
    """A clock that only the test moves."""
    return Clock()


@pytest.fixture
def books() -> Books:
    """The fake carrier's books."""
    return Books()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An AWS account in memory, with our table in it."""
    monkeypatch.setattr(BotocoreStubber, "__call__", _one_at_a_time)
    with mock_aws():
        # Every session reads the services' descriptions anew: most of the time of a short test.
        boto3.DEFAULT_SESSION = _session()
        make_table(SETTINGS.table_name)
        yield


_TURN = threading.RLock()
_answer = BotocoreStubber.__call__


def _one_at_a_time(*asked: Any, **options: Any) -> Any:
    """Answer as DynamoDB does: what a condition saw still holds when its write takes effect."""
    with _TURN:
        return _answer(*asked, **options)


@cache
def _session() -> boto3.Session:
    return boto3.Session()


@cache
def own_client(service: str) -> Any:
    """Return a client for what tests do themselves: made once, and nobody watches or changes it."""
    return _session().client(service)


def make_table(name: str) -> None:
    """Make the table as the template does."""
    keys = ("pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk")
    own_client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=_schema("pk", "sk"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": name.upper(),
                "KeySchema": _schema(f"{name}pk", f"{name}sk"),
                "Projection": {"ProjectionType": "ALL"},
            }
            for name in ("gsi1", "gsi2")
        ],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )


def _schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


@pytest.fixture
def app(aws: None, clock: Clock, books: Books) -> App:
    """A deployment in memory: one organization, connected to the fake carrier."""
    ids = itertools.count(9001)
    secrets = Secrets(
        boto3.client("secretsmanager"), SETTINGS.secrets_prefix, SETTINGS.session_key_secret, clock
    )
    fake = carriers(books)
    app = App(
        settings=SETTINGS,
        store=Store(boto3.client("dynamodb"), SETTINGS.table_name, clock),
        secrets=secrets,
        http=urllib3.PoolManager(),
        clock=clock,
        sleep=clock.sleep,
        new_id=lambda: next(ids),
        carrier_class=fake,
        voice_class=fake,
        carrier_names=("fake",),
    )
    # In AWS a function of its own does this, with permissions of its own.
    app = replace(app, fail_over=lambda call_id: fail_over({"call_id": call_id}, None, lambda: app))
    own_client("secretsmanager").create_secret(
        Name=SETTINGS.session_key_secret, SecretString="a-session-key-of-32-characters-x"
    )
    app.store.add_organization(an_organization())
    secrets.store_carrier(ORGANIZATION, "fake", {"key": "secret-value"})
    return app
