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
_VONAGE = (
    "Vonage sends JSON, or the same fields in the query of a GET, with a signed token in "
    "`Authorization`: the URL ends in `?org=` or `?call=` with an id. What is not signed is "
    "answered 503, so that it comes again with a signature."
)
_BRIDGE = (
    "Your own SIP bridge sends JSON, signed in `X-Switchboard-Signature` with its trunk's "
    "secret: see docs/sip-bridge.md."
)
_TRUNK: list[Json] = [
    {
        "name": "trunk",
        "in": "query",
        "required": True,
        "description": "Organization and SIP trunk that the URL was made for.",
        "schema": {"type": "string", "pattern": "^[1-9][0-9]{0,15}-[0-9a-f-]{36}$"},
    }
]
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


def _own_bridge(name: str, summary: str, example: Json, reply: Json) -> Json:
    fields = {"call_sid": {"type": "string", "maxLength": 200}}
    schema = {
        "type": "object",
        "required": ["call_sid"],
        "properties": fields,
        "additionalProperties": True,
    }
    body = {"application/json": {"schema": schema, "example": example}}
    made = _webhook(name, summary, _BRIDGE, "401", reply, body)
    made["parameters"] = _TRUNK
    missing = _problem("`call_not_found`: an event of a call that is not known.")
    made["responses"] |= {"404": missing}
    return made


def _told(text: str, schema: Json) -> Json:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


_SID = "b3f7c2d0-5f0a-4d33-9f0e-2d1c8a7e6b54"
_INSTRUCTION: Json = {
    "type": "object",
    "required": ["action"],
    "properties": {
        "action": {"type": "string", "enum": ["stream", "say", "dial", "reject"]},
        "call_id": {"type": "integer"},
        "stream_url": {"type": "string"},
        "token": {"type": "string"},
        "parameters": {"type": "object", "additionalProperties": {"type": "string"}},
        "text": {"type": "string"},
        "to": {"type": "string"},
        "sip_code": {"type": "integer"},
    },
}
_PREWARMED: Json = {
    "type": "object",
    "required": ["call_sid", "prewarmed"],
    "properties": {"call_sid": {"type": "string"}, "prewarmed": {"type": "boolean"}},
}
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
_NCCO: Json = {
    "description": "An NCCO, where one was asked for: what the caller shall hear.",
    "content": {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}},
}
_SAID: Json = {
    "application/json": {
        "schema": {"type": "object", "additionalProperties": True},
        "example": {"uuid": "63f61863-4a51-4f6b-86e1-46edebcf9356", "status": "completed"},
    }
}


def _vonage(name: str, summary: str, reply: Json, *, by_get: bool = False) -> Json:
    if by_get:
        # Without a field of Vonage's own it is a probe, which is told nothing.
        nothing = {"text/plain": {"schema": {"type": "string"}}}
        reply = reply | {"content": reply.get("content", {}) | nothing}
    made = _webhook(name, summary, _VONAGE, "503", reply, _SAID)
    if by_get:
        del made["requestBody"]
    return made


_FALLBACK = "Where Twilio turns when our answer fails: a constant, served by the gateway alone."
_PROBE = "Telnyx asks whether a URL answers before it takes it."
_FILE = ("swagger-ui.css", "swagger-ui.js", "start.js")

OPERATIONS: dict[tuple[str, str], Json] = {
    ("post", "/twiml"): _twilio("twilio_voice", "A call rings, or was answered", _XML),
    ("post", "/call-status"): _twilio("twilio_call_status", "A call's state changed", _DONE),
    ("post", "/recording-status"): _twilio("twilio_recording", "A call was recorded", _DONE),
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
    ("post", "/sip-webhook"): _own_bridge(
        "sip_webhook",
        "A call rings, or was answered: what now?",
        {"call_sid": _SID, "from": "+12125550199", "to": "+14155550177"},
        _told("What to do with the call.", _INSTRUCTION),
    ),
    ("post", "/sip-status"): _own_bridge(
        "sip_status",
        "A call's state changed",
        {"call_sid": _SID, "status": "completed", "duration": 42},
        _DONE,
    ),
    ("post", "/sip-prewarm"): _own_bridge(
        "sip_prewarm",
        "A call will come",
        {"call_sid": _SID, "to_number": "+14155550177"},
        _told("The call's record is made.", _PREWARMED),
    ),
    ("get", "/fallback/twilio.xml"): _operation(
        "twilio_fallback_get", "For the carriers", "Apologise to a caller", _FALLBACK, _APOLOGY
    ),
    ("post", "/fallback/twilio.xml"): _operation(
        "twilio_fallback", "For the carriers", "Apologise to a caller", _FALLBACK, _APOLOGY
    ),
    ("post", "/vonage-webhook"): _vonage(
        "vonage_event", "A call rings, or its state changed", _NCCO
    ),
    ("get", "/vonage-webhook"): _vonage(
        "vonage_event_get", "A call rings, or its state changed", _NCCO, by_get=True
    ),
    ("post", "/webhooks/sms/vonage"): _vonage("vonage_sms", "A message came", _DONE),
    ("get", "/webhooks/sms/vonage"): _vonage(
        "vonage_sms_get", "A message came", _DONE, by_get=True
    ),
    ("get", "/fallback/vonage.json"): _operation(
        "vonage_fallback_get",
        "For the carriers",
        "Apologise to a caller",
        _FALLBACK.replace("Twilio", "Vonage"),
        {"200": _NCCO},
    ),
    ("post", "/fallback/vonage.json"): _operation(
        "vonage_fallback",
        "For the carriers",
        "Apologise to a caller",
        _FALLBACK.replace("Twilio", "Vonage"),
        {"200": _NCCO},
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
