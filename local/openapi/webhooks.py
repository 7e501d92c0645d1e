"""Describe the routes that have no resolver: the carriers' webhooks, fallback, description."""

from typing import Any

type Json = dict[str, Any]

_TWILIO = (
    "Twilio sends a form, signed in `X-Twilio-Signature` over the exact URL that it was given: "
    "the public base URL, this path, and `?org=` or `?call=` with an id."
)
_TELNYX = (
    "Telnyx sends JSON, signed in `telnyx-signature-ed25519` and `telnyx-timestamp`: the URL ends "
    "in `?org=` or `?call=` with an id."
)
_ADDRESSEE: list[Json] = [
    {
        "name": "org",
        "in": "query",
        "required": False,
        "description": "The organization that the URL was made for.",
        "schema": {"type": "string", "pattern": "^[1-9][0-9]{0,15}$"},
    },
    {
        "name": "call",
        "in": "query",
        "required": False,
        "description": "Organization and call that the URL was made for.",
        "schema": {"type": "string", "pattern": "^[1-9][0-9]{0,15}-[1-9][0-9]{0,15}$"},
    },
    {
        "name": "message",
        "in": "query",
        "required": False,
        "description": "Organization and text message that the URL was made for.",
        "schema": {"type": "string", "pattern": "^[1-9][0-9]{0,15}\\.[0-9a-f-]{36}$"},
    },
]
_STATUSES = {
    "400": "`invalid_request`: what came is no webhook of this carrier.",
    "413": "`request_too_large`: larger than any webhook.",
    "429": "`rate_limited`: too many requests at once.",
    "500": "`internal_error`: our own fault; the carrier sends it again.",
    "502": "`internal_error`: our own fault; the carrier sends it again.",
    "503": "`service_unavailable`: the carrier shall send it again.",
    "504": "`internal_error`: our own fault; the carrier sends it again.",
}


def _operation(name: str, tag: str, summary: str, text: str, responses: Json) -> Json:
    return {
        "operationId": name,
        "tags": [tag],
        "summary": summary,
        "description": text,
        "security": [],
        "responses": responses,
    }


def _problem(text: str) -> Json:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _webhook(name: str, summary: str, text: str, forged: str, reply: Json, body: Json) -> Json:
    refusals = {status: _problem(said) for status, said in _STATUSES.items()}
    refusals[forged] = _problem(
        "`invalid_signature`: not signed by the carrier, or not for this URL."
    )
    refusals["403"] = refusals[forged]  # a URL that was given to no carrier
    made = _operation(name, "For the carriers", summary, text, {"200": reply} | refusals)
    made["parameters"] = _ADDRESSEE
    made["requestBody"] = {"required": True, "content": body}
    return made


def _twilio(name: str, summary: str, reply: Json) -> Json:
    form = {"type": "object", "additionalProperties": {"type": "string"}}
    example = {"CallSid": "CA00000000000000000000000000000001", "To": "+14155550100"}
    body = {"application/x-www-form-urlencoded": {"schema": form, "example": example}}
    return _webhook(name, summary, _TWILIO, "403", reply, body)


_XML: Json = {
    "description": "TwiML: what the caller shall hear.",
    "content": {"application/xml": {"schema": {"type": "string"}}},
}
_DONE: Json = {"description": "It is on record."}
_THERE: Json = {"200": {"description": "The URL answers."}}
_EVENT: Json = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["data"],
            "properties": {"data": {"type": "object", "additionalProperties": True}},
        },
        "example": {"data": {"event_type": "call.initiated"}},
    }
}


def _message_twilio(name: str) -> Json:
    return _twilio(name, "A message came, or one of ours has come further", _DONE)


def _message_telnyx(name: str) -> Json:
    summary = "A message came, or one of ours has come further"
    return _webhook(name, summary, _TELNYX, "401", _DONE, _EVENT)


_APOLOGY: Json = {
    "200": {
        "description": "TwiML that apologises and hangs up.",
        "content": {"application/xml": {"schema": {"type": "string"}}},
    }
}
_FALLBACK = "Where Twilio turns when our answer fails: a constant, served by the gateway alone."
_PROBE = "Telnyx asks whether a URL answers before it takes it."
_FILE = ("swagger-ui.css", "swagger-ui.js", "start.js")

OPERATIONS: dict[tuple[str, str], Json] = {
    ("post", "/twiml"): _twilio("twilio_voice", "A call rings, or was answered", _XML),
    ("post", "/call-status"): _twilio("twilio_call_status", "A call's state changed", _DONE),
    ("post", "/webhooks/sms/twilio"): _message_twilio("twilio_sms"),
    ("post", "/twilio-sms-webhook"): _message_twilio("twilio_sms_old"),
    ("post", "/webhooks/sms/telnyx"): _message_telnyx("telnyx_sms"),
    ("post", "/telnyx-sms-webhook"): _message_telnyx("telnyx_sms_old"),
    ("post", "/telnyx-webhook"): _webhook(
        "telnyx_event", "Something happened to a call or a number", _TELNYX, "401", _DONE, _EVENT
    ),
    ("get", "/telnyx-webhook"): _operation(
        "telnyx_probe", "For the carriers", "Are you there?", _PROBE, _THERE
    ),
    ("head", "/telnyx-webhook"): _operation(
        "telnyx_probe_head", "For the carriers", "Are you there?", _PROBE, _THERE
    ),
    ("get", "/fallback/twilio.xml"): _operation(
        "twilio_fallback_get", "For the carriers", "Apologise to a caller", _FALLBACK, _APOLOGY
    ),
    ("post", "/fallback/twilio.xml"): _operation(
        "twilio_fallback", "For the carriers", "Apologise to a caller", _FALLBACK, _APOLOGY
    ),
    ("get", "/openapi.json"): _operation(
        "openapi",
        "This description",
        "This document",
        "",
        {
            "200": {
                "description": "OpenAPI 3.1.",
                "content": {"application/json": {"schema": {"type": "object"}}},
            }
        },
    ),
    ("get", "/docs"): _operation(
        "docs",
        "This description",
        "A page to read this document and to try it",
        "It loads nothing from another host.",
        {
            "200": {
                "description": "A page.",
                "content": {"text/html": {"schema": {"type": "string"}}},
            }
        },
    ),
    ("get", "/docs/{file}"): _operation(
        "docs_file",
        "This description",
        "What the page loads",
        "",
        {
            "200": {
                "description": "A script or a style sheet.",
                "content": {
                    "text/javascript": {"schema": {"type": "string"}},
                    "text/css": {"schema": {"type": "string"}},
                },
            },
            "404": _problem("`not_found`: the page loads no such file."),
        },
    )
    | {
        "parameters": [
            {
                "name": "file",
                "in": "path",
                "required": True,
                "schema": {"type": "string", "enum": list(_FILE)},
                "example": _FILE[0],
            }
        ]
    },
}
"""What each of these routes takes and answers, by method and path."""
