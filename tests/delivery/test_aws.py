"""Queues and buses of the same account are receivers; nobody else's are, nor our own queue."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from switchboard.announcements import made
from switchboard.errors import ServiceUnavailable
from switchboard.events import receivers, relaying
from switchboard.events.aws import Recipients, SqsQueue, Targets
from switchboard.events.office import Message
from switchboard.events.sending import Https
from switchboard.model import Endpoint
from tests.builders import ORGANIZATION
from tests.clock import START

ACCOUNT = "123456789012"
EVENT = made(ORGANIZATION, "status-update", {"sequence": 1}, "evt_1_1", START)
HEADERS = {"webhook-id": "evt_1_1", "webhook-signature": "v1,x"}


@pytest.fixture
def targets() -> Iterator[Targets]:
    """The way to queues and buses, in memory."""
    with mock_aws():
        sqs = boto3.client("sqs")
        own = sqs.create_queue(QueueName="own")["QueueUrl"]
        yield Targets(sqs, boto3.client("events"), ACCOUNT, own, Https())


def at(arn: str) -> Endpoint:
    return Endpoint(receivers.endpoint_id(ORGANIZATION, arn), ORGANIZATION, arn, START)


def test_a_queue_gets_the_body_and_the_headers(targets: Targets) -> None:
    url = targets.sqs.create_queue(QueueName="calls")["QueueUrl"]

    answer = targets.send(at(f"arn:aws:sqs:eu-west-1:{ACCOUNT}:calls"), EVENT, HEADERS)

    assert answer.is_success, answer.error
    [message] = targets.sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert json.loads(message["Body"])["id"] == "evt_1_1"
    assert message["MessageAttributes"]["webhook-id"]["StringValue"] == "evt_1_1"


def test_a_bus_gets_the_event_as_its_detail(targets: Targets) -> None:
    targets.events.create_event_bus(Name="calls")
    queue = targets.sqs.create_queue(QueueName="seen")["QueueUrl"]
    bus: Any = {"EventBusName": "calls"}
    targets.events.put_rule(Name="all", EventPattern='{"source": ["switchboard"]}', **bus)
    arn = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:seen"
    targets.events.put_targets(Rule="all", Targets=[{"Id": "q", "Arn": arn}], **bus)

    answer = targets.send(at(f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/calls"), EVENT, HEADERS)

    assert answer.is_success, answer.error
    [message] = targets.sqs.receive_message(QueueUrl=queue)["Messages"]
    seen = json.loads(message["Body"])
    assert (seen["source"], seen["detail-type"]) == ("switchboard", "status-update")
    assert seen["detail"]["id"] == "evt_1_1"


@pytest.mark.parametrize(
    ("arn", "says"),
    [
        (f"arn:aws:sqs:eu-west-1:{ACCOUNT}:own", "the queue that events are sent from"),
        ("arn:aws:sqs:eu-west-1:999999999999:calls", "another AWS account"),
        (f"arn:aws:sqs:us-east-1:{ACCOUNT}:calls", "another AWS account or region"),
        (f"arn:aws:sns:eu-west-1:{ACCOUNT}:topic", "must be the ARN"),
        (f"arn:aws:sqs:eu-west-1:{ACCOUNT}:missing", "AWS refused"),
    ],
)
def test_others_get_nothing(targets: Targets, arn: str, says: str) -> None:
    answer = targets.send(at(arn), EVENT, HEADERS)

    assert answer.status is None
    assert says in (answer.error or "")


def test_urls_go_the_other_way(targets: Targets) -> None:
    answer = targets.send(at("http://example.com"), EVENT, HEADERS)

    assert "https://" in (answer.error or "")


def test_messages_are_put_with_their_delays_and_their_organization(targets: Targets) -> None:
    queue = SqsQueue(targets.sqs, targets.own_queue_url)
    many = [({"event": f"evt_{n}", "organization": 7}, 0) for n in range(23)]

    queue.put([*many])

    got: list[Any] = []
    while found := targets.sqs.receive_message(
        QueueUrl=queue.url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
    ).get("Messages"):
        got += found
    assert len(got) == 23
    assert {message["Attributes"]["MessageGroupId"] for message in got} == {"7"}


def test_a_message_that_was_not_taken_is_an_error(targets: Targets) -> None:
    class Full:
        def send_message_batch(self, **request: Any) -> Any:
            return {"Failed": [{"Id": "0"}]}

    client: Any = Full()
    queue = replace(SqsQueue(targets.sqs, targets.own_queue_url), client=client)

    with pytest.raises(ServiceUnavailable, match="did not take"):
        queue.put([({"event": "e", "organization": 1}, 0)])


def test_what_is_due_too_late_for_the_queue_is_left_to_the_sweep() -> None:
    row = {
        "pk": {"S": "DELIVERY#evt_1"},
        "sk": {"S": "TO#abc"},
        "organization_id": {"N": "7"},
        "wake": {"S": "2026-03-02T09:15:00+00:00"},
    }
    late = row | {"wake": {"S": "2026-03-02T09:15:01+00:00"}}

    found = relaying.messages(
        [{"dynamodb": {"NewImage": row}}, {"dynamodb": {"NewImage": late}}], START
    )

    assert found == [({"event": "evt_1", "endpoint": "abc", "organization": 7}, 900)]


def test_a_tripped_fuse_is_told_although_a_queue_does_not_answer() -> None:
    stopped: list[int] = []
    recipients = Recipients(Away(), Away(), stopped.append)

    with pytest.raises(ServiceUnavailable):
        recipients.put(
            [
                ({"event": "evt_1", "organization": 1001}, 0),
                ({"fuse": 1001, "organization": 1001}, 0),
            ]
        )

    assert stopped == [1001]


class Away:
    """A queue that does not answer."""

    def put(self, messages: Sequence[tuple[Message, int]]) -> None:
        """Fail."""
        raise ServiceUnavailable("The queue did not take 1 messages.")
