"""Calls as the API shows them: the contract's words, and beside them our own finer ones."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict, cast

from pydantic import Field

from ..model import Assistant, Call, CallStatus, CallStep, CallTotals, Direction
from .assistants import AssistantReply, assistant_reply

_Id = Annotated[int, Field(examples=[5001])]
_Number = Annotated[str, Field(description="E.164.", examples=["+14155550100"])]
_Customer = Annotated[
    str,
    Field(
        description="E.164, or the carrier's word for a withheld number.",
        examples=["+12125550199"],
    ),
]
_Sid = Annotated[
    str | None,
    Field(
        description="The carrier's id; null until it is known.",
        examples=["CA00000000000000000000000000000001"],
    ),
]
_Start = Annotated[str, Field(description="UTC.", examples=["2026-03-02T09:00:00+00:00"])]
_End = Annotated[str | None, Field(description="UTC.", examples=["2026-03-02T09:01:10+00:00"])]
_Cost = Annotated[str | None, Field(description="Not computed: always null.", examples=[None])]
_CarrierCost = Annotated[
    str | None,
    Field(description="What the carrier says that it cost; null while it has not said."),
]
_State = Annotated[CallStatus, Field(examples=["completed"])]
_Cursor = Annotated[str | None, Field(description="The `cursor` of the next part; null: no more.")]


class CallStepReply(TypedDict):
    """One event of a call, and where it put the call."""

    event_id: str
    type: Annotated[str, Field(description="The carrier's word for it.", examples=["completed"])]
    at: _Start
    status: _State


class CallReply(TypedDict):
    """A call."""

    id: _Id
    call_sid: _Sid
    assistant_id: Annotated[int | None, Field(examples=[3001])]
    assistant_name: Annotated[str | None, Field(examples=["Front desk"])]
    flow_name: str | None
    to_phone_number: Annotated[_Number, Field(description="The platform's number, E.164.")]
    customer_phone_number: _Customer
    status: Annotated[
        Literal["ongoing", "completed", "failed"],
        Field(
            description="`failed` is also a call that nobody took: see `state`.",
            examples=["completed"],
        ),
    ]
    duration: Annotated[int | None, Field(description="Seconds of talk.", examples=[65])]
    started_at: _Start
    ended_at: _End
    call_meta: Annotated[
        dict[str, Any],
        Field(
            description="Your own notes, beside `provider`, `outbound` and `agenda`.",
            examples=[{"provider": "twilio", "outbound": False}],
        ),
    ]
    total_cost: _Cost
    llm_cost: _Cost
    tts_cost: _Cost
    stt_cost: _Cost
    telephony_cost: _CarrierCost
    cost_currency: _CarrierCost
    provider: Annotated[str, Field(examples=["twilio"])]
    direction: Annotated[Direction, Field(examples=["inbound"])]
    state: _State
    answered_with: Annotated[
        str | None,
        Field(description="What the caller got: stream, say or dial.", examples=["stream"]),
    ]
    answered_by: Annotated[
        str | None, Field(description="Who took an outbound call: human, machine, fax or unknown.")
    ]
    hangup_cause: Annotated[
        str | None,
        Field(description="Why it ended, or why it was not dialled."),
    ]
    history: list[CallStepReply]


class CallPage(TypedDict):
    """A page of calls, newest first."""

    items: list[CallReply]
    total: Annotated[int, Field(description="Calls that match, on all pages.", examples=[1])]
    skip: Annotated[int, Field(examples=[0])]
    limit: Annotated[int, Field(examples=[100])]


class CallCount(TypedDict):
    """How many calls match."""

    count: Annotated[int, Field(examples=[42])]


class CallTotalsReply(TypedDict):
    """How many calls match, and how long people spoke in them."""

    total_calls: Annotated[int, Field(examples=[42])]
    total_duration: Annotated[int, Field(description="Seconds.", examples=[2730])]
    average_duration: Annotated[
        float,
        Field(description="Seconds, of the calls in which somebody spoke.", examples=[65.0]),
    ]


class CallExport(TypedDict):
    """A part of an export."""

    items: list[CallReply]
    next: _Cursor


class CallPlaced(TypedDict):
    """A call that is being placed."""

    success: Annotated[bool, Field(description="False: it is not known yet.", examples=[True])]
    message: Annotated[str, Field(examples=["Call initiated successfully"])]
    call_sid: _Sid
    call_id: _Id
    status: Annotated[CallStatus, Field(examples=["dialing"])]
    from_number: _Number
    to_number: _Customer


class SessionReply(TypedDict):
    """All that a media runtime may know of its call."""

    From: _Customer
    To: _Number
    from_number: _Customer
    to_number: _Number
    call_id: _Id
    direction: Annotated[Direction, Field(examples=["inbound"])]
    assistant_id: Annotated[int | None, Field(examples=[3001])]
    welcome_message: Annotated[str | None, Field(examples=["Hello from Acme"])]
    flow_id: int | None
    outbound: NotRequired[Annotated[str, Field(description="Only of a call that you placed.")]]
    agenda: NotRequired[str | None]
    to_phone_number: NotRequired[_Customer]
    call: CallReply
    assistant: AssistantReply | None


def call_reply(call: Call) -> CallReply:
    """Return a call as the contract shows it, and beside that our own finer words."""
    return {
        "id": call.id,
        "call_sid": call.call_sid or None,
        "assistant_id": call.assistant_id,
        "assistant_name": call.assistant_name,
        "flow_name": call.flow.name if call.flow else None,
        "to_phone_number": call.phone_number,
        "customer_phone_number": call.customer_number,
        "status": cast(Any, call.status.summary),
        "duration": call.duration,
        "started_at": call.created_at.isoformat(),
        "ended_at": call.ended_at.isoformat() if call.ended_at else None,
        "call_meta": _meta(call),
        "total_cost": None,
        "llm_cost": None,
        "tts_cost": None,
        "stt_cost": None,
        "telephony_cost": call.cost.amount if call.cost else None,
        "cost_currency": call.cost.currency if call.cost else None,
        "provider": call.carrier,
        "direction": call.direction,
        "state": call.status,
        "answered_with": call.answered_with,
        "answered_by": call.answered_by,
        # Nobody may be left to be told of a refusal: another trunk was tried after the reply.
        "hangup_cause": call.hangup_cause or (call.refusal.message if call.refusal else None),
        "history": [_step_reply(step) for step in call.history],
    }


def totals_reply(found: CallTotals) -> CallTotalsReply:
    """Return what was counted of calls."""
    return {
        "total_calls": found.calls,
        "total_duration": found.seconds,
        "average_duration": found.average_seconds,
    }


def placed_reply(call: Call) -> CallPlaced:
    """Return what became of the request to call somebody.

    The documentation's fields and the ones that the published Python client reads.
    """
    unknown = call.status is CallStatus.UNKNOWN
    return {
        "success": not unknown,
        "message": _UNKNOWN.format(call=call) if unknown else "Call initiated successfully",
        "call_sid": call.call_sid or None,
        "call_id": call.id,
        "status": call.status,
        "from_number": call.phone_number,
        "to_number": call.customer_number,
    }


_UNKNOWN = (
    "{call.carrier} did not answer whether it placed the call. Do not place it again: it may be "
    "ringing. GET /api/v1/calls/{call.id} shows what becomes of it."
)


def session_reply(context: dict[str, Any], call: Call, assistant: Assistant | None) -> SessionReply:
    """Return a call's full context; `context` is what came with its stream."""
    shown = assistant_reply(assistant) if assistant else None
    return cast(SessionReply, context | {"call": call_reply(call), "assistant": shown})


def _meta(call: Call) -> dict[str, Any]:
    own: dict[str, Any] = {"provider": call.carrier, "outbound": call.direction == "outbound"}
    return own | ({"agenda": call.agenda} if call.agenda else {}) | call.metadata


def _step_reply(step: CallStep) -> CallStepReply:
    return {
        "event_id": step.event_id,
        "type": step.type,
        "at": step.at.isoformat(),
        "status": step.status,
    }
