"""Queues and buses: ours, and those of customers in the same AWS account."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING

from ..errors import ServiceUnavailable
from ..model import Endpoint, OutboxEvent
from .office import Answer, Message, Queue, Sender

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient

_ARN = re.compile(
    r"arn:aws[a-z-]*:(?P<service>sqs|events):(?P<region>[a-z0-9-]+):(?P<account>\d{12}):"
    r"(?:event-bus/)?(?P<name>[\w.-]{1,256})"
)
_AT_ONCE = 10


def problem_of(arn: str) -> str | None:
    """Return what is wrong with the ARN of a receiver."""
    found = _ARN.fullmatch(arn)
    if found is None:
        return "must be the ARN of an SQS queue or of an EventBridge bus"
    if (found["service"] == "events") != (":event-bus/" in arn):
        return "must be arn:…:sqs:<region>:<account>:<queue> or arn:…:events:…:event-bus/<bus>"
    return None


@dataclass(frozen=True)
class SqsQueue:
    """Our own queue of what is to be looked at."""

    client: "SQSClient"
    url: str

    def put(self, messages: Sequence[tuple[Message, int]]) -> None:
        """Add messages; raise ServiceUnavailable when one was not taken."""
        for batch in batched(messages, _AT_ONCE, strict=False):
            reply = self.client.send_message_batch(
                QueueUrl=self.url,
                Entries=[
                    {
                        "Id": str(place),
                        "MessageBody": json.dumps(message),
                        "DelaySeconds": delay,
                        # A fair queue: one organization's flood waits, the others' messages pass.
                        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
                        "MessageGroupId": str(message["organization"]),
                    }
                    for place, (message, delay) in enumerate(batch)
                ],
            )
            if failed := reply.get("Failed"):
                raise ServiceUnavailable(f"The queue did not take {len(failed)} messages.")


@dataclass(frozen=True)
class Recipients:
    """Whom the stream wakes: who sends events, who sends texts, who ends calls."""

    events: Queue
    texts: Queue
    stop_calls: Callable[[int], None]
    """Has an organization's calls ended."""

    def put(self, messages: Sequence[tuple[Message, int]]) -> None:
        """Tell each recipient its part; a tripped fuse first, for its calls cost money."""
        for message, _ in messages:
            if "fuse" in message:
                self.stop_calls(int(message["fuse"]))
        for kind, queue in (("text", self.texts), ("event", self.events)):
            if mine := [entry for entry in messages if kind in entry[0]]:
                queue.put(mine)


@dataclass(frozen=True)
class Targets:
    """Sends to queues and buses here, and to everything else by `otherwise`.

    Whose queue it is says the queue's own policy: it must let this function's role in.
    """

    sqs: "SQSClient"
    events: "EventBridgeClient"
    account_id: str
    own_queue_url: str
    otherwise: Sender

    def send(self, endpoint: Endpoint, event: OutboxEvent, headers: Mapping[str, str]) -> Answer:
        """Send an event once; whatever goes wrong is in the answer."""
        if not endpoint.url.startswith("arn:"):
            return self.otherwise.send(endpoint, event, headers)
        found = _ARN.fullmatch(endpoint.url)
        if found is None or problem_of(endpoint.url):
            return Answer(error=f"The receiver {problem_of(endpoint.url)}")
        if (found["account"], found["region"]) != (self.account_id, self.sqs.meta.region_name):
            return Answer(error="The receiver is in another AWS account or region than Switchboard")
        if self.own_queue_url.rpartition("/")[2] == found["name"] and found["service"] == "sqs":
            return Answer(error="The receiver is the queue that events are sent from")
        try:
            return self._sent(found["service"], found["name"], endpoint.url, event, headers)
        except Exception as error:
            # boto3 makes its exceptions when it runs; AWS's own words say which policy lacks what.
            return Answer(error=f"AWS refused: {error}")

    def _sent(
        self, service: str, name: str, arn: str, event: OutboxEvent, headers: Mapping[str, str]
    ) -> Answer:
        if service == "events":
            reply = self.events.put_events(
                Entries=[
                    {
                        "EventBusName": arn,
                        "Source": "switchboard",
                        "DetailType": event.type,
                        "Detail": event.payload,
                    }
                ]
            )
            if reply["FailedEntryCount"]:
                return Answer(error=f"EventBridge refused: {reply['Entries'][0]}")
            return Answer(200)
        self.sqs.send_message(
            # Beside ours: to ask for it would be one more request, and one more permission.
            QueueUrl=f"{self.own_queue_url.rpartition('/')[0]}/{name}",
            MessageBody=event.payload,
            MessageAttributes={
                header: {"DataType": "String", "StringValue": value}
                for header, value in headers.items()
            },
        )
        return Answer(200)
