"""An organization whose assistant has a webhook_url, and the post office that serves it."""

import itertools
from collections.abc import Callable
from typing import Any

import boto3
import pytest
import urllib3

from switchboard.app import App
from switchboard.secrets import Secrets
from switchboard.store import Store
from tests.builders import an_assistant, an_organization
from tests.clock import Clock
from tests.conftest import SETTINGS
from tests.delivery.post import Post
from tests.delivery.table import MemoryTable
from tests.fakes import Books, carriers

URL = "https://customer.example.com/events"


@pytest.fixture(params=["moto", "memory"])
def post(request: pytest.FixtureRequest, clock: Clock) -> Post:
    """The post office, on both tables: so the fast one is held against moto's."""
    if request.param == "moto":
        app = request.getfixturevalue("app")
        post = Post(app, clock, stream_of(SETTINGS.table_name))
    else:
        post = office_in_memory(clock)
    post.app.store.put_assistant(an_assistant(webhook_url=URL))
    post.stream()
    return post


@pytest.fixture
def quick(clock: Clock) -> Post:
    """The same on the fast table only, for days at a time."""
    post = office_in_memory(clock)
    post.app.store.put_assistant(an_assistant(webhook_url=URL))
    post.stream()
    return post


class SecretStore:
    """Secrets Manager with the one key that events are signed with."""

    class exceptions:
        """What boto3's client has."""

        class ResourceNotFoundException(Exception):
            """Never raised here."""

    def get_secret_value(self, **request: Any) -> dict[str, str]:
        """Return the key."""
        if request["SecretId"] == SETTINGS.session_key_secret:
            return {"SecretString": "a-session-key-of-32-characters-x"}
        return {"SecretString": '{"key": "secret-value"}'}


def office_in_memory(clock: Clock, table: MemoryTable | None = None) -> Post:
    """Return a post office on a fast table, with one organization."""
    table = table or MemoryTable()
    ids, fake = itertools.count(9001), carriers(Books())
    client: Any = table
    secrets: Any = SecretStore()
    app = App(
        settings=SETTINGS,
        store=Store(client, SETTINGS.table_name, clock),
        secrets=Secrets(secrets, SETTINGS.secrets_prefix, SETTINGS.session_key_secret, clock),
        http=urllib3.PoolManager(),
        clock=clock,
        sleep=clock.sleep,
        new_id=lambda: next(ids),
        carrier_class=fake,
        voice_class=fake,
        carrier_names=("fake",),
    )
    app.store.add_organization(an_organization())
    return Post(app, clock, table.take_stream)


def stream_of(table: str) -> Callable[[], list[dict[str, Any]]]:
    """Return what takes the news from the stream of moto's table."""
    arn = boto3.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    client = boto3.client("dynamodbstreams")
    seen = 0

    def take() -> list[dict[str, Any]]:
        nonlocal seen
        # From the beginning each time: moto puts a new shard in place of the old one whenever a
        # transaction fails.
        shard = client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        iterator = client.get_shard_iterator(
            StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records: list[dict[str, Any]] = list(client.get_records(ShardIterator=iterator)["Records"])
        news, seen = records[seen:], len(records)
        return news

    return take
