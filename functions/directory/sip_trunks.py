"""/api/v1/sip-trunks: the organization's own telephone lines."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from pydantic import ConfigDict, Field, StrictBool, StrictInt, StrictStr

from switchboard import description, edge, trunks
from switchboard.errors import (
    Conflict,
    DestinationNotAllowed,
    InvalidRequest,
    NotFound,
    TrunkInUse,
)
from switchboard.model import Bridge
from switchboard.replies.sip_trunks import (
    NewSipTrunkReply,
    SipTrunkReply,
    SipTrunkSync,
    changed_reply,
    sync_reply,
    trunk_reply,
)
from switchboard.request_model import RequestModel

api = APIGatewayRouter()

_TAGS = ["SIP trunks"]
_NO_STORE = {"Cache-Control": "no-store"}

TrunkId = Annotated[str, Path(max_length=36, pattern="^[0-9a-f-]+$")]
_Text = Annotated[StrictStr, Field(max_length=255)]
_Priority = Annotated[StrictInt, Field(ge=0, le=10_000)]
_Bridge = Annotated[
    Bridge | None,
    Field(
        description="Who speaks SIP with it: twilio or telnyx, with the organization's account "
        "there, or own, a bridge at bridge_url. Without it the carrier that is connected.",
        examples=["twilio"],
    ),
]


class _TrunkFields(RequestModel):
    model_config = ConfigDict(extra="forbid")

    # "register" is a name of Pydantic's own.
    registers: Annotated[
        StrictBool, Field(alias="register", description="Your own bridge shall register there.")
    ] = False
    provider: Annotated[StrictStr | None, Field(max_length=100)] = None
    bridge: _Bridge = None
    bridge_url: Annotated[StrictStr | None, Field(max_length=2_048)] = None


class NewTrunkBody(_TrunkFields):
    """A new SIP trunk."""

    name: Annotated[StrictStr, Field(min_length=1, max_length=100, examples=["Office"])]
    gateway: Annotated[
        StrictStr, Field(min_length=1, max_length=255, examples=["sip.example.com:5060"])
    ]
    username: Annotated[
        _Text, Field(description="Empty when the gateway knows callers by their address.")
    ] = ""
    password: Annotated[_Text, Field(description="Kept in Secrets Manager, never shown.")] = ""
    priority: _Priority = 1
    enabled: StrictBool = True


class TrunkBody(_TrunkFields):
    """What shall become different; what is left out stays."""

    name: Annotated[StrictStr | None, Field(min_length=1, max_length=100, examples=["Office"])] = (
        None
    )
    gateway: Annotated[StrictStr | None, Field(min_length=1, max_length=255)] = None
    username: _Text = ""
    password: Annotated[
        StrictStr | None,
        Field(
            max_length=255,
            description="Null, or what is shown of it, leaves it as it is; an empty text removes "
            "it.",
        ),
    ] = None
    priority: _Priority = 1
    enabled: StrictBool = True
    rotate_signing_secret: Annotated[
        StrictBool, Field(description="Makes a new signing secret for your own bridge.")
    ] = False


@api.get("/api/v1/sip-trunks", responses=description.list_of(SipTrunkReply), tags=_TAGS)
def list_trunks() -> Response[Any]:
    """List the SIP trunks, first those that are tried first."""
    organization_id = edge.authorized(api, "admin")
    found = edge.current_app(api).store.trunks(organization_id)
    return edge.answer(200, [trunk_reply(trunk) for trunk in found])


@api.post(
    "/api/v1/sip-trunks",
    responses=description.replies(
        NewSipTrunkReply, InvalidRequest, DestinationNotAllowed, Conflict, status=201
    ),
    tags=_TAGS,
)
def create_trunk(body: Annotated[NewTrunkBody, Body()]) -> Response[Any]:
    """Make a SIP trunk. A signing secret for your own bridge is shown now and never again."""
    organization_id = edge.authorized(api, "admin")
    made = trunks.create(edge.current_app(api), organization_id, body.model_dump(by_alias=True))
    return edge.answer(201, changed_reply(made), _NO_STORE)


@api.post(
    "/api/v1/sip-trunks/sync",
    responses=description.replies(SipTrunkSync),
    tags=_TAGS,
)
def sync_trunks() -> Response[Any]:
    """Look whether each SIP trunk is ready to carry calls. Nobody is called."""
    organization_id = edge.authorized(api, "admin")
    return edge.answer(200, sync_reply(trunks.sync(edge.current_app(api), organization_id)))


@api.get(
    "/api/v1/sip-trunks/<trunk_id>",
    responses=description.replies(SipTrunkReply, NotFound),
    tags=_TAGS,
)
def get_trunk(trunk_id: TrunkId) -> Response[Any]:
    """Show a SIP trunk."""
    organization_id = edge.authorized(api, "admin")
    found = trunks.find(edge.current_app(api), organization_id, trunk_id)
    return edge.answer(200, trunk_reply(found))


@api.put(
    "/api/v1/sip-trunks/<trunk_id>",
    responses=description.replies(
        NewSipTrunkReply, InvalidRequest, DestinationNotAllowed, NotFound, Conflict
    ),
    tags=_TAGS,
)
def update_trunk(trunk_id: TrunkId, body: Annotated[TrunkBody, Body()]) -> Response[Any]:
    """Change what is given of a SIP trunk."""
    organization_id = edge.authorized(api, "admin")
    given = body.model_dump(exclude_unset=True, by_alias=True)
    changed = trunks.change(edge.current_app(api), organization_id, trunk_id, given)
    return edge.answer(200, changed_reply(changed), _NO_STORE)


@api.delete(
    "/api/v1/sip-trunks/<trunk_id>",
    responses=description.replies(None, NotFound, TrunkInUse, Conflict, status=204),
    tags=_TAGS,
)
def delete_trunk(trunk_id: TrunkId) -> Response[Any]:
    """Delete a SIP trunk that no number uses, with its password."""
    organization_id = edge.authorized(api, "admin")
    trunks.delete(edge.current_app(api), organization_id, trunk_id)
    return Response(204)


@api.post(
    "/api/v1/sip-trunks/<trunk_id>/enable",
    responses=description.replies(SipTrunkReply, NotFound, Conflict),
    tags=_TAGS,
)
def enable_trunk(trunk_id: TrunkId) -> Response[Any]:
    """Let calls go over a SIP trunk."""
    organization_id = edge.authorized(api, "admin")
    changed = trunks.change(edge.current_app(api), organization_id, trunk_id, {"enabled": True})
    return edge.answer(200, trunk_reply(changed.trunk))


@api.post(
    "/api/v1/sip-trunks/<trunk_id>/disable",
    responses=description.replies(SipTrunkReply, NotFound, Conflict),
    tags=_TAGS,
)
def disable_trunk(trunk_id: TrunkId) -> Response[Any]:
    """Let no further call go over a SIP trunk."""
    organization_id = edge.authorized(api, "admin")
    changed = trunks.change(edge.current_app(api), organization_id, trunk_id, {"enabled": False})
    return edge.answer(200, trunk_reply(changed.trunk))
