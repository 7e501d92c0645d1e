"""Numbers of other companies that the organization's calls may show."""

import json
from typing import Annotated, Any
from urllib.parse import parse_qsl, unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from pydantic import AfterValidator, Field, StrictStr

from switchboard import caller_ids, description, edge
from switchboard.errors import InvalidNumber, NotFound, UnknownProvider
from switchboard.replies.caller_ids import (
    CallerIdAdded,
    CallerIdReply,
    CallerIdSynced,
    added_reply,
    caller_id_reply,
    synced_reply,
)
from switchboard.replies.common import Done
from switchboard.request_model import RequestModel

api = APIGatewayRouter()

_BASE = "/api/v1/phone-numbers/organization"
_ADD = f"{_BASE}/add-verified-caller-id"
_TAGS = ["Phone numbers"]
SYNCED = description.replies(CallerIdSynced, *description.CARRIER)
ADDED = description.replies(
    CallerIdAdded, InvalidNumber, UnknownProvider, NotFound, *description.CARRIER
)
LISTED = description.list_of(CallerIdReply)
REMOVED = description.replies(Done, InvalidNumber, NotFound)


# Clients may encode the plus sign.
CallerIdNumber = Annotated[
    str, AfterValidator(unquote), Path(description="E.164.", examples=["+12125550199"])
]


class CallerIdBody(RequestModel):
    """Which number to show when calling; as JSON or as a form."""

    phone_number: Annotated[StrictStr, Field(description="E.164.", examples=["+12125550199"])]
    friendly_name: Annotated[StrictStr | None, Field(max_length=64)] = None
    provider: Annotated[StrictStr, Field(max_length=20)] = "twilio"
    verification_code: Annotated[
        StrictStr | None,
        Field(max_length=20, description="What the call told: for Telnyx, in a second request."),
    ] = None


@api.post(f"{_BASE}/sync-verified-caller-ids", responses=SYNCED, tags=_TAGS)
def sync_caller_ids() -> Response[Any]:
    """Take over every caller id that the connected carrier accounts list as verified."""
    organization_id = edge.authorized(api, "numbers:write")
    return edge.answer(200, synced_reply(caller_ids.sync(edge.current_app(api), organization_id)))


@api.post(_ADD, responses=ADDED, tags=_TAGS)
def add_caller_id(body: Annotated[CallerIdBody, Body()]) -> Response[Any]:
    """Take a verified caller id, or have the carrier call it to verify it."""
    organization_id = edge.authorized(api, "numbers:write")
    found = caller_ids.verify(
        edge.current_app(api),
        organization_id,
        body.provider,
        body.phone_number,
        body.friendly_name,
        body.verification_code,
    )
    return edge.answer(200, added_reply(body.provider, found))


@api.get(f"{_BASE}/verified-caller-ids", responses=LISTED, tags=_TAGS)
def list_caller_ids() -> Response[Any]:
    """List the organization's verified caller ids."""
    organization_id = edge.authorized(api, "numbers:read")
    found = caller_ids.list_all(edge.current_app(api), organization_id)
    return edge.answer(200, [caller_id_reply(it) for it in found])


@api.delete(f"{_BASE}/verified-caller-ids/<caller_id>", responses=REMOVED, tags=_TAGS)
def remove_caller_id(caller_id: CallerIdNumber) -> Response[Any]:
    """Show a number no more. It stays verified at the carrier."""
    organization_id = edge.authorized(api, "numbers:write")
    caller_ids.remove(edge.current_app(api), organization_id, caller_id)
    return edge.answer(200, {"success": True, "message": f"{caller_id} is shown no more"})


def form_as_json(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event with a form's fields as JSON, where the contract has a form.

    Its published clients call the form JSON, so that the content type tells nothing.
    """
    if not isinstance(event, dict):
        return event  # refused where all events are looked at
    body = str(event.get("body") or "").lstrip()
    if event.get("resource") != _ADD or not body or body[0] in "{[":
        return event
    return event | {"body": json.dumps(dict(parse_qsl(body)))}
