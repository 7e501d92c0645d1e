"""What was told of a call, and what its media runtime has to tell."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from pydantic import ConfigDict, Field, StrictStr

from switchboard import calls, description, edge
from switchboard.errors import CallNotFound
from switchboard.events import catching_up, reporting
from switchboard.ids import LAST_ID
from switchboard.replies.events import Reported, WebhookLog, log_reply
from switchboard.request_model import RequestModel

api = APIGatewayRouter()

_CallId = Annotated[int, Path(ge=1, le=LAST_ID)]


class LogsQuery(RequestModel):
    """Which attempts."""

    webhook_type: Annotated[str | None, Field(min_length=1, max_length=64)] = None


class SaidBody(RequestModel):
    """What one side said."""

    role: Annotated[StrictStr, Field(max_length=32, examples=["bot", "human"])]
    content: Annotated[StrictStr, Field(max_length=16_384)]


class ReportBody(RequestModel):
    """What was said in a call, and what came of it. Parts may be sent one by one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "summary": "Booked a table for two at eight.",
                    "messages": [
                        {"role": "bot", "content": "Hello from Acme"},
                        {"role": "human", "content": "A table for two, please"},
                    ],
                    "structured_data": {"guests": 2},
                    "ended_reason": "assistant-ended-call",
                }
            ]
        }
    )

    summary: Annotated[StrictStr | None, Field(max_length=16_384)] = None
    messages: Annotated[list[SaidBody] | None, Field(max_length=2_000)] = None
    structured_data: dict[str, Any] | None = None
    recording_url: Annotated[StrictStr | None, Field(max_length=2_048, pattern="^https://")] = None
    ended_reason: Annotated[StrictStr | None, Field(min_length=1, max_length=100)] = None


@api.get(
    "/api/v1/calls/<call_id>/webhook-logs",
    responses=description.list_of(WebhookLog, CallNotFound),
    tags=["Calls"],
)
def list_webhook_logs(call_id: _CallId, query: Annotated[LogsQuery, Query()]) -> Response[Any]:
    """List every attempt to tell of a call, oldest first, for 30 days."""
    organization_id = edge.authorized(api, "calls:read")
    app = edge.current_app(api)
    calls.find(app, organization_id, call_id)
    found = catching_up.attempts(app, organization_id, call_id, query.webhook_type)
    return edge.answer(200, [log_reply(it) for it in found])


@api.post(
    "/api/v1/calls/<call_id>/report",
    responses=description.replies(Reported, CallNotFound),
    security=[{"session": []}],
    tags=["Calls"],
)
def report_call(call_id: _CallId, body: Annotated[ReportBody, Body()]) -> Response[edge.Json]:
    """Take what a call's media runtime reports, for the end-of-call report."""
    header = str(api.current_event.headers.get("Authorization") or "")
    token = header.removeprefix("Bearer ").strip()
    content = body.model_dump(exclude_none=True)
    in_time = reporting.report(edge.current_app(api), call_id, token, content)
    message = (
        "The end-of-call report will hold it"
        if in_time
        else "The end-of-call report was sent already: a report-update follows it"
    )
    return edge.answer(200, {"success": True, "message": message, "in_end_of_call_report": in_time})
