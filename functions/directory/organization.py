"""/api/v1/organization: the caller's organization, its limits and its carrier accounts."""

from datetime import timedelta
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from pydantic import ConfigDict, Field, StrictBool, StrictInt, StrictStr

from switchboard import accounts, description, edge, fuses, tenancy
from switchboard.directory import organizations
from switchboard.errors import (
    AccountInUse,
    CarrierPermissionDenied,
    Conflict,
    CredentialsRefused,
    InvalidCredentials,
    InvalidRequest,
    InvalidSettings,
    NotFound,
    OutcomeUnknown,
)
from switchboard.replies.organizations import (
    FuseReply,
    Health,
    OrganizationReply,
    Validation,
    fuse_reply,
    organization_reply,
)
from switchboard.request_model import RequestModel
from switchboard.rotation import LONGEST_OVERLAP

api = APIGatewayRouter()

_TAGS = ["Organization"]

_Count = Annotated[StrictInt, Field(ge=1, le=1_000_000_000)]
_AtOnce = Annotated[StrictInt, Field(ge=1, le=5_000)]
_Secret = Annotated[
    StrictStr | None,
    Field(max_length=8_192, description="Null, or what is shown of it, leaves it as it is."),
]


class LimitsBody(RequestModel):
    """Limits that shall become different."""

    model_config = ConfigDict(extra="forbid")

    allowed_countries: Annotated[
        list[Annotated[StrictStr, Field(pattern="^[A-Za-z]{2}$")]] | None,
        Field(max_length=300, description="ISO 3166: the whole list. Null is the default one."),
    ] = None
    premium_rate: StrictBool = False
    satellite: StrictBool = False
    concurrent_calls: _AtOnce = 1
    calls_per_second: _Count = 1
    calls_per_day: _Count = 1
    daily_spend_cents: _Count = 1
    number_concurrent_calls: Annotated[
        _AtOnce | None, Field(description="For each number; null lifts it.")
    ] = None
    number_calls_per_day: Annotated[
        _Count | None, Field(description="For each number; null lifts it.")
    ] = None
    fuse_calls: _Count = 1
    fuse_calls_abroad: _Count = 1
    fuse_spend_cents: _Count = 1


class OrganizationBody(RequestModel):
    """What shall become different. New credentials are tried at their carrier first."""

    model_config = ConfigDict(
        # Other carriers' credentials are refused by name, and what we only show is passed over.
        extra="allow",
        json_schema_extra={
            "examples": [{"settings": {"stream_url": "wss://media.example.com/stream"}}]
        },
    )

    # A factory, for "" stands for "not given" and is not a name that anybody may send.
    name: Annotated[StrictStr, Field(default_factory=str, min_length=1, max_length=100)]
    slug: Annotated[StrictStr | None, Field(max_length=63)] = None
    description: Annotated[StrictStr | None, Field(max_length=4_096)] = None
    domain: Annotated[StrictStr | None, Field(max_length=253)] = None
    settings: dict[str, Any] | None = None
    limits: LimitsBody | None = None
    twilio_account_sid: _Secret = None
    twilio_auth_token: _Secret = None
    telnyx_api_key: _Secret = None
    telnyx_public_key: _Secret = None
    vonage_api_key: _Secret = None
    vonage_api_secret: _Secret = None
    vonage_signature_secret: _Secret = None
    vonage_api_region: Annotated[
        StrictStr | None,
        Field(max_length=20, description="Where calls are placed: api, api-us, api-eu or api-ap."),
    ] = None
    credentials_overlap_hours: Annotated[
        StrictInt,
        Field(
            ge=0,
            le=LONGEST_OVERLAP // timedelta(hours=1),
            description="So long webhooks signed with the former auth token, public key or "
            "signature secret are still believed. 0 when somebody else knows it.",
        ),
    ] = 24
    replace_account: Annotated[
        StrictBool,
        Field(
            description="Confirms that credentials of another account take the place of those of "
            "an account that still holds numbers: their calls are not answered any more.",
        ),
    ] = False


class TwilioBody(RequestModel):
    """Credentials to try."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"account_sid": "AC00000000000000000000000000000001", "auth_token": "0" * 32}
            ]
        }
    )

    account_sid: Annotated[StrictStr, Field(min_length=1, max_length=64)]
    auth_token: Annotated[StrictStr, Field(min_length=1, max_length=256)]


@api.get(
    "/api/v1/organization",
    responses=description.replies(OrganizationReply, NotFound),
    tags=_TAGS,
)
def get_organization() -> Response[Any]:
    """Show the organization: of its credentials, only how they end."""
    organization_id = edge.authorized(api, "admin")
    found = organizations.find(edge.current_app(api), organization_id)
    return edge.answer(200, organization_reply(found))


@api.put(
    "/api/v1/organization",
    responses=description.replies(
        OrganizationReply,
        NotFound,
        InvalidSettings,
        CredentialsRefused,
        AccountInUse,
        Conflict,
        OutcomeUnknown,
        *description.CARRIER,
    ),
    tags=_TAGS,
)
def update_organization(body: Annotated[OrganizationBody, Body()]) -> Response[Any]:
    """Change what is given. When a carrier refuses its credentials, nothing is changed."""
    organization_id = edge.authorized(api, "admin")
    given = body.model_dump(exclude_unset=True)
    try:
        changed = tenancy.update(edge.current_app(api), organization_id, given)
    except InvalidCredentials as error:
        # Not those that are stored, for which it is the carrier's answer that went wrong.
        raise CredentialsRefused(str(error)) from error
    return edge.answer(200, organization_reply(changed))


@api.post(
    "/api/v1/organization/twilio/validate",
    responses=description.replies(Validation, *description.CARRIER),
    tags=_TAGS,
)
def validate_twilio(body: Annotated[TwilioBody, Body()]) -> Response[Any]:
    """Try Twilio credentials. Nothing is stored."""
    organization_id = edge.authorized(api, "admin")
    app = edge.current_app(api)
    try:
        name = accounts.probe(app, organization_id, "twilio", body.model_dump())
    except (InvalidCredentials, CarrierPermissionDenied, InvalidRequest) as error:
        return edge.answer(200, {"valid": False, "error": str(error), "friendly_name": None})
    return edge.answer(200, {"valid": True, "error": None, "friendly_name": name})


_FUSE = description.replies(FuseReply, NotFound)


@api.get("/api/v1/organization/fuse", responses=_FUSE, tags=_TAGS)
def get_fuse() -> Response[Any]:
    """Show whether outbound calls are stopped, and how near they are to that."""
    organization_id = edge.authorized(api, "admin")
    app = edge.current_app(api)
    organization = organizations.find(app, organization_id)
    return edge.answer(200, fuse_reply(app.store.fuse(organization_id), organization))


@api.post("/api/v1/organization/fuse/reset", responses=_FUSE, tags=_TAGS)
def reset_fuse() -> Response[Any]:
    """Let calls be placed again. Those from before it tripped are ended all the same."""
    organization_id = edge.authorized(api, "admin")
    app = edge.current_app(api)
    organization = organizations.find(app, organization_id)
    return edge.answer(200, fuse_reply(fuses.reset(app, organization_id), organization))


@api.post("/api/v1/organization/fuse/trip", responses=_FUSE, tags=_TAGS)
def trip_fuse() -> Response[Any]:
    """Stop all outbound calls now, and end those in progress, until somebody resets it."""
    organization_id = edge.authorized(api, "admin")
    app = edge.current_app(api)
    organization = organizations.find(app, organization_id)
    tripped = fuses.trip(app, organization_id, fuses.BY_HAND)
    return edge.answer(200, fuse_reply(tripped, organization))


@api.get("/health", responses=description.replies(Health), tags=_TAGS)
@api.get("/api/v1/organization/health", responses=description.replies(Health), tags=_TAGS)
def get_health() -> Response[Any]:
    """Say that the API can be reached. Open to everybody; looks at nothing."""
    return edge.answer(200, {"status": "healthy", "service": "switchboard"})
