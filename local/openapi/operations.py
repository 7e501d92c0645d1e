"""Describe the routes that functions declare: parameters, bodies, replies, scopes, examples."""

import inspect
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from switchboard import description

from ..problem import Problem
from .routes import CodeRoute
from .schemas import Schemas, example, is_model

type Json = dict[str, Any]

REQUEST_ID = "5f6d7c1e-0000-4000-8000-000000000001"

# What parameters are called in examples: the things that the tests' world holds.
PARAMETERS: Json = {
    "call_id": 5001,
    "call_sid": "CA00000000000000000000000000000001",
    "assistant_id": 3001,
    "flow_id": 6001,
    "trunk_id": "6f1c9a52-3e0b-4a53-9d53-0f6c1f0a2b7d",
    "phone_number": "+14155550100",
    "phone_number_id": 14155550100,
    "number_id": 14155550100,
    "key_id": 2001,
    "event_id": "evt_5001_1",
    "recording_id": 7001,
    "token": "eyJhbGciOiJIUzI1NiJ9",
    "webhook_id": "9d7a19e6cc0c7561fe27",
}
_KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Your own name for this intent: sent again, nothing is done twice, and the "
    "reply is the stored one, with the header `Idempotent-Replayed: true`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    "example": "my-first-number",
}
_CODE = re.compile(r"`([a-z_]+)`: (.*)")


def want(schemas: Schemas, route: CodeRoute) -> None:
    """Have everything described that a route takes."""
    for key, info in _fields(route):
        schemas.want_field(key, info)


def operation(schemas: Schemas, route: CodeRoute, name: str, *, is_open: bool) -> Json:
    """Describe a route; `name` is its operationId."""
    said = inspect.cleandoc(route.route.func.__doc__ or "")
    summary, _, text = said.replace("\n", " ").partition(". ")
    security = _security(route, is_open=is_open)
    scope = f"Needs a key with the scope `{route.scope}`." if route.scope else ""
    made: Json = {
        "operationId": name,
        # A Router keeps them as a set.
        "tags": sorted(route.route.tags) or ["Other"],
        "summary": summary.rstrip("."),
        "description": "\n\n".join(filter(None, (text.strip(), scope))),
        "security": security,
    }
    if parameters := [*_parameters(schemas, route)]:
        made["parameters"] = parameters
    if body := _body(schemas, route):
        made["requestBody"] = body
    made["responses"] = _replies(schemas, route)
    return made


def _fields(route: CodeRoute) -> Iterator[tuple[str, Any]]:
    dependant = route.route.dependant
    for place, fields in (
        ("path", dependant.path_params),
        ("query", dependant.query_params),
        ("header", dependant.header_params),
    ):
        for field in fields:
            yield _key(route, place, field.alias), field.field_info
    if route.route.body_field:
        yield _key(route, "body", ""), route.route.body_field.field_info


def _key(route: CodeRoute, place: str, name: str) -> str:
    return f"{route.method} {route.path} {place} {name}"


def _security(route: CodeRoute, *, is_open: bool) -> list[Json]:
    if route.route.security:
        return list(route.route.security)
    if is_open:
        return []
    if route.scope is None:
        raise Problem(
            f"{route.function}: {route.route.func.__name__} does not ask for a scope by "
            'edge.authorized(api, "…"), so its description cannot say which one it needs.'
        )
    return [{"api_key": [route.scope]}]


def _parameters(schemas: Schemas, route: CodeRoute) -> Iterator[Json]:
    dependant = route.route.dependant
    for place, fields in (("path", dependant.path_params), ("query", dependant.query_params)):
        for field in fields:
            schema = schemas.of(_key(route, place, field.alias))
            if is_model(field.field_info.annotation):
                yield from _of_model(schemas.resolved(schema), place)
            else:
                required = place == "path" or bool(field.required)
                yield _parameter(field.alias, place, schema, required=required)
    if route.takes_idempotency_key:
        yield _KEY_HEADER


def _of_model(model: Json, place: str) -> Iterator[Json]:
    for name, schema in model["properties"].items():
        yield _parameter(name, place, schema, required=name in model.get("required", ()))


def _parameter(name: str, place: str, schema: Json, *, required: bool) -> Json:
    schema = _spelt(schema)
    text = schema.pop("description", None)
    made = {"name": name, "in": place, "required": required, "schema": schema}
    if text:
        made["description"] = text
    examples = schema.pop("examples", None)
    if place == "path" and name in PARAMETERS:
        made["example"] = PARAMETERS[name]
    elif examples:
        made["example"] = examples[0]
    return made


def _spelt(schema: Json) -> Json:
    """Return a parameter's schema without null, which a URL cannot hold: it is left out."""
    choices = [kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"]
    if len(choices) != 1:
        return dict(schema)
    spelt: Json = choices[0] | {k: v for k, v in schema.items() if k != "anyOf"}
    return spelt


def _body(schemas: Schemas, route: CodeRoute) -> Json | None:
    field = route.route.body_field
    if not field:
        return None
    schema = schemas.of(_key(route, "body", ""))
    shown = example(schemas, schema, request=True)
    content = {"schema": schema, "example": shown}
    return {"required": bool(field.required), "content": {field.field_info.media_type: content}}


def _replies(schemas: Schemas, route: CodeRoute) -> Json:
    if not route.route.responses:
        raise Problem(
            f"{route.function}: {route.route.func.__name__} does not say what it answers: give its "
            "route responses=description.replies(…)."
        )
    return {
        str(status): _reply(schemas, status, reply)
        for status, reply in sorted(route.route.responses.items())
    }


def _reply(schemas: Schemas, status: int, reply: Json) -> Json:
    content = {}
    for kind, media in reply.get("content", {}).items():
        content[kind] = dict(media)
        if kind == description.JSON:
            content[kind]["example"] = (
                problem_example(reply["description"], status)
                if media["schema"].get("$ref", "").endswith("/Problem")
                else _shown(schemas, media)
            )
    return {"description": reply["description"]} | ({"content": content} if content else {})


def _shown(schemas: Schemas, media: Json) -> Any:
    shown = example(schemas, media["schema"], request=False)
    return shown | media["example"] if "example" in media else shown


def problem_example(text: str, status: int) -> Json:
    """Return a refusal with the first of the codes that a description names."""
    found = _CODE.search(text)
    code, detail = (found[1], found[2]) if found else ("bad_request", HTTPStatus(status).phrase)
    shown: object = detail
    if code == "validation_error":
        missing = {"loc": ["body", "to"], "msg": "Field required", "type": "missing"}
        shown = [missing]
    return {"detail": shown, "code": code, "request_id": REQUEST_ID}
