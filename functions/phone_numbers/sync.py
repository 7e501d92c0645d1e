"""Taking over the numbers that the carrier accounts hold already."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayRouter

from switchboard import description, edge
from switchboard.numbers import importing
from switchboard.replies.numbers import SyncReply, sync_reply

api = APIGatewayRouter()

SYNCED = description.replies(SyncReply, *description.CARRIER)


@api.post(
    "/api/v1/assistants/organization/phone-numbers/sync", responses=SYNCED, tags=["Phone numbers"]
)
@api.post("/api/v1/organization/phone-numbers/sync", responses=SYNCED, tags=["Phone numbers"])
def sync_numbers(
    configure: Annotated[bool, Query(description="Point at us what points nowhere.")] = True,
) -> Response[Any]:
    """Take over every number of the connected carrier accounts."""
    organization_id = edge.authorized(api, "numbers:write")
    done = importing.sync(edge.current_app(api), organization_id, configure)
    return edge.answer(200, sync_reply(done))
