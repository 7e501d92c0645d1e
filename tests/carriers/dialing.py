"""What the contract tests of dialling share: a call to place, and who is at the far end."""

from dataclasses import dataclass, replace
from typing import Any

from switchboard.model import (
    E164,
    Call,
    CallEvent,
    CallStatus,
    ConnectStream,
    DialOptions,
    Direction,
    Instruction,
)
from tests.carriers.conftest import NUMBER, ORGANIZATION, Subject
from tests.carriers.lab import Lab
from tests.carriers.test_answering import OurSide
from tests.sandbox.servers import Customer, wait_until

CALLEE = E164("+14155550122")
CALL_ID = 9001


@dataclass
class Phone:
    """A carrier that dials, a sandbox that rings, and our side of the conversation."""

    subject: Subject
    lab: Lab
    us: Customer

    @property
    def stream(self) -> ConnectStream:
        """Return the instruction to open a stream to a runtime that echoes."""
        url = self.lab.url.replace("http:", "ws:") + "/runtime/echo"
        return ConnectStream(url, {"call_id": str(CALL_ID)}, CALL_ID, "a.b-c_d")

    def call(self, id_: int = CALL_ID, **options: Any) -> Call:
        """Return a call that is written down and not dialled yet."""
        now = self.subject.context.clock()
        return Call(
            id=id_,
            organization_id=ORGANIZATION,
            carrier=self.subject.name,
            call_sid="",
            direction=Direction.OUTBOUND,
            phone_number=NUMBER,
            customer_number=CALLEE,
            status=CallStatus.QUEUED,
            created_at=now,
            options=DialOptions(**options),
        )

    def far_end(self, behaviour: str, **more: Any) -> None:
        """Decide what the person who is called does."""
        wanted = {"number": CALLEE, "behaviour": behaviour, "after_s": 0.02} | more
        self.lab.control.post("/_/far-ends", json=wanted).raise_for_status()

    def answered_with(
        self, instruction: Instruction | None = None, id_: int = CALL_ID, **options: Any
    ) -> OurSide:
        """Answer this call's webhooks from now on."""
        side = OurSide(self.subject, instruction or self.stream, self.call(id_, **options))
        facts = self.subject.facts
        self.us.answers = {path: side for path in (facts.webhook_path, facts.event_path)}
        return side

    def dial(self, id_: int = CALL_ID, **options: Any) -> Call:
        """Place a call; return it with the carrier's id."""
        call = self.call(id_, **options)
        return replace(call, call_sid=self.subject.carrier.dial(call, self.stream))

    def transcript(self, call: Call) -> dict[str, Any]:
        """Return what happened, once the call is over."""
        answer = self.lab.control.get(f"/_/calls/{call.call_sid}", params={"wait": "true"})
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def dialled(self) -> list[int]:
        """Return how often each call was dialled."""
        answer = self.lab.control.get("/_/dials", params={"carrier": self.subject.name})
        return [row["count"] for row in answer.raise_for_status().json()["dials"]]


def wait_for(side: OurSide, status: CallStatus) -> CallEvent:
    """Return the first event that puts the call there."""

    def arrived() -> list[CallEvent]:
        return [event for event in side.events if event.status is status]

    wait_until(lambda: bool(arrived()))
    return arrived()[0]
