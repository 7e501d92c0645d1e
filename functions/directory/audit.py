"""/api/v1/audit: who did what to which number, assistant, key or call."""

from datetime import UTC, datetime
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from pydantic import Field

from switchboard import audit, description, edge, permissions
from switchboard.ids import LAST_ID
from switchboard.replies.audit import AuditPage, audit_reply
from switchboard.request_model import RequestModel
from switchboard.store import AuditFilter

api = APIGatewayRouter()


class AuditQuery(RequestModel):
    """Which changes: all that match every filter that is set."""

    action: Annotated[
        str | None,
        Field(
            min_length=1, max_length=64, description="How it begins: `number.` or `number.released`"
        ),
    ] = None
    target: Annotated[
        str | None, Field(min_length=1, max_length=64, description="A number in E.164, or an id")
    ] = None
    key_id: Annotated[int | None, Field(ge=1, le=LAST_ID, description="Who asked for it")] = None
    date_from: datetime | None = None
    date_to: datetime | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    cursor: Annotated[
        str | None, Field(max_length=200, description="`next` of the page before")
    ] = None


@api.get("/api/v1/audit", responses=description.replies(AuditPage), tags=["Audit"])
def list_audit(query: Annotated[AuditQuery, Query()]) -> Response[edge.Json]:
    """List who changed what, newest first. With filters a page may be short: follow `next`."""
    organization_id = edge.authorized(api, permissions.ADMIN)
    wanted = AuditFilter(
        query.action,
        query.target,
        query.key_id,
        _in_utc(query.date_from),
        _in_utc(query.date_to),
    )
    app = edge.current_app(api)
    entries, cursor = audit.page(app, organization_id, wanted, query.limit, query.cursor)
    shown: AuditPage = {"items": [audit_reply(entry) for entry in entries], "next": cursor}
    return edge.answer(200, shown, {} if cursor is None else {"X-Next-Cursor": cursor})


def _in_utc(moment: datetime | None) -> datetime | None:
    # A time without a zone is taken as UTC, as everything else in this API is.
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)
