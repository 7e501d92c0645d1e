"""What several routes of the directory ask for."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import Field

from switchboard import edge
from switchboard.ids import LAST_ID
from switchboard.request_model import RequestModel
from switchboard.store import Slice

AssistantId = Annotated[int, Path(ge=1, le=LAST_ID)]
FlowId = Annotated[int, Path(ge=1, le=LAST_ID)]


class SliceQuery(RequestModel):
    """Which part of a list, oldest first: `cursor` goes on where a page ended, `skip` counts."""

    skip: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    cursor: Annotated[
        int | None, Field(ge=0, le=LAST_ID, description="X-Next-Cursor of the page before")
    ] = None


def slice_of(query: SliceQuery, limit: int, *, active_only: bool) -> Slice:
    """Return the part of a list that a query asks for."""
    return Slice(active_only, query.cursor, query.skip, limit)


def page(items: list[Any], last: int | None) -> Response[edge.Json]:
    """Answer a part of a list, with where the next part begins."""
    return edge.answer(200, items, {} if last is None else {"X-Next-Cursor": str(last)})
