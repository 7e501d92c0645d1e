"""The edge: Lambda events in, HTTP replies out, errors to statuses, scopes, one log line each.

Nothing here is imported on the path of a ringing phone: see `webhook_edge`.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response, content_types
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from aws_lambda_powertools.utilities.typing import LambdaContext

from . import lambda_events
from .app import App
from .errors import (
    Forbidden,
    InvalidRequest,
    LimitExceeded,
    NotFound,
    RequestTooLarge,
    SwitchboardError,
    TooManyRequests,
)
from .logs import logger
from .model import Actor, without_numbers

_BODY_LIMIT = 64 * 1024
_KEY_LIMIT = 255
_ROUTE_SHOWN = 200

type Json = dict[str, Any]
type Door = APIGatewayRestResolver | APIGatewayRouter
"""What a route is declared on: a function's resolver, or a part of its routes."""


def api() -> APIGatewayRestResolver:
    """Return a resolver whose errors are all in the contract's form."""
    resolver = APIGatewayRestResolver(enable_validation=True)

    @resolver.exception_handler(SwitchboardError)
    def refuse(error: SwitchboardError) -> Response[str]:
        logger.info("refused", extra={"code": error.code, "detail": without_numbers(str(error))})
        refusal = problem(resolver, error.status, error.code, str(error))
        if isinstance(error, LimitExceeded | TooManyRequests):
            refusal.headers["Retry-After"] = str(error.retry_after)
        return refusal

    @resolver.exception_handler(RequestValidationError)
    def refuse_shape(error: RequestValidationError) -> Response[str]:
        detail = [_shape_error(e) for e in error.errors()]
        logger.info("refused", extra={"code": "validation_error", "detail": detail})
        return problem(resolver, 422, "validation_error", detail)

    @resolver.exception_handler(Exception)
    def fail(error: Exception) -> Response[str]:
        logger.exception("failed")
        return problem(resolver, 500, "internal_error", _INTERNAL)

    @resolver.not_found
    def no_route(error: Exception) -> Response[str]:
        return problem(resolver, 404, NotFound.code, "There is no such route.")

    return resolver


_INTERNAL = (
    "Internal error: the request could not be completed. Repeat it with the same Idempotency-Key, "
    "and quote the request_id if it happens again."
)


def handle(
    resolver: APIGatewayRestResolver, event: Json, context: LambdaContext, app: Callable[[], App]
) -> Json:
    """Run one API request; `app` is only made when the request is worth it."""
    logger.set_correlation_id(lambda_events.request_id(event))
    resolver.append_context(app=app)
    asked = {}
    try:
        lambda_events.check_request(event)
        request = event["requestContext"]
        logger.append_keys(organization_id=(request.get("authorizer") or {}).get("organization_id"))
        route = without_numbers(event["resource"][:_ROUTE_SHOWN])
        asked = {"method": without_numbers(event["httpMethod"][:9]), "route": route}
        # Before anything else reads the body, which might cost or break it.
        event = _plain(event)
        _check_body(event.get("body") or "")
        reply: Json = resolver.resolve(_typed(event), context)
    except SwitchboardError as error:
        reply = _bare(error, lambda_events.request_id(event))
    logger.info("request", extra=asked | {"status": reply["statusCode"]})
    return reply


def _plain(event: Json) -> Json:
    """Return the event with its path, and its body as text if it comes in base64."""
    event = event | {"path": event.get("path") or event["resource"]}
    if not event.get("isBase64Encoded"):
        return event
    try:
        body = base64.b64decode(event.get("body") or "", validate=True).decode()
    except ValueError as error:
        raise InvalidRequest("The body is not text in UTF-8.") from error
    return event | {"body": body, "isBase64Encoded": False}


def current_app(resolver: Door) -> App:
    """Return the App of the request being handled; what it changes is on record as the caller's."""
    app: App = resolver.context["app"]()
    actor = _actor(resolver)
    return app.acting_for(actor) if actor else app


def _actor(resolver: Door) -> Actor | None:
    request = resolver.current_event.request_context
    identity = request.authorizer
    key_id = identity.get("token_id")
    if key_id is None:
        # A route that no API key opens: a media runtime with its call's own token.
        return None
    return Actor(
        name=str(identity.get("token_name") or f"API key {key_id}"),
        key_id=int(key_id),
        address=str((request.raw_event.get("identity") or {}).get("sourceIp") or ""),
        request_id=request.request_id,
    )


def authorized(resolver: Door, scope: str) -> int:
    """Return the caller's organization; raise Forbidden unless its token has `scope`.

    The organization comes from the authorizer, never from the request. Raises TooManyRequests
    when the authorizer says so: it can let in and keep out, but not answer 429 itself.
    """
    identity = resolver.current_event.request_context.authorizer
    if wait := identity.get("retry_after"):
        raise TooManyRequests(int(wait))
    scopes = str(identity.get("scopes") or "").split()
    if scope not in scopes and "admin" not in scopes:
        raise Forbidden(f"This API key lacks the scope {scope}. Use a key that has it.")
    return int(identity["organization_id"])


def idempotency_key(resolver: APIGatewayRestResolver) -> str | None:
    """Return the Idempotency-Key header or None; raise InvalidRequest if it is unusable."""
    key: str | None = resolver.current_event.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not key or len(key) > _KEY_LIMIT or not (key.isascii() and key.isprintable()):
        raise InvalidRequest(
            f"Idempotency-Key must be 1 to {_KEY_LIMIT} printable ASCII characters."
        )
    return key


def answer(
    status: int,
    body: Mapping[str, object] | Sequence[Mapping[str, object]],
    headers: dict[str, str] | None = None,
) -> Response[Any]:
    """Return a JSON reply."""
    return Response(status, content_types.APPLICATION_JSON, body, headers=headers or {})


def _shape_error(error: Json) -> Json:
    loc = list(error["loc"])
    # Powertools also names the parameter that holds all of them, which nobody sent.
    if loc[:1] == ["query"] and len(loc) > 2:
        del loc[1]
    return {"loc": loc, "msg": error["msg"], "type": error["type"]}


def _check_body(body: str) -> None:
    if len(body) > _BODY_LIMIT:
        raise RequestTooLarge(f"The body is larger than {_BODY_LIMIT // 1024} KB.")
    try:
        json.loads(body)
    except json.JSONDecodeError:
        return  # said better where the route knows what it wants
    except (RecursionError, ValueError) as error:
        # Python reads neither thousands of nested brackets nor numbers of thousands of digits.
        raise InvalidRequest(
            "The body's JSON is nested too deeply, or has too long a number."
        ) from error


def _typed(event: Json) -> Json:
    """Return the event with the content type that its body has.

    curl calls every body a form; what begins like JSON is meant as JSON.
    """
    if (event.get("body") or "").lstrip()[:1] not in ("{", "["):
        return event
    headers = _without_content_type(event.get("headers"))
    many = _without_content_type(event.get("multiValueHeaders"))
    content_type = content_types.APPLICATION_JSON
    return event | {
        "headers": headers | {"Content-Type": content_type},
        "multiValueHeaders": many | {"Content-Type": [content_type]},
    }


def _without_content_type(headers: Json | None) -> Json:
    return {name: v for name, v in (headers or {}).items() if name.lower() != "content-type"}


def _bare(error: SwitchboardError, request_id: str) -> Json:
    body = {"detail": str(error), "code": error.code, "request_id": request_id}
    return {
        "statusCode": error.status,
        "multiValueHeaders": {"Content-Type": [content_types.APPLICATION_JSON]},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }


def problem(
    resolver: APIGatewayRestResolver, status: int, code: str, detail: object
) -> Response[Any]:
    """Return an error in the contract's form, with our code and the request's id."""
    request_id = resolver.current_event.request_context.request_id
    headers = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers = {"WWW-Authenticate": "Bearer"}
    elif code == Forbidden.code:
        headers = {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}
    return answer(status, {"detail": detail, "code": code, "request_id": request_id}, headers)
