"""/api/v1/events: everything that was told, and what shall be told again."""

from datetime import UTC, datetime
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from pydantic import ConfigDict, Field, StrictBool, StrictInt, StrictStr

from switchboard import description, edge
from switchboard.errors import EventNotFound
from switchboard.events import catching_up
from switchboard.ids import LAST_ID
from switchboard.replies.events import (
    DeadLetters,
    EventDetail,
    EventPage,
    Redelivered,
    delivery_reply,
    event_detail,
    event_page,
    redelivered,
)
from switchboard.request_model import RequestModel

api = APIGatewayRouter()

_TAGS = ["Events"]
_Cursor = Annotated[str | None, Field(max_length=200, description="`next` of the page before.")]
_EventId = Annotated[str, Path(pattern=r"^evt_[0-9a-z_]{1,60}$")]


class EventsQuery(RequestModel):
    """Which events: those after a page that was read, or after a time."""

    after: Annotated[
        str | None,
        Field(
            max_length=200,
            description="`next` of the page before, or a time: 2026-03-02T09:00:00Z.",
        ),
    ] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class DeadQuery(RequestModel):
    """Which part of the list."""

    limit: Annotated[int, Field(ge=1, le=500)] = 100
    cursor: _Cursor = None


class RedeliverBody(RequestModel):
    """What to send again: what was given up, as far as it matches everything that is set."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"since": "2026-03-02T09:00:00Z", "type": "status-update"}]}
    )

    type: Annotated[StrictStr | None, Field(min_length=1, max_length=64)] = None
    call_id: Annotated[StrictInt | None, Field(ge=1, le=LAST_ID)] = None
    assistant_id: Annotated[StrictInt | None, Field(ge=1, le=LAST_ID)] = None
    webhook_id: Annotated[StrictStr | None, Field(min_length=1, max_length=64)] = None
    since: Annotated[datetime | None, Field(description="First sent then or later.")] = None
    until: Annotated[datetime | None, Field(description="First sent before.")] = None
    delivered_too: Annotated[
        StrictBool, Field(description="Also what has arrived: `since` must be given.")
    ] = False
    cursor: _Cursor = None


@api.get("/api/v1/events", responses=description.replies(EventPage), tags=_TAGS)
def list_events(query: Annotated[EventsQuery, Query()]) -> Response[edge.Json]:
    """List events, oldest first. Follow `next`: what was written meanwhile is not missed.

    The last half minute may come twice, because it may not be complete yet: events have ids.
    """
    organization_id = edge.authorized(api, "calls:read")
    app = edge.current_app(api)
    page = catching_up.events_after(app, organization_id, query.after, query.limit)
    return edge.answer(200, event_page(page))


@api.get("/api/v1/events/dead-letters", responses=description.replies(DeadLetters), tags=_TAGS)
def list_dead_letters(query: Annotated[DeadQuery, Query()]) -> Response[edge.Json]:
    """List the deliveries that were given up, oldest first."""
    organization_id = edge.authorized(api, "calls:read")
    app = edge.current_app(api)
    found, after = catching_up.dead_letters(app, organization_id, query.limit, query.cursor)
    return edge.answer(200, {"items": [delivery_reply(it) for it in found], "next": after})


@api.post("/api/v1/events/redeliver", responses=description.replies(Redelivered), tags=_TAGS)
def redeliver_events(body: Annotated[RedeliverBody, Body()]) -> Response[edge.Json]:
    """Send what was given up again, a hundred at a time: repeat with `next` as `cursor`."""
    organization_id = edge.authorized(api, "calls:write")
    again = catching_up.redeliver_all if body.delivered_too else catching_up.redeliver_dead
    wanted = catching_up.Wanted(
        body.type,
        body.call_id,
        body.assistant_id,
        body.webhook_id,
        _in_utc(body.since),
        _in_utc(body.until),
    )
    count, after = again(edge.current_app(api), organization_id, wanted, body.cursor)
    return edge.answer(200, redelivered(count, after))


@api.get(
    "/api/v1/events/<event_id>",
    responses=description.replies(EventDetail, EventNotFound),
    tags=_TAGS,
)
def get_event(event_id: _EventId) -> Response[edge.Json]:
    """Show an event and how its deliveries stand."""
    organization_id = edge.authorized(api, "calls:read")
    event, deliveries = catching_up.find(edge.current_app(api), organization_id, event_id)
    return edge.answer(200, event_detail(event, deliveries))


@api.post(
    "/api/v1/events/<event_id>/redeliver",
    responses=description.replies(Redelivered, EventNotFound),
    tags=_TAGS,
)
def redeliver_event(event_id: _EventId) -> Response[Any]:
    """Send an event again to everybody who gets it."""
    organization_id = edge.authorized(api, "calls:write")
    count = catching_up.redeliver(edge.current_app(api), organization_id, event_id)
    return edge.answer(200, redelivered(count))


def _in_utc(moment: datetime | None) -> datetime | None:
    # A time without a zone is taken as UTC, as everything else in this API is.
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)
