"""/api/v1/webhooks: who is told, and with which secrets they verify it."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from pydantic import ConfigDict, Field, StrictBool, StrictStr

from switchboard import description, edge
from switchboard.errors import Conflict, InvalidSettings, WebhookNotFound
from switchboard.events import registering
from switchboard.model import EVENT_TYPES
from switchboard.replies.common import Done
from switchboard.replies.events import WebhookReply, WebhookSecrets, secrets_reply, webhook_reply
from switchboard.request_model import RequestModel

api = APIGatewayRouter()

_TAGS = ["Webhooks"]
_WebhookId = Annotated[str, Path(pattern=r"^[0-9a-f]{20}$")]
_Type = Annotated[StrictStr, Field(min_length=1, max_length=64, examples=[EVENT_TYPES[0]])]
_Types = Annotated[
    list[_Type],
    Field(
        max_length=20,
        description="What it wants, everything without any; the end of a call comes in any case. "
        f"There are {', '.join(EVENT_TYPES)}.",
    ),
]


class NewWebhookBody(RequestModel):
    """A receiver of all of the organization's events."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"url": "https://example.com/events"}]}
    )

    url: Annotated[
        StrictStr,
        Field(
            min_length=1,
            max_length=2048,
            description="https://, or the ARN of an SQS queue or an EventBridge bus of this "
            "account whose policy lets the stack's DeliverEventRole in.",
        ),
    ]
    types: _Types = []  # noqa: RUF012  (pydantic copies it)
    ed25519: Annotated[StrictBool, Field(description="Sign with Ed25519, too.")] = False


class WebhookBody(RequestModel):
    """What shall become different."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"enabled": True}]})

    types: _Types | None = None
    ed25519: StrictBool | None = None
    enabled: StrictBool | None = None


@api.get("/api/v1/webhooks", responses=description.list_of(WebhookReply), tags=_TAGS)
def list_webhooks() -> Response[Any]:
    """List the receivers of events, oldest first, those of assistants too."""
    organization_id = edge.authorized(api, "admin")
    found = registering.list_all(edge.current_app(api), organization_id)
    return edge.answer(200, [webhook_reply(it) for it in found])


@api.post(
    "/api/v1/webhooks",
    responses=description.replies(WebhookReply, InvalidSettings, Conflict, status=201),
    tags=_TAGS,
)
def register_webhook(body: Annotated[NewWebhookBody, Body()]) -> Response[edge.Json]:
    """Send all of the organization's events somewhere, too."""
    organization_id = edge.authorized(api, "admin")
    made = registering.register(
        edge.current_app(api), organization_id, body.url, tuple(body.types), ed25519=body.ed25519
    )
    return edge.answer(201, webhook_reply(made))


@api.get(
    "/api/v1/webhooks/<webhook_id>",
    responses=description.replies(WebhookReply, WebhookNotFound),
    tags=_TAGS,
)
def get_webhook(webhook_id: _WebhookId) -> Response[edge.Json]:
    """Show a receiver, and whether it answers."""
    organization_id = edge.authorized(api, "admin")
    found = registering.find(edge.current_app(api), organization_id, webhook_id)
    return edge.answer(200, webhook_reply(found))


@api.patch(
    "/api/v1/webhooks/<webhook_id>",
    responses=description.replies(WebhookReply, WebhookNotFound, InvalidSettings, Conflict),
    tags=_TAGS,
)
def update_webhook(
    webhook_id: _WebhookId, body: Annotated[WebhookBody, Body()]
) -> Response[edge.Json]:
    """Change what a receiver gets, or switch it off and on."""
    organization_id = edge.authorized(api, "admin")
    changed = registering.change(
        edge.current_app(api),
        organization_id,
        webhook_id,
        types=None if body.types is None else tuple(body.types),
        ed25519=body.ed25519,
        enabled=body.enabled,
    )
    return edge.answer(200, webhook_reply(changed))


@api.delete(
    "/api/v1/webhooks/<webhook_id>",
    responses=description.replies(Done, WebhookNotFound, Conflict),
    tags=_TAGS,
)
def remove_webhook(webhook_id: _WebhookId) -> Response[edge.Json]:
    """Send a receiver nothing any more but its assistants' calls."""
    organization_id = edge.authorized(api, "admin")
    removed = registering.remove(edge.current_app(api), organization_id, webhook_id)
    message = f"Webhook {removed.id} gets the organization's events no more"
    return edge.answer(200, {"success": True, "message": message})


@api.get(
    "/api/v1/webhooks/<webhook_id>/secret",
    responses=description.replies(WebhookSecrets, WebhookNotFound),
    tags=_TAGS,
)
def get_webhook_secret(webhook_id: _WebhookId) -> Response[edge.Json]:
    """Show what a receiver verifies its events with."""
    organization_id = edge.authorized(api, "admin")
    app = edge.current_app(api)
    found = registering.find(app, organization_id, webhook_id)
    return edge.answer(200, secrets_reply(found, *registering.secrets_of(app, found)))


@api.post(
    "/api/v1/webhooks/<webhook_id>/rotate",
    responses=description.replies(WebhookSecrets, WebhookNotFound, Conflict),
    tags=_TAGS,
)
def rotate_webhook_secret(webhook_id: _WebhookId) -> Response[edge.Json]:
    """Give a receiver a new secret: for 24 hours its events are signed with both."""
    organization_id = edge.authorized(api, "admin")
    app = edge.current_app(api)
    found = registering.rotate(app, organization_id, webhook_id)
    return edge.answer(200, secrets_reply(found, *registering.secrets_of(app, found)))
