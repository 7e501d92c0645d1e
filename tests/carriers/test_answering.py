"""What every carrier must do with a ringing phone: calls played by the sandbox, answered by us."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from starlette.responses import Response

from switchboard.carriers.base import InboundCall, OutboundAnswer, WebhookReply, WebhookRequest
from switchboard.model import (
    E164,
    Call,
    CallEvent,
    CallStatus,
    ConnectStream,
    Dial,
    Direction,
    Hangup,
    Instruction,
    NumberOrder,
    Say,
)
from tests.carriers.conftest import NUMBER, ORGANIZATION, Subject
from tests.carriers.lab import Lab
from tests.sandbox.servers import Customer, Received

HUMAN = E164("+14155550177")
HOSTILE = [
    "Say \"hello\" & 'goodbye' <now>",
    "</Say><Hangup/><Say>",
    "]]> <!-- --> &amp; %00 {{x}}",
    "One line,\nand\tanother\r\nline",
    "Grüße, здравствуйте, 你好 👋",
    "A bell \x07, a null \x00, an escape \x1b, half a character \ud83d, the last one \uffff.",
]


@dataclass
class OurSide:
    """Answers a carrier's webhooks with one instruction, as the function behind them does."""

    subject: Subject
    instruction: Instruction
    placed: Call | None = None
    """The call that we dialled, if we did."""
    events: list[CallEvent] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    def __call__(self, got: Received) -> Response:
        """Verify, understand and act on one webhook."""
        try:
            own_id = self.placed.id if self.placed and "?call=" in got.url else None
            reply = self._reply(WebhookRequest(got.method, got.url, got.headers, got.raw, own_id))
        except Exception as error:
            self.failures.append(error)
            raise
        return Response(reply.body, reply.status, media_type=reply.content_type)

    def _reply(self, request: WebhookRequest) -> WebhookReply:
        carrier = self.subject.carrier
        carrier.verify(request)
        match carrier.parse(request):
            case InboundCall(event=event, to=to):
                self.events.append(event)
                return carrier.reply(a_call(self.subject, event, to), self.instruction)
            case OutboundAnswer(event=event):
                self.events.append(event)
                return carrier.reply(self._call(event), self.instruction)
            case CallEvent() as event:
                self.events.append(event)
                carrier.follow_up(request, self._call(event), lambda: self.instruction)
        return WebhookReply()

    def _call(self, event: CallEvent) -> Call:
        notice = getattr(self.instruction, "notice", None)
        if self.placed is None:
            return replace(a_call(self.subject, event, NUMBER), recording_notice=notice)
        return replace(self.placed, call_sid=event.call_sid, recording_notice=notice)


def a_call(subject: Subject, event: CallEvent, to: E164) -> Call:
    return Call(
        id=5001,
        organization_id=ORGANIZATION,
        carrier=subject.name,
        call_sid=event.call_sid,
        direction=Direction.INBOUND,
        phone_number=to,
        customer_number=event.from_,
        status=CallStatus.RINGING,
        created_at=event.occurred_at,
    )


Play = Callable[..., tuple[dict[str, Any], OurSide]]


@pytest.fixture
def play(subject: Subject, lab: Lab, us: Customer, order: NumberOrder) -> Play:
    """Return a function that buys a number, rings it, and answers as instructed."""
    subject.carrier.buy(order)

    def played(instruction: Instruction, **plan: Any) -> tuple[dict[str, Any], OurSide]:
        side = OurSide(subject, instruction)
        us.answers = {path: side for path in (subject.facts.webhook_path, subject.facts.event_path)}
        transcript = lab.ring(subject.name, NUMBER, **{"hangup_after_s": 0.1} | plan)
        assert side.failures == []
        return transcript, side

    return played


@pytest.fixture
def stream(lab: Lab) -> ConnectStream:
    """Return the instruction to open a stream to a runtime that echoes."""
    return ConnectStream(
        url=lab.url.replace("http:", "ws:") + "/runtime/echo",
        parameters={"call_id": "5001", "session_token": "a.b-c_d", "welcome_message": HOSTILE[0]},
        call_id=5001,
        session_token="a.b-c_d",
    )


def test_the_stream_opens_and_its_runtime_can_ask_for_the_rest(
    subject: Subject, lab: Lab, play: Play, stream: ConnectStream
) -> None:
    with lab.requests() as made:
        transcript, side = play(stream)

    assert transcript["outcome"] == "streamed"
    assert transcript["status"] == "completed"
    (opened,) = transcript["streams"]
    assert opened["echoed"]
    told = subject.facts.stream_told(opened)
    assert told | {"call_id": "5001", "session_token": "a.b-c_d"} == told
    # When the stream has stopped Telnyx is told to hang up; nobody waits for that.
    answering = [request for request in made if not request.path.endswith("/hangup")]
    assert len(answering) == subject.carrier.features.answering_requests
    assert side.events[0].status is CallStatus.RINGING
    states = [event.status for event in side.events if event.status]
    assert states[-1] is CallStatus.COMPLETED


def test_a_webhook_that_comes_twice_answers_once(
    subject: Subject, lab: Lab, play: Play, stream: ConnectStream
) -> None:
    lab.fault(subject.name, "webhook", "duplicate", times=3)

    transcript, side = play(stream)

    assert len(transcript["streams"]) == 1
    assert len({event.id for event in side.events}) < len(side.events)


@pytest.mark.parametrize("text", HOSTILE)
def test_any_sentence_is_spoken_and_the_call_ends(subject: Subject, play: Play, text: str) -> None:
    transcript, _ = play(Say(text))

    (said,) = transcript["said"]
    assert _words(said) == _words(text)
    assert transcript["status"] == "completed"
    assert transcript["hung_up_by"] == "assistant"


def test_a_person_is_rung(subject: Subject, play: Play) -> None:
    transcript, _ = play(Dial(HUMAN))

    dialled = [step["to"] for step in transcript["steps"] if step["what"] == "dialled"]
    assert dialled == [[HUMAN]]
    assert transcript["outcome"] == "dialled"


def test_a_call_is_ended(subject: Subject, play: Play) -> None:
    transcript, _ = play(Hangup())

    assert transcript["hung_up_by"] == "assistant"
    assert transcript["said"] == []


def test_hostile_parameters_reach_the_runtime_whole(
    subject: Subject, play: Play, stream: ConnectStream
) -> None:
    parameters = stream.parameters | {f"p{n}": text for n, text in enumerate(HOSTILE)}
    parameters |= {"too_long": "x" * 600, "empty": ""}

    transcript, _ = play(ConnectStream(stream.url, parameters, 5001, "a.b-c_d"))

    told = subject.facts.stream_told(transcript["streams"][0])
    for name, value in told.items():
        assert _words(value) == _words(parameters[name])


def test_an_answer_to_a_call_that_is_over_is_no_failure(
    subject: Subject, play: Play, stream: ConnectStream
) -> None:
    _, side = play(Hangup())
    call = a_call(subject, side.events[0], NUMBER)

    for instruction in (stream, Say("Hello"), Dial(HUMAN), Hangup()):
        subject.carrier.reply(call, instruction)


def test_our_own_failure_is_not_silence(subject: Subject) -> None:
    url = subject.context.webhook_url(subject.facts.webhook_path)
    ringing = WebhookRequest("POST", url, {}, b"")

    apology = type(subject.carrier).apology(ringing)

    # A carrier that does not listen to replies sends its event again instead.
    if subject.carrier.features.answering_requests == 0:
        assert apology is not None
        assert "sorry" in apology.body
    else:
        assert apology is None


def _words(text: str) -> list[str]:
    """Split a text; what no document can carry is left out of it."""
    carried = "".join(c if _is_xml(c) else " " for c in text)
    return carried.split()


def _is_xml(character: str) -> bool:
    return (
        character in "\t\n\r"
        or (character >= " " and not "\ud800" <= character <= "\udfff" and character < "\ufffe")
        or character > "\uffff"
    )
