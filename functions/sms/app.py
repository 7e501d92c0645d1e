"""/sms: send text messages, see how far they have come, take them back."""

from collections.abc import Callable
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import ConfigDict, Field, StrictBool, StrictStr

from switchboard import description, edge, wiring
from switchboard.app import App
from switchboard.errors import (
    DestinationNotAllowed,
    IdempotencyKeyReused,
    InsufficientBalance,
    InvalidNumber,
    LimitExceeded,
    MessageInProgress,
    MessageNotFound,
    NoAssistant,
    NotOwned,
    NumberNotReady,
    RecipientOptedOut,
    UnknownProvider,
)
from switchboard.model import TextStatus
from switchboard.replies.texts import (
    TextAccepted,
    TextCancelled,
    TextQueues,
    TextState,
    accepted_reply,
    cancelled_reply,
    queues_reply,
    state_reply,
)
from switchboard.request_model import RequestModel
from switchboard.texting import looking, sending

api = edge.api()

_TAGS = ["Text messages"]
_MessageId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=64,
        pattern=r"^[\w-]+$",
        description="As `/sms/send` told it, or the carrier's.",
        examples=["0b3e6a52-6f0e-5c64-9d0c-2b1f4a3d7e11"],
    ),
]
_Url = Annotated[StrictStr, Field(max_length=2048, pattern=r"^https?://[^\s/]+(/\S*)?$")]


class TextBody(RequestModel):
    """What to tell whom, from which number."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "from_phone_number": "+14155550100",
                    "to_phone_number": "+12125550199",
                    "message": "Your table is booked for seven.",
                }
            ]
        }
    )

    from_phone_number: Annotated[
        StrictStr | None, Field(description="E.164: a number of yours.", max_length=64)
    ] = None
    to_phone_number: Annotated[StrictStr | None, Field(description="E.164.", max_length=64)] = None
    message: Annotated[
        StrictStr | None,
        Field(description="May be left out beside `media_urls`.", max_length=1600),
    ] = None
    media_urls: Annotated[
        list[_Url] | None,
        Field(description="Sends an MMS; the carrier fetches them.", max_length=10),
    ] = None
    queue: Annotated[
        StrictBool,
        Field(description="False sends it in this request, or says how long to wait."),
    ] = True
    idempotency_key: Annotated[
        StrictStr | None,
        Field(description="The header Idempotency-Key wins over it.", min_length=1, max_length=256),
    ] = None


_UNKNOWN = "Twilio did not answer whether it could send the message to +12125550199. …"
SEND_REPLIES = description.replies(
    TextAccepted,
    InvalidNumber,
    InsufficientBalance,
    NotOwned,
    DestinationNotAllowed,
    RecipientOptedOut,
    NoAssistant,
    NumberNotReady,
    IdempotencyKeyReused,
    MessageInProgress,
    LimitExceeded,
    *description.CARRIER,
) | description.replies(
    TextAccepted,
    status=202,
    example={"success": False, "message": _UNKNOWN, "status": "unknown"},
)
STATE_REPLIES = description.replies(TextState, MessageNotFound)
CANCEL_REPLIES = description.replies(TextCancelled, MessageNotFound)


@api.post("/sms/send", responses=SEND_REPLIES, tags=_TAGS)
def send_text(body: Annotated[TextBody, Body()]) -> Response[edge.Json]:
    """Send a text message, at most once."""
    organization_id = edge.authorized(api, "sms:write")
    request = sending.TextRequest(
        from_phone_number=body.from_phone_number,
        to_phone_number=body.to_phone_number,
        message=body.message,
        media_urls=tuple(body.media_urls or ()),
        queue=body.queue,
    )
    key = edge.idempotency_key(api) or body.idempotency_key
    accepted = sending.send(edge.current_app(api), organization_id, request, key)
    return _answer(accepted)


def _answer(accepted: sending.Accepted) -> Response[edge.Json]:
    text = accepted.text
    headers = {"Idempotent-Replayed": "true"} if accepted.replayed else {}
    is_unknown = not text.is_queued and text.status is TextStatus.UNKNOWN
    if text.refusal and not text.is_queued and not is_unknown:
        refusal = text.refusal
        reply = edge.problem(api, refusal.status, refusal.code, refusal.message)
        reply.headers.update(headers)
        return reply
    return edge.answer(202 if is_unknown else 200, accepted_reply(text), headers)


@api.get("/sms/status/<message_id>", responses=STATE_REPLIES, tags=_TAGS)
@api.get("/sms/<message_id>/status", responses=STATE_REPLIES, tags=_TAGS)
def get_text(message_id: _MessageId) -> Response[edge.Json]:
    """Show how far a text message has come."""
    organization_id = edge.authorized(api, "sms:read")
    text = looking.find(edge.current_app(api), organization_id, message_id)
    return edge.answer(200, state_reply(text))


@api.post("/sms/cancel/<message_id>", responses=CANCEL_REPLIES, tags=_TAGS)
@api.delete("/sms/<message_id>", responses=CANCEL_REPLIES, tags=_TAGS)
def cancel_text(message_id: _MessageId) -> Response[edge.Json]:
    """Take back a text message that still waits; one that does not stays as it is."""
    organization_id = edge.authorized(api, "sms:write")
    done = looking.cancel(edge.current_app(api), organization_id, message_id)
    return edge.answer(200, cancelled_reply(done))


@api.get("/sms/queue/stats", responses=description.replies(TextQueues, UnknownProvider), tags=_TAGS)
def count_texts(
    provider: Annotated[str | None, Query(max_length=32, description="Only this one.")] = None,
) -> Response[edge.Json]:
    """Count what waits, what is being sent, and what failed in the last 24 hours."""
    organization_id = edge.authorized(api, "sms:read")
    app = edge.current_app(api)
    counts = looking.counts(app, organization_id, provider)
    return edge.answer(200, queues_reply(counts, app.clock()))


def lambda_handler(
    event: dict[str, Any], context: LambdaContext, app: Callable[[], App] = wiring.app
) -> dict[str, Any]:
    """Answer an API request."""
    return edge.handle(api, event, context, app)
