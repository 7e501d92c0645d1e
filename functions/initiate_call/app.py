"""POST /calls/initiate: let an assistant call somebody."""

from collections.abc import Callable
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field, StrictBool, StrictInt, StrictStr

from switchboard import description, dialing, edge, wiring
from switchboard.app import App
from switchboard.errors import (
    AssistantNotFound,
    CallInProgress,
    DestinationNotAllowed,
    FuseTripped,
    IdempotencyKeyReused,
    InsufficientBalance,
    InvalidNumber,
    InvalidTemplate,
    LimitExceeded,
    MissingVariables,
    NoAssistant,
    NotOwned,
    TemplateLimit,
)
from switchboard.model import Call, CallStatus, DialOptions, MachinePolicy
from switchboard.replies.calls import CallPlaced, placed_reply
from switchboard.request_model import RequestModel

api = edge.api()


class CallBody(RequestModel):
    """Whom to call, from which number, and what to say."""

    to_phone_number: Annotated[
        StrictStr | None, Field(description="E.164: whom to call.", examples=["+12125550199"])
    ] = None
    from_phone_number: Annotated[
        StrictStr | None,
        Field(description="E.164: a number or caller id of yours.", examples=["+14155550100"]),
    ] = None
    assistant_id: Annotated[
        StrictInt | None, Field(description="Who speaks, if not the number's own assistant.")
    ] = None
    welcome_message: Annotated[
        StrictStr | None,
        Field(
            description="Instead of the assistant's own; `{{ variables }}` are filled in.",
            max_length=16_384,
            examples=["Hello {{ customer.name }}, this is Acme."],
        ),
    ] = None
    agenda: Annotated[
        StrictStr | None,
        Field(description="What to speak about; as the welcome message.", max_length=16_384),
    ] = None
    variables: Annotated[
        dict[str, Any] | None,
        Field(description="Values of the variables.", examples=[{"customer": {"name": "Ann"}}]),
    ] = None
    metadata: Annotated[
        dict[str, Any] | None,
        Field(description="Your own notes on the call.", examples=[{"order": "A-17"}]),
    ] = None
    ring_timeout: Annotated[StrictInt | None, Field(ge=5, le=120, description="Seconds.")] = None
    max_duration: Annotated[
        StrictInt | None, Field(ge=30, le=14_400, description="Seconds.", examples=[600])
    ] = None
    machine_detection: Annotated[
        MachinePolicy | None, Field(description="What to do when a machine answers.")
    ] = None
    voicemail_message: Annotated[
        StrictStr | None,
        Field(description="For `machine_detection: leave_message`.", max_length=4_096),
    ] = None
    record: StrictBool | None = None


_UNKNOWN = "twilio did not answer whether it placed the call. Do not place it again: …"
REPLIES = description.replies(
    CallPlaced,
    InvalidNumber,
    InsufficientBalance,
    NotOwned,
    DestinationNotAllowed,
    FuseTripped,
    AssistantNotFound,
    NoAssistant,
    IdempotencyKeyReused,
    CallInProgress,
    MissingVariables,
    TemplateLimit,
    InvalidTemplate,
    LimitExceeded,
    *description.CARRIER,
) | description.replies(
    CallPlaced,
    status=202,
    example={"success": False, "message": _UNKNOWN, "call_sid": None, "status": "unknown"},
)


@api.post("/api/v1/calls/initiate", responses=REPLIES, tags=["Calls"])
@api.post("/calls/initiate", responses=REPLIES, tags=["Calls"])
def initiate_call(body: Annotated[CallBody, Body()]) -> Response[edge.Json]:
    """Place a call, at most once."""
    organization_id = edge.authorized(api, "calls:write")
    key = edge.idempotency_key(api)
    placed = dialing.initiate(edge.current_app(api), organization_id, _request(body), key)
    headers = {"Idempotent-Replayed": "true"} if placed.replayed else {}
    return _answer(placed.call, headers)


def _request(body: CallBody) -> dialing.DialRequest:
    return dialing.DialRequest(
        to_phone_number=body.to_phone_number,
        from_phone_number=body.from_phone_number,
        assistant_id=body.assistant_id,
        welcome_message=body.welcome_message,
        agenda=body.agenda,
        variables=body.variables or {},
        metadata=body.metadata or {},
        options=DialOptions(
            ring_timeout=body.ring_timeout,
            max_duration=body.max_duration,
            machine_detection=body.machine_detection,
            voicemail_message=body.voicemail_message,
            record=body.record,
        ),
    )


def _answer(call: Call, headers: dict[str, str]) -> Response[edge.Json]:
    if call.refusal:
        refusal = call.refusal
        reply = edge.problem(api, refusal.status, refusal.code, refusal.message)
        reply.headers.update(headers)
        return reply
    unknown = call.status is CallStatus.UNKNOWN
    return edge.answer(202 if unknown else 200, placed_reply(call), headers)


def lambda_handler(
    event: dict[str, Any], context: LambdaContext, app: Callable[[], App] = wiring.app
) -> dict[str, Any]:
    """Answer an API request."""
    return edge.handle(api, event, context, app)
