"""/api/v1/calls: find an organization's calls, take hold of one, and a call's session."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import AfterValidator, Field, StrictStr

from switchboard import calls, control, description, edge, export, listing, wiring
from switchboard.app import App
from switchboard.errors import (
    AssistantNotFound,
    CallNotActive,
    CallNotFound,
    CallNotPlaced,
    DestinationNotAllowed,
    InvalidNumber,
)
from switchboard.replies.calls import (
    CallCount,
    CallExport,
    CallPage,
    CallReply,
    CallTotalsReply,
    SessionReply,
    call_reply,
    session_reply,
    totals_reply,
)
from switchboard.replies.common import Done
from switchboard.request_model import RequestModel

api = edge.api()

# Telnyx's ids hold a colon, which clients may encode; no carrier's id holds a "%".
CallSid = Annotated[str, AfterValidator(unquote), Path()]


class CallQuery(RequestModel):
    """Which calls: all that match every filter that is set."""

    status: Literal["ongoing", "completed", "failed"] | None = None
    assistant_id: int | None = None
    customer_phone: Annotated[str | None, Field(description="A part of it.")] = None
    call_sid: Annotated[str | None, Field(description="A part of it.")] = None
    assistant_name: Annotated[str | None, Field(description="A part of it.")] = None
    date_from: Annotated[datetime | None, Field(description="UTC without a zone.")] = None
    date_to: Annotated[datetime | None, Field(description="UTC without a zone.")] = None
    min_duration: Annotated[int | None, Field(ge=0, description="Seconds.")] = None
    max_duration: Annotated[int | None, Field(ge=0, description="Seconds.")] = None


class PageQuery(CallQuery):
    """A page of them."""

    skip: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class ExportQuery(CallQuery):
    """A part of a file of them."""

    format: Literal["csv", "json"] = "csv"
    limit: Annotated[int, Field(ge=1, le=5000)] = 1000
    cursor: Annotated[int | None, Field(ge=0, description="X-Next-Cursor of the last part")] = None


EXPORT = description.replies(CallExport, AssistantNotFound)
EXPORT[200]["content"]["text/csv"] = {"schema": {"type": "string"}}


class TransferBody(RequestModel):
    """Where to put the other side through."""

    to: Annotated[
        StrictStr,
        Field(
            description="E.164, or a SIP address.",
            examples=["+12125550199", "sip:desk@example.com"],
        ),
    ]


class MetadataBody(RequestModel):
    """Notes to merge into the call's; null removes one."""

    metadata: Annotated[dict[str, Any], Field(examples=[{"order": "A-17", "mood": None}])]


# --- finding calls ---


@api.get(
    "/api/v1/calls", responses=description.replies(CallPage, AssistantNotFound), tags=["Calls"]
)
def list_calls(query: Annotated[PageQuery, Query()]) -> Response[edge.Json]:
    """List calls, newest first. Filters are joined with AND."""
    organization_id = edge.authorized(api, "calls:read")
    page, total = listing.search(
        edge.current_app(api), organization_id, _wanted(query), query.skip, query.limit
    )
    items = [call_reply(call) for call in page]
    return edge.answer(
        200, {"items": items, "total": total, "skip": query.skip, "limit": query.limit}
    )


@api.get(
    "/api/v1/calls/count",
    responses=description.replies(CallCount, AssistantNotFound),
    tags=["Calls"],
)
def count_calls(query: Annotated[CallQuery, Query()]) -> Response[edge.Json]:
    """Count calls."""
    organization_id = edge.authorized(api, "calls:read")
    count = listing.count(edge.current_app(api), organization_id, _wanted(query))
    return edge.answer(200, {"count": count})


@api.get(
    "/api/v1/calls/stats",
    responses=description.replies(CallTotalsReply, AssistantNotFound),
    tags=["Calls"],
)
def sum_calls(query: Annotated[CallQuery, Query()]) -> Response[edge.Json]:
    """Count calls and the seconds that people spoke in them."""
    organization_id = edge.authorized(api, "calls:read")
    found = listing.totals(edge.current_app(api), organization_id, _wanted(query))
    return edge.answer(200, totals_reply(found))


@api.get("/api/v1/calls/export", responses=EXPORT, tags=["Calls"])
def export_calls(query: Annotated[ExportQuery, Query()]) -> Response[Any]:
    """Give calls as a file, in parts: each names the cursor of the next."""
    organization_id = edge.authorized(api, "calls:read")
    app, limit, first = edge.current_app(api), query.limit, query.cursor is None
    rows = listing.walk(app, organization_id, _wanted(query), query.cursor, limit + 1)
    if query.format == "json":
        found = export.json_page(rows, limit)
        body = {"items": found.rows, "next": _text(found.cursor)}
        return edge.answer(200, body, _part("json", found.cursor))
    # The first part has the line of names: all parts one after another are one file.
    lines = export.csv_page(rows, limit, header=first)
    headers = _part("csv", lines.cursor)
    return Response(200, "text/csv; charset=utf-8", "".join(lines.rows), headers=headers)


@api.get(
    "/api/v1/calls/sid/<call_sid>",
    responses=description.replies(CallReply, CallNotFound),
    tags=["Calls"],
)
def get_call_by_sid(call_sid: CallSid) -> Response[edge.Json]:
    """Show a call by its carrier's id."""
    organization_id = edge.authorized(api, "calls:read")
    call = calls.find_by_sid(edge.current_app(api), organization_id, call_sid)
    return edge.answer(200, call_reply(call))


@api.get(
    "/api/v1/calls/<call_id>",
    responses=description.replies(CallReply, CallNotFound),
    tags=["Calls"],
)
def get_call(call_id: Annotated[int, Path()]) -> Response[edge.Json]:
    """Show a call."""
    organization_id = edge.authorized(api, "calls:read")
    call = calls.find(edge.current_app(api), organization_id, call_id)
    return edge.answer(200, call_reply(call))


# --- taking hold of a call ---


@api.post(
    "/api/v1/calls/<call_sid>/terminate",
    responses=description.replies(
        Done, CallNotFound, CallNotActive, CallNotPlaced, *description.CARRIER
    ),
    tags=["Calls"],
)
def terminate_call(call_sid: CallSid) -> Response[edge.Json]:
    """End a call."""
    organization_id = edge.authorized(api, "calls:write")
    call = control.terminate(edge.current_app(api), organization_id, call_sid)
    message = f"Call terminated successfully via {call.carrier}"
    return edge.answer(200, {"success": True, "message": message})


@api.post(
    "/api/v1/calls/<call_sid>/transfer",
    responses=description.replies(
        Done,
        CallNotFound,
        CallNotActive,
        CallNotPlaced,
        InvalidNumber,
        DestinationNotAllowed,
        *description.CARRIER,
    ),
    tags=["Calls"],
)
def transfer_call(call_sid: CallSid, body: Annotated[TransferBody, Body()]) -> Response[edge.Json]:
    """Put the other side through to a number or a SIP address."""
    organization_id = edge.authorized(api, "calls:write")
    call = control.transfer(edge.current_app(api), organization_id, call_sid, body.to)
    message = f"Call transferred successfully via {call.carrier}"
    return edge.answer(200, {"success": True, "message": message})


@api.patch(
    "/api/v1/calls/<call_id>/metadata",
    responses=description.replies(CallReply, CallNotFound),
    tags=["Calls"],
)
def update_metadata(
    call_id: Annotated[int, Path()], body: Annotated[MetadataBody, Body()]
) -> Response[edge.Json]:
    """Merge notes into a call's, and show the call."""
    organization_id = edge.authorized(api, "calls:write")
    app = edge.current_app(api)
    call = control.update_metadata(app, organization_id, call_id, body.metadata)
    return edge.answer(200, call_reply(call))


# --- the media runtime ---


@api.get(
    "/api/v1/calls/<call_id>/session",
    responses=description.replies(SessionReply, CallNotFound),
    security=[{"session": []}],
    tags=["Calls"],
)
def get_session(call_id: Annotated[int, Path()]) -> Response[edge.Json]:
    """Give a media runtime the full context of the call whose session token it holds."""
    header = str(api.current_event.headers.get("Authorization") or "")
    token = header.removeprefix("Bearer ").strip()
    call, assistant = calls.session(edge.current_app(api), call_id, token)
    return edge.answer(200, session_reply(calls.stream_context(call), call, assistant))


def _wanted(query: CallQuery) -> listing.CallFilter:
    fields = query.model_dump(include=set(CallQuery.model_fields))
    dates = {name: _in_utc(fields[name]) for name in ("date_from", "date_to")}
    return listing.CallFilter(**fields | dates)


def _in_utc(moment: datetime | None) -> datetime | None:
    # A time without a zone is taken as UTC, as everything else in this API is.
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)


def _part(kind: str, cursor: int | None) -> dict[str, str]:
    name = {"Content-Disposition": f'attachment; filename="calls.{kind}"'}
    return name if cursor is None else name | {"X-Next-Cursor": str(cursor)}


def _text(cursor: int | None) -> str | None:
    return None if cursor is None else str(cursor)


def lambda_handler(
    event: dict[str, Any], context: LambdaContext, app: Callable[[], App] = wiring.app
) -> dict[str, Any]:
    """Answer an API request."""
    return edge.handle(api, event, context, app)
