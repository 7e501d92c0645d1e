"""What the suite saves time with: moto has the same rows, records and answers as it comes."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import rsa
from moto.core.serialize import JSONSerializer
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

from tests import quicker
from tests.conftest import SETTINGS

NAME = SETTINGS.table_name
KEY = {"pk": {"S": "one"}, "sk": {"S": "row"}}
ROW = KEY | {
    "tries": {"N": "1"},
    "labels": {"SS": ["a", "b"]},
    "tree": {"M": {"twigs": {"L": [{"S": "x"}, {"NULL": True}]}, "green": {"BOOL": False}}},
    "photo": {"B": b"\x00\xff"},
}


@pytest.fixture(params=["moto", "quicker"])
def table(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of the table, as moto comes and as all other tests have it."""
    if request.param == "moto":
        monkeypatch.delattr(Table, "__deepcopy__")
        monkeypatch.setattr(DynamoDBBackend, "update_item", quicker.update_item)
        monkeypatch.setattr(DynamoType, "__deepcopy__", quicker.copy_value)
        monkeypatch.setattr(JSONSerializer, "_serialize_structure_member", quicker.serialize_member)
    request.getfixturevalue("aws")
    client = boto3.client("dynamodb")
    client.put_item(TableName=NAME, Item=ROW)
    return client


def row(client: Any) -> Any:
    """Return the row as it is read."""
    return client.get_item(TableName=NAME, Key=KEY)["Item"]


def records(client: Any) -> list[Any]:
    """Return what the table's stream has."""
    stream = boto3.client("dynamodbstreams")
    arn = client.describe_table(TableName=NAME)["Table"]["LatestStreamArn"]
    [shard] = stream.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = stream.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return [
        (
            record["eventName"],
            record["dynamodb"].get("OldImage"),
            record["dynamodb"].get("NewImage"),
        )
        for record in stream.get_records(ShardIterator=iterator)["Records"]
    ]


def update(expression: str, **values: Any) -> dict[str, Any]:
    """Return an update of the row."""
    found: dict[str, Any] = {"TableName": NAME, "Key": KEY, "UpdateExpression": expression}
    given = {f":{name}": value for name, value in values.items()}
    return found | ({"ExpressionAttributeValues": given} if given else {})


UPDATES = [
    update("ADD tries :n", n={"N": "4"}),
    update("ADD labels :s", s={"SS": ["c"]}),
    update("SET tree.twigs[0] = :x", x={"S": "y"}),
    update("SET tree.twigs = list_append(tree.twigs, :x)", x={"L": [{"S": "y"}]}),
    update("SET tree.green = :x REMOVE photo", x={"BOOL": True}),
]


def other(name: str) -> dict[str, Any]:
    """Return the key of another row."""
    return {"pk": {"S": name}, "sk": {"S": "row"}}


def taken(client: Any) -> dict[str, Any]:
    """Return a request for a place that is taken: of its whole transaction nothing happens."""
    place = {"TableName": NAME, "Item": other("taken")}
    client.put_item(**place)
    return {"Put": place | {"ConditionExpression": "attribute_not_exists(pk)"}}


def test_a_row_is_read_as_it_was_written(table: Any) -> None:
    scanned = table.scan(TableName=NAME)["Items"]
    found = table.query(
        TableName=NAME,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": KEY["pk"]},
    )

    assert row(table) == ROW
    assert scanned == found["Items"] == [ROW]
    assert (found["Count"], found["ScannedCount"]) == (1, 1)
    assert "LastEvaluatedKey" not in found


@pytest.mark.parametrize("change", UPDATES, ids=lambda it: it["UpdateExpression"])
def test_an_update_changes_the_row_and_tells_what_was(table: Any, change: Any) -> None:
    old = table.update_item(**change, ReturnValues="ALL_OLD")["Attributes"]

    assert old == ROW
    assert row(table) != ROW
    assert records(table) == [("INSERT", None, ROW), ("MODIFY", ROW, row(table))]


@pytest.mark.parametrize("change", UPDATES, ids=lambda it: it["UpdateExpression"])
def test_a_transaction_that_fails_leaves_rows_and_stream_as_they_were(
    table: Any, change: Any
) -> None:
    refusal = taken(table)
    new = {"Put": {"TableName": NAME, "Item": other("new")}}
    before = records(table)

    with pytest.raises(ClientError) as refused:
        table.transact_write_items(TransactItems=[{"Update": change}, new, refusal])

    codes = [it["Code"] for it in refused.value.response["CancellationReasons"]]
    assert codes == ["None", "None", "ConditionalCheckFailed"]
    assert row(table) == ROW
    assert {it["pk"]["S"] for it in table.scan(TableName=NAME)["Items"]} == {"one", "taken"}
    assert records(table) == before


def test_a_transaction_that_fails_brings_back_what_it_deleted(table: Any) -> None:
    refusal = taken(table)

    with pytest.raises(ClientError):
        table.transact_write_items(
            TransactItems=[{"Delete": {"TableName": NAME, "Key": KEY}}, refusal]
        )

    assert row(table) == ROW


def test_what_was_read_does_not_change_with_the_row(table: Any) -> None:
    """Also not by way of a transaction that took effect before, and its table that was kept."""
    table.transact_write_items(TransactItems=[{"Update": UPDATES[2]}])
    refusal = taken(table)
    with pytest.raises(ClientError):
        table.transact_write_items(TransactItems=[{"Update": UPDATES[1]}, refusal])
    found = row(table)

    table.update_item(**UPDATES[2] | {"ExpressionAttributeValues": {":x": {"S": "z"}}})

    assert found["tree"]["M"]["twigs"]["L"][0] == {"S": "y"}
    assert row(table)["tree"]["M"]["twigs"]["L"][0] == {"S": "z"}
    assert found["labels"] == row(table)["labels"] == ROW["labels"]


def test_the_keys_that_a_test_makes_are_of_the_size_it_wants_and_not_the_same() -> None:
    made = [rsa.generate_private_key(public_exponent=65_537, key_size=2_048) for _ in range(16)]
    short = rsa.generate_private_key(public_exponent=65_537, key_size=1_024)

    assert {key.key_size for key in made} == {2_048}
    assert len({key.private_numbers().p for key in made}) == 16
    assert short.key_size == 1_024


def test_an_account_that_is_brought_back_is_as_it_was_and_stays_so(aws: None) -> None:
    client, secrets = boto3.client("dynamodb"), boto3.client("secretsmanager")
    client.put_item(TableName=NAME, Item=ROW)
    secrets.create_secret(Name="secret", SecretString="first")
    kept, before = quicker.Account.as_it_is(), records(client)

    for _ in range(2):
        client.update_item(**UPDATES[2])
        client.put_item(TableName=NAME, Item=other("new"))
        client.update_time_to_live(
            TableName=NAME,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": "gone_at"},
        )
        secrets.put_secret_value(SecretId="secret", SecretString="second")
        secrets.create_secret(Name="another", SecretString="x")
        assert not quicker.Account.as_it_is().holds_the_same_as(kept)
        kept.bring_back()

        assert quicker.Account.as_it_is().holds_the_same_as(kept)
        assert client.scan(TableName=NAME)["Items"] == [ROW]
        assert records(client) == before
        ttl = client.describe_time_to_live(TableName=NAME)["TimeToLiveDescription"]
        assert ttl["TimeToLiveStatus"] == "DISABLED"
        assert secrets.get_secret_value(SecretId="secret")["SecretString"] == "first"
        assert [it["Name"] for it in secrets.list_secrets()["SecretList"]] == ["secret"]
