"""/api/v1/users/me/api-keys: the organization's API keys, for whoever may do everything."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from pydantic import (
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    model_validator,
)

from switchboard import description, edge, permissions, tokens
from switchboard.errors import Conflict, NotFound
from switchboard.ids import LAST_ID
from switchboard.permissions import Access
from switchboard.replies.common import Done
from switchboard.replies.keys import ApiKeyReply, NewApiKeyReply, key_reply
from switchboard.request_model import RequestModel

api = APIGatewayRouter()

KeyId = Annotated[int, Path(ge=1, le=LAST_ID)]
Name = Annotated[StrictStr, Field(max_length=200, examples=["CI"])]
_Access = Annotated[Access | None, Field(examples=["read_write"])]


class PermissionsBody(RequestModel):
    """What a key may do. What is not named is not given."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"read": True, "calls": "read_write"}]}
    )

    read: Annotated[StrictBool, Field(description="Read everything.")] = False
    write: Annotated[StrictBool, Field(description="Change everything.")] = False
    admin: Annotated[
        StrictBool, Field(description="Organization, credentials, API keys, audit, and the rest.")
    ] = False
    numbers: _Access = None
    calls: _Access = None
    assistants: _Access = None

    def scopes(self) -> tuple[str, ...]:
        """Return the scopes that these permissions stand for."""
        given = permissions.Permissions(**self.model_dump(exclude_none=True))  # type: ignore[typeddict-item]
        return permissions.scopes_of(given)


class NewKeyBody(RequestModel):
    """A new API key: with `permissions` or `scopes`, else it may read and write everything."""

    name: Name
    permissions: PermissionsBody | None = None
    scopes: Annotated[
        list[StrictStr] | None, Field(max_length=20, examples=[["calls:read", "calls:write"]])
    ] = None
    expires_in_days: Annotated[
        StrictInt | None, Field(ge=1, le=36_500, description="Without it, it never expires.")
    ] = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.permissions is not None and self.scopes is not None:
            raise ValueError("give permissions or scopes, not both")
        return self

    def granted(self) -> list[str]:
        """Return the scopes that the key shall have."""
        if self.scopes is not None:
            return list(self.scopes)
        if self.permissions is not None:
            return list(self.permissions.scopes())
        return list(permissions.scopes_of(permissions.DEFAULT))


class KeyPage(RequestModel):
    """A page of API keys, oldest first."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 1000
    cursor: Annotated[
        int, Field(ge=0, le=LAST_ID, description="X-Next-Cursor of the page before")
    ] = 0


@api.get("/api/v1/users/me/api-keys", responses=description.list_of(ApiKeyReply), tags=["API keys"])
def list_api_keys(query: Annotated[KeyPage, Query()]) -> Response[list[edge.Json]]:
    """List the organization's API keys, revoked ones too, oldest first."""
    organization_id = edge.authorized(api, permissions.ADMIN)
    app = edge.current_app(api)
    found, last = tokens.page(app, organization_id, query.cursor, query.limit)
    now = app.clock()
    headers = {} if last is None else {"X-Next-Cursor": str(last)}
    return edge.answer(200, [key_reply(token, now) for token in found], headers)


@api.post(
    "/api/v1/users/me/api-keys", responses=description.replies(NewApiKeyReply), tags=["API keys"]
)
def create_api_key(body: Annotated[NewKeyBody, Body()]) -> Response[edge.Json]:
    """Make an API key and show its secret, which is never shown again."""
    organization_id = edge.authorized(api, permissions.ADMIN)
    app = edge.current_app(api)
    lifetime = timedelta(days=body.expires_in_days) if body.expires_in_days else None
    made, key = tokens.create(
        app, organization_id, body.name, body.granted(), lifetime, no_longer_than=_makers_end()
    )
    shown: NewApiKeyReply = {"api_key": key_reply(made, app.clock()), "key": key}
    return edge.answer(200, shown, {"Cache-Control": "no-store"})


@api.put(
    "/api/v1/users/me/api-keys/<key_id>",
    responses=description.replies(ApiKeyReply, NotFound, Conflict),
    tags=["API keys"],
)
def update_api_key(
    key_id: KeyId,
    name: Annotated[str | None, Query(max_length=200)] = None,
    body: Annotated[PermissionsBody | None, Body()] = None,
) -> Response[edge.Json]:
    """Rename an API key (in the query), or replace what it may do (in the body), at once."""
    organization_id = edge.authorized(api, permissions.ADMIN)
    app = edge.current_app(api)
    scopes = body.scopes() if body else None
    changed = tokens.change(app, organization_id, key_id, name, scopes)
    return edge.answer(200, key_reply(changed, app.clock()))


@api.delete(
    "/api/v1/users/me/api-keys/<key_id>",
    responses=description.replies(Done, NotFound, Conflict),
    tags=["API keys"],
)
def revoke_api_key(key_id: KeyId) -> Response[edge.Json]:
    """Make an API key worthless, at once and for good."""
    organization_id = edge.authorized(api, permissions.ADMIN)
    revoked = tokens.revoke(edge.current_app(api), organization_id, key_id)
    done: Done = {"success": True, "message": f"API key '{revoked.name}' revoked"}
    return edge.answer(200, done)


def _makers_end() -> datetime | None:
    # A key that ends cannot make one that goes on for ever.
    identity = api.current_event.request_context.authorizer
    end = str(identity.get("token_expires_at") or "")
    return datetime.fromisoformat(end) if end else None
