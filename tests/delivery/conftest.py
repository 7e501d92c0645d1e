"""An organization whose assistant has a webhook_url, and the post office that serves it."""

from typing import Any

import boto3
import pytest

from switchboard.app import App
from tests.builders import an_assistant
from tests.clock import Clock
from tests.delivery.post import Post

URL = "https://customer.example.com/events"


@pytest.fixture
def post(app: App, clock: Clock) -> Post:
    """The post office."""
    app.store.put_assistant(an_assistant(webhook_url=URL))
    post = Post(app, clock, _stream(app.settings.table_name))
    post.stream()
    return post


def _stream(table: str) -> Any:
    arn = boto3.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    client = boto3.client("dynamodbstreams")
    shard = client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = client.get_shard_iterator(
        StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]

    def take() -> list[dict[str, Any]]:
        nonlocal iterator
        reply = client.get_records(ShardIterator=iterator)
        iterator = reply["NextShardIterator"]
        return reply["Records"]

    return take
