"""GET /api/v1/calls: the organization's calls, and a call's session for its media runtime."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import calls, edge, wiring
from switchboard.app import App

api = edge.api()


@api.get("/api/v1/calls")
def list_calls(
    skip: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    status: Annotated[Literal["ongoing", "completed", "failed"] | None, Query()] = None,
    assistant_id: Annotated[int | None, Query()] = None,
    customer_phone: Annotated[str | None, Query()] = None,
    call_sid: Annotated[str | None, Query()] = None,
    assistant_name: Annotated[str | None, Query()] = None,
    date_from: Annotated[datetime | None, Query()] = None,
    date_to: Annotated[datetime | None, Query()] = None,
    min_duration: Annotated[int | None, Query(ge=0)] = None,
    max_duration: Annotated[int | None, Query(ge=0)] = None,
) -> Response[edge.Json]:
    """List calls, newest first. Filters are joined with AND."""
    wanted = calls.CallFilter(
        status=status,
        assistant_id=assistant_id,
        customer_phone=customer_phone,
        call_sid=call_sid,
        assistant_name=assistant_name,
        date_from=_in_utc(date_from),
        date_to=_in_utc(date_to),
        min_duration=min_duration,
        max_duration=max_duration,
    )
    organization_id = edge.authorized(api, "calls:read")
    page, total = calls.search(edge.current_app(api), organization_id, wanted, skip, limit)
    items = [edge.call_json(call) for call in page]
    return edge.answer(200, {"items": items, "total": total, "skip": skip, "limit": limit})


@api.get("/api/v1/calls/sid/<call_sid>")
def get_call_by_sid(call_sid: Annotated[str, Path()]) -> Response[edge.Json]:
    """Show a call by its carrier's id."""
    organization_id = edge.authorized(api, "calls:read")
    call = calls.find_by_sid(edge.current_app(api), organization_id, call_sid)
    return edge.answer(200, edge.call_json(call))


@api.get("/api/v1/calls/<call_id>")
def get_call(call_id: Annotated[int, Path()]) -> Response[edge.Json]:
    """Show a call."""
    organization_id = edge.authorized(api, "calls:read")
    return edge.answer(
        200, edge.call_json(calls.find(edge.current_app(api), organization_id, call_id))
    )


@api.get("/api/v1/calls/<call_id>/session")
def get_session(call_id: Annotated[int, Path()]) -> Response[edge.Json]:
    """Give a media runtime the full context of the call whose session token it holds."""
    header = str(api.current_event.headers.get("Authorization") or "")
    token = header.removeprefix("Bearer ").strip()
    call, assistant = calls.session(edge.current_app(api), call_id, token)
    return edge.answer(
        200,
        calls.stream_context(call)
        | {
            "call": edge.call_json(call),
            "assistant": edge.assistant_json(assistant) if assistant else None,
        },
    )


def _in_utc(moment: datetime | None) -> datetime | None:
    # A time without a zone is taken as UTC, as everything else in this API is.
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)


def lambda_handler(
    event: dict[str, Any], context: LambdaContext, app: Callable[[], App] = wiring.app
) -> dict[str, Any]:
    """Answer an API request."""
    return edge.handle(api, event, context, app)
