"""The edge of the carriers' webhooks: small, because a caller hears a ring tone while it loads."""

import base64
import binascii
import json
import re
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger

from . import webhooks
from .app import App
from .carriers.base import WebhookReply, WebhookRequest
from .errors import InvalidRequest, RequestTooLarge, SignatureInvalid, SwitchboardError
from .model import without_numbers

# Named like the package, so that every module's own logger speaks through it.
logger = Logger(service="switchboard")

# Twilio's and Telnyx's largest events are a few kilobytes.
_BODY_LIMIT = 256 * 1024

type Json = dict[str, Any]


def handle(event: Json, carrier: str, app: Callable[[], App]) -> Json:
    """Answer one webhook, and log it in one line."""
    request_id = str((event.get("requestContext") or {}).get("requestId"))
    logger.set_correlation_id(request_id)
    if event.get("httpMethod") in ("GET", "HEAD"):
        return _reply(WebhookReply())  # carriers probe a URL before they take it
    try:
        reply = _reply(_answer(event, carrier, app()))
    except SwitchboardError as error:
        detail = without_numbers(str(error))
        logger.warning("webhook refused", extra={"code": error.code, "detail": detail})
        reply = _problem(error.status, error.code, str(error), request_id)
    except Exception:
        logger.exception("webhook failed")
        reply = _problem(500, "internal_error", "Internal error: send it again.", request_id)
    logger.info(
        "webhook",
        extra={"carrier": carrier, "route": event.get("resource"), "status": reply["statusCode"]},
    )
    return reply


def _answer(event: Json, carrier: str, app: App) -> WebhookReply:
    organization, call_id, text_id = _addressee(event)
    # The path as it was given to the carrier. What the event says of its own address
    # depends on stages, mapped domains and headers, and is not what was signed.
    context = app.carrier_context(carrier, organization)
    request = WebhookRequest(
        method=event["httpMethod"],
        url=context.text_url(event["resource"], text_id)
        if text_id
        else context.webhook_url(event["resource"], call_id),
        call_id=call_id,
        text_id=text_id,
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        body=_body(event),
    )
    return webhooks.handle(app, carrier, organization, request)


# `?org=<organization>`, or `?call=<organization>-<call>` for the events of one call, or
# `?message=<organization>.<message>` for what becomes of one text message.
_ID = r"[1-9][0-9]{0,15}"
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ADDRESSEE = {
    "org": re.compile(f"({_ID})()()"),
    "call": re.compile(f"({_ID})-({_ID})()"),
    "message": re.compile(f"({_ID})()\\.({_UUID})"),
}


def _addressee(event: Json) -> tuple[int, int | None, str | None]:
    """Return the organization that the URL was made for, and the call or the text message."""
    query = event.get("multiValueQueryStringParameters") or {}
    if len(query) == 1:
        [(name, values)] = query.items()
        pattern = _ADDRESSEE.get(name)
        found = pattern.fullmatch(values[0]) if pattern and len(values) == 1 else None
        if found:
            return int(found[1]), int(found[2]) if found[2] else None, found[3] or None
    raise SignatureInvalid(
        "This URL is not one that Switchboard gave to a carrier: it must end in ?org= and the "
        "organization's id, or ?call= and a call's or ?message= and a message's, and nothing else."
    )


def _body(event: Json) -> bytes:
    text = event.get("body") or ""
    if len(text) > _BODY_LIMIT:
        raise RequestTooLarge(f"The body is larger than {_BODY_LIMIT // 1024} KB.")
    if not event.get("isBase64Encoded"):
        return str(text).encode()
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise InvalidRequest("The body is not base64.") from error


def _reply(reply: WebhookReply) -> Json:
    return {
        "statusCode": reply.status,
        "headers": {
            "Content-Type": reply.content_type,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
        "body": reply.body,
    }


def _problem(status: int, code: str, detail: str, request_id: str) -> Json:
    body = json.dumps({"detail": detail, "code": code, "request_id": request_id})
    return _reply(WebhookReply(status, body, "application/json"))
