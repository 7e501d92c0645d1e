"""The edge of the carriers' webhooks: small, because a caller hears a ring tone while it loads."""

import base64
import binascii
import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from aws_lambda_powertools import Logger

from . import webhooks
from .app import App
from .carriers import voice_class
from .carriers.base import CarrierContext, WebhookReply, WebhookRequest
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
    try:
        if _is_probe(event, carrier):
            return _reply(WebhookReply())  # carriers probe a URL before they take it
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


def _is_probe(event: Json, carrier: str) -> bool:
    if event.get("httpMethod") not in ("GET", "HEAD"):
        return False
    # A question comes with fields of the carrier's own beside ours.
    return not (voice_class(carrier).asks_with_get and len(_query(event)) > 1)


def _answer(event: Json, carrier: str, app: App) -> WebhookReply:
    to = _addressee(event)
    # The path as it was given to the carrier. What the event says of its own address
    # depends on stages, mapped domains and headers, and is not what was signed.
    context = app.carrier_context(carrier, to.organization_id)
    request = WebhookRequest(
        method=event["httpMethod"],
        url=_url(context, event["resource"], to),
        call_id=to.call_id,
        trunk_id=to.trunk_id,
        text_id=to.text_id,
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        body=_body(event),
        query={name: values[-1] for name, values in _query(event).items()},
    )
    return webhooks.handle(app, carrier, to.organization_id, request)


def _url(context: CarrierContext, path: str, to: "_Addressee") -> str:
    if to.text_id:
        return context.text_url(path, to.text_id)
    if to.trunk_id:
        return context.trunk_url(path, to.trunk_id)
    return context.webhook_url(path, to.call_id)


class _Addressee(NamedTuple):
    """The organization that a URL was made for, and what of it the URL speaks of alone."""

    organization_id: int
    call_id: int | None
    trunk_id: str | None
    text_id: str | None


# `?org=<organization>`, or `?call=<organization>-<call>` for the events of one call, or
# `?trunk=<organization>-<trunk>` for what speaks for one SIP trunk, or
# `?message=<organization>-<message>` for what becomes of one text message.
_ID = r"[1-9][0-9]{0,15}"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ADDRESSEE = {
    "org": re.compile(f"(?P<org>{_ID})"),
    "call": re.compile(f"(?P<org>{_ID})-(?P<call>{_ID})"),
    "trunk": re.compile(f"(?P<org>{_ID})-(?P<trunk>{_UUID})"),
    "message": re.compile(f"(?P<org>{_ID})-(?P<text>{_UUID})"),
}


def _addressee(event: Json) -> _Addressee:
    # In a GET the carrier's own fields stand beside ours; a POST has nothing to add.
    query = _query(event)
    ours = [name for name in query if name in _ADDRESSEE or event["httpMethod"] == "POST"]
    if len(ours) == 1:
        values, pattern = query[ours[0]], _ADDRESSEE.get(ours[0])
        found = pattern.fullmatch(values[0]) if pattern and len(values) == 1 else None
        if found:
            ids = found.groupdict()
            call = int(ids["call"]) if "call" in ids else None
            return _Addressee(int(ids["org"]), call, ids.get("trunk"), ids.get("text"))
    raise SignatureInvalid(
        "This URL is not one that Switchboard gave to a carrier: it must end in ?org= and the "
        "organization's id, or ?call= and a call's, or ?trunk= and a SIP trunk's, or ?message= and "
        "a message's, and nothing else."
    )


def _query(event: Json) -> dict[str, list[str]]:
    return event.get("multiValueQueryStringParameters") or {}


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
