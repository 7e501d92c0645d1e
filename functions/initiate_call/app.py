"""POST /calls/initiate: let an assistant call somebody."""

from collections.abc import Callable
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, Field, StrictBool, StrictInt, StrictStr

from switchboard import dialing, edge, wiring
from switchboard.app import App
from switchboard.model import Call, CallStatus, DialOptions, MachinePolicy

api = edge.api()


class CallBody(BaseModel):
    """Whom to call, from which number, and what to say."""

    to_phone_number: Annotated[StrictStr | None, Field(examples=["+12125550199"])] = None
    from_phone_number: Annotated[StrictStr | None, Field(examples=["+14155550100"])] = None
    assistant_id: StrictInt | None = None
    welcome_message: Annotated[StrictStr | None, Field(max_length=16_384)] = None
    agenda: Annotated[StrictStr | None, Field(max_length=16_384)] = None
    variables: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    ring_timeout: Annotated[StrictInt | None, Field(ge=5, le=120, description="seconds")] = None
    max_duration: Annotated[StrictInt | None, Field(ge=30, le=14_400, description="seconds")] = None
    machine_detection: MachinePolicy | None = None
    voicemail_message: Annotated[StrictStr | None, Field(max_length=4_096)] = None
    record: StrictBool | None = None


@api.post("/api/v1/calls/initiate")
@api.post("/calls/initiate")
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
    return edge.answer(202 if unknown else 200, _call_json(call, unknown), headers)


def _call_json(call: Call, unknown: bool) -> edge.Json:
    # The documentation's fields and the ones that the published Python client reads.
    return {
        "success": not unknown,
        "message": _UNKNOWN.format(call=call) if unknown else "Call initiated successfully",
        "call_sid": call.call_sid or None,
        "call_id": call.id,
        "status": call.status.value,
        "from_number": call.phone_number,
        "to_number": call.customer_number,
    }


_UNKNOWN = (
    "{call.carrier} did not answer whether it placed the call. Do not place it again: it may be "
    "ringing. GET /api/v1/calls/{call.id} shows what becomes of it."
)


def lambda_handler(
    event: dict[str, Any], context: LambdaContext, app: Callable[[], App] = wiring.app
) -> dict[str, Any]:
    """Answer an API request."""
    return edge.handle(api, event, context, app)
